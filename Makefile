# make demo   install what is needed, build the page, serve it with the released models
# make test   install what is needed, check and test everything, the real browser included
# make bench  install what is needed, other runtimes included, and measure them side by side (an hour on two cores)
PORT ?= 8000
PYTHON ?= python3
BIN := .venv/bin
# Containers often set it: each of the tests' many processes would compile the project anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test bench build lock icons clean
demo: .venv/.run build
	$(BIN)/inkgrad serve --port $(PORT)

test: .venv/.dev build
	tests/system-packages
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	cd web && npm run --silent check && npm test --silent
	# A file is one worker's, so that what it compiles serves all its tests; three on two cores, because some wait.
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

bench: .venv/.dev
	cd bench && npm ci --silent && npm run --silent build
	$(BIN)/inkgrad bench

build: web/dist/index.html

.DELETE_ON_ERROR: # what a build that failed has left
web/dist/index.html: web/node_modules/.stamp $(shell find web/src web/public models -type f) $(wildcard web/*.*)
	cd web && npm run --silent build

web/node_modules/.stamp: web/package-lock.json
	cd web && npm ci --silent
	touch $@

.venv/.run: requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

.venv/.dev: requirements-dev.txt .venv/.run
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.txt
	touch $@

# Both lock files carry hashes and no addresses.
lock:
	$(BIN)/pip install --quiet uv
	for g in build dev; do $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-annotate --no-header --group $$g pyproject.toml \
	  -o requirements$$([ $$g = dev ] && echo -dev).txt; done
	for folder in web bench; do (cd $$folder && npm install --package-lock-only); done

# Icons for systems that take no SVG or cut their own corners: the same without its round ones.
icons:
	sed 's/ rx="8"//' web/public/icon.svg >icon.svg
	for side in 192 512; do chromium --headless=new --no-sandbox --hide-scrollbars --window-size=$$side,$$side \
	  --screenshot=web/public/icon-$$side.png icon.svg; done
	rm icon.svg

clean:
	rm -rf .venv web/node_modules web/dist bench/node_modules bench/dist
