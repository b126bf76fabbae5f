"""The runtime on a real WebGPU (Chromium's SwiftShader), with the two-kernel model of its unit tests."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

WEB = Path(__file__).parents[2] / "web"
ANSWER = [1, 16, 2.25, 0]  # (w · x)² for w = 1, −2, ½, 0 and x = 1, 2, 3, 4


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """An empty page with the runtime's modules in it, and in `devices` every GPU device that they take."""
    built = tmp_path_factory.mktemp("runtime")
    sources = [f"src/runtime/{name}.ts" for name in ("model", "fixture")]
    bundle = ["node_modules/.bin/rolldown", *sources, "--format", "esm", "--dir", str(built)]
    subprocess.run(bundle, cwd=WEB, check=True, capture_output=True)
    (built / "index.html").write_text("<!doctype html>")
    page = browser.new_page()
    # Not from a file: WebGPU wants https or localhost.
    page.route("https://inkgrad.test/*", lambda r: r.fulfill(path=built / r.request.url.rpartition("/")[2]))
    page.goto("https://inkgrad.test/index.html")
    page.evaluate("""async () => {
      if (!(await navigator.gpu?.requestAdapter())) throw new Error('Chromium offers no WebGPU adapter');
      const { requestDevice } = GPUAdapter.prototype;
      window.devices = [];
      GPUAdapter.prototype.requestDevice = async function (...args) {
        devices.push(await requestDevice.apply(this, args));
        return devices.at(-1);
      };
      Object.assign(window, await import('/model.js'), await import('/fixture.js'));
      window.read = async (model) =>
        [...(await model.run('classify', { image: Float32Array.of(1, 2, 3, 4) })).logits];
    }""")
    yield page
    page.close()


def test_runs_asked_for_at_once_are_all_answered(page: Page) -> None:
    answers = page.evaluate("""async () => {
      const model = await loadModel(modelFile(), { backend: 'webgpu' });
      return [model.status.backend, ...await Promise.all(Array.from({ length: 20 }, () => read(model)))];
    }""")
    assert answers == ["webgpu", *[ANSWER] * 20]


def test_a_batch_is_answered_in_its_order(page: Page) -> None:
    answers = page.evaluate("""async () => {
      const model = await loadModel(modelFile(), { backend: 'webgpu' });
      const batch = Array.from({ length: 20 }, (_, k) => ({ image: Float32Array.of(k + 1, 0, 0, 0) }));
      return (await model.runAll('classify', batch)).map(({ logits }) => logits[0]);
    }""")
    assert answers == [(k + 1) ** 2 for k in range(20)]


def test_runs_in_flight_when_the_device_is_lost_are_answered(page: Page) -> None:
    seen: dict[str, Any] = page.evaluate("""async () => {
      const backends = [], answers = [];
      let changed;
      const onChange = ({ backend }) => { backends.push(backend); changed?.(); };
      const model = await loadModel(modelFile(), { backend: 'webgpu', onChange });
      const until = async (backend) => {
        while (model.status.backend !== backend) await new Promise((resolve) => { changed = resolve; });
      };
      for (const loss of [1, 2]) {
        await until('webgpu');
        const runs = [read(model), read(model)];
        setTimeout(() => devices.at(-1).destroy());
        answers.push(...await Promise.all(runs));
        await until('wasm');
      }
      return { backends, answers, reason: model.status.reason };
    }""")
    assert seen["answers"] == [ANSWER] * 4
    assert seen["backends"] == ["webgpu", "wasm", "webgpu", "wasm"]
    assert seen["reason"].startswith("WebGPU was lost: ")


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        ("p.kernels.square += 'oops'", 'kernel "square" does not compile: line 5: '),
        ("p.dispatches[1].bindings.pop()", 'kernel "square" does not compile: Binding doesn\'t exist'),
        ("p.dispatches.pop()", 'the self-test failed: "logits" of program "classify" is not as expected'),
    ],
)
def test_a_program_that_webgpu_refuses_runs_on_webassembly(page: Page, edit: str, reason: str) -> None:
    status, answer = page.evaluate(
        """async (edit) => {
          const file = modelFile(({ programs }) => new Function('p', edit)(programs.classify));
          const model = await loadModel(file, { backend: 'webgpu' });
          return [model.status, await read(model)];
        }""",
        edit,
    )
    assert (status["backend"], answer) == ("wasm", ANSWER)
    assert status["reason"].startswith(f"WebGPU cannot be used: {reason}")
