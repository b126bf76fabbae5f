"""A second engine, on WebAssembly: what other engines make of our code, no test in Chromium can tell."""

import json
from pathlib import Path

from browser.firefox import firefox
from strokes import placed

SEVEN = {"size": 280, "strokes": [{"width": 22, "erase": False, "points": placed(7)[0]}]}
OUTPUT = "document.querySelector('#prediction')"


def test_firefox_reads_all_digits(site: str, tmp_path: Path) -> None:
    with firefox(tmp_path) as browser:
        browser.open(site + "?backend=wasm&lang=en")
        browser.wait_for(f"{OUTPUT}.dataset.sequence > 0", True)
        for digit in range(10):
            browser.draw(placed(digit))
            browser.wait_for(f"{OUTPUT}.dataset.digits", str(digit))
            browser.evaluate("document.querySelector('#clear').click()")
            browser.wait_for(f"{OUTPUT}.dataset.digits", "")
        browser.open(site + "embed.html")
        browser.evaluate(f"document.querySelector('ink-reader').drawing = {json.dumps(SEVEN)}")
        browser.wait_for("new FormData(document.forms[0]).get('age')", "7")
        assert browser.said == []
