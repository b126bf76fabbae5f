"""Rows of digits, one below the other, laid side by side: what divides ink into digits knows one row alone.

Bands of ink with nothing beside the gap between them are rows where each is at least half as high as the highest, the
gap is a seventh to twice the lower one's height, and half of the narrower one lies over the other. So the bar of a 5
that floats above it is none, nor are the digits of a number that climbs, nor the dots of a dotted one. The limits are
wide. With a least gap of 0.05, 0.1, 0.15 or 0.2 of PenDigits' 7,494 training digits 19, 15, 5 or 2 are taken for rows,
eights of two circles nearly all, and the wider it must be, the more real rows are not.
`web/src/ink/rows.ts` is the same in TypeScript, to the double.
"""

from collections.abc import Sequence
from itertools import pairwise

from inkgrad.segment import Box, around, largest

HIGH, LEAST, MOST, OVER = 0.5, 0.15, 2, 0.5
APART = 2  # sizes of the largest piece from one row to the next, laid side by side: no digit reaches so far


def in_line(boxes: Sequence[Box]) -> list[Box]:
    """The boxes, each lower row of them moved to the right of the row above it; as they are where there is one."""
    moved = list(boxes)
    end, apart = 0.0, APART * largest(boxes)
    for number, row in enumerate(rows(boxes)):
        left, _, right, _ = around(boxes, row)
        by = end + apart - left if number else 0.0
        for i in row:
            x0, y0, x1, y1 = boxes[i]
            moved[i] = (x0 + by, y0, x1 + by, y1)
        end = right + by
    return moved


def rows(boxes: Sequence[Box]) -> list[tuple[int, ...]]:
    """The boxes' indices, row by row from the top; one row where nothing says that there are more."""
    bands: list[tuple[int, ...]] = []
    for i in sorted(range(len(boxes)), key=lambda i: boxes[i][1]):
        if bands and boxes[i][1] <= around(boxes, bands[-1])[3]:
            bands[-1] += (i,)
        else:
            bands.append((i,))
    highest = max((height(boxes, band) for band in bands), default=0)
    # What is too low for a row belongs to the band that is nearer.
    while len(bands) > 1 and (low := [k for k, band in enumerate(bands) if height(boxes, band) < HIGH * highest]):
        k = low[0]
        above = gap(boxes, bands[k - 1], bands[k]) if k > 0 else float("inf")
        below = gap(boxes, bands[k], bands[k + 1]) if k + 1 < len(bands) else float("inf")
        first = k - 1 if above <= below else k
        bands[first : first + 2] = [bands[first] + bands[first + 1]]
    if all(apart(boxes, a, b) for a, b in pairwise(bands)):
        return bands
    return [tuple(range(len(boxes)))]


def apart(boxes: Sequence[Box], above: tuple[int, ...], below: tuple[int, ...]) -> bool:
    """Whether two bands are far enough from each other, and over each other, to be rows."""
    a, b = around(boxes, above), around(boxes, below)
    over = min(a[2], b[2]) - max(a[0], b[0])
    low = min(height(boxes, above), height(boxes, below))
    return LEAST * low <= gap(boxes, above, below) <= MOST * low and over >= OVER * min(a[2] - a[0], b[2] - b[0])


def height(boxes: Sequence[Box], band: tuple[int, ...]) -> float:
    _, top, _, bottom = around(boxes, band)
    return bottom - top


def gap(boxes: Sequence[Box], above: tuple[int, ...], below: tuple[int, ...]) -> float:
    return around(boxes, below)[1] - around(boxes, above)[3]
