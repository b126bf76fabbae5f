"""Numbers as people write them on one canvas, composed of single digits' pen strokes, to test who divides them."""

from collections.abc import Sequence

import numpy as np

from inkgrad.bands import CANVAS, WIDTHS
from inkgrad.ink import Drawing, Stroke
from inkgrad.styles import box, unit
from inkgrad.unipen import Sample

# In units of a canvas of 280, before a number that is too long is scaled down to fit:
HEIGHT = (40, 160)
UNEVEN = 0.15  # a digit's height differs from its number's by at most this part
GAP = (-5, 40)  # between the boxes of neighbours' centre lines
SLOPE = 0.15  # the steepest base line


def compose(samples: Sequence[Sample], n: int, rng: np.random.Generator) -> tuple[Drawing, str]:
    """A number of n of the samples' digits, each by another writer while there are so many, and its text."""
    own: dict[int, list[Sample]] = {}
    for sample in samples:
        own.setdefault(sample.writer, []).append(sample)
    writers = np.resize(rng.permutation([*own]), n)
    digits = [own[writer][int(rng.integers(len(own[writer])))] for writer in writers]

    height, slope, width = rng.uniform(*HEIGHT), rng.uniform(-SLOPE, SLOPE), float(rng.choice(WIDTHS))
    lines, x = [], 0.0
    for digit in digits:
        written = unit(digit.strokes)
        _, extent = box(written)
        # What is wider than high, such as a 1 drawn lying, gets no taller than the rest allows.
        size = height * rng.uniform(1 - UNEVEN, 1 + UNEVEN) / max(extent[1], 0.6 * extent[0], 0.1)
        lines += [size * line + (x, slope * x - size * extent[1]) for line in written]
        x += size * extent[0] + rng.uniform(*GAP)

    low, high = box(lines)
    room = CANVAS - width
    scale = min(1, room / max(*(high - low), 1))
    origin = width / 2 + rng.random(2) * (room - scale * (high - low))
    strokes = [Stroke(((line - low) * scale + origin).tolist(), width) for line in lines]
    return Drawing(strokes, CANVAS), "".join(str(digit.label) for digit in digits)
