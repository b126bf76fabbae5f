"""A second engine, on WebAssembly: what other engines make of our code, no test in Chromium can tell."""

import base64
import io
import json
from pathlib import Path

import numpy as np
from browser.firefox import firefox
from PIL import Image
from strokes import placed

PASTE = """(() => {
  const data = new DataTransfer();
  const bytes = Uint8Array.from(atob('%s'), (c) => c.charCodeAt(0));
  data.items.add(new File([bytes], 'seven.png', { type: 'image/png' }));
  dispatchEvent(new DragEvent('drop', { cancelable: true, dataTransfer: data }));
})()"""
SEVEN = {"size": 280, "strokes": [{"width": 22, "erase": False, "points": placed(7)[0]}]}
OUTPUT = "document.querySelector('#prediction')"


def test_firefox_reads_on_the_page_and_in_a_form(site: str, tmp_path: Path) -> None:
    with firefox(tmp_path) as browser:
        browser.open(site + "?backend=wasm")
        browser.wait_for(f"{OUTPUT}.dataset.sequence > 0", True)
        browser.draw([path for i, digit in enumerate((4, 0, 7)) for path in placed(digit, 15 + 90 * i, 80, 65)])
        browser.wait_for(f"{OUTPUT}.dataset.digits", "407")
        browser.open(site + "embed.html")
        browser.evaluate(f"document.querySelector('ink-reader').drawing = {json.dumps(SEVEN)}")
        browser.wait_for("new FormData(document.forms[0]).get('age')", "7")
        assert browser.said == []


def test_where_pixels_are_hidden_it_says_so(site: str, tmp_path: Path) -> None:
    """With resistFingerprinting a canvas is read as noise: strokes are read all the same, pictures are refused."""
    (tmp_path / "user.js").write_text('user_pref("privacy.resistFingerprinting", true);\n')
    picture = io.BytesIO()
    Image.fromarray(np.pad(np.zeros((60, 6), np.uint8), 40, constant_values=255)).save(picture, "PNG")
    with firefox(tmp_path) as browser:
        browser.open(site + "?backend=wasm")
        browser.wait_for(f"{OUTPUT}.dataset.sequence > 0", True)
        browser.draw(placed(7))
        browser.wait_for(f"{OUTPUT}.dataset.digits", "7")
        browser.evaluate(PASTE % base64.b64encode(picture.getvalue()).decode())
        hidden = "This browser hides pixels: allow this page to read them."
        browser.wait_for("document.querySelector('#status').textContent", hidden)
        browser.evaluate("document.querySelector('#sharing [value=png]').click()")
        saved = f"This drawing cannot be saved. ({hidden})"
        browser.wait_for("document.querySelector('#notice').textContent", saved)
        assert browser.evaluate(f"{OUTPUT}.dataset.digits") == "7" and browser.said == []
