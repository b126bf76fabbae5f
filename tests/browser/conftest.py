"""A served page and a real Chromium with WebGPU. Where there is no adapter the tests fail: none is skipped."""

import shutil
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from inkgrad.serve import server

QUIET = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# SwiftShader is WebGPU in software: the same on every machine.
WEBGPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]
NO_WEBGPU = ["--disable-features=WebGPU,WebGPUService", "--disable-blink-features=WebGPU", "--disable-gpu"]


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    with server(0) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://localhost:{httpd.server_port}/"
        httpd.shutdown()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as instance:
        yield instance


def launch(playwright: Playwright, flags: list[str]) -> Browser:
    # Chromium without its own windows, which take more of the CPU than the pages in them.
    shell = shutil.which("chromium-headless-shell")
    return playwright.chromium.launch(executable_path=shell, args=[*QUIET, *flags])


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with launch(playwright, WEBGPU) as instance:
        yield instance


@pytest.fixture(scope="session")
def browser_without_webgpu(playwright: Playwright) -> Iterator[Browser]:
    with launch(playwright, NO_WEBGPU) as instance:
        yield instance


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB") as instance:
        # Else every page would fetch all models for a next visit: test_offline.py has contexts of its own.
        instance.add_init_script("delete Navigator.prototype.serviceWorker")
        yield instance


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page that has said nothing on its console, warnings included, when the test is over."""
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    assert said == []
