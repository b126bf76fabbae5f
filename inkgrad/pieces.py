"""A picture's ink -> its pieces, from left to right, and the mask of any group of them.

`web/src/ink/pieces.ts` is the same in TypeScript and gives the same bytes: all is whole numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from inkgrad.fit import BOX
from inkgrad.ink import MASK

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]

MOST = 64  # pieces of a picture or a drawing: one of something else has thousands
THICK = 8  # strokes of `fit`'s pen are 7 to 8 pixels thick as `thickness` measures them


@dataclass(frozen=True, eq=False)
class Piece:
    """Ink that hangs together: runs [n, 3] of pixels (y, x0, x1), x1 the first one after, from top to bottom."""

    runs: Ints

    @property
    def box(self) -> tuple[int, int, int, int]:
        """(x0, y0, x1, y1) in pixels, x1 and y1 the first ones after."""
        y, x0, x1 = self.runs.T
        return int(x0.min()), int(y[0]), int(x1.max()), int(y[-1]) + 1

    @property
    def area(self) -> int:
        """Pixels."""
        return int((self.runs[:, 2] - self.runs[:, 1]).sum())


def pieces(ink: Bytes) -> list[Piece]:
    """The pieces of ink [h, w] that may be digits or parts of them, by the middles of their boxes from left to right.

    Dropped are specks, rules and underlines that are longer than digits are high, and what the picture's edge cuts off
    (the page's border, the table) unless it is about as high as what the edge does not touch. At most MOST are kept,
    the largest.
    """
    found = components(ink)
    height, width = ink.shape
    upright = [piece for piece in found if not is_flat(piece)]
    inside = [p for p in upright if p.box[0] > 0 and p.box[1] > 0 and p.box[2] < width and p.box[3] < height]
    typical = typical_height(inside or upright or found)

    def kept(piece: Piece) -> bool:
        x0, y0, x1, y1 = piece.box
        if 6 * max(x1 - x0, y1 - y0) < typical or 60 * max(x1 - x0, y1 - y0) < max(ink.shape):
            return False
        if upright and is_flat(piece) and x1 - x0 > 2 * typical:
            return False
        touches = x0 == 0 or y0 == 0 or x1 == width or y1 == height
        return not (touches and inside) or typical <= 2 * (y1 - y0) <= 4 * typical

    largest = sorted(filter(kept, found), key=lambda piece: -piece.area)[:MOST]
    return sorted(largest, key=lambda piece: (piece.box[0] + piece.box[2], piece.box))


def is_flat(piece: Piece) -> bool:
    """As rules are, and the bar that some write a five's top with."""
    x0, y0, x1, y1 = piece.box
    return x1 - x0 >= 8 * (y1 - y0)


def typical_height(found: Sequence[Piece]) -> int:
    """The median height of the boxes, each counted as often as its piece has pixels: specks have little to say."""
    total = sum(piece.area for piece in found)
    seen = 0
    for piece in sorted(found, key=lambda piece: piece.box[3] - piece.box[1]):
        seen += piece.area
        if 2 * seen >= total:
            return piece.box[3] - piece.box[1]
    return 0


def components(ink: Bytes) -> list[Piece]:
    """The 8-connected pieces of what is not 0, by union-find over runs (Rosenfeld and Pfaltz, 1966), in their order."""
    edges = np.diff((ink > 0).astype(np.int8), axis=1, prepend=0, append=0)
    (ys, starts), ends = np.nonzero(edges == 1), np.nonzero(edges == -1)[1]
    parent = list(range(len(ys)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = i = parent[parent[i]]
        return i

    above = 0  # the first run that may still touch this one or a later one
    for i, (y, x0, x1) in enumerate(runs := list(zip(ys.tolist(), starts.tolist(), ends.tolist(), strict=True))):
        while runs[above][0] < y - 1 or (runs[above][0] == y - 1 and runs[above][2] < x0):
            above += 1
        k = above
        while runs[k][0] == y - 1 and runs[k][1] <= x1:
            a, b = root(i), root(k)
            parent[max(a, b)] = min(a, b)
            k += 1
    roots = np.array([root(i) for i in range(len(runs))], int)
    order = roots.argsort(kind="stable")
    splits = np.flatnonzero(np.diff(roots[order])) + 1
    return [Piece(part) for part in np.split(np.stack([ys, starts, ends], 1)[order], splits)] if runs else []


def cuts(piece: Piece) -> list[Piece]:
    """A wide piece, perhaps digits that touch, cut into upright slices, from left to right: at the columns with the
    least ink for an eighth of the height to either side. One no wider than high: itself.

    Narrower ones are left whole: where digits do not touch, a slice is sooner mistaken for a digit than it parts two.
    """
    x0, y0, x1, y1 = piece.box
    width, height = x1 - x0, y1 - y0
    if width <= height:
        return [piece]
    y, start, end = piece.runs.T
    change = np.bincount(start - x0, minlength=width + 1) - np.bincount(end - x0, minlength=width + 1)
    columns = change.cumsum()[:width]
    reach = max(height // 8, 1)
    edges = [x0]
    for i in range(reach, width - reach):
        if columns[i] == columns[i - reach : i + reach + 1].min() and i + x0 - edges[-1] >= reach:
            edges.append(i + x0)
    slices = [np.stack([y, start.clip(a, b), end.clip(a, b)], 1) for a, b in pairwise([*edges, x1])]
    return [Piece(runs[runs[:, 1] < runs[:, 2]]) for runs in slices]


def mask(ink: Bytes, group: Sequence[Piece]) -> Bytes:
    """The mask [112, 112] of the group's ink: averaged over areas to a box 80 pixels long, centred, as `fit` does.

    Strokes thinner than `fit`'s are thickened, as if drawn with a wider pen along the same lines.
    """
    runs = np.concatenate([piece.runs for piece in group])
    x0, y0, x1, y1 = runs[:, 1].min(), runs[:, 0].min(), runs[:, 2].max(), runs[:, 0].max() + 1
    crop = np.zeros((y1 - y0, x1 - x0))
    for y, start, end in runs:
        crop[y - y0, start - x0 : end - x0] = ink[y, start:end]
    scaled = boxed(crop, BOX)
    radius = (THICK - thickness(scaled)) // 2
    return thickened(boxed(crop, BOX - 2 * radius), radius) if radius > 0 else scaled


def boxed(crop: NDArray[np.float64], box: int) -> Bytes:
    """The mask of a picture [h, w], averaged over areas, its long side `box` pixels, an even number."""
    long = max(crop.shape)
    # Whole numbers all the way, so that matrix products of doubles are exact, in whatever order they add.
    sums = overlaps(crop.shape[0], long, box) @ crop @ overlaps(crop.shape[1], long, box).T
    return np.asarray((2 * sums + long * long) // (2 * long * long), np.uint8)


def overlaps(n: int, long: int, box: int) -> NDArray[np.float64]:
    """[112, n]: how much each pixel of the mask overlaps each of n pixels, in box-ths of these; all are centred."""
    low = long * (np.arange(MASK)[:, None] - MASK // 2) + box // 2 * n
    j = box * np.arange(n)
    return np.asarray(np.maximum(np.minimum(j + box, low + long) - np.maximum(j, low), 0), np.float64)


def thickness(mask: Bytes) -> int:
    """Of its strokes, in whole pixels: 2·area / perimeter, where the steps between neighbours give 4/π perimeters."""
    levels = np.pad(mask, 1).astype(np.int64)
    steps = np.abs(np.diff(levels, axis=0)).sum() + np.abs(np.diff(levels, axis=1)).sum()
    return int((5 * levels.sum() + steps) // max(2 * steps, 1))


def thickened(mask: Bytes, radius: int) -> Bytes:
    """Each pixel's highest neighbour no farther than radius (a dilation by a disc)."""
    padded = np.pad(mask, radius)
    reach = range(-radius, radius + 1)
    near = [(dx, dy) for dx in reach for dy in reach if dx * dx + dy * dy <= radius * radius]
    shifted = [padded[radius + dy :, radius + dx :][:MASK, :MASK] for dx, dy in near]
    return np.asarray(np.max(shifted, axis=0))
