"""A drawing as its reader wants it: only what is left of the strokes, always as large, always with the same pen.

`web/src/ink/fit.ts` is the same in TypeScript and, as `ink.py` explains, gives the same doubles.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

from inkgrad.ink import MASK, Drawing, Stroke, clamp

# MNIST's strokes are 2.4 px thick in a digit 20 px long (2·area/perimeter, median of the first 10,000 training images;
# quartiles 2.0 and 2.8). Ink that is 80 of 112 mask pixels long has four to each of those, and a pen of 10 gives 2.5.
BOX = 80
PEN = 10

Points = list[tuple[float, float]]


def fit(drawing: Drawing, pen: float = PEN) -> Drawing:
    """The strokes, of pens alone (`visible`), on a canvas of MASK: their ink BOX long, centred, drawn with one pen.

    So a digit looks the same whatever its size, place and brush. Ink no larger than its own brush, such as a dot, is
    not magnified as if it were a digit: the brush then stands for the extent.
    """
    strokes = drawing.strokes
    points = [point for stroke in strokes for point in stroke.points]
    if not points:
        return Drawing((), MASK)
    (x0, x1), (y0, y1) = ((min(axis), max(axis)) for axis in zip(*points, strict=True))
    extent = max(x1 - x0, y1 - y0, drawing.size / 280, *(stroke.width for stroke in strokes))
    scale = (BOX - pen) / extent
    left, top = MASK / 2 - (x0 + x1) / 2 * scale, MASK / 2 - (y0 + y1) / 2 * scale
    return Drawing([Stroke([(x * scale + left, y * scale + top) for x, y in s.points], pen) for s in strokes], MASK)


def visible(drawing: Drawing) -> Drawing:
    """The pen strokes, or the parts of them, that an eraser did not cover afterwards and that lie on the canvas.

    A part goes where its centre line does: within half the eraser's width of the eraser's own line.
    """
    strokes = []
    erasers = [stroke for stroke in drawing.strokes if stroke.erase]  # those still to come
    for stroke in drawing.strokes:
        if stroke.erase:
            erasers.pop(0)
        else:
            strokes += [Stroke(part, stroke.width) for part in parts_left(stroke, erasers, drawing.size)]
    return Drawing(strokes, drawing.size)


def parts_left(stroke: Stroke, erasers: Sequence[Stroke], size: float) -> list[Points]:
    points = within(stroke, size)
    inside = all(0 <= x <= size and 0 <= y <= size for x, y in points)
    if inside and not erasers:
        return [points] if points else []
    dense = densify(points, size / 280)
    covered = [not (0 <= x <= size and 0 <= y <= size) for x, y in dense]
    for eraser in erasers:
        line = within(eraser, size)
        squared = [nearest_squared(point, line) for point in dense]
        covered = [c or d <= eraser.width * eraser.width / 4 for c, d in zip(covered, squared, strict=True)]
    parts: list[Points] = [[]]
    for point, gone in zip(dense, covered, strict=True):
        if not gone:
            parts[-1].append(point)
        elif parts[-1]:
            parts.append([])
    return [part for part in parts if part]


def within(stroke: Stroke, size: float) -> Points:
    """The finite points, no farther from the canvas than its own size, so that work on them is bounded."""
    finite = ((x, y) for x, y in stroke.points if math.isfinite(x) and math.isfinite(y))
    return [(clamp(x, -size, 2 * size), clamp(y, -size, 2 * size)) for x, y in finite]


def densify(points: Sequence[tuple[float, float]], step: float) -> Points:
    """The polyline with points at most `step` apart."""
    dense = list(points[:1])
    for (ax, ay), (bx, by) in pairwise(points):
        dx, dy = bx - ax, by - ay
        n = max(math.ceil(math.sqrt(dx * dx + dy * dy) / step), 1)
        dense += [(ax + dx * (i / n), ay + dy * (i / n)) for i in range(1, n + 1)]
    return dense


def nearest_squared(point: tuple[float, float], line: Sequence[tuple[float, float]]) -> float:
    """The squared distance from a point to a polyline; infinity to one without points."""
    nearest = math.inf
    for (ax, ay), (bx, by) in zip([*line[:1], *line], line, strict=False):
        px, py, dx, dy = point[0] - ax, point[1] - ay, bx - ax, by - ay
        length2 = dx * dx + dy * dy
        t = clamp((px * dx + py * dy) / length2, 0, 1) if length2 > 0 else 0
        ex, ey = px - t * dx, py - t * dy
        nearest = min(nearest, ex * ex + ey * ey)
    return nearest
