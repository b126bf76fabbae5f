"""A picture, scanned or photographed -> its ink: the coverage of every pixel, 0 (paper) … 255 (ink).

`web/src/ink/picture.ts` is the same in TypeScript from the grey levels on, and gives the same bytes: all is whole
numbers.
"""

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from inkgrad.errors import Error

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]

LARGEST = 50_000_000  # pixels that are decoded: a telephone's photograph fits
LONG = 1000  # pixels of the long side that is looked at
GRID = 250  # blocks of the long side on which the paper is estimated
FAINT = 32  # contrast of 255 below which nothing is taken for ink
DARK = 96  # grey levels: paper darker than this has its contrasts measured as if it were this light


def read(path: Path) -> tuple[Bytes, float]:
    """The ink [h, w] of a picture file scaled down to LONG pixels, and how many of the file's pixels one of it is.

    Raises Error where path is no picture, is broken, moves, or has more than 50 million pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's: of sizes above its own limit, of what is broken but can be read
            return decode(path)
    except Error:
        raise
    except Image.DecompressionBombError:
        raise Error(f"{path} has more than {LARGEST:,} pixels; scale it down") from None
    except UnidentifiedImageError:
        raise Error(f"{path} is no picture that can be read; give a PNG or a JPEG") from None
    except Exception as error:  # Pillow's decoders raise what they like on broken files
        why = getattr(error, "strerror", None) or error or "broken"
        raise Error(f"{path} cannot be read ({why}); give a PNG or a JPEG") from None


def decode(path: Path) -> tuple[Bytes, float]:
    """What `read` does, while all is well with the file."""
    opened = Image.open(path)
    if opened.width * opened.height > LARGEST:
        raise Error(f"{path} has more than {LARGEST:,} pixels; scale it down")
    # A telephone's JPEG may hold a second picture, such as a depth map (MPO): that is no animation.
    if getattr(opened, "is_animated", False) and opened.format != "MPO":
        raise Error(f"{path} has several frames or pages; give a picture of one")
    whole = max(opened.size)
    image: Image.Image = opened
    if opened.mode == "F":
        raise Error(f"{path} has levels that are no integers; save it as a PNG or a JPEG")
    if opened.mode.startswith("I"):  # 16 bits, whose levels Pillow's conversion would cut off, not scale
        image = opened.point(lambda level: level / 256).convert("L")
    elif opened.mode not in ("L", "RGB", "RGBA") or "transparency" in opened.info:
        image = opened.convert("RGBA")
    image.thumbnail((LONG, LONG), Image.Resampling.BOX)  # which decodes no more of a JPEG than it needs
    colour = ImageOps.exif_transpose(image).convert("RGBA")
    grey = Image.alpha_composite(Image.new("RGBA", colour.size, "white"), colour).convert("L")
    return ink(np.asarray(grey)), whole / max(grey.size)


def ink(grey: Bytes) -> Bytes:
    """The ink [h, w], dark on light or light on dark, of grey levels [h, w]; all 0 where nothing stands out.

    The paper is what a morphological closing leaves of the picture (a black top-hat; Serra, "Image Analysis and
    Mathematical Morphology", 1982): everything darker into which a square of a quarter of the long side does not fit is
    filled in with the level around it. So light may fall as unevenly as it likes. Ink is counted from half the contrast
    of the darkest on, which leaves out the rules of most papers; its edges stay soft.
    """
    long = max(grey.shape)
    side = -(-long // GRID)
    blocks = block_means(grey, side)
    reach = -(-max(blocks.shape) // 8)
    # Around ink there is more paper than ink: most levels lie on the paper's side of half-way. Shadows and noise alone
    # take no side (photographs of blank paper: a twelfth at most; of digits: a sixth at least).
    high, low = spread(blocks, reach), -spread(-blocks, reach)
    lightness = (2 * blocks - high - low).sum()
    if 12 * abs(lightness) <= (high - low).sum() and (high - low).max() < 128:
        return np.zeros(grey.shape, np.uint8)
    if lightness < 0:
        grey, blocks = 255 - grey, 255 - blocks
    closed = -spread(-spread(blocks, reach), reach)
    paper = closed.repeat(side, 0).repeat(side, 1)[: grey.shape[0], : grey.shape[1]]
    contrast = 255 * np.maximum(paper - grey, 0) // np.maximum(paper, DARK)
    # The darkest: what a 5,000th of the pixels reach, so that a speck does not decide.
    reached = np.bincount(contrast.ravel(), minlength=256)[::-1].cumsum()[::-1]
    darkest = int(np.flatnonzero(reached >= -(-grey.size // 5000))[-1])
    if darkest < FAINT:
        return np.zeros(grey.shape, np.uint8)
    # From a quarter of the darkest to three quarters: 0 … 255.
    coverage = np.clip((510 * (4 * contrast - darkest) + 2 * darkest) // (4 * darkest), 0, 255)
    # Soft edges belong to ink that is there: half-way or more, at most a pixel away.
    return np.where(spread((2 * contrast >= darkest).astype(np.int64), 1) > 0, coverage, 0).astype(np.uint8)


def block_means(grey: Bytes, side: int) -> Ints:
    """The means, rounded down, of blocks side × side; those at the right and bottom edge may be smaller."""
    ys, xs = (np.arange(0, n, side) for n in grey.shape)
    sums = np.add.reduceat(np.add.reduceat(grey.astype(np.int64), ys, 0), xs, 1)
    height, width = (np.diff(starts, append=n) for starts, n in zip((ys, xs), grey.shape, strict=True))
    return np.asarray(sums // (height[:, None] * width))


def spread(levels: Ints, reach: int) -> Ints:
    """Each level's highest neighbour in a square that reaches so far to every side (a dilation)."""
    for axis in (0, 1):
        pad = [(reach, reach) if a == axis else (0, 0) for a in (0, 1)]
        padded = np.pad(levels, pad, constant_values=np.iinfo(np.int64).min + 1)
        levels = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis).max(-1)
    return levels
