"""A second engine, on WebAssembly: what other engines make of our code, no test in Chromium can tell."""

import json
from pathlib import Path

from browser.firefox import firefox
from strokes import placed

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
