"""Pictures on the page: chosen, dropped and pasted, as people do it; and what is no picture."""

import base64
import io
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from browser.drawing import answer, draw_with_mouse, ready, shows
from notes import note, photograph
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from strokes import DIGITS, placed

NUMBER = [7, 2, 0, 3]
TEXT = "".join(map(str, NUMBER))


def file(image: Image.Image, format: str = "JPEG", **options: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, format, **options)
    return target.getvalue()


FILM = [Image.new("L", (300, 200), level) for level in (0, 255)]


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    rng = np.random.default_rng(4)
    return photograph(note([[np.array(line) for line in DIGITS[d]] for d in NUMBER], rng, ruled=True), rng)


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def choose(page: Page, name: str, data: bytes) -> None:
    with page.expect_file_chooser() as chooser:
        button(page, "Picture").click()
    chooser.value.set_files({"name": name, "mimeType": "", "buffer": data})


# A DataTransfer: what the browser makes when a picture is dropped, or pasted, after something else.
GIVE = """([kind, name, text]) => {
  const data = new DataTransfer();
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  data.items.add(new File(['what it shows'], 'note.txt', { type: 'text/plain' }));
  data.items.add(new File([bytes], name, { type: `image/${name.split('.').at(-1)}` }));
  const options = { bubbles: true, cancelable: true };
  const event = kind === 'drop'
    ? new DragEvent('drop', { ...options, dataTransfer: data })
    : new ClipboardEvent('paste', { ...options, clipboardData: data });
  document.querySelector('#pad').dispatchEvent(event);
  return event.defaultPrevented;
}"""


def drop(page: Page, name: str, data: bytes) -> None:
    assert page.evaluate(GIVE, ["drop", name, base64.b64encode(data).decode()]), "the browser would leave the page"


def paste(page: Page, name: str, data: bytes) -> None:
    page.evaluate(GIVE, ["paste", name, base64.b64encode(data).decode()])


# WebGPU is not ready before it is let.
LATE = """
const starting = new Promise((resolve) => (window.startWebGpu = resolve));
const { requestAdapter } = GPU.prototype;
GPU.prototype.requestAdapter = async function (...given) {
  await starting;
  return requestAdapter.apply(this, given);
};
"""


# What the browser does while something is dragged over the page.
DRAG = """([kind, file]) => {
  const data = new DataTransfer();
  if (file) data.items.add(new File([], file));
  else data.setData('text/plain', 'words');
  document.body.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: data }));
}"""


def test_the_paper_shows_that_a_file_may_be_dropped(page: Page, site: str) -> None:
    ready(page, site, "?backend=wasm")
    pad = page.locator("#pad")
    for kind, file, style in (
        ("dragover", "note.png", "dashed"),
        ("dragleave", "note.png", "none"),
        ("dragover", "", "none"),
        ("dragover", "note.png", "dashed"),
        ("drop", "note.png", "none"),
    ):
        page.evaluate(DRAG, [kind, file])
        expect(pad).to_have_css("outline-style", style)


@pytest.mark.parametrize("give", [choose, drop, paste])
def test_a_photographed_number_is_read(
    page: Page, site: str, photo: Image.Image, give: Callable[[Page, str, bytes], None]
) -> None:
    ready(page, site, "?backend=wasm")
    give(page, "note.jpg", file(photo, quality=60))
    shows(page, "digits", TEXT)
    assert answer(page)["text"] == TEXT
    expect(page.locator("#status")).to_have_text("")
    expect(page.get_by_text("Draw a digit", exact=True)).to_be_hidden()


def test_a_picture_is_a_step_of_the_drawing(page: Page, site: str, photo: Image.Image) -> None:
    ready(page, site, "?backend=wasm")
    draw_with_mouse(page, placed(5))
    assert answer(page)["digits"] == "5"
    choose(page, "note.jpg", file(photo))
    shows(page, "digits", TEXT)
    button(page, "Undo").click()
    shows(page, "digits", "5")
    button(page, "Redo").click()
    shows(page, "digits", TEXT)
    button(page, "Eraser").click()
    draw_with_mouse(page, [[(x, y) for y in range(100, 190, 20) for x in (140, 280)]])
    shows(page, "digits", TEXT[:2])
    button(page, "Clear").click()
    shows(page, "digits", "")
    choose(page, "note.jpg", file(photo))  # the same file again
    shows(page, "digits", TEXT)


def test_large_turned_and_transparent_pictures(page: Page, site: str, photo: Image.Image) -> None:
    ready(page, site, "?backend=wasm")
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by a quarter to the right
    turned = photo.resize((3840, 2560)).rotate(90, expand=True)
    choose(page, "turned.jpg", file(turned, exif=exif))
    shows(page, "digits", TEXT)
    button(page, "Clear").click()
    ink = photo.convert("L").point(lambda level: 255 if level < 70 else 0)
    alone = Image.new("RGBA", photo.size, "black")
    alone.putalpha(ink)
    choose(page, "ink.png", file(alone, "PNG"))
    shows(page, "digits", re.compile("."))


@pytest.mark.parametrize(
    ("name", "data", "english", "french"),
    [
        ("text.png", b"no picture", "no picture that can be read", "pas une image lisible"),
        ("empty.png", b"", "no picture that can be read", "pas une image lisible"),
        ("huge.png", file(Image.new("1", (20_000, 20_000)), "PNG"), "too large", "trop grande"),
        ("film.gif", file(FILM[0], "GIF", save_all=True, append_images=FILM[1:]), "This picture moves", "image bouge"),
        ("blank.png", file(Image.new("L", (300, 200), 230), "PNG"), "No ink stands out", "Aucune encre"),
    ],
)
def test_what_is_no_picture_of_ink_is_said_and_changes_nothing(
    page: Page, site: str, name: str, data: bytes, english: str, french: str
) -> None:
    ready(page, site, "?backend=wasm")
    draw_with_mouse(page, placed(3))
    choose(page, name, data)
    expect(page.locator("#status.error")).to_contain_text(english)
    assert answer(page)["digits"] == "3"
    button(page, "Français").click()
    drop(page, name, data)
    expect(page.locator("#status.error")).to_contain_text(french)
    expect(button(page, "Image")).to_be_visible()
    draw_with_mouse(page, [[(140, 140)]])
    expect(page.locator("#status")).to_have_text("")


def test_what_is_said_of_a_picture_and_of_the_model_is_not_lost(page: Page, site: str) -> None:
    page.add_init_script(LATE)
    ready(page, site, "", "wasm")
    status = page.locator("#status")
    paste(page, "text.png", b"no picture")
    expect(status).to_contain_text("no picture that can be read")
    page.evaluate("startWebGpu()")
    shows(page, "backend", "webgpu")
    expect(page.locator("#status.error")).to_contain_text("no picture that can be read")
    page.route("**/mlp.safetensors", lambda route: route.fulfill(json={}))
    page.keyboard.press("1")
    expect(status).to_contain_text("The model mlp cannot be used")
    paste(page, "text.png", b"no picture")
    expect(status).to_contain_text("no picture that can be read")
    draw_with_mouse(page, placed(3))
    expect(page.locator("#status.error")).to_contain_text("The model mlp cannot be used")
    page.get_by_label("cnn-tiny", exact=True).check()
    shows(page, "digits", "3")
    expect(status).to_have_text("")


def test_a_file_of_more_than_50_megabytes_is_not_even_opened(page: Page, site: str) -> None:
    ready(page, site, "?backend=wasm")
    page.evaluate("""() => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(50e6 + 1)], 'film.jpg', { type: 'image/jpeg' }));
      dispatchEvent(new ClipboardEvent('paste', { clipboardData: data }));
    }""")
    expect(page.locator("#status.error")).to_contain_text("too large")


def test_a_picture_ends_the_example_that_is_being_written(page: Page, site: str, photo: Image.Image) -> None:
    ready(page, site, "?backend=wasm")
    page.get_by_role("group", name="Examples").get_by_role("button", name="8").click()
    shows(page, "digits", re.compile("."))
    paste(page, "photo.jpg", file(photo))
    shows(page, "digits", TEXT)
    page.wait_for_timeout(1000)  # in which it would be written over the picture
    assert answer(page)["digits"] == TEXT


def test_pasted_text_is_left_alone(page: Page, site: str) -> None:
    ready(page, site, "?backend=wasm")
    page.evaluate("""() => {
      const data = new DataTransfer();
      data.setData('text/plain', '42');
      dispatchEvent(new ClipboardEvent('paste', { clipboardData: data }));
    }""")
    expect(page.locator("#status")).to_have_text("")
