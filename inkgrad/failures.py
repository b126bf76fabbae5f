"""What a model still reads wrong: which digits for which, and a picture of them as the network sees them."""

import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from inkgrad.bands import arrange
from inkgrad.evaluate import SEED, normalized
from inkgrad.export.modelfile import ModelFile
from inkgrad.fit import fit, visible
from inkgrad.ink import rasterize
from inkgrad.normalize import SIDE
from inkgrad.runtime import Runtime
from inkgrad.unipen import Sample

SHOWN, COLUMNS = 120, 15  # pictures of each set, and in a row
PIXEL, LINE = 2, 18  # pixels of a picture's pixel, and of a line of text

FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"  # Pillow's own has no arrow

Picture = NDArray[Any]  # [28, 28], 0 (paper) … 255 (ink)


def confused(score: Mapping[str, Any]) -> str:
    """The three commonest mistakes in a part of `evaluate`'s report: "9 → 4 (5 times)" for nines read as fours."""
    pairs = Counter((truth, answer) for _, truth, answer in score["wrong"])
    return ", ".join(f"{truth} → {answer} ({n} times)" for (truth, answer), n in pairs.most_common(3))


def sheet(file: ModelFile, images: NDArray[np.uint8], samples: Sequence[Sample]) -> bytes:
    """A PNG of what the file's card lists as wrong, each with its truth → the answer, in that order.

    images [N, 28, 28] and samples are what the card's figures were measured on.
    """
    wrong = file.card["mnist"]["wrong"]
    parts = [_part("MNIST test set", wrong, (images[index] for index, _, _ in _shown(wrong)))]
    if samples:
        wrong = file.card["strokes"]["wrong"]
        drawings, _ = arrange(samples, SEED)
        masks = (rasterize(fit(visible(drawings[index]))) for index, _, _ in _shown(wrong))
        parts.append(_part("Pen strokes of unseen writers", wrong, normalized(Runtime(file), masks)))
    page = Image.new("L", (parts[0].width, sum(part.height for part in parts)), 255)
    page.paste(parts[0], (0, 0))
    for part in parts[1:]:
        page.paste(part, (0, parts[0].height))
    png = io.BytesIO()
    page.save(png, "PNG", optimize=True)
    return png.getvalue()


def _shown(wrong: list[list[int]]) -> list[list[int]]:
    """SHOWN of them at most, of all digits, by truth and answer."""
    return sorted(wrong[:: -(-len(wrong) // SHOWN) or 1], key=lambda each: each[1:])


def _part(title: str, wrong: list[list[int]], pictures: Iterable[Picture]) -> Image.Image:
    shown = _shown(wrong)
    side = SIDE * PIXEL
    rows = -(-len(shown) // COLUMNS)
    part = Image.new("L", (COLUMNS * (side + 2), LINE + rows * (side + LINE)), 255)
    draw, font = ImageDraw.Draw(part), ImageFont.truetype(FONT, 12)
    of = f"{len(shown)} of {len(wrong)}" if len(shown) < len(wrong) else str(len(wrong))
    draw.text((0, 0), f"{title}: {of} read wrong", 0, font)
    for i, (picture, (_, truth, answer)) in enumerate(zip(pictures, shown, strict=True)):
        row, column = divmod(i, COLUMNS)
        x, y = column * (side + 2), LINE + row * (side + LINE)
        cell = Image.fromarray(255 - picture.astype(np.uint8)).resize((side, side), Image.Resampling.NEAREST)
        part.paste(cell, (x, y))
        draw.text((x + side / 2, y + side), f"{truth} → {answer}", 0, font, anchor="mt")
    return part
