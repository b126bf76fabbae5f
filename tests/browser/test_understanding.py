"""Why this answer, and all models on the same ink."""

import re

from browser.drawing import answer, draw_with_mouse, open_all, ready, shows
from playwright.sync_api import Page, Route, expect
from strokes import placed

from inkgrad.nets import NETS

WASM = "?backend=wasm"


def test_why_and_the_models_side_by_side(page: Page, site: str) -> None:
    ready(page, site, WASM)
    draw_with_mouse(page, placed(4))
    open_all(page)
    expect(page.locator("#own-title")).to_have_text("Why 4?")
    expect(page.locator("#own-words")).to_have_text(re.compile("^Above all its ink .+"))
    expect(page.locator("#other-title")).to_have_text(re.compile("^What would make it read [0-35-9]"))
    expect(page.locator("#layers figcaption")).to_have_text(
        ["Layer 1: 32 × 24 × 24", "Layer 2: 32 × 20 × 20", "Layer 3: 64 × 8 × 8", "Layer 4: 64 × 6 × 6"]
    )
    expect(page.locator("#compare td:nth-child(2)")).to_have_text(["4"] * len(NETS))
    expect(page.locator("#compare td:nth-child(4)")).to_have_text([re.compile("ms$")] * len(NETS))
    page.keyboard.press("Delete")
    draw_with_mouse(page, placed(7))
    expect(page.locator("#own-title")).to_have_text("Why 7?")
    expect(page.locator("#compare td:nth-child(2)")).to_have_text(["7"] * len(NETS))


# How many lines a text takes.
LINES = """(all) => all.map((e) => {
  const range = document.createRange();
  range.selectNodeContents(e);
  return range.getClientRects().length;
})"""


def test_a_number_beside_the_models_stays_whole(page: Page, site: str) -> None:
    ready(page, site, WASM)
    for i, digit in enumerate((4, 0, 7)):
        draw_with_mouse(page, placed(digit, 15 + 90 * i, 80, 65))
    page.locator("#compare summary").click()
    cells, table = page.locator("#compare td:nth-child(2)"), page.locator("#compare table")
    expect(cells).to_have_text(["407"] * len(NETS))
    for width in (320, 390, 768, 1440):
        page.set_viewport_size({"width": width, "height": 844})
        assert cells.evaluate_all(LINES) == [1] * len(NETS), width
        assert table.evaluate("(table) => table.scrollWidth <= table.parentElement.clientWidth"), width


def test_of_a_number_the_least_sure_digit_is_explained(page: Page, site: str) -> None:
    ready(page, site, WASM)
    page.locator("#why summary").click()
    draw_with_mouse(page, placed(7, 40, 90, 65))
    expect(page.locator("#own-title")).to_have_text("Why 7?")
    draw_with_mouse(page, placed(0, 150, 90, 65))
    expect(page.locator("#own-title")).to_have_text(re.compile("Why [07], the least sure[?]"))
    chances = page.locator("#bars [role=group]").evaluate_all(
        """(groups) => groups.map((group) => {
          const values = [...group.querySelectorAll('[role=meter]')].map((meter) => meter.ariaValueNow);
          return Math.max(...values.map(Number));
        })"""
    )
    explained = page.locator("#own-title").inner_text().removeprefix("Why ")[0]
    assert len(chances) == 2 and chances["70".index(explained)] == min(chances)


def test_an_explanation_lasts_as_long_as_its_answer(page: Page, site: str) -> None:
    waiting: list[Route] = []
    page.route("**/mlp.safetensors", lambda route: waiting.append(route))
    ready(page, site, WASM)
    draw_with_mouse(page, placed(4))
    page.locator("#why summary").click()
    title, layers = page.locator("#own-title"), page.locator("#layers canvas")
    expect(title).to_have_text("Why 4?")
    page.keyboard.press("1")
    expect(page.locator("#status")).to_have_text("Loading the model mlp …")
    page.get_by_role("button", name="Français").click()
    expect(page.locator("#confidence")).to_have_text(re.compile("^sûr à"))
    assert page.locator("#prediction").text_content() == "4"
    expect(title).to_be_visible()
    expect(layers).to_have_count(4)
    expect(page.locator("#status")).to_have_text("Chargement du modèle mlp …")
    waiting[0].fulfill(json={})
    expect(page.locator("#prediction")).to_have_text("")
    expect(title).to_be_hidden()
    expect(page.locator("#why-hint")).to_be_hidden()
    expect(layers).to_have_count(0)
    page.get_by_label("cnn", exact=True).check()
    expect(title).to_have_text("Pourquoi 4 ?")
    expect(title).to_be_visible()


def test_a_model_beside_the_others_that_cannot_be_had_is_said_in_its_row(page: Page, site: str) -> None:
    # Said to be there, not refused: of that the browser itself would speak on the console.
    page.route("**/mlp.safetensors", lambda route: route.fulfill(json={}))
    ready(page, site, WASM)
    draw_with_mouse(page, placed(4))
    page.locator("#compare summary").click()
    cells = page.locator("#compare td:nth-child(2)")
    expect(cells).to_have_text([re.compile("The model file .+/mlp.safetensors cannot be used"), "4", "4", "4"])
    expect(page.locator("#status")).to_have_text("")
    page.get_by_role("button", name="Français").click()
    expect(cells).to_have_text([re.compile("Le fichier .+/mlp.safetensors est inutilisable"), "4", "4", "4"])
    page.unroute("**/mlp.safetensors")
    for _ in range(2):
        page.locator("#compare summary").click()
    expect(cells).to_have_text(["4"] * len(NETS))
    expect(page.locator("#compare td:visible")).to_have_count(5 * len(NETS))


# How often each model has classified on WebAssembly, in `runs`; WebGPU starts when `gate` resolves.
RUNS = """
window.runs = [];
const { instantiate } = WebAssembly;
WebAssembly.instantiate = async (bytes) => {
  const { instance } = await instantiate(bytes);
  const mine = runs.push(0) - 1;
  const classify = (base) => (runs[mine]++, instance.exports.classify(base));
  return { instance: { exports: { ...instance.exports, classify } } };
};
const { requestAdapter } = GPU.prototype;
GPU.prototype.requestAdapter = async function (...given) {
  await window.gate;
  return requestAdapter.apply(this, given);
};
"""


def test_the_models_side_by_side_have_read_before_they_are_timed_and_read_again_on_webgpu(
    page: Page, site: str
) -> None:
    page.add_init_script(RUNS)
    ready(page, site, "", "webgpu")
    draw_with_mouse(page, placed(3))  # one stroke: one picture to classify
    shows(page, "digits", "3")
    answer(page)
    page.evaluate("() => { window.gate = new Promise((resolve) => (window.startWebGpu = resolve)); runs.length = 0; }")
    page.locator("#compare summary").click()
    cells = page.locator("#compare td:nth-child(2)")
    expect(cells).to_have_text(["3"] * len(NETS))
    assert page.evaluate("runs") == [2] * len(NETS)  # a dot, and the digit
    cells.evaluate_all("(all) => all.forEach((cell) => (cell.textContent = ''))")
    page.evaluate("() => startWebGpu()")
    expect(cells).to_have_text(["3"] * len(NETS), timeout=20_000)
