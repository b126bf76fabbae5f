"""The pen in the hand: what it leaves, how hard it is pressed, where its tip is, and the paper that is turned."""

import io
import re

import pytest
from browser.drawing import answer, draw_with_mouse, drawing_in, on_page, ready, shows
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from strokes import placed

WASM = "?backend=wasm"


def test_a_stylus_draws_as_hard_as_it_is_pressed(page: Page, site: str) -> None:
    ready(page, site, WASM)
    cdp = page.context.new_cdp_session(page)
    for x, force in ((80, 0.1), (200, 0.9)):
        for i, (px, py) in enumerate(on_page(page, [(x, 60), (x, 140), (x, 220)])):
            kind = "mouseMoved" if i else "mousePressed"
            event = {"x": px, "y": py, "button": "left", "buttons": 1, "force": force, "pointerType": "pen"}
            cdp.send("Input.dispatchMouseEvent", {"type": kind, **event})
        cdp.send("Input.dispatchMouseEvent", {"type": "mouseReleased", **event, "buttons": 0})
    page.mouse.move(0, 0)
    shows(page, "digits", "11")
    pad = Image.open(io.BytesIO(page.locator("#pad").screenshot())).convert("L")
    row = [pad.getpixel((x, int(pad.height / 3))) < 128 for x in range(pad.width)]  # type: ignore[operator]
    light, hard = sum(row[: pad.width // 2]), sum(row[pad.width // 2 :])
    assert 0 < 1.5 * light < hard


def test_a_stylus_takes_over_from_the_palm_that_came_first(page: Page, site: str) -> None:
    ready(page, site, WASM)
    # A pointer that has gone when its event comes: it must not keep others from drawing.
    page.evaluate("""() => {
      addEventListener('error', (event) => event.preventDefault(), { once: true });
      const gone = new PointerEvent('pointerdown', { pointerId: 99, buttons: 1 });
      document.querySelector('#pad').dispatchEvent(gone);
    }""")
    cdp = page.context.new_cdp_session(page)
    (palm,) = on_page(page, [(240, 250)])
    touch = {"x": palm[0], "y": palm[1]}
    cdp.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [touch]})
    shows(page, "digits", re.compile("."))
    for i, (x, y) in enumerate(on_page(page, placed(3)[0])):
        kind = "mouseMoved" if i else "mousePressed"
        event = {"x": x, "y": y, "button": "left", "buttons": 1, "pointerType": "pen"}
        cdp.send("Input.dispatchMouseEvent", {"type": kind, **event})
        cdp.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [touch | {"force": i / 99}]})
    cdp.send("Input.dispatchMouseEvent", {"type": "mouseReleased", **event, "buttons": 0})
    cdp.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    shows(page, "digits", "3")
    page.get_by_role("button", name="Undo").click()
    shows(page, "digits", "")  # the palm left nothing


# A pointer's move as a fast device gives it: several places since the last event, and where it may be next.
MOVE = """([seen, expected]) => {
  const event = ([clientX, clientY], more) =>
    new PointerEvent('pointermove', { pointerId: 1, buttons: 1, bubbles: true, clientX, clientY, ...more });
  const coalescedEvents = seen.map((at) => event(at));
  const predictedEvents = expected.map((at) => event(at));
  document.querySelector('#pad').dispatchEvent(event(seen.at(-1), { coalescedEvents, predictedEvents }));
}"""


def test_a_stroke_has_every_place_of_the_pen_and_none_that_is_only_expected(page: Page, site: str) -> None:
    ready(page, site, WASM)
    start, *seen = [(60.0, 60.0), (90.0, 80.0), (120.0, 130.0), (130.0, 200.0)]
    ahead = page.locator("#tip polyline")
    page.mouse.move(*on_page(page, [start])[0])
    page.mouse.down()
    page.evaluate(MOVE, [on_page(page, seen), on_page(page, [(135, 230)])])
    assert (ahead.get_attribute("points") or "").split(" ")[1].startswith("135")
    page.mouse.up()
    expect(ahead).to_have_attribute("points", "")  # before the mouse moves again
    page.get_by_role("button", name="Share", exact=True).click()
    page.get_by_role("button", name="Copy a link").click()
    expect(page.locator("#notice")).not_to_be_empty()
    (stroke,) = drawing_in(page.url)["strokes"]
    assert stroke["points"] == [pytest.approx(point, abs=0.5) for point in (start, *seen)]


# Moves to each of the places, a task for each; how many frames there were meanwhile.
MOVES = f"""async (places) => {{
  let [frames, isOver] = [0, false];
  requestAnimationFrame(function count() {{
    frames++;
    if (!isOver) requestAnimationFrame(count);
  }});
  for (const place of places) await scheduler.postTask(() => ({MOVE})([[place], []]));
  isOver = true;
  return frames;
}}"""


def test_ink_is_read_once_a_frame_however_fast_it_comes(page: Page, site: str) -> None:
    ready(page, site, WASM)
    start, *rest = on_page(page, placed(3)[0])
    page.mouse.move(*start)
    page.mouse.down()
    before = int(answer(page)["sequence"])
    moves = 20 * rest
    frames = page.evaluate(MOVES, moves)
    # After the last of those frames there is one more, for the moves since.
    assert 1 <= int(answer(page)["sequence"]) - before <= frames + 1 < len(moves)
    page.mouse.up()


def test_the_tip_shows_the_size_of_the_tool(page: Page, site: str) -> None:
    ready(page, site, WASM)
    circle = page.locator("#tip circle")
    for key, width in (("p", 22), ("e", 36)):
        page.keyboard.press(key)
        page.mouse.move(*on_page(page, [(100, 100)])[0])
        assert float(circle.get_attribute("r") or "nan") == width / 2
        drawn, pad = circle.bounding_box(), page.locator("#pad").bounding_box()
        assert drawn is not None and pad is not None
        assert drawn["width"] == pytest.approx(width * pad["width"] / 280, abs=2)
    page.keyboard.press("p")
    page.get_by_label("Thickness").press("ArrowRight")
    expect(circle).to_have_attribute("r", "11.5")
    expect(circle).to_have_attribute("cx", "140")  # it stays, to be seen
    page.keyboard.press("Tab")
    expect(circle).to_have_attribute("cx", "-999")
    page.get_by_label("Thickness").click(position={"x": 90, "y": 10})
    expect(circle).to_have_attribute("cx", "-999")
    page.get_by_label("Thickness").fill("50")
    draw_with_mouse(page, [[(140, 140)]])
    page.mouse.move(0, 0)
    pad_seen = Image.open(io.BytesIO(page.locator("#pad").screenshot())).convert("L")
    row = [pad_seen.getpixel((x, pad_seen.height // 2)) < 128 for x in range(pad_seen.width)]  # type: ignore[operator]
    assert sum(row) == pytest.approx(50 * pad_seen.width / 280, abs=3)


def test_a_finger_that_scrolls_from_the_slider_leaves_no_tip(browser: Browser, site: str) -> None:
    with browser.new_context(viewport={"width": 390, "height": 600}, has_touch=True, is_mobile=True) as context:
        page = context.new_page()
        ready(page, site, WASM)
        box = page.locator("#thickness").bounding_box()
        assert box is not None
        touch = {"x": box["x"] + 60, "y": box["y"] + box["height"] / 2}
        cdp = context.new_cdp_session(page)
        for kind, way in (("touchStart", 0), *(("touchMove", 20 * i) for i in range(1, 9))):
            points = [touch | {"y": touch["y"] - way}]
            cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        cdp.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        assert page.evaluate("scrollY") > 0
        expect(page.locator("#tip circle")).to_have_attribute("cx", "-999")
        expect(page.locator("html")).to_have_css("overscroll-behavior", "none")  # nor does a pull load the page anew


def test_the_drawing_survives_a_turn_of_the_screen_in_the_middle_of_a_stroke(page: Page, site: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    ready(page, site, WASM)
    (three,) = placed(3)
    half = len(three) // 2
    page.mouse.move(*on_page(page, three)[0])
    page.mouse.down()
    for at in on_page(page, three[:half]):
        page.mouse.move(*at)
    page.set_viewport_size({"width": 844, "height": 390})
    for at in on_page(page, three[half:]):
        page.mouse.move(*at)
    page.mouse.up()
    shows(page, "digits", "3")
    page.set_viewport_size({"width": 390, "height": 844})
    assert answer(page)["digits"] == "3"
    pad = Image.open(io.BytesIO(page.locator("#pad").screenshot())).convert("L")
    x, y = three[0]
    assert pad.getpixel((int(x * pad.width / 280), int(y * pad.width / 280))) < 128  # type: ignore[operator]
