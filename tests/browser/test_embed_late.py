"""`<ink-reader>` when something comes late, fails, or changes under it."""

import io
import re

from browser.drawing import NO_WEBGPU, draw_with_mouse
from PIL import Image
from playwright.sync_api import Page, expect
from strokes import placed

FIELD = "ink-reader canvas"


def test_a_model_named_while_another_loads_and_the_field_is_away_is_the_one_that_reads(page: Page, site: str) -> None:
    page.add_init_script(NO_WEBGPU)
    page.goto(site + "embed.html")
    with page.expect_response(re.compile("mlp")):
        page.evaluate(
            """async (drawing) => {
              const [reader, other] = [1, 2].map(() => {
                const made = document.createElement('ink-reader');
                made.setAttribute('model', './models/cnn-tiny.safetensors');
                document.forms[0].append(made);
                return made;
              });
              reader.remove();
              reader.setAttribute('model', './models/mlp.safetensors');
              other.drawing = drawing;
              while (!other.reading) await new Promise(requestAnimationFrame); // so cnn-tiny is there
              document.forms[0].append(reader);
            }""",
            {"size": 280, "strokes": [{"width": 22, "erase": False, "points": placed(7)[0]}]},
        )


def test_a_reading_that_fails_is_an_error_and_leaves_no_value(page: Page, site: str) -> None:
    rejected: list[str] = []
    page.on("pageerror", lambda error: rejected.append(str(error)))
    page.add_init_script(NO_WEBGPU)
    page.goto(site + "embed.html")
    reader = page.locator("ink-reader")
    draw_with_mouse(page, placed(3), FIELD)
    expect(page.locator("ink-reader input")).to_have_value("3")
    found = reader.evaluate("""async (reader) => {
      performance.now = () => { throw new Error('broken'); }; // which a reading begins with
      const failed = new Promise((resolve) => reader.addEventListener('error', resolve));
      const changed = new Promise((resolve) => reader.addEventListener('change', resolve));
      reader.drawing = { size: 280, strokes: [{ width: 22, erase: false, points: [[1, 2], [3, 200]] }] };
      return [(await failed).message, (await changed).type, reader.value];
    }""")
    assert found == ["broken", "change", ""] and rejected == []
    expect(page.locator("ink-reader [part=status]")).to_have_text("broken")


def test_what_is_cleared_while_it_is_read_is_not_the_value(page: Page, site: str) -> None:
    """A reading that comes after Clear: none of 743 comes back, whenever Clear is pressed."""
    page.add_init_script(NO_WEBGPU)
    page.goto(site + "embed.html")
    draw_with_mouse(page, placed(3), FIELD)
    expect(page.locator("ink-reader input")).to_have_value("3")
    strokes = [path for i, digit in enumerate((7, 4, 3)) for path in placed(digit, 20 + 85 * i, 80, 65)]
    lines = [{"width": 22, "erase": False, "points": path} for path in strokes]
    late = page.locator("ink-reader").evaluate(
        """async (reader, strokes) => {
          const late = [];
          for (let ms = 0; ms < 10; ms += 0.5) {
            reader.drawing = { size: 280, strokes: strokes.map((stroke) => ({ ...stroke })) };
            await new Promise(requestAnimationFrame);
            await new Promise((resolve) => setTimeout(resolve, ms / 2));
            reader.shadowRoot.querySelector('button').click();
            const note = () => late.push(reader.value);
            reader.addEventListener('input', note);
            await new Promise((resolve) => setTimeout(resolve, 60));
            reader.removeEventListener('input', note);
          }
          return late;
        }""",
        lines,
    )
    assert late == []


def test_ink_takes_the_colour_that_the_page_changes_to(page: Page, site: str) -> None:
    page.add_init_script(NO_WEBGPU)
    page.goto(site + "embed.html")
    page.add_style_tag(content="body { color: black; background: white } .dark { color: white; background: black }")
    canvas = page.locator("ink-reader canvas")
    draw_with_mouse(page, placed(7), FIELD)

    def levels() -> tuple[int, int]:
        seen = Image.open(io.BytesIO(canvas.screenshot())).convert("L")
        low, high = seen.crop((8, 8, seen.width - 8, seen.height - 8)).getextrema()
        return int(str(low)), int(str(high))

    assert levels() == (0, 255)
    page.evaluate("document.body.className = 'dark'")
    page.wait_for_timeout(200)
    assert levels() == (0, 255)
