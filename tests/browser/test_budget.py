"""What a first visit costs: bytes, and requests to nobody else; and what the page does while one draws."""

import gzip
import json
import re

import pytest
from browser.drawing import answer, draw_with_mouse, on_page, open_all, ready, shows
from playwright.sync_api import Browser, Page, Response, expect
from released import MODELS
from strokes import placed

from inkgrad.bench.page import LONG, slow_down, tasks

# Whom the content security policy may name: no other origin, nothing inline, no eval but WebAssembly's.
SOURCES = {"'none'", "'self'", "'wasm-unsafe-eval'", "data:", "blob:"}

CODE = 30 * 1024  # bytes of page and runtime, gzip
# Of page, runtime and a model, gzip.
WITH = {"cnn": 130_000, "mlp": 550_000}
TOTAL = 350_000  # bytes of all that comes before the first digit is read, the model included, as served


# The title says which program ran last.
RAN = """
const { instantiate } = WebAssembly;
WebAssembly.instantiate = async (bytes) => {
  const { instance } = await instantiate(bytes);
  const told = Object.entries(instance.exports).map(([name, value]) => {
    return [name, typeof value === 'function' ? (base) => ((document.title = name), value(base)) : value];
  });
  return { instance: { exports: Object.fromEntries(told) } };
};
"""


def test_a_first_visit_is_small_and_asks_nobody_else(page: Page, site: str) -> None:
    answers: list[Response] = []
    page.on("response", lambda response: answers.append(response))
    page.add_init_script(RAN)
    ready(page, site, "?backend=wasm")
    expect(page).to_have_title("classify")  # the engine has compiled it before anything is drawn
    # It comes while the script does, not after it, and once.
    model = "performance.getEntriesByType('resource').filter((e) => e.name.includes('safetensors'))"
    assert page.evaluate(model + ".map((e) => e.initiatorType)") == ["link"]
    draw_with_mouse(page, placed(2))
    shows(page, "digits", "2")
    bodies = {response.url.removeprefix(site): response.body() for response in answers}
    code = {url: gzip.compress(body) for url, body in bodies.items() if not url.endswith(("safetensors", "svg"))}
    assert {re.sub(r".*\.", "", url) for url in code} >= {"js", "css", "?backend=wasm"}
    assert sum(map(len, code.values())) <= CODE, {url: len(body) for url, body in code.items()}
    for name, most in WITH.items():
        packed = gzip.compress(MODELS[name].read_bytes())
        assert sum(map(len, code.values())) + len(packed) <= most, name
    assert sum(map(len, bodies.values())) <= TOTAL, {url: len(body) for url, body in bodies.items()}
    policy = page.locator("meta[http-equiv='Content-Security-Policy']").get_attribute("content") or ""
    assert policy.startswith("default-src 'none';")
    assert {source for directive in policy.split("; ") for source in directive.split(" ")[1:]} <= SOURCES
    # Script, style and model are bound by the hashes in their addresses, so that versions never mix.
    assert all(re.fullmatch(r"\?backend=wasm|icon\.svg|assets/[\w-]{8}/[\w-]+\.\w+", url) for url in bodies), bodies


@pytest.mark.parametrize("width", [390, 1280])
def test_while_one_draws_only_what_changes_is_laid_out(page: Page, browser: Browser, site: str, width: int) -> None:
    """Counted from the middle of a stroke on, when there is a digit; another one may be a layout of the whole page."""
    page.set_viewport_size({"width": width, "height": 844})
    ready(page, site, "?backend=wasm")
    (path,) = placed(3)
    half = len(path) // 2
    first, *rest = on_page(page, path)
    page.mouse.move(*first)
    page.mouse.down()
    for point in rest[:half]:
        page.mouse.move(*point)
    answer(page)
    browser.start_tracing(page=page, categories=["devtools.timeline"])
    for point in rest[half:]:
        page.mouse.move(*point)
    answer(page)
    # The browser's own would have their styles computed again for every frame.
    assert page.evaluate("document.getAnimations().length") == 0
    events = json.loads(browser.stop_tracing())["traceEvents"]
    layouts = [event["args"]["beginData"] for event in events if event["name"] == "Layout"]
    partial = [layout["partialLayout"] for layout in layouts]
    page.mouse.up()
    assert True in partial
    assert partial.count(False) <= 2


@pytest.mark.parametrize(("is_open", "most"), [(False, LONG), (True, 2 * LONG)])
def test_no_task_is_long_while_one_draws_on_a_slow_phone(page: Page, site: str, is_open: bool, most: int) -> None:
    """Of the thread's own time, in one of three drawings: what only a busy machine makes long is not so each time.

    With the details open too, where the layers, the explanation and the models beside each other are computed
    meanwhile: 25 to 50 ms, but up to 59 on a busy machine, and 246 before they were split into tasks.
    """
    page.set_viewport_size({"width": 390, "height": 844})
    ready(page, site, "?backend=wasm")
    if is_open:
        draw_with_mouse(page, placed(3))
        open_all(page)
        page.evaluate("scrollTo(0, 0)")
        page.keyboard.press("Delete")
    slow_down(page)
    longest: list[float] = []
    while len(longest) < 3 and min(longest, default=most) >= most:
        drawn = tasks(page)
        assert len(drawn) > 90  # a frame or an answer for each event, at the least
        longest.append(max(drawn))
    assert min(longest) < most, longest
