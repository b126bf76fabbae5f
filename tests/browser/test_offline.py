"""One visit, and the page works without a network; a new version waits until it is wanted."""

import shutil
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from browser.drawing import answer, draw_with_mouse, ready, shows
from playwright.sync_api import Browser, BrowserContext, Page, expect
from strokes import placed

from inkgrad.serve import PAGE, server


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context() as instance:
        yield instance


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A copy of the built page, to be changed."""
    return Path(shutil.copytree(PAGE, tmp_path / "dist", ignore=shutil.ignore_patterns("models", "types")))


@pytest.fixture
def httpd(dist: Path) -> Iterator[ThreadingHTTPServer]:
    with server(0, dist) as httpd:
        threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True).start()
        yield httpd
        httpd.shutdown()


def visit(context: BrowserContext, httpd: ThreadingHTTPServer) -> tuple[Page, str]:
    """The first visit, until the service worker has all that it keeps."""
    page, address = context.new_page(), f"http://localhost:{httpd.server_port}/"
    ready(page, address, "?backend=wasm")
    page.evaluate("navigator.serviceWorker.ready.then(() => {})")
    return page, address


def test_after_one_visit_everything_works_without_a_server(context: BrowserContext, httpd: ThreadingHTTPServer) -> None:
    visit(context, httpd)[0].close()
    httpd.shutdown()
    httpd.server_close()
    page = context.new_page()
    ready(page, f"http://localhost:{httpd.server_port}/", "?backend=wasm&lang=fr")
    draw_with_mouse(page, placed(5))
    for name in ("mlp", "cnn", "cnn-tiny"):
        page.get_by_label(name, exact=True).check()
        expect(page.locator("#status")).to_have_text("")
        assert answer(page)["digits"] == "5"
    expect(page.locator("#pad")).to_have_css("touch-action", "none")  # there is the style as well


def test_a_new_version_waits_and_keeps_the_drawing(
    context: BrowserContext, httpd: ThreadingHTTPServer, dist: Path
) -> None:
    page, address = visit(context, httpd)
    for name, old, new in (("index.html", "<title>inkgrad", "<title>newer"), ("sw.js", 'revision:"', 'revision:"0')):
        file = dist / name
        file.write_text(file.read_text().replace(old, new))
    ready(page, address, "?backend=wasm")  # looks for a new version, as every visit does
    draw_with_mouse(page, placed(7))
    expect(page.locator("#update")).to_be_visible(timeout=20_000)
    expect(page).to_have_title("inkgrad")
    page.locator("#update button").click()
    expect(page).to_have_title("newer", timeout=20_000)
    shows(page, "digits", "7")
    expect(page.locator("#update")).to_be_hidden()
