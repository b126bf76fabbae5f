"""One visit, and the page works without a network; a new version waits until it is wanted."""

import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from queue import Queue

import pytest
from browser.conftest import QUIET
from browser.drawing import answer, draw_with_mouse, link_of, on_page, ready, shows
from playwright.sync_api import Browser, BrowserContext, Playwright, expect
from strokes import placed

from inkgrad.nets import NETS
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


def test_it_can_be_installed(playwright: Playwright, httpd: ThreadingHTTPServer, tmp_path: Path) -> None:
    """In all of Chromium, which the shell without windows is not, and in a profile of its own, not incognito."""
    with playwright.chromium.launch_persistent_context(
        tmp_path, executable_path=shutil.which("chromium"), args=QUIET
    ) as context:
        page = context.new_page()
        ready(page, f"http://localhost:{httpd.server_port}/", "?backend=wasm")
        page.evaluate("navigator.serviceWorker.ready.then(() => {})")
        assert context.new_cdp_session(page).send("Page.getInstallabilityErrors") == {"installabilityErrors": []}


# Which reading the page is at when it has itself kept for later.
REGISTERED = """
const register = ServiceWorkerContainer.prototype.register;
ServiceWorkerContainer.prototype.register = function (...given) {
  window.registered = document.querySelector('#prediction').dataset.sequence;
  return register.apply(this, given);
};
"""


def test_after_one_visit_everything_works_without_a_server(context: BrowserContext, httpd: ThreadingHTTPServer) -> None:
    address = f"http://localhost:{httpd.server_port}/"
    page = context.new_page()
    page.add_init_script(REGISTERED)
    ready(page, address, "?backend=wasm")
    page.evaluate("navigator.serviceWorker.ready.then(() => {})")
    assert page.evaluate("registered") == "1"  # all models come once there is a reading, not in its way
    page.close()
    httpd.shutdown()
    httpd.server_close()
    page = context.new_page()
    ready(page, address, "?backend=wasm&lang=fr")
    draw_with_mouse(page, placed(5))
    for name in NETS:
        page.get_by_label(name, exact=True).check()
        expect(page.locator("#status")).to_have_text("")
        assert answer(page)["digits"] == "5"
    expect(page.locator("#pad")).to_have_css("touch-action", "none")  # there is the style as well


# A version that waits, and takes over when a test says so. `heard`: what offers it was there before it spoke.
WAITING = """
window.workers = Object.assign(new EventTarget(), { controller: {} });
workers.register = async () => {
  window.heard = document.querySelector('#update').closest('[role=status]').checkVisibility();
  return Object.assign(new EventTarget(), { waiting: {} });
};
Object.defineProperty(navigator, 'serviceWorker', { value: workers });
"""
TAKE_OVER = "workers.dispatchEvent(new Event('controllerchange'))"


def test_a_version_taken_in_another_window_costs_neither_the_stroke_in_hand_nor_the_model(
    context: BrowserContext, httpd: ThreadingHTTPServer
) -> None:
    def draw_on(digit: int, left: float) -> None:
        for point in on_page(page, placed(digit, left, 80, 65)[0]):
            page.mouse.move(*point)
            page.mouse.down()

    page = context.new_page()
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.add_init_script(WAITING)
    ready(page, f"http://localhost:{httpd.server_port}/", "?backend=wasm")
    expect(page.locator("#update")).to_be_visible()
    assert page.evaluate("heard")
    page.get_by_label("mlp", exact=True).check()
    draw_on(1, 15)
    shows(page, "digits", "1")
    page.evaluate("() => { self.Kept = CompressionStream; self.CompressionStream = () => { throw Error('full'); }; }")
    page.evaluate(TAKE_OVER)
    expect(page.locator("#notice")).to_have_text(re.compile("^This drawing cannot be saved"))
    page.evaluate("() => { self.CompressionStream = Kept; }")
    page.mouse.up()
    draw_on(3, 150)
    shows(page, "digits", "13")
    with page.expect_navigation():
        page.evaluate(TAKE_OVER)
    shows(page, "digits", "13")
    expect(page.get_by_label("mlp", exact=True)).to_be_checked()
    assert said == []


# Opens the page in a frame twice and in two more, one with a picture, takes the version that is offered in the first,
# and tells what the pages say meanwhile.
VISITOR = """<!doctype html><title>visitor</title>
<style>iframe { width: 900px; height: 900px }</style><iframe></iframe><iframe></iframe><iframe></iframe>
<script type="module">
const frames = [...document.querySelectorAll('iframe')];
const [frame, other, third] = frames;
async function until(what) {
  for (;;) {
    try { if (what()) return; } catch {} // the page is on its way
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
const find = (selector, at = frame) => at.contentDocument.querySelector(selector);
const workers = (at = frame) => at.contentWindow.navigator.serviceWorker;
const digits = (at) => find('#prediction', at).dataset.digits;
const tell = () => navigator.sendBeacon('LOG', frames.map((at) => `${at.contentDocument.title} ${digits(at)}`).join());

frame.src = 'index.html?backend=wasm';
await until(() => find('#prediction').dataset.sequence > 0);
await workers().ready;
frame.contentWindow.location.reload();
await until(() => workers().controller && find('#prediction').dataset.sequence > 0);
frame.contentWindow.location.hash = 'LINK';
await until(() => digits(frame));
for (const at of [other, third]) {
  at.src = 'index.html?backend=wasm';
  await until(() => workers(at).controller && find('#prediction', at).dataset.sequence > 0);
}
find('#digits button:nth-child(4)', other).click();
await until(() => !find('#share', other).disabled && digits(other));
const canvas = new OffscreenCanvas(200, 200);
const context = canvas.getContext('2d');
for (const [colour, ...box] of [['white', 0, 0, 200, 200], ['black', 95, 40, 12, 120]]) {
  context.fillStyle = colour;
  context.fillRect(...box);
}
const clipboardData = new third.contentWindow.DataTransfer();
clipboardData.items.add(new File([await canvas.convertToBlob()], 'one.png', { type: 'image/png' }));
third.contentWindow.dispatchEvent(new third.contentWindow.ClipboardEvent('paste', { clipboardData }));
await until(() => digits(third));
tell();
const registration = await workers().ready;
await until(() => void registration.update().catch(() => {}) || !find('#update').hidden);
tell();
find('#update button').click();
for (const at of [frame, other]) await until(() => at.contentDocument.title !== 'inkgrad' && digits(at));
tell();
await until(() => !find('#update', third).hidden);
find('#update button', third).click();
await until(() => find('#notice', third).textContent);
find('#clear', third).click();
find('#update button', third).click();
await until(() => third.contentDocument.title !== 'inkgrad' && find('#prediction', third).dataset.sequence > 0);
tell();
</script>"""


def test_a_new_version_waits_and_keeps_the_drawing(httpd: ThreadingHTTPServer, dist: Path, tmp_path: Path) -> None:
    """In a Chromium without a debugger: under one, a worker sometimes does not make way for the next (Chromium 156)."""
    said: Queue[str] = Queue()

    class Log(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said.put(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    link = link_of({"size": 280, "strokes": [{"width": 22, "erase": False, "points": placed(7)[0]}]})
    with HTTPServer(("127.0.0.1", 0), Log) as log:
        threading.Thread(target=log.serve_forever, args=(0.01,), daemon=True).start()
        visitor = VISITOR.replace("LOG", f"http://127.0.0.1:{log.server_port}/").replace("LINK", link)
        (dist / "visitor.html").write_text(visitor)
        page = f"http://localhost:{httpd.server_port}/visitor.html"
        chromium = [str(shutil.which("chromium")), *QUIET, "--headless=new", f"--user-data-dir={tmp_path}", page]
        process = subprocess.Popen(chromium, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            assert said.get(timeout=60) == "inkgrad 7,inkgrad 3,inkgrad 1"
            for name, old, new in (
                ("index.html", "<title>inkgrad", "<title>new"),
                ("sw.js", 'revision:"', 'revision:"0'),
            ):
                (dist / name).write_text((dist / name).read_text().replace(old, new))
            assert said.get(timeout=60) == "inkgrad 7,inkgrad 3,inkgrad 1"
            assert said.get(timeout=60) == "new 7,new 3,inkgrad 1"  # the picture would be lost
            assert said.get(timeout=60) == "new 7,new 3,new "
        finally:
            process.terminate()
            process.wait()
            log.shutdown()
