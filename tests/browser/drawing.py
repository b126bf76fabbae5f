"""Drawing on the page with real events, and reading its answer."""

import base64
import json
import re
import zlib
from collections.abc import Sequence
from typing import Any

from playwright.sync_api import CDPSession, Page, ViewportSize, expect

from inkgrad.nets import NETS

Points = Sequence[tuple[float, float]]

# So that a form's field, which takes the backend that is best, need not compile the cnn for WebGPU in software: 3 s.
NO_WEBGPU = "delete Navigator.prototype.gpu"
PHONE: ViewportSize = {"width": 390, "height": 844}
# No digit.
SCRIBBLE = [[(60, 60), (220, 220), (60, 220), (220, 60), (140, 30), (140, 250), (50, 140), (230, 140), (60, 60)]]


def on_page(page: Page, path: Points, pad: str = "#pad") -> list[tuple[float, float]]:
    """Canvas units of 280 to CSS pixels of the viewport."""
    box = page.locator(pad).bounding_box()
    assert box is not None
    return [(box["x"] + x * box["width"] / 280, box["y"] + y * box["height"] / 280) for x, y in path]


def draw_with_mouse(page: Page, paths: Sequence[Points], pad: str = "#pad") -> None:
    for path in paths:
        first, *rest = on_page(page, path, pad)
        page.mouse.move(*first)
        page.mouse.down()
        for point in rest:
            page.mouse.move(*point)
        page.mouse.up()


def draw_with_finger(page: Page, paths: Sequence[Points]) -> None:
    cdp: CDPSession = page.context.new_cdp_session(page)
    for path in paths:
        for i, (x, y) in enumerate(on_page(page, path)):
            kind = "touchMove" if i else "touchStart"
            cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        cdp.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def link_of(drawing: Any) -> str:
    """As link.ts makes it, by another DEFLATE."""
    deflate = zlib.compressobj(wbits=-15)
    packed = deflate.compress(json.dumps(drawing).encode()) + deflate.flush()
    return "#ink=" + base64.urlsafe_b64encode(packed).decode().rstrip("=")


def drawing_in(link: str) -> Any:
    """The other way, by another INFLATE."""
    text = link.partition("#ink=")[2]
    return json.loads(zlib.decompress(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), wbits=-15))


SETTLED = """() => new Promise((resolve) => {
  const output = document.querySelector('#prediction');
  let last = output.dataset.sequence, since = performance.now();
  const look = () => {
    if (output.dataset.sequence !== last) [last, since] = [output.dataset.sequence, performance.now()];
    if (performance.now() - since > 120) resolve({ text: output.textContent, ...output.dataset });
    else requestAnimationFrame(look);
  };
  look();
})"""


def answer(page: Page) -> dict[str, Any]:
    """The data-* of #prediction, and its text, once no recognition has finished for 120 ms."""
    result: dict[str, Any] = page.evaluate(SETTLED)
    return result


def ready(page: Page, site: str, query: str = "", backend: str | None = None) -> None:
    """Opens the page and waits for a model; for backend to be the one that answers, where one is named."""
    page.goto(site + query)
    shows(page, "sequence", re.compile("[1-9]"))
    if backend:
        shows(page, "backend", backend)


def shows(page: Page, name: str, value: str | re.Pattern[str]) -> None:
    """Waits for #prediction's data-name. (Not by wait_for_function: the page's CSP forbids its eval.)"""
    expect(page.locator("#prediction")).to_have_attribute(f"data-{name}", value, timeout=20_000)


def open_all(page: Page) -> None:
    """Opens all details, and waits for what they have to say of the drawing."""
    for summary in page.locator("summary").all():
        summary.click()
    expect(page.locator("#own-title")).not_to_be_empty()
    expect(page.locator("#compare td:nth-child(2)")).to_have_text([re.compile(".")] * len(NETS))
