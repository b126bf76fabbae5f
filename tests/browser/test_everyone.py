"""The page for everyone: by keyboard, by screen reader, in one's own colours, size, language and pace."""

import io
import itertools
import re
from typing import Any

import pytest
from browser.axe import AXE, accessible
from browser.drawing import answer, draw_with_mouse, drawing_in, on_page, open_all, ready, shows
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect
from strokes import placed

SCRIBBLE = [(60, 60), (220, 220), (60, 220), (220, 60), (140, 30), (140, 250), (50, 140), (230, 140), (60, 60)]
PHONE: ViewportSize = {"width": 390, "height": 844}
WASM = "?backend=wasm"


@pytest.mark.parametrize(("scheme", "language"), [("light", "en"), ("dark", "fr")])
def test_axe_finds_nothing_in_any_state(browser: Browser, site: str, scheme: Any, language: str) -> None:
    with browser.new_context(viewport=PHONE, color_scheme=scheme, reduced_motion="reduce") as context:
        page = context.new_page()
        page.add_init_script(path=AXE)
        gone: list[str] = []
        # From the start: of a model that has come already there may be a copy in a cache, which no route sees.
        page.route("**/mlp.safetensors", lambda route: route.abort() if gone else route.continue_())
        ready(page, site, f"{WASM}&lang={language}")
        accessible(page)
        draw_with_mouse(page, [SCRIBBLE])
        shows(page, "sure", "false")
        accessible(page)
        page.keyboard.press("Delete")
        for i, digit in enumerate((4, 0)):
            draw_with_mouse(page, placed(digit, 25 + 110 * i, 80, 75))
        shows(page, "digits", "40")
        open_all(page)
        accessible(page)
        page.set_viewport_size({"width": 1280, "height": 800})
        gone.append("mlp")
        page.keyboard.press("1")
        expect(page.locator("#status.error")).not_to_be_empty()
        accessible(page)


FOCUS = """() => {
  const { activeElement: active } = document;
  const ring = getComputedStyle(active.matches('input') ? active.closest('label') : active);
  return [active.id || active.textContent.trim() || active.value, ring.outlineStyle, ring.outlineWidth];
}"""


def test_all_of_it_by_keyboard(page: Page, site: str) -> None:
    ready(page, site, WASM)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator("#pad")).to_be_focused()
    for key in ["ArrowUp"] * 8 + [" "] + ["ArrowDown"] * 16:
        page.keyboard.press(key)
    assert answer(page)["digits"] == "1"  # before the pen is lifted
    expect(page.locator("#announcement")).to_have_text("Down at 50% across, 21% from the top.")
    page.keyboard.press(" ")
    expect(page.locator("#announcement")).to_have_text(re.compile("^1, .*sure$"))
    page.keyboard.press("e")
    expect(page.locator("#eraser")).to_have_attribute("aria-pressed", "true")
    for key in [" "] + ["ArrowUp"] * 16 + [" "]:
        page.keyboard.press(key)
    assert answer(page)["digits"] == ""
    page.keyboard.press("Control+z")
    assert answer(page)["digits"] == "1"
    page.keyboard.press("4")
    expect(page.get_by_label("cnn-tiny", exact=True)).to_be_checked()
    tools = "pen", "eraser", "undo", "redo", "clear", "picture", "share", "thickness"
    for control in (*tools, *"0123456789", "cnn-tiny"):
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUS) == [control, "solid", "2px"]
    for details in "why", "compare", "keyboard":
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUS)[1:] == ["solid", "2px"]
        assert page.locator(f"#{details} summary").evaluate("summary => summary === document.activeElement")
    page.keyboard.press("Enter")
    page.get_by_label("Keys of one character").uncheck()
    page.keyboard.press("p")
    expect(page.locator("#eraser")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Delete")
    shows(page, "digits", "")
    # What disables the button that has the focus hands it on to the pad.
    for control, key in ("redo", "Enter"), ("clear", "Enter"), ("share", "Delete"), ("undo", "Enter"):
        page.keyboard.press("Control+z")
        page.locator(f"#{control}").press(key)
        expect(page.locator("#pad")).to_be_focused()


def test_a_key_of_a_tool_lifts_the_tip_also_from_the_first_stroke(page: Page, site: str) -> None:
    ready(page, site, WASM)
    page.locator("#pad").focus()
    tip, circle = page.locator("#tip"), page.locator("#tip circle")
    for key, width in (("e", 36), ("Delete", 36), ("p", 22), ("Control+z", 22)):
        for stroke in (" ", "ArrowDown"):
            page.keyboard.press(stroke)
        expect(tip).to_have_class("down")
        page.keyboard.press(key)
        expect(tip).to_have_class("")
        expect(circle).to_have_attribute("r", str(width // 2))
    for key, back in (("Delete", "Control+z"), ("Control+z", "Control+Shift+z")):
        page.reload()  # nothing was drawn before
        shows(page, "digits", "")
        page.locator("#pad").focus()
        page.keyboard.press(" ")
        shows(page, "digits", re.compile("."))
        page.keyboard.press(key)
        shows(page, "digits", "")
        page.keyboard.press(back)
        shows(page, "digits", re.compile("."))


def inked(page: Page) -> int:
    """How many points there are, by the link to them, which is made without a press: that would end an example."""
    page.evaluate("location.hash = ''")
    page.locator("#sharing [value=link]").dispatch_event("click")
    expect(page).to_have_url(re.compile("#ink="))
    return sum(len(stroke["points"]) for stroke in drawing_in(page.url)["strokes"])


def test_examples_are_written_as_if_by_hand_or_at_once_without_motion(page: Page, site: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    ready(page, site, WASM)
    bars = "[...document.querySelectorAll('.track')].map((track) => Number(track.style.getPropertyValue('--p')))"
    examples = page.get_by_role("group", name="Examples").get_by_role("button")
    for digit in range(10):
        examples.nth(digit).click()
        shows(page, "digits", str(digit))
        assert answer(page)["sure"] == "true"
        assert max(page.evaluate(bars)) == page.evaluate(bars)[digit] > 0.5
    whole = inked(page)
    page.keyboard.press("Delete")
    for point in on_page(page, placed(1, 10, 80, 65)[0]):
        page.mouse.move(*point)
        page.mouse.down()
    shows(page, "digits", "1")
    examples.nth(0).dispatch_event("click")  # with the stroke still in hand, as by another finger
    shows(page, "digits", "0")
    assert answer(page)["digits"] == "0"
    page.mouse.up()
    page.emulate_media(reduced_motion="no-preference")

    def read_amid() -> bool:
        page.keyboard.press("Delete")
        shows(page, "digits", "")
        before = int(answer(page)["sequence"])
        examples.nth(0).click()
        shows(page, "digits", "0")
        return int(answer(page)["sequence"]) > before + 2  # the empty pad and the finished digit are two readings

    assert any(read_amid() for _ in range(5))  # on a busy machine it may be written before it is read
    page.wait_for_function(f"{bars}[0] > 0.5 && {bars}[9] === 0")
    page.keyboard.press("Control+z")
    shows(page, "digits", "")

    def ended() -> bool:
        page.keyboard.press("Delete")
        shows(page, "digits", "")
        examples.nth(9).click()
        expect(page.locator(".hint")).to_have_class(re.compile("inked"))
        page.keyboard.press("Shift")  # any key ends it
        answer(page)
        return 0 < inked(page) < whole

    assert any(ended() for _ in range(5))


COUNT = """
window.said = [];
window.shift = 0;
new MutationObserver((changes) => {
  for (const { target } of changes) if (target.id === 'announcement') said.push(target.textContent);
}).observe(document, { subtree: true, childList: true });
new PerformanceObserver((list) => {
  for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) shift += value;
}).observe({ type: 'layout-shift', buffered: true });
"""


def test_a_reading_is_spoken_once_and_nothing_moves(page: Page, site: str) -> None:
    page.add_init_script(COUNT)
    ready(page, site, "?model=cnn-tiny", "webgpu")  # after WebAssembly has read first
    three = placed(3)[0]
    draw_with_mouse(page, [three])
    assert answer(page)["digits"] == "3"
    page.keyboard.press("1")
    shows(page, "backend", "webgpu")
    assert answer(page)["digits"] == "3"
    (said,) = page.evaluate("said")
    assert re.fullmatch("3, .*sure", said)
    page.keyboard.press("Delete")
    shows(page, "digits", "")
    assert page.evaluate("said.length") == 2 and page.evaluate("shift") == 0


def luminance(rgb: tuple[int, ...]) -> float:
    """Relative, as WCAG 2.2 defines it."""
    linear = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("media", [{}, {"color_scheme": "dark"}, {"forced_colors": "active"}], ids=str)
def test_ink_and_bars_stand_out_in_the_colours_of_the_user(page: Page, site: str, media: dict[str, Any]) -> None:
    ready(page, site, WASM)
    draw_with_mouse(page, placed(1))
    shows(page, "digits", "1")
    page.emulate_media(reduced_motion="reduce", **media)
    answer(page)
    screen = Image.open(io.BytesIO(page.screenshot())).convert("RGB")

    def contrast(a: tuple[float, float], b: tuple[float, float]) -> float:
        low, high = sorted(luminance(screen.getpixel((int(x), int(y)))) for x, y in (a, b))  # type: ignore[arg-type]
        return (high + 0.05) / (low + 0.05)

    def middle(bar: int) -> tuple[float, float]:
        box = page.locator(".bar").nth(bar).bounding_box()
        assert box is not None
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    ink, paper = on_page(page, [placed(1)[0][1], (20, 20)])
    assert contrast(ink, paper) >= 4.5
    assert contrast(middle(1), middle(2)) >= 3
    seen = page.locator("#preview").bounding_box()
    assert seen is not None
    assert (
        contrast((seen["x"] + seen["width"] / 2, seen["y"] + seen["height"] / 2), (seen["x"] + 4, seen["y"] + 4)) >= 4.5
    )


def test_another_language_at_once(page: Page, site: str) -> None:
    ready(page, site, WASM)
    draw_with_mouse(page, placed(6))
    shows(page, "digits", "6")
    texts = page.locator("[data-i18n]")
    english = texts.evaluate_all("all => all.map((e) => e.ariaLabel ?? e.textContent.trim())")
    page.get_by_role("button", name="Français").click()
    expect(page.locator("#confidence")).to_have_text(re.compile("^sûr à"))
    french = texts.evaluate_all("all => all.map((e) => e.ariaLabel ?? e.textContent.trim())")
    assert not set(english) & set(french)
    assert answer(page)["digits"] == "6" and page.evaluate("document.documentElement.lang") == "fr"
    page.reload()
    expect(page.get_by_role("button", name="Stylo")).to_be_visible()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("button", name="Pen", exact=True)).to_be_visible()


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
    draw_with_mouse(page, [SCRIBBLE])
    shows(page, "sure", "false")
    answer(page)
    page.locator("#ms").evaluate("ms => { ms.textContent = '0,41\u202fms'; }")
    page.evaluate(SPACED)
    texts = page.evaluate(TEXTS)
    assert len(texts) >= 7
    for a, b in itertools.combinations(texts, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], (a, b)


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1440, 900)])
def test_nothing_moves_while_the_page_loads_or_reads(page: Page, site: str, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.add_init_script(COUNT)
    ready(page, site, WASM + "&lang=fr")
    places = page.evaluate(PLACES)
    for paths in ([SCRIBBLE], placed(3), [path for i in range(3) for path in placed(i, 15 + 90 * i, 80, 65)]):
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
    page.add_init_script(COUNT + REFUSED)
    ready(page, site, "", "wasm")
    page.evaluate("refused")
    answer(page)
    expect(page.locator("#status")).to_have_text("")
    assert page.evaluate("shift") == 0


def test_in_forced_colours_what_comes_over_the_page_has_words_and_an_edge(page: Page, site: str) -> None:
    page.emulate_media(forced_colors="active")
    ready(page, site, WASM)
    draw_with_mouse(page, placed(1))
    page.evaluate("""() => {
      document.querySelector('#update').hidden = false;
      document.querySelector('#notice').textContent = 'Link copied';
    }""")
    page.get_by_role("button", name="Share", exact=True).click()
    for selector in ("#notice", "#update", "#sharing"):
        expect(page.locator(selector)).to_have_css("outline-style", "solid")
    page.keyboard.press("Escape")
    seen = Image.open(io.BytesIO(page.locator("#update button").screenshot())).convert("RGB")
    colours = seen.crop((14, 8, seen.width - 14, seen.height - 8)).getcolors(1 << 24)
    assert len(colours or []) > 8  # with those at the edges of its letters
    page.locator("#why summary").click()
    marks = page.locator("#why figure:first-child i").evaluate_all("all => all.map((i) => getComputedStyle(i).color)")
    plus, minus = ([int(n) for n in re.findall(r"\d+", colour)] for colour in marks)
    assert sum((a - b) ** 2 for a, b in zip(plus, minus, strict=True)) > 150**2, marks
