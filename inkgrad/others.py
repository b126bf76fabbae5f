"""Pictures of what is no digit, from files: letters of fonts, and images in IDX files such as Fashion-MNIST."""

import gzip
import string
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inkgrad.errors import Error
from inkgrad.fetch import LARGEST
from inkgrad.fonts import FONTS, drawn
from inkgrad.ink import MASK
from inkgrad.mnist import read_idx
from inkgrad.nondigits import LIKE_DIGITS

Bytes = NDArray[np.uint8]

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
    """A font's letters, a … z and A … Z. Raises Error as `fonts.drawn` does."""
    clear = np.array([letter not in LIKE_DIGITS for letter in string.ascii_letters])
    return Others(drawn(path, string.ascii_letters), clear)


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
