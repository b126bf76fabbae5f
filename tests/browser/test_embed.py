"""`<ink-reader>` in pages of others: a form field, from another origin, under a strict content security policy."""

import io
import re
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from browser.axe import AXE, accessible
from browser.drawing import NO_WEBGPU, SCRIBBLE, Points, draw_with_mouse
from PIL import Image
from playwright.sync_api import Page, expect
from strokes import placed

from inkgrad.serve import server

FORM = """<!doctype html>
<html lang="fr">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; script-src {site} 'wasm-unsafe-eval'; connect-src {site}; img-src data:">
<link rel="icon" href="data:,">
<script type="module" src="{site}ink-reader.js"></script>
<form><fieldset><label>Nombre <ink-reader name="number" required></ink-reader></label></fieldset></form>
</html>"""

FRENCH = "<p lang=fr><ink-reader model=./sw.js></ink-reader></p>"
IN_SHADOW = """() => {
  const host = document.querySelector('[lang=fr]').appendChild(document.createElement('div'));
  host.attachShadow({ mode: 'open' }).append(document.createElement('ink-reader'));
}"""

SEEN = """() => {
  window.seen = [];
  window.said = [];
  const reader = document.querySelector('ink-reader');
  new MutationObserver((changes) => {
    for (const { target } of changes) if (target.ariaLive === 'polite') said.push(target.textContent);
  }).observe(reader.shadowRoot, { subtree: true, childList: true });
  for (const type of ['input', 'change', 'error']) {
    document.addEventListener(type, ({ target }) => {
      if (target !== reader) throw new Error('an event of the inside got out');
      seen.push(`${type} ${new FormData(reader.form).get('number')}`);
      document.title = seen.at(-1);
    });
  }
}"""


@pytest.fixture
def other(tmp_path: Path, site: str) -> Iterator[str]:
    """Another origin, with the form."""
    (tmp_path / "index.html").write_text(FORM.format(site=site))
    with server(0, tmp_path) as httpd:
        threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}/"
        httpd.shutdown()


def draw(page: Page, paths: Sequence[Points]) -> None:
    draw_with_mouse(page, paths, "ink-reader canvas")


def test_a_field_on_another_origin(page: Page, site: str, other: str) -> None:
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(other)
    reader, field, clear = (page.locator(f"ink-reader{inner}") for inner in ("", " input", " button"))
    expect(clear).to_have_text("Effacer")
    page.evaluate(SEEN)
    reader.evaluate("r => r.addEventListener('input', () => (r.value = r.value))")  # as frameworks do
    assert reader.evaluate("r => [r.form === document.forms[0], r.validity.valueMissing, r.value]") == [True, True, ""]

    draw(page, placed(4, 20, 80, 65))
    expect(page).to_have_title("change 4")
    assert page.evaluate("said.splice(0).at(-1)") == "4"  # of two strokes
    draw(page, placed(7, 180, 80, 65))
    expect(page).to_have_title("change 47")
    assert page.evaluate("said.splice(0)") == ["47"]  # though it was read all the while it was written
    seen = page.evaluate("seen")
    assert [event for event in seen if event.startswith("change")] == ["change 4", "change 47"]
    assert seen[-2:] == ["input 47", "change 47"] and seen.count("input 47") == 1
    assert reader.evaluate("r => [r.checkValidity(), r.reading.text, r.drawing.strokes.length]") == [True, "47", 3]

    page.get_by_text("Nombre").click()  # the label leads to the field, where a misreading can be put right
    page.keyboard.press("End")
    page.keyboard.type("1x")
    assert page.evaluate("seen.slice(-2)") == ["input 471", "input 471x"]
    assert reader.evaluate("r => [r.value, r.validity.patternMismatch]") == ["471x", True]

    clear.click()
    assert page.evaluate("seen.slice(-2)") == ["input ", "change "]
    spoken = page.locator("ink-reader [aria-live=polite]")
    expect(spoken).to_have_text("Rien à lire")
    draw(page, SCRIBBLE)
    expect(spoken).to_have_text("Pas sûr")
    expect(field).to_have_attribute("placeholder", "?")
    assert page.evaluate("said") == ["Rien à lire", "Pas sûr"]
    page.evaluate("for (const _ of 'on') document.querySelector('ink-reader').toggleAttribute('required')")
    assert reader.evaluate("r => [r.value, r.validity.customError, r.validationMessage]") == ["", True, "Pas sûr"]
    said = reader.evaluate("r => ['Non', ''].map((words) => (r.setCustomValidity(words), r.validationMessage))")
    assert said == ["Non", "Pas sûr"]

    page.evaluate("document.forms[0].reset()")
    expect(field).to_have_attribute("placeholder", "")
    assert reader.evaluate("r => [r.value, r.drawing.strokes.length, r.validity.customError]") == ["", 0, False]
    page.evaluate("document.querySelector('fieldset').disabled = true")
    draw(page, placed(1))
    expect(field).to_be_disabled()
    assert reader.evaluate("r => [r.value, r.drawing.strokes.length]") == ["", 0]
    assert reader.evaluate("r => { r.value = '1x'; return [r.value, r.validity.valid]; }") == ["1x", True]
    page.evaluate("document.querySelector('fieldset').disabled = false")
    assert reader.evaluate("r => [r.value, r.validity.patternMismatch]") == ["1x", True]
    assert all(url.startswith((site, other)) for url in requested)


def test_the_example_page_sends_what_was_drawn_or_typed(page: Page, site: str) -> None:
    page.add_init_script(NO_WEBGPU)
    page.goto(site + "embed.html")
    draw(page, placed(3))
    expect(page.locator("ink-reader input")).to_have_value("3")
    reason = page.evaluate("""async () => {
      const reader = document.createElement('ink-reader');
      reader.setAttribute('model', './sw.js');
      reader.setAttribute('name', 'typed');
      const failed = new Promise((resolve) => reader.addEventListener('error', resolve));
      document.forms[0].append(reader);
      return (await failed).message;
    }""")
    typed = page.locator("ink-reader[name=typed]")
    expect(typed.locator("[part=status]")).to_have_text(reason)
    assert "./sw.js cannot be used" in reason
    page.evaluate("html => document.forms[0].insertAdjacentHTML('beforeend', html)", FRENCH)
    expect(page.locator("[lang=fr] [part=status]")).to_have_text(re.compile("^Le fichier ./sw.js est inutilisable : "))
    page.evaluate(IN_SHADOW)
    expect(page.locator("[lang=fr] > div ink-reader button")).to_have_text("Effacer")
    typed.locator("input").fill("12")
    typed.locator("input").press("Enter")
    page.wait_for_url(site + "embed.html?age=3&typed=12")


# A field beside an input; what is set before the script is there; a pad with a border and padding.
NATIVE = """<!doctype html>
<html lang="en">
<link rel="icon" href="data:,">
<style>.framed::part(pad) { border: 12px solid #eee; padding: 8px }</style>
<form><input name="plain"><ink-reader></ink-reader><button name="by">Send</button></form>
<script>
  Object.assign(document.querySelector('ink-reader'), { name: 'drawn', value: '5' });
  window.seen = [];
  for (const type of ['change', 'submit']) {
    document.addEventListener(type, (event) => {
      event.preventDefault();
      seen.push(`${type} ${event.submitter?.name}`);
    });
  }
</script>
<script type="module" src="./ink-reader.js"></script>
</html>"""


# What a page may do to either by properties, as frameworks do, and what is there after each step.
PROPERTIES = """(field) => [
  () => (field.name = 'age'),
  () => (field.value = 5),
  () => field.setCustomValidity('Too young'),
  () => (field.value = null),
  () => (field.required = true),
  () => field.setCustomValidity(''),
  () => (field.required = null),
  () => (field.required = undefined),
  () => (field.disabled = 1),
  () => (field.disabled = ''),
].map((step) => {
  step();
  const { name, value, required, disabled, willValidate, validity, validationMessage, labels, form } = field;
  const { customError, valueMissing } = validity;
  return [field.getAttributeNames(), name, value, required, disabled, labels.length, new FormData(form).get('age'),
    willValidate, customError, valueMissing, validationMessage];
})"""


def test_a_field_does_what_an_input_does(page: Page, site: str) -> None:
    page.add_init_script(NO_WEBGPU)
    page.route(site + "native.html", lambda route: route.fulfill(body=NATIVE, content_type="text/html"))
    page.goto(site + "native.html")
    reader, button = page.locator("ink-reader"), page.locator("form > button")
    data = "[...new FormData(document.forms[0])].join('; ')"
    assert page.evaluate(data) == "plain,; drawn,5"
    page.evaluate("document.querySelector('ink-reader').replaceWith(document.createElement('ink-reader'))")
    plain = page.locator("[name=plain]").element_handle()
    steps = plain.evaluate(PROPERTIES)
    plain.evaluate("plain => (plain.name = 'plain')")
    assert reader.evaluate(PROPERTIES) == steps
    assert page.evaluate(data) == "plain,; age,"
    reader.evaluate("r => (r.value = 5)")
    page.locator("ink-reader input").press("Enter")
    assert page.evaluate("seen.splice(0)") == ["submit by"]  # it is no change that the page made

    for field in ("[name=plain]", "ink-reader input"):
        button.evaluate("button => (button.disabled = false)")
        page.locator(field).fill("12")
        page.locator(field).press("Enter")
        assert page.evaluate("seen.splice(0)") == ["change undefined", "submit by"]
        button.evaluate("button => (button.disabled = true)")
        page.locator(field).fill("123")
        page.locator(field).press("Enter")
        assert page.evaluate("seen.splice(0)") == ["change undefined"]

    canvas = page.locator("ink-reader canvas")
    assert canvas.bounding_box()["width"] == reader.bounding_box()["width"]  # type: ignore[index]
    reader.evaluate("r => (r.className = 'framed')")
    page.mouse.move(0, 0)
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 60, box["y"] + 70)
    page.mouse.down()
    page.mouse.up()
    scale = 280 / (box["width"] - 40)
    ((point,),) = reader.evaluate("r => r.drawing.strokes.map(({ points }) => points)")
    assert point == pytest.approx([40 * scale, 50 * scale])
    seen = Image.open(io.BytesIO(canvas.screenshot())).convert("L").point(lambda level: 255 * (level < 128))
    left, top, right, bottom = seen.getbbox() or (0, 0, 0, 0)
    assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx((60, 70), abs=1)
    # A drawing of any size is drawn on with the same pen.
    reader.evaluate("r => (r.drawing = { size: 1, strokes: [{ width: 0.1, erase: false, points: [[0.5, 0.5]] }] })")
    page.mouse.down()
    page.mouse.up()
    strokes = reader.evaluate("r => r.drawing.strokes.map(({ width, points }) => [width, ...points[0]])")
    assert strokes == [[28, 140, 140], [22, *point]]


def test_a_field_goes_on_with_another_model(page: Page, site: str) -> None:
    page.add_init_script(NO_WEBGPU)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(site + "embed.html")
    reader, status = page.locator("ink-reader"), page.locator("ink-reader [part=status]")
    draw(page, placed(3))
    expect(page.locator("ink-reader input")).to_have_value("3")
    (first,) = [url for url in asked if "safetensors" in url]
    reader.evaluate("r => r.setAttribute('backend', 'wsam')")  # auto, as it was: the same model
    reader.evaluate("r => r.setAttribute('model', './sw.js')")
    expect(status).to_contain_text("cannot be used")
    reader.evaluate("(r, url) => { r.remove(); r.setAttribute('model', url); document.forms[0].append(r) }", first)
    expect(status).to_have_text("")
    page.get_by_role("button", name="Clear").click()
    draw(page, placed(7))
    expect(page.locator("ink-reader input")).to_have_value("7")
    reader.evaluate("r => r.setAttribute('model', './models/mlp.safetensors')")
    reader.evaluate("(r, url) => r.setAttribute('model', url)", first)  # before the other one is there
    reader.evaluate("r => r.setAttribute('backend', 'wasm')")
    page.get_by_role("button", name="Clear").click()
    draw(page, placed(4))
    expect(page.locator("ink-reader input")).to_have_value("4")
    assert [url.rsplit("/", 1)[1] for url in asked if "sw.js" in url or "safetensors" in url] == [
        "cnn.safetensors",
        "sw.js",
        "mlp.safetensors",
        "cnn.safetensors",
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_state_of_a_field(page: Page, site: str, scheme: Any) -> None:
    page.add_init_script(path=AXE)
    page.emulate_media(color_scheme=scheme)
    page.add_init_script(NO_WEBGPU)
    page.goto(site + "embed.html")
    reader, field = page.locator("ink-reader"), page.locator("ink-reader input")
    accessible(page)
    draw(page, placed(3))
    expect(field).to_have_value("3")
    accessible(page)
    field.fill("3x")
    page.get_by_role("button", name="Send").click()  # which says what is wrong
    accessible(page)
    page.get_by_role("button", name="Clear").click()
    draw(page, SCRIBBLE)
    expect(field).to_have_attribute("placeholder", "?")
    accessible(page)
    reader.evaluate("reader => reader.setAttribute('disabled', '')")
    page.evaluate("html => document.forms[0].insertAdjacentHTML('beforeend', html)", FRENCH)
    expect(page.locator("[lang=fr] [part=status]")).not_to_be_empty()
    accessible(page)


def test_a_field_that_is_taken_away_leaves_nothing_behind(page: Page, site: str) -> None:
    page.add_init_script(NO_WEBGPU)
    page.goto(site + "embed.html")
    cdp = page.context.new_cdp_session(page)
    page.evaluate("""() => {
      window.queries = []; // a MediaQueryList that has listeners is kept by the page
      const ask = window.matchMedia;
      window.matchMedia = (query) => queries[queries.push(ask(query)) - 1];
    }""")

    def listeners() -> int:
        found = 0
        for i in range(-1, page.evaluate("queries.length")):
            target = cdp.send("Runtime.evaluate", {"expression": f"queries[{i}] ?? window"})["result"]
            found += len(cdp.send("DOMDebugger.getEventListeners", {"objectId": target["objectId"]})["listeners"])
        return found

    before = listeners()
    page.evaluate("""() => {
      const readers = Array.from({ length: 3 }, () => document.createElement('ink-reader'));
      document.body.append(...readers);
      window.taken = readers.map((reader) => new WeakRef(reader));
    }""")
    assert listeners() > before
    page.evaluate("taken.forEach((reader) => reader.deref().remove())")
    assert listeners() == before
    for _ in range(20):  # until the model, which all of them waited for, is there
        cdp.send("HeapProfiler.collectGarbage")
        if page.evaluate("taken.every((reader) => !reader.deref())"):
            break
        page.wait_for_timeout(100)
    else:
        raise AssertionError("the page keeps what was taken away")

    draw(page, placed(3, 20, 80, 65))
    expect(page.locator("ink-reader input")).to_have_value("3")
    page.evaluate("""() => {
      const reader = document.querySelector('ink-reader');
      reader.remove();
      document.forms[0].append(reader);
      reader.style.width = '10rem';
    }""")
    draw(page, placed(7, 180, 80, 65))
    expect(page.locator("ink-reader input")).to_have_value("37")
    assert page.locator("ink-reader canvas").evaluate("canvas => canvas.width") < 170
