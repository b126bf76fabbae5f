"""The page in Chromium, driven as people drive it: with a mouse and with a finger."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from browser.drawing import PHONE, Points, answer, draw_with_finger, draw_with_mouse, ready, shows
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from released import MODELS
from strokes import placed

from inkgrad.nets import NETS

ARTEFACTS = Path(__file__).parent.parent.parent / "artefacts"
SCHEMES: list[Literal["light", "dark"]] = ["light", "dark"]


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def choose(page: Page, model: str) -> None:
    """And wait until it reads; what is shown until then is the last one's answer."""
    page.get_by_label(model, exact=True).check()
    expect(page.locator("#status")).to_have_text("")


def reads_all_digits(page: Page, draw: Callable[[Page, Sequence[Points]], None], backend: str) -> None:
    """The first model while they are drawn, each on a cleared canvas; the others as one goes back through all that."""

    def reads(digit: int) -> None:
        shows(page, "digits", str(digit))
        result = answer(page)  # the last word, once it has settled
        assert (result["digits"], result["text"], result["backend"]) == (str(digit), str(digit), backend)
        assert 0 < float(result["confidence"]) <= 1 and float(result["ms"]) >= 0

    page.emulate_media(reduced_motion="reduce")  # bars that move take a quarter of the CPU time
    first, *others = NETS
    choose(page, first)
    for digit in range(10):
        draw(page, [[*path[:-1:2], path[-1]] for path in placed(digit)])  # every second event, for time's sake
        reads(digit)
        button(page, "Clear").click()
        shows(page, "digits", "")
    for name in others:
        choose(page, name)
        for digit in reversed(range(10)):
            page.keyboard.press("Control+z")  # what Clear did
            reads(digit)
            for _ in placed(digit):
                page.keyboard.press("Control+z")
        while button(page, "Redo").is_enabled():
            page.keyboard.press("Control+Shift+z")
        shows(page, "digits", "")


def test_reads_digits_drawn_with_the_mouse_on_webgpu(page: Page, site: str) -> None:
    ready(page, site, "?backend=webgpu", "webgpu")
    reads_all_digits(page, draw_with_mouse, "webgpu")


def test_reads_digits_drawn_with_a_finger_on_wasm(browser: Browser, site: str) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, device_scale_factor=2, locale="en-GB")
    with context:
        page = context.new_page()
        ready(page, site, "?backend=wasm", "wasm")
        reads_all_digits(page, draw_with_finger, "wasm")
        assert page.evaluate("scrollY") == 0


def test_auto_starts_at_once_and_moves_to_webgpu(page: Page, site: str) -> None:
    ready(page, site, "?model=cnn-tiny", "webgpu")
    draw_with_mouse(page, placed(5))
    assert answer(page)["digits"] == "5"


def test_a_blank_canvas_predicts_nothing_and_says_so(page: Page, site: str) -> None:
    ready(page, site, "?backend=wasm&model=toString")  # which is none: the usual one reads
    result = answer(page)
    assert result["digits"] == "" and result["confidence"] == ""
    expect(page.locator("#confidence")).to_have_text("Nothing to read")
    expect(page.get_by_label("cnn", exact=True)).to_be_checked()
    expect(page.get_by_text("Draw a digit", exact=True)).to_be_visible()
    assert all(float(bar.get_attribute("aria-valuenow") or "nan") == 0 for bar in page.get_by_role("meter").all())


def test_the_bars_are_meters_that_sum_to_one(page: Page, site: str) -> None:
    ready(page, site, "?backend=wasm")
    draw_with_mouse(page, placed(7))
    answer(page)
    bars = page.get_by_role("meter").all()
    values = [float(bar.get_attribute("aria-valuenow") or "nan") for bar in bars]
    highest = float(bars[0].get_attribute("aria-valuemax") or "nan")
    assert len(bars) == 10 and values.index(max(values)) == 7
    assert abs(sum(values) - highest) <= 0.02 * highest


@pytest.mark.parametrize("backend", ["webgpu", "wasm"])
def test_a_number_is_read_as_a_number(page: Page, site: str, backend: str) -> None:
    ready(page, site, f"?backend={backend}", backend)
    for i, digit in enumerate((4, 0, 7)):
        draw_with_mouse(page, placed(digit, 15 + 90 * i, 80, 65))
    shows(page, "digits", "407")
    result = answer(page)
    assert (result["digits"], result["text"], result["sure"]) == ("407", "407", "true")
    groups = page.locator("#bars > div").all()
    best = [group.locator(".best").all() for group in groups]
    assert [[bar.get_attribute("aria-label") for bar in bars] for bars in best] == [["4"], ["0"], ["7"]]
    assert all(group.get_by_role("meter").count() == 10 for group in groups)
    assert [page.locator("#bars").get_by_role("group", name=name).count() for name in "407"] == [1, 1, 1]
    expect(page.locator(".frame")).to_have_count(3)
    middles = page.locator("#pad, .frame").evaluate_all("""(elements) => {
      const [pad, ...frames] = elements.map((element) => element.getBoundingClientRect());
      return frames.map(({ left, width }) => ((left + width / 2 - pad.left) * 280) / pad.width);
    }""")
    assert all(abs(middle - (15 + 90 * i + 32)) < 15 for i, middle in enumerate(middles))
    button(page, "Undo").click()
    assert answer(page)["digits"] == "40"
    button(page, "Clear").click()
    assert answer(page)["digits"] == "" and page.locator(".frame").count() == 0
    expect(page.get_by_role("meter")).to_have_count(10)


def test_two_rows_are_read_from_the_top(page: Page, site: str) -> None:
    ready(page, site, "?backend=wasm")
    digits = [(1, 25, 20), (2, 110, 25), (3, 195, 15), (4, 20, 160), (5, 105, 165), (6, 200, 160)]
    draw_with_mouse(page, [path for digit, x, y in digits for path in placed(digit, x, y, 70)])
    shows(page, "digits", "123456")


def test_a_scribble_is_no_digit(page: Page, site: str) -> None:
    ready(page, site, "?backend=wasm")
    star = [(60, 60), (220, 220), (60, 220), (220, 60), (140, 30), (140, 250), (50, 140), (230, 140), (60, 60)]
    draw_with_mouse(page, [star])
    result = answer(page)
    assert (result["text"], result["sure"]) == ("?", "false")
    expect(page.locator("#confidence")).to_have_text("Not sure")


def test_prediction_follows_the_pen_before_it_is_lifted(page: Page, site: str) -> None:
    ready(page, site, "?backend=wasm")
    path = placed(3)[0]
    before = int(answer(page)["sequence"])
    draw_with_mouse(page, [path[:1]])
    button(page, "Undo").click()
    x, y = page.locator("#pad").bounding_box()["x"], page.locator("#pad").bounding_box()["y"]  # type: ignore[index]
    page.mouse.move(x + 50, y + 50)
    page.mouse.down()
    page.mouse.move(x + 60, y + 200, steps=12)
    result = answer(page)
    assert result["digits"] != "" and int(result["sequence"]) > before + 1
    page.keyboard.press("4")  # another model reads what there is of the stroke
    shows(page, "sequence", re.compile(f"^(?!{result['sequence']}$)"))
    result = answer(page)
    assert result["digits"] != ""
    page.locator("#why").evaluate("details => { details.open = true; }")
    shows(page, "sequence", re.compile(f"^(?!{result['sequence']}$)"))
    assert answer(page)["digits"] != ""
    page.mouse.up()


def test_eraser_undo_redo_and_clear(page: Page, site: str) -> None:
    ready(page, site, "?backend=wasm")
    expect(button(page, "Undo")).to_be_disabled()
    draw_with_mouse(page, placed(0))
    assert answer(page)["digits"] == "0"
    button(page, "Eraser").click()
    expect(button(page, "Eraser")).to_have_attribute("aria-pressed", "true")
    draw_with_mouse(page, placed(0))
    assert answer(page)["digits"] == ""
    button(page, "Undo").click()
    assert answer(page)["digits"] == "0"
    button(page, "Redo").click()
    assert answer(page)["digits"] == ""
    page.keyboard.press("Control+z")
    assert answer(page)["digits"] == "0"
    button(page, "Clear").click()
    assert answer(page)["digits"] == ""
    button(page, "Undo").click()
    assert answer(page)["digits"] == "0"
    button(page, "Pen").click()
    draw_with_mouse(page, [[(140, 140)]])
    assert answer(page)["digits"] != ""


def test_switching_the_model_and_resizing_keep_the_drawing(page: Page, site: str) -> None:
    ready(page, site, "?backend=wasm")
    draw_with_mouse(page, placed(2))
    for name in ("mlp", "cnn-small", "cnn-tiny", "cnn"):
        choose(page, name)
        assert answer(page)["digits"] == "2"
    for width in (320, 390, 1920):
        page.set_viewport_size({"width": width, "height": 844})
        box = page.locator("#pad").bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        button(page, "Undo").click()
        assert answer(page)["digits"] == ""
        button(page, "Redo").click()
        assert answer(page)["digits"] == "2"


def test_french(page: Page, site: str) -> None:
    ready(page, site, "?backend=wasm&lang=fr")
    for name in ("Stylo", "Gomme", "Annuler", "Rétablir", "Effacer"):
        expect(button(page, name)).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "fr"


def test_a_phone_shows_it_all_and_does_not_scroll_under_the_pen(browser: Browser, site: str) -> None:
    with browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, device_scale_factor=2) as context:
        page = context.new_page()
        ready(page, site, "?backend=wasm")
        draw_with_finger(page, [[(140, 30), (140, 250)], [(100, 260), (180, 260)]])
        assert page.evaluate("scrollY") == 0
        for selector in ("#pad", "#prediction", "#bars"):
            box = page.locator(selector).bounding_box()
            assert box is not None and box["y"] + box["height"] <= PHONE["height"], selector
        insets = {"top": 47, "bottom": 34, "left": 20, "right": 20}  # what a notch and round corners take
        context.new_cdp_session(page).send("Emulation.setSafeAreaInsetsOverride", {"insets": insets})
        expect(page.locator("body")).to_have_css("padding", "47px 20px 34px")


def test_screenshots_are_kept(page: Page, site: str) -> None:
    ARTEFACTS.mkdir(exist_ok=True)
    ready(page, site, "?model=cnn", "webgpu")
    draw_with_mouse(page, placed(8))
    for name, width, height in ("wide", 1280, 800), ("phone", 390, 844):
        page.set_viewport_size({"width": width, "height": height})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            assert answer(page)["digits"] == "8"
            page.screenshot(path=ARTEFACTS / f"{name}-{scheme}.png")


# What goes wrong, and what a person is told.


def test_without_webgpu_the_page_says_so_and_reads_on(browser_without_webgpu: Browser, site: str) -> None:
    with browser_without_webgpu.new_context(locale="en-GB") as context:
        page = context.new_page()
        ready(page, site, "?backend=webgpu", "wasm")
        expect(page.locator("#status")).to_contain_text(re.compile("WebGPU cannot be used: .+"))
        button(page, "Français").click()
        expect(page.locator("#status")).to_have_text(
            re.compile(r"^WebAssembly lit à la place \(WebGPU est inutilisable : (ce navigateur|aucune carte).+\)\.$")
        )
        draw_with_mouse(page, placed(6))
        assert answer(page)["digits"] == "6"


DEVICES = """
window.devices = [];
const request = GPUAdapter.prototype.requestDevice;
GPUAdapter.prototype.requestDevice = async function (...given) {
  const device = await request.apply(this, given);
  window.devices.push(device);
  return device;
};
"""


def test_a_lost_device_is_replaced_once_and_then_done_without(context: BrowserContext, site: str) -> None:
    page = context.new_page()
    page.add_init_script(DEVICES)
    ready(page, site, "?model=cnn-tiny&backend=webgpu", "webgpu")
    draw_with_mouse(page, placed(9))
    assert answer(page)["digits"] == "9"
    page.evaluate("devices.at(-1).destroy()")
    shows(page, "backend", "wasm")
    shows(page, "backend", "webgpu")
    assert page.evaluate("devices.length") == 2
    assert answer(page)["digits"] == "9"
    page.evaluate("devices.at(-1).destroy()")
    shows(page, "backend", "wasm")
    expect(page.locator("#status")).to_contain_text("WebGPU was lost")
    button(page, "Français").click()
    expect(page.locator("#status")).to_contain_text("WebAssembly lit à la place (WebGPU a été perdu : ")
    button(page, "Effacer").click()
    draw_with_mouse(page, placed(4))
    result = answer(page)
    assert (result["digits"], result["backend"], page.evaluate("devices.length")) == ("4", "wasm", 2)


@pytest.mark.parametrize(
    ("answer", "said", "french"),
    [
        ({"status": 404}, "cannot be fetched: the server says 404", "n’arrive pas : le serveur répond 404"),
        (None, "cannot be fetched: the server does not answer", "n’arrive pas : le serveur ne répond pas"),
        ({"body": b"<!doctype html>", "content_type": "text/html"}, "is a web page", "est une page web"),
        ({"body": b"\x00" * 4}, "cannot be used: it is cut short", "est inutilisable : it is cut short"),
        ({"body": MODELS["mlp"].read_bytes()[:100_000]}, "cannot be used: it is", "est inutilisable : it is"),
    ],
    ids=["404", "no answer", "a web page", "four bytes", "truncated"],
)
def test_a_model_that_cannot_be_had_leaves_the_others(
    context: BrowserContext, site: str, answer: dict[str, Any] | None, said: str, french: str
) -> None:
    page = context.new_page()
    page.route("**/mlp.safetensors", lambda route: route.fulfill(**answer) if answer else route.abort())
    page.goto(site + "?model=mlp&backend=wasm")
    file = r"http://.+/mlp\.safetensors"
    status = page.locator("#status")
    expect(status).to_have_text(re.compile(f"^The model mlp cannot be used: .+{file} {said}"))
    draw_with_mouse(page, placed(1))
    button(page, "Français").click()
    expect(status).to_have_text(re.compile(f"^Le modèle mlp est inutilisable : .+{file} {french}"))
    expect(page.locator("#confidence")).to_have_text("")  # there is something to read
    page.unroute("**/mlp.safetensors")
    page.keyboard.press("1")  # the same again
    shows(page, "digits", "1")
    expect(page.locator("#announcement")).to_have_text(re.compile("^1, "))
    expect(status).to_have_text("")
    page.get_by_role("button", name="Effacer").click()
    draw_with_mouse(page, placed(7))
    page.get_by_label("cnn-tiny", exact=True).check()
    shows(page, "digits", "7")


def test_works_under_a_sub_path(context: BrowserContext, site: str) -> None:
    page = context.new_page()
    page.route(site + "**", lambda route: route.abort())  # whatever the page asks for elsewhere
    page.route("**/some/where/**", lambda route: route.continue_(url=route.request.url.replace("some/where/", "")))
    ready(page, site, "some/where/?backend=wasm")
    draw_with_mouse(page, placed(3))
    assert answer(page)["digits"] == "3"


def test_the_library_reads_a_drawing(page: Page, site: str) -> None:
    page.goto(site + "?backend=wasm")
    strokes = [{"width": 22, "erase": False, "points": [list(p) for p in path]} for path in placed(4)]
    reading = page.evaluate(
        """async (drawing) => {
          const { loadRecognizer, Problem } = await import('/inkgrad.js');
          const r = await loadRecognizer('./models/cnn.safetensors', { backend: 'auto' });
          const { digits, text, ms, backend } = await r.read(drawing);
          const logits = await r.classify(new Float32Array(784));
          const error = await loadRecognizer('./icon.svg').catch((error) => error);
          return { digit: digits[0].digit, sum: digits[0].probabilities.reduce((a, b) => a + b), box: digits[0].box,
            text, ms, backend, logits: logits.length, problem: error instanceof Problem && error.phrase };
        }""",
        {"size": 280, "strokes": strokes},
    )
    assert (reading["digit"], reading["text"], reading["logits"]) == (4, "4", 10)
    assert reading["problem"] == "The model file {} cannot be used: {}"
    assert abs(reading["sum"] - 1) < 1e-6 and reading["ms"] > 0 and reading["backend"] in ("wasm", "webgpu")
    assert 80 <= reading["box"]["x0"] < reading["box"]["x1"] <= 212
