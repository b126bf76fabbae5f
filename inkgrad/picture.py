"""A picture of one digit -> a mask of ink, ready to be normalised."""

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from inkgrad.errors import Error
from inkgrad.ink import MASK

LARGEST = 50_000_000  # pixels: a telephone's photograph fits


def read_mask(path: Path) -> NDArray[np.float32]:
    """The mask [112, 112], 0 (paper) … 255 (ink), of a picture with ink on paper, dark on light or light on dark.

    The paper's level is the picture's median, the ink's the level farthest from it; what lies less than half-way is
    paper. Raises Error where path is no picture, or one of more than 50 million pixels.
    """
    too_large = Error(f"{path} has more than {LARGEST:,} pixels; scale it down")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit here is lower than Pillow's
            opened = Image.open(path)
        if opened.width * opened.height > LARGEST:
            raise too_large
        colour = ImageOps.exif_transpose(opened).convert("RGBA")
    except Image.DecompressionBombError:
        raise too_large from None
    except UnidentifiedImageError:
        raise Error(f"{path} is no picture that can be read; give a PNG or a JPEG") from None
    except (OSError, SyntaxError, ValueError) as error:
        raise Error(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    image = Image.alpha_composite(Image.new("RGBA", colour.size, "white"), colour).convert("L")
    image.thumbnail((MASK, MASK), Image.Resampling.BOX)
    grey = np.asarray(image, np.float32)
    contrast = np.abs(grey - np.median(grey))
    if contrast.max() < 16:
        raise Error(f"{path} is blank: no ink stands out from the paper")
    ink = np.clip(contrast / contrast.max() * 2 - 1, 0, 1) * 255
    mask = np.zeros((MASK, MASK), np.float32)
    mask[: ink.shape[0], : ink.shape[1]] = ink
    return mask
