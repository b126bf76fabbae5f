"""Signs of fonts, as masks: each as a picture of it would be read, boxed, its strokes as thick as a pen's."""

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFont

from inkgrad.errors import Error
from inkgrad.pieces import components, mask

Bytes = NDArray[np.uint8]

FONTS = (".woff", ".woff2", ".ttf", ".otf")
HEIGHT = 160  # pixels of a font's body: each mask is averaged from as many or more
DIGITS = "0123456789"


def drawn(path: Path, signs: str) -> Bytes:
    """The masks [N, 112, 112] of a font's signs. Raises Error where it cannot be read, or has not all of them."""
    try:
        font = ImageFont.truetype(io.BytesIO(path.read_bytes()), HEIGHT)
        glyphs = [font.getmask(sign, "L") for sign in signs]
    except OSError as error:
        raise Error(f"{path}: no font that can be read ({error.strerror or error}); give another") from None
    inks = [np.array(glyph, np.uint8).reshape(glyph.size[::-1]) for glyph in glyphs]
    masks = [mask(ink, components(ink)) for ink in inks if ink.any()]
    # A capital may stand for both; what a font does not hold is blank, or the same box for each sign.
    if len(masks) < len(signs) or 2 * len({one.tobytes() for one in masks}) < len(signs):
        raise Error(f"{path} has not all of {signs}; give another font")
    return np.stack(masks)


def digits(path: Path) -> Bytes:
    """The masks [10 N, 112, 112] of 0 … 9, in turn, of a font or of each font in a folder, by name.

    Raises Error as `drawn` does, and for a folder without fonts.
    """
    paths = sorted(p for p in path.iterdir() if p.suffix.lower() in FONTS) if path.is_dir() else [path]
    if not paths:
        raise Error(f"{path} holds no font ({', '.join(FONTS)}); give a folder of fonts, or one of them")
    return np.concatenate([drawn(one, DIGITS) for one in paths])
