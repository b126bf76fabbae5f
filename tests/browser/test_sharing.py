"""A drawing's link and its files hold what was drawn."""

import io
import json
import re

import numpy as np
import pytest
from browser.drawing import answer, draw_with_mouse, drawing_in, link_of, ready, shows
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect
from strokes import placed

from inkgrad.ink import Drawing, rasterize


def share(page: Page, what: str) -> None:
    page.get_by_role("button", name="Share", exact=True).click()
    page.get_by_role("button", name=what).click()


def test_a_link_holds_the_strokes_and_opens_them(context: BrowserContext, site: str) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    strokes = [
        {"width": 22, "erase": False, "points": placed(4)[0]},
        {"width": 36, "erase": True, "points": [[9, 1e-7]]},
    ]
    given = {"size": 280, "strokes": strokes}
    ready(page, site, "?backend=wasm" + link_of(given))
    shows(page, "digits", re.compile("."))
    share(page, "Copy a link")
    expect(page.locator("#notice")).to_have_text("Link copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.url and link.startswith(site + "?backend=wasm#ink=")
    assert drawing_in(link) == json.loads(json.dumps(given))
    draw_with_mouse(page, placed(1, 180, 40, 60))
    before = answer(page)["sequence"]
    small = [{"width": 8, "erase": False, "points": path} for path in placed(4, 30, 20, 40)]
    given = {"size": 100, "strokes": small}
    page.evaluate("link => { location.href = link }", link_of(given))  # the same tab, another link
    shows(page, "digits", "4")
    assert answer(page)["sequence"] > before
    # It fills the canvas, which stays as large as ever.
    page.get_by_role("group", name="Examples").get_by_role("button", name="3").click()
    shows(page, "digits", "3")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    shows(page, "digits", "4")
    share(page, "Copy a link")
    expect(page).to_have_url(re.compile("#ink="))
    kept = drawing_in(page.url)
    assert kept["size"] == 280
    assert [stroke["width"] for stroke in kept["strokes"]] == [pytest.approx(22.4)] * 2
    page.evaluate("location.hash = '#ink=abc'")
    expect(page.locator("#notice")).to_contain_text("no drawing")


def test_a_drawing_leaves_the_address_with_the_next_one(page: Page, site: str) -> None:
    """Or the page, loaded anew, would show the old one in its place."""
    ready(
        page,
        site,
        "?backend=wasm" + link_of({"size": 280, "strokes": [{"width": 22, "erase": False, "points": placed(7)[0]}]}),
    )
    shows(page, "digits", "7")
    page.reload()
    shows(page, "digits", "7")
    page.keyboard.press("c")
    expect(page).to_have_url(site + "?backend=wasm")
    draw_with_mouse(page, placed(3))
    shows(page, "digits", "3")
    share(page, "Copy a link")
    expect(page).to_have_url(re.compile("#ink="))
    draw_with_mouse(page, placed(1, 200, 50, 60))
    expect(page).to_have_url(site + "?backend=wasm")
    share(page, "Save as SVG")
    expect(page.locator("#notice")).to_be_empty()  # the link's was there


def test_saved_files_show_the_ink(page: Page, site: str) -> None:
    """Chromium's own rendering of the SVG, as PNG, against our rasteriser, eraser included; pressure left aside."""
    (eight,) = placed(8)
    strokes = [(22, False, eight), (36, True, [(90, 130), (190, 150)]), (22, False, [(140, 140)])]
    first, *others = [{"width": w, "erase": e, "points": p} for w, e, p in strokes]
    pressed = {**first, "points": [(x, y, 0.3) for x, y in eight]}
    ready(page, site, "?backend=wasm" + link_of({"size": 280, "strokes": [pressed, *others]}))
    with page.expect_download() as png:
        share(page, "Save as PNG")
    with page.expect_download() as svg:
        share(page, "Save as SVG")
    assert (png.value.suggested_filename, svg.value.suggested_filename) == ("inkgrad.png", "inkgrad.svg")
    image = Image.open(io.BytesIO(png.value.path().read_bytes())).convert("L")
    ours = rasterize(Drawing.from_json({"size": 280, "strokes": [first, *others]}), image.width)
    difference = np.abs(255 - np.asarray(image, int) - ours)
    assert image.size == (1120, 1120) and difference.mean() < 0.5 and (difference > 64).mean() < 1e-3
    assert svg.value.path().read_text().count("<path") == 3
    # What cannot be saved is said, and neither moves the page nor covers what else there is to say.
    page.evaluate("""() => {
      HTMLImageElement.prototype.decode = () => Promise.reject(new Error('no memory'));
      document.querySelector('#update').hidden = false;
      document.querySelector('#notice').textContent = '';
    }""")
    more = page.locator(".more").bounding_box()
    share(page, "Save as PNG")
    expect(page.locator("#notice")).to_have_text("This drawing cannot be saved. (no memory)")
    assert page.locator(".more").bounding_box() == more
    notice, update = page.locator("#notice").bounding_box(), page.locator("#update").bounding_box()
    assert notice is not None and update is not None
    assert 0 < notice["y"] + notice["height"] < update["y"]
