"""Pictures of what is no digit, from files: letters of fonts, and images in IDX files such as Fashion-MNIST."""

import gzip
import io
import string
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFont

from inkgrad.errors import Error
from inkgrad.fetch import LARGEST
from inkgrad.ink import MASK
from inkgrad.mnist import read_idx
from inkgrad.nondigits import LIKE_DIGITS
from inkgrad.pieces import components, mask

Bytes = NDArray[np.uint8]

FONTS = (".woff", ".woff2", ".ttf", ".otf")
HEIGHT = 160  # pixels of a font's body: each mask is averaged from as many or more
MOST = 2000  # pictures of an IDX file, its first: AUROC to ± 0.002 where it is 0.99


@dataclass(frozen=True)
class Others:
    """Masks [N, 112, 112], and which of them [N] a person can tell from digits."""

    masks: Bytes
    clear: NDArray[np.bool_]


def read(paths: Sequence[Path]) -> dict[str, Others]:
    """The pictures of all files: those of fonts as "letters", those of an IDX file under its folder's name.

    Raises Error naming a file that is neither, is missing or is broken.
    """
    parts: dict[str, list[Others]] = {}
    for path in paths:
        if path.suffix.lower() in FONTS:
            parts.setdefault("letters", []).append(letters(path))
        else:
            parts.setdefault(path.resolve().parent.name, []).append(images(path))
    return {
        name: Others(*(np.concatenate(arrays) for arrays in zip(*((o.masks, o.clear) for o in of_name), strict=True)))
        for name, of_name in parts.items()
    }


def letters(path: Path) -> Others:
    """A font's A … Z, a … z, each as a picture of it would be read: boxed, its strokes as thick as a pen's."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Error(f"{path}: {error.strerror}; give a font or an IDX file of images") from None
    try:
        font = ImageFont.truetype(io.BytesIO(data), HEIGHT)
    except OSError as error:
        raise Error(f"{path}: no font that can be read ({error})") from None
    masks = []
    for letter in string.ascii_letters:
        glyph = font.getmask(letter, "L")
        ink = np.array(glyph, np.uint8).reshape(glyph.size[::-1])
        if ink.any():
            masks.append(mask(ink, components(ink)))
    # A capital may stand for both; what a font does not hold is blank, or the same box for each letter.
    if len(masks) < len(string.ascii_letters) or len({drawn.tobytes() for drawn in masks}) < 26:
        raise Error(f"{path} has not all letters A–Z; give a font of Latin letters")
    return Others(np.stack(masks), np.array([letter not in LIKE_DIGITS for letter in string.ascii_letters]))


def images(path: Path) -> Others:
    """The first pictures of an IDX file of images 28 × 28, raw or .gz, laid into masks as they are."""
    if "images" not in path.name:
        raise Error(
            f"{path}: give a font ({', '.join(FONTS)}) or an IDX file of images (…images-idx3-ubyte, raw or .gz)"
        )
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            pictures = read_idx(file.read(LARGEST), str(path))[:MOST]
    except (OSError, EOFError, zlib.error) as error:
        raise Error(
            f"{path}: {getattr(error, 'strerror', None) or error}; give a font or an IDX file of images"
        ) from None
    edge = (MASK - pictures.shape[1]) // 2
    return Others(np.pad(pictures, ((0, 0), (edge, edge), (edge, edge))), np.ones(len(pictures), bool))
