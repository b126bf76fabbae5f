"""Vector ink: strokes of points on a square canvas, and the mask of coverage they leave.

`web/src/ink` is the same in TypeScript. `rasterize` gives the same bytes there: both use only + − × ÷ √ in double
precision, in the same order, which IEEE 754 rounds alike everywhere.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Stroke:
    """A polyline of (x, y) points with round caps and joins, `width` canvas units wide; one point is a dot.

    An `erase` stroke removes the ink below it.
    """

    points: Sequence[Sequence[float]]
    width: float = 22
    erase: bool = False


@dataclass(frozen=True)
class Drawing:
    """Strokes in the order drawn, on a square canvas of `size` × `size` units, x to the right and y down."""

    strokes: Sequence[Stroke] = ()
    size: float = 280

    @staticmethod
    def from_json(value: dict[str, Any]) -> "Drawing":
        """From parsed JSON: {"size": 280, "strokes": [{"width": 22, "erase": false, "points": [[x, y], …]}, …]}."""
        return Drawing([Stroke(**stroke) for stroke in value["strokes"]], value["size"])


MASK = 112  # pixels a side of the mask that is normalised: four to a pixel of the 28 × 28 picture

# Farther out than any pen, near enough for squared distances to stay exact to 1e-9 pixels.
FAR = 1e6


def clamp(x: float, low: float, high: float) -> float:
    """NaN gives `low`: every comparison with NaN is false."""
    return (x if x < high else high) if x > low else low


def rasterize(drawing: Drawing, size: int = MASK) -> npt.NDArray[np.uint8]:
    """Scale the canvas to `size` × `size` pixels; return each pixel's coverage, 0 (paper) … 255 (ink), uint8 [y, x].

    Strokes are capsules around their segments, anti-aliased over one pixel by the distance d of the pixel's centre to
    the stroke's centre line: coverage = clamp(radius + ½ − d, 0, 1), in pixels. A stroke thinner than one pixel is
    drawn one pixel wide, so that it cannot fall between the pixel centres and vanish. A pen keeps the larger coverage,
    an eraser lowers it to what it leaves over. Points that are not finite are skipped.
    """
    mask = np.zeros((size, size), np.uint8)
    scale = size / drawing.size
    for stroke in drawing.strokes:
        radius = clamp(stroke.width * scale / 2, 0.5, FAR)
        squared = squared_distances(stroke, scale, radius + 0.5, size)
        coverage = np.clip(radius + 0.5 - np.sqrt(squared), 0, 1)
        ink = np.floor(255 * coverage + 0.5).astype(np.uint8)
        mask = np.minimum(mask, 255 - ink) if stroke.erase else np.maximum(mask, ink)
    return mask


def squared_distances(stroke: Stroke, scale: float, reach: float, size: int) -> npt.NDArray[np.float64]:
    """Each pixel's squared distance to the stroke's centre line, in pixels; infinity out of `reach`."""
    squared = np.full((size, size), np.inf)
    centres = np.arange(size) + 0.5
    pixels = [
        (clamp(x * scale, -FAR, FAR), clamp(y * scale, -FAR, FAR))
        for x, y in stroke.points
        if math.isfinite(x) and math.isfinite(y)
    ]
    # The first segment leads from the first point to itself, so that a single point leaves a dot.
    for (ax, ay), (bx, by) in zip(pixels[:1] + pixels, pixels, strict=False):
        x = slice(max(math.floor(min(ax, bx) - reach), 0), max(math.ceil(max(ax, bx) + reach), 0))
        y = slice(max(math.floor(min(ay, by) - reach), 0), max(math.ceil(max(ay, by) + reach), 0))
        dx, dy = bx - ax, by - ay
        length2 = dx * dx + dy * dy
        px, py = centres[x] - ax, centres[y, None] - ay
        # t: where on the segment, from 0 to 1, lies the point nearest to the pixel's centre.
        t = np.clip((px * dx + py * dy) / length2, 0, 1) if length2 > 0 else 0.0
        ex, ey = px - t * dx, py - t * dy
        squared[y, x] = np.minimum(squared[y, x], ex * ex + ey * ey)
    return squared
