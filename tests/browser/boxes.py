"""A page that looks the same on every machine: text in a font of boxes, and nothing that a clock or a model decides."""

import base64
import io

from fontTools.fontBuilder import FontBuilder  # type: ignore[import-untyped]
from fontTools.pens.ttGlyphPen import TTGlyphPen  # type: ignore[import-untyped]
from playwright.sync_api import Page

SPACES = 0x20, 0xA0, 0x202F
LETTERS = set(range(0x21, 0x2600)) - set(SPACES)  # and figures, arrows, marks of a list


def font() -> bytes:
    """Each character is the same box, as wide as letters are on average; each space is empty."""
    pen = TTGlyphPen(None)
    corners = [(40, 0), (40, 700), (500, 700), (500, 0)]
    pen.moveTo(corners[0])
    for corner in corners[1:]:
        pen.lineTo(corner)
    pen.closePath()
    builder = FontBuilder(unitsPerEm=1000)
    builder.setupGlyphOrder([".notdef", "space", "box"])
    builder.setupCharacterMap(dict.fromkeys(SPACES, "space") | dict.fromkeys(LETTERS, "box"))
    nothing = TTGlyphPen(None).glyph()
    builder.setupGlyf({".notdef": nothing, "space": nothing, "box": pen.glyph()})
    builder.setupHorizontalMetrics({".notdef": (0, 0), "space": (300, 0), "box": (540, 40)})
    builder.setupHorizontalHeader(ascent=900, descent=-250)
    builder.setupOS2(sTypoAscender=900, sTypoDescender=-250, usWinAscent=900, usWinDescent=250)
    builder.setupNameTable({"familyName": "Boxes", "styleName": "Regular"})
    builder.setupPost()
    file = io.BytesIO()
    builder.save(file)
    return file.getvalue()


# A style sheet of the script's own: the page's policy forbids others. What varies: milliseconds, how likely a model
# finds each digit of a scribble, and what its weights make of the ink.
STYLE = """
  * { font-family: Boxes !important; text-rendering: geometricPrecision !important; }
  #ms, #compare td:nth-child(4) { font-size: 0; }
  .unsure .track { --p: 0.1 !important; }
  .unsure small { visibility: hidden; }
  #why canvas { object-position: 100rem; }
  #why figcaption > span { visibility: hidden; }
"""
APPLY = """async ([font, style]) => {
  const bytes = Uint8Array.from(atob(font), (c) => c.charCodeAt(0));
  document.fonts.add(await new FontFace('Boxes', bytes.buffer).load());
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  document.adoptedStyleSheets = [sheet];
}"""


def apply(page: Page) -> None:
    page.evaluate(APPLY, [base64.b64encode(font()).decode(), STYLE])
