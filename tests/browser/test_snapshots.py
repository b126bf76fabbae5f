"""What the main states look like, beside snapshots that were looked at: see `boxes.py` for what they leave out.

A state is compared in squares of 4 × 4 pixels: at most `ALLOWED` of them may differ by more than `LEVELS` of 255 in a
colour. Under another default font, without hinting and without LCD text none did; a lost icon made 13 to 15, a button
2 pixels aside 12 to 32, a lost word 19 to 24, a lost bar 10 to 348 (Chromium 156).

A snapshot that is not there is made, and the test fails. To renew: remove them, run this file, look at each, commit.
"""

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from browser import boxes
from browser.drawing import PHONE, SCRIBBLE, Points, link_of, shows
from PIL import Image
from playwright.sync_api import Page, ViewportSize, expect
from strokes import placed

SNAPSHOTS = Path(__file__).parent / "snapshots"
ARTEFACTS = Path(__file__).parents[2] / "artefacts"
SIDE, LEVELS, ALLOWED = 4, 24, 8

NUMBER = [path for i, digit in enumerate((4, 0, 7)) for path in placed(digit, 15 + 90 * i, 80, 65)]

WIDE: ViewportSize = {"width": 1280, "height": 800}
SMALL: ViewportSize = {"width": 320, "height": 640}
MEDIA: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "forced_colors": "none"},
    "dark": {"color_scheme": "dark", "forced_colors": "none"},
    "forced": {"color_scheme": "light", "forced_colors": "active"},
}


class State(NamedTuple):
    window: ViewportSize
    ink: Sequence[Points] = ()
    answer: str = ""
    media: str = "light"
    language: str = "en"
    details: str = ""  # are open, and the snapshot shows what can be folded away alone
    filled: str = ""  # what is shown there last


STATES = {
    "blank": State(WIDE),
    "digit": State(WIDE, placed(3), "3"),
    "number-dark": State(WIDE, NUMBER, "407", "dark"),
    "not-sure": State(WIDE, SCRIBBLE, "?"),
    "forced-colours": State(WIDE, NUMBER, "407", "forced"),
    "why": State(WIDE, placed(4), "4", details="#why", filled="#other-title"),
    "compare": State(PHONE, NUMBER, "407", details="#compare", filled="tr:last-child td:nth-child(2)"),
    "phone-french-dark": State(PHONE, placed(3), "3", "dark", "fr"),
    "small-number": State(SMALL, NUMBER, "407"),
}


def shrunk(png: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(png)).convert("RGB")
    return image.resize((image.width // SIDE, image.height // SIDE), Image.Resampling.BOX)


def changes(png: bytes, name: str) -> int:
    """How many squares are not as in the snapshot called `name`."""
    seen, file = shrunk(png), SNAPSHOTS / f"{name}.png"
    if not file.exists():
        SNAPSHOTS.mkdir(exist_ok=True)
        seen.save(file, optimize=True)
        return seen.width * seen.height
    known = Image.open(file).convert("RGB")
    if known.size != seen.size:
        return seen.width * seen.height
    difference = np.abs(np.asarray(seen, int) - np.asarray(known, int)).max(2) > LEVELS
    if difference.sum() > ALLOWED:
        ARTEFACTS.mkdir(exist_ok=True)
        seen.save(ARTEFACTS / f"snapshot-{name}.png")
    return int(difference.sum())


def test_every_state_looks_as_it_did(page: Page, site: str) -> None:
    changed = {}
    for name, (window, ink, text, media, language, details, filled) in STATES.items():
        page.set_viewport_size(window)
        page.emulate_media(reduced_motion="reduce", **MEDIA[media])
        strokes = [{"width": 22, "erase": False, "points": path} for path in ink]
        link = link_of({"size": 280, "strokes": strokes})
        page.goto(f"{site}?backend=wasm&lang={language}&{name}{link}")  # the name: or only the fragment would change
        boxes.apply(page)
        shows(page, "sequence", re.compile("[1-9]"))
        expect(page.locator("#prediction")).to_have_text(text)
        if details:
            page.locator(details).evaluate("details => { details.open = true }")
            expect(page.locator(details).locator(filled)).to_have_text(re.compile("."), timeout=20_000)
        changed[name] = changes((page.locator(".more") if details else page).screenshot(), name)
    assert {name: n for name, n in changed.items() if n > ALLOWED} == {}
