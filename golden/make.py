"""Writes ink.json: drawings and the masks that inkgrad/ink.py and web/src/ink/raster.ts must both give.

python golden/make.py    after changing what a mask should be, and never to make a test pass

A mask is written as its rows, two hexadecimal digits a pixel with `..` for 0, so that a diff shows what moved.
"""

import json
from math import pi, sin
from pathlib import Path
from typing import Any

from inkgrad.ink import Drawing, rasterize


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


def main() -> None:
    cases = []
    for name, (size, canvas, strokes) in CASES.items():
        drawing = {"size": canvas, "strokes": strokes}
        mask = rasterize(Drawing.from_json(drawing), size)
        rows = ",\n".join(f'"{row.tobytes().hex(" ").replace("00", "..")}"' for row in mask)
        cases.append(f'{{"name": "{name}", "size": {size}, "drawing": {json.dumps(drawing)}, "mask": [\n{rows}\n]}}')
    Path(__file__).with_name("ink.json").write_text("[\n" + ",\n".join(cases) + "\n]\n")


if __name__ == "__main__":
    main()
