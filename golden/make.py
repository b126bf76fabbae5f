"""Writes golden/*.json: what Python and TypeScript must both make of drawings and pictures.

python golden/make.py    after changing what they should make of them, and never to make a test pass

A mask is written as its rows, two hexadecimal digits a pixel with `..` for 0, so that a diff shows what moved.
"""

import hashlib
import json
from math import pi, sin
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkgrad import picture
from inkgrad.ink import Drawing, rasterize
from inkgrad.pieces import cuts, mask, pieces
from inkgrad.rows import in_line
from inkgrad.segment import Box, candidates, choose


def stroke(*points: tuple[float, float], width: float = 4, erase: bool = False) -> dict[str, Any]:
    return {"width": width, "erase": erase, "points": points}


# name: (mask size, canvas size, strokes)
CASES: dict[str, tuple[int, float, list[dict[str, Any]]]] = {
    "nothing": (4, 4, []),
    "a stroke without points": (4, 4, [stroke()]),
    "a dot": (12, 12, [stroke((6, 6), width=6)]),
    "a dot between pixel centres": (8, 8, [stroke((3.3, 4.9))]),
    "a slanted stroke has round ends": (16, 16, [stroke((4, 4), (11, 9), width=5)]),
    "a corner is round": (16, 16, [stroke((3, 12), (8, 3), (13, 12))]),
    "coming back leaves the same ink": (16, 16, [stroke((3, 8), (13, 8), (3, 8))]),
    "a stroke thinner than a pixel is one pixel wide": (16, 160, [stroke((20, 20), (140, 61), width=1)]),
    "overlapping strokes keep the darker": (16, 16, [stroke((2, 5), (14, 9)), stroke((2, 9), (14, 5))]),
    "an eraser lightens what lies before it": (16, 16, [stroke((2, 8), (14, 8)), stroke((8, 2), (9, 14), erase=True)]),
    "ink lies over what was erased": (
        16,
        16,
        [stroke((2, 8), (14, 8)), stroke((8, 2), (8, 14), erase=True), stroke((8, 4), (8, 12), width=2)],
    ),
    "a stroke leaves the canvas and returns": (16, 16, [stroke((4, 12), (-20, 8), (5, -30), (14, 3))]),
    "coordinates may be huge": (16, 16, [stroke((-1e300, 8), (1e300, 9)), stroke((3, 1e9), (3, 2))]),
    "a canvas scaled down": (28, 280, [stroke((80, 60), (190.5, 60), (120.25, 230), width=22)]),
    "a canvas scaled up": (20, 7, [stroke((1.5, 1.7), (5.1, 2.2), (3.3, 5.9), width=0.8)]),
    "a three, partly erased": (
        112,
        280,
        [
            stroke(
                *((round(100 + 70 * sin(pi * t / 20), 2), round(40 + 3 * t, 2)) for t in range(20)),
                *((round(95 + 80 * sin(pi * t / 20), 2), round(100 + 7 * t, 2)) for t in range(20)),
                width=22,
            ),
            stroke((70, 105), (130.3, 141.7), (118.1, 152.9), width=36, erase=True),
        ],
    ),
}


# name: (size, ink in 255ths of the light, strokes), on paper that the light leaves towards one corner
PICTURES: dict[str, tuple[int, int, list[dict[str, Any]]]] = {
    "blank paper": (40, 0, []),
    "a one, dark on light": (30, 200, [stroke((16, 5), (14, 25), width=3)]),
    "a one, light on dark": (30, -200, [stroke((16, 5), (14, 25), width=3)]),
    "two pieces, one cut by the edge, and a speck": (
        40,
        120,
        [stroke((8, 8), (15, 30)), stroke((26, 30), (45, 6)), stroke((30, 34), width=1)],
    ),
    "two digits that touch": (
        48,
        160,
        [stroke((6, 12), (14, 34), (24, 32), width=3), stroke((26, 12), (24, 32), (40, 30), (38, 14), width=3)],
    ),
}


def photograph(size: int, ink: int, strokes: list[dict[str, Any]]) -> NDArray[np.uint8]:
    """Grey levels of strokes whose ink takes so many 255ths of the light, or (less than 0) gives it."""
    coverage = rasterize(Drawing.from_json({"size": size, "strokes": strokes}), size).astype(int)
    y, x = np.mgrid[:size, :size]
    light = 240 - 40 * (x + 2 * y) // (3 * size) + (7 * x * x + 13 * y * x + 5 * y) % 7
    grey = light * (255 * 255 - abs(ink) * coverage) // (255 * 255)
    return (255 - grey if ink < 0 else grey).astype(np.uint8)


def hex_rows(levels: NDArray[np.uint8], zero: str = "..") -> str:
    return ",\n".join(f'"{row.tobytes().hex(" ").replace("00", zero)}"' for row in levels)


def pictures() -> str:
    cases = []
    for name, (size, level, strokes) in PICTURES.items():
        grey = photograph(size, level, strokes)
        ink = picture.ink(grey)
        found = [
            {"box": piece.box, "area": piece.area, "cuts": [part.box for part in cuts(piece)]} for piece in pieces(ink)
        ]
        masks = [hashlib.sha256(mask(ink, [piece])).hexdigest() for piece in pieces(ink)]
        cases.append(
            f'{{"name": "{name}", "grey": [\n{hex_rows(grey, "00")}\n], "ink": [\n{hex_rows(ink)}\n],\n'
            f'"pieces": {json.dumps(found)}, "sha256 of masks": {json.dumps(masks)}}}'
        )
    return "[\n" + ",\n".join(cases) + "\n]\n"


def divisions() -> str:
    """Boxes as of digits in a row, random costs for the groups that may be one, and the division that is chosen."""
    rng = np.random.default_rng(0)
    cases = []
    for n in [*range(10), 14, 30]:
        left, top = rng.integers(0, 40 * max(n, 1), n), rng.integers(0, 60, n)
        width, height = rng.integers(0, 50, n), rng.integers(0, 90, n)
        corners = np.stack([left, top, left + width, top + height], 1)
        boxes: list[Box] = [tuple(box) for box in sorted(corners.tolist(), key=lambda box: box[0] + box[2])]
        groups = candidates(boxes)
        costs = rng.exponential(1, len(groups)).round(3).tolist()
        chosen = choose(boxes, groups, costs)
        cases.append(json.dumps({"boxes": boxes, "groups": groups, "costs": costs, "chosen": chosen}))
    return "[\n" + ",\n".join(cases) + "\n]\n"


def lines() -> str:
    """Boxes as of digits in one to three rows, some over the gap, and their places in one line."""
    rng = np.random.default_rng(0)
    cases = []
    for n in [*range(8), 12, 20, 40]:
        row, column = rng.integers(0, 1 + n % 3, n), rng.permutation(n)
        left, top = 45 * column + rng.uniform(0, 20, n), 100 * row + rng.uniform(0, 20, n)
        width, height = rng.uniform(0, 40, n), rng.choice([1.0, 60.0, 75.0], n)
        corners = np.stack([left, top, left + width, top + height], 1).round(3)
        boxes: list[Box] = [tuple(box) for box in corners.tolist()]
        cases.append(json.dumps({"boxes": boxes, "line": in_line(boxes)}))
    return "[\n" + ",\n".join(cases) + "\n]\n"


def main() -> None:
    cases = []
    for name, (size, canvas, strokes) in CASES.items():
        drawing = {"size": canvas, "strokes": strokes}
        drawn = (
            f'"drawing": {json.dumps(drawing)}, "mask": [\n{hex_rows(rasterize(Drawing.from_json(drawing), size))}\n]'
        )
        cases.append(f'{{"name": "{name}", "size": {size}, {drawn}}}')
    folder = Path(__file__).parent
    (folder / "ink.json").write_text("[\n" + ",\n".join(cases) + "\n]\n")
    (folder / "picture.json").write_text(pictures())
    (folder / "segment.json").write_text(divisions())
    (folder / "rows.json").write_text(lines())


if __name__ == "__main__":
    main()
