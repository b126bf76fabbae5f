"""Pen strokes drawn at every pen width, size and place, and how well each of these bands is read."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from inkgrad.ink import Drawing, Stroke
from inkgrad.unipen import Sample

CANVAS = 280  # units a side
WIDTHS = (14, 22, 30)  # units: the pens that strokes are drawn with
SIZES = (60, 123, 187, 250)  # units of the digit's long side: the bounds of three bands, each as wide
PLACES = ("centre", "between", "edge")  # three rings about the canvas's centre, each of the same area


def draw(sample: Sample, width: float, size: float, place: NDArray[np.float64]) -> Drawing:
    """The sample on the canvas: `size` units on its long side, drawn with a pen of `width`.

    place (x, y): where between the left or upper edge (−1) and the right or lower one (1), which the ink just touches.
    """
    points = np.concatenate([np.asarray(stroke, float).reshape(-1, 2) for stroke in sample.strokes])
    low, extent = points.min(0), np.ptp(points, 0)
    scale = size / max(extent.max(), 1)
    room = np.maximum(CANVAS - scale * extent - width, 0)
    origin = (CANVAS - scale * extent + place * room) / 2
    return Drawing(
        [Stroke(((np.asarray(s, float) - low) * scale + origin).tolist(), width) for s in sample.strokes if s]
    )


def arrange(samples: Sequence[Sample], seed: int) -> tuple[list[Drawing], NDArray[np.intp]]:
    """Three drawings of each sample, and their bands [3, N, 3]: which width, which size, which place.

    As in a Latin square, each sample meets each width, each band of sizes and each band of places once: so the bands
    hold the same digits, and what tells their accuracies apart is not the writing. Taken together, sizes and places
    are spread evenly, from 60 to 250 units and over all that fit.
    """
    rng = np.random.default_rng(seed)
    bands = np.stack([rng.permuted(np.tile(np.arange(3), (len(samples), 1)), axis=1).T for _ in range(3)], axis=2)
    drawings = []
    for (width, size, place), sample in zip(bands.reshape(-1, 3), [*samples] * 3, strict=True):
        offset = rng.uniform(-1, 1, 2)
        offset *= np.sqrt(rng.uniform(place, place + 1) / 3) / np.abs(offset).max()
        drawings.append(draw(sample, WIDTHS[width], rng.uniform(SIZES[size], SIZES[size + 1]), offset))
    return drawings, bands


def by_band(right: NDArray[np.bool_], bands: NDArray[np.intp]) -> dict[str, dict[str, float]]:
    """The accuracy in each band of widths, sizes and places, and for each of the three the spread: highest − lowest.

    right [N]: whether a drawing was read right; bands [N, 3] as `arrange` gives them.
    """
    names = {
        "widths": [str(width) for width in WIDTHS],
        "sizes": [f"{low}-{high}" for low, high in pairwise(SIZES)],
        "places": list(PLACES),
    }
    accuracy = {
        kind: {name: float(right[bands[:, k] == band].mean()) for band, name in enumerate(of_kind)}
        for k, (kind, of_kind) in enumerate(names.items())
    }
    spread = {kind: max(of_kind.values()) - min(of_kind.values()) for kind, of_kind in accuracy.items()}
    return {**accuracy, "spread": spread}
