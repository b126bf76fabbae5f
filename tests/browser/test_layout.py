"""Where things are on the page: all of it in any window, nothing over anything else, and nothing that moves."""

import itertools

import pytest
from browser.drawing import PHONE, SCRIBBLE, answer, draw_with_mouse, open_all, ready, shows
from playwright.sync_api import Page, expect
from strokes import placed

WASM = "?backend=wasm"

# What reaches out of the window or of its part of the page, or a control's words out of it; but a table may go aside by
# itself (WCAG 1.4.10).
CUT_OFF = """() => [...document.querySelectorAll('header *, main :not(svg *, table, table *)')].filter((e) => {
  const { left, right } = e.getBoundingClientRect();
  const isTight = e.matches('button, label, summary') && e.scrollWidth > e.clientWidth + 1;
  const isOut = e.closest('section')?.getBoundingClientRect().right < right - 1;
  const isSeen = e.checkVisibility({ visibilityProperty: true }) && getComputedStyle(e).clipPath === 'none';
  return isSeen && (isTight || isOut || left < 0 || right > innerWidth);
}).map((e) => e.outerHTML.slice(0, 80))"""


# Buttons whose icon and word lie over each other.
ON_TOP = """() => [...document.querySelectorAll('.tools button')].filter((button) => {
  const [icon, word] = [...button.children].map((e) => e.getBoundingClientRect());
  return getComputedStyle(button.lastElementChild).clipPath === 'none' && word.top < icon.bottom;
}).map((button) => button.id)"""


def test_it_fits_every_window_and_keeps_its_targets_large(page: Page, site: str) -> None:
    """Down to 320 by 256, which is 1280 by 1024 at 400 % (WCAG 1.4.10); targets as in WCAG 2.5.8."""
    ready(page, site, WASM)
    for i in range(6):
        draw_with_mouse(page, placed(i, 5 + 46 * i, 90, 36))
    shows(page, "digits", "012345")
    open_all(page)
    for width, height in (
        (320, 256),
        (320, 640),
        (390, 844),
        (844, 390),
        (800, 300),
        (640, 400),
        (768, 1024),
        (1440, 900),
    ):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        boxes = page.locator("button, summary, .choice label, .thickness, .check").evaluate_all(
            """all => all.filter((e) => e.checkVisibility()).map((e) => {
              const { width, height } = e.getBoundingClientRect();
              return [width, height];
            })"""
        )
        assert min(min(box) for box in boxes) >= 24, (width, height)
        assert page.evaluate(ON_TOP) == [], (width, height)
        pad = page.locator("#pad").bounding_box()
        assert pad is not None and abs(pad["width"] - pad["height"]) < 1 and pad["width"] >= 190
    assert answer(page)["digits"] == "012345"
    page.evaluate("document.documentElement.style.fontSize = '200%'")  # as a browser's setting for text does (1.4.4)
    for width, language in itertools.product((320, 390, 768, 1280, 1440), ("fr", "en")):
        page.set_viewport_size({"width": width, "height": 800})
        page.locator("#language:lang(" + language + ")").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(CUT_OFF) == [], (width, language)


SHIFT = """
window.shift = 0;
new PerformanceObserver((list) => {
  for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) shift += value;
}).observe({ type: 'layout-shift', buffered: true });
"""
PLACES = """() => [...document.querySelectorAll('main > *, main > section > *')].map((e) => {
  const { x, y, width, height } = e.getBoundingClientRect();
  return [e.id || e.className, x, y, width, height];
})"""


# As WCAG 1.4.12 has it.
SPACED = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em }');
  document.adoptedStyleSheets = [sheet];
}"""
# Of each element of the answer that has a text, where that is: left, top, right, bottom.
TEXTS = """() => [...document.querySelectorAll('.reading :is(output, strong, #rival, dt, dd)')].map((e) => {
  const range = document.createRange();
  range.selectNodeContents(e);
  const { left, top, right, bottom, height } = range.getBoundingClientRect();
  const [size, middle] = [parseFloat(getComputedStyle(e).fontSize), top + height / 2];
  return height < 2 * size ? [left, middle - size / 2, right, middle + size / 2] : [left, top, right, bottom];
}).filter(([left, , right]) => left < right)"""


@pytest.mark.parametrize("width", [390, 1440])
def test_texts_lie_beside_each_other_whatever_their_spacing(page: Page, site: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    ready(page, site, WASM)
    draw_with_mouse(page, SCRIBBLE)
    shows(page, "sure", "false")
    answer(page)
    page.locator("#ms").evaluate("ms => { ms.textContent = '0,41\u202fms'; }")
    page.evaluate(SPACED)
    texts = page.evaluate(TEXTS)
    assert len(texts) >= 7
    for a, b in itertools.combinations(texts, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], (a, b)


@pytest.mark.parametrize(("width", "height", "backend"), [(390, 844, "wasm"), (1440, 900, "webgpu")])
def test_nothing_moves_while_the_page_loads_or_reads(
    page: Page, site: str, width: int, height: int, backend: str
) -> None:
    """On WebGPU after WebAssembly has read first."""
    page.set_viewport_size({"width": width, "height": height})
    page.add_init_script(SHIFT)
    query = WASM if backend == "wasm" else "?model=cnn-tiny"
    ready(page, site, f"{query}&lang=fr", backend)
    places = page.evaluate(PLACES)
    for paths in (SCRIBBLE, placed(3), [path for i in range(3) for path in placed(i, 15 + 90 * i, 80, 65)]):
        before = answer(page)["sequence"]
        draw_with_mouse(page, paths)
        assert answer(page)["sequence"] != before
        assert page.evaluate(PLACES) == places
        page.keyboard.press("Delete")
        shows(page, "digits", "")
    assert page.evaluate("shift") == 0


# WebGPU is there and has no adapter: `refused` once a page has heard that.
REFUSED = """
window.refused = new Promise((resolve) => {
  const requestAdapter = async () => (setTimeout(resolve), null);
  Object.defineProperty(navigator, 'gpu', { value: { requestAdapter } });
});
"""


def test_without_webgpu_nothing_moves_either_and_who_did_not_ask_for_it_is_not_told(page: Page, site: str) -> None:
    page.set_viewport_size(PHONE)
    page.add_init_script(SHIFT + REFUSED)
    ready(page, site, "", "wasm")
    page.evaluate("refused")
    answer(page)
    expect(page.locator("#status")).to_have_text("")
    assert page.evaluate("shift") == 0
