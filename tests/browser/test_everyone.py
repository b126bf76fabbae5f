"""The page for everyone: by keyboard, by screen reader, in one's own colours, size, language and pace."""

import io
import re
from typing import Any

import pytest
from browser.axe import AXE, accessible
from browser.drawing import PHONE, SCRIBBLE, answer, draw_with_mouse, drawing_in, on_page, open_all, ready, shows
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from strokes import placed

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
        draw_with_mouse(page, SCRIBBLE)
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


def test_a_click_that_draws_nothing_leaves_the_keys_their_stroke(page: Page, site: str) -> None:
    ready(page, site, WASM)
    page.locator("#pad").focus()
    page.keyboard.press(" ")
    page.mouse.move(*on_page(page, [(40, 40)])[0])
    page.mouse.click(*on_page(page, [(40, 40)])[0], button="middle")
    for _ in range(8):
        page.keyboard.press("ArrowDown")
    expect(page.locator("#tip")).to_have_class("down")
    page.keyboard.press(" ")
    assert inked(page) == 9


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


SAID = """
window.said = [];
new MutationObserver((changes) => {
  for (const { target } of changes) if (target.id === 'announcement') said.push(target.textContent);
}).observe(document, { subtree: true, childList: true });
"""


def test_a_reading_is_spoken_once(page: Page, site: str) -> None:
    page.add_init_script(SAID)
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
    assert page.evaluate("said.length") == 2


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


def test_what_is_shown_in_another_language_is_no_new_reading(page: Page, site: str) -> None:
    ready(page, site, WASM)
    draw_with_mouse(page, placed(6))
    before = answer(page)["sequence"]
    page.route(re.compile("mlp"), lambda route: None)  # which never comes
    page.get_by_label("mlp").check(force=True)
    page.get_by_role("button", name="Français").click()
    expect(page.locator("#confidence")).to_have_text(re.compile("^sûr à"))
    assert answer(page)["sequence"] == before


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
