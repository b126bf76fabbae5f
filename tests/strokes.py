"""Digits as a person would draw them, authored by hand: polylines in a box 1 wide and about 1.5 high, y downwards."""

from math import cos, pi, sin

import numpy as np

from inkgrad.ink import Drawing, Stroke

Path = list[tuple[float, float]]


def arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float, n: int = 14) -> Path:
    """From angle start to end, degrees clockwise from three o'clock."""
    angles = [(start + (end - start) * i / n) * pi / 180 for i in range(n + 1)]
    return [(cx + rx * cos(a), cy + ry * sin(a)) for a in angles]


DIGITS: dict[int, list[Path]] = {
    0: [arc(0.5, 0.75, 0.45, 0.72, -80, 285, 28)],
    1: [[(0.45, 0.0), (0.47, 0.5), (0.5, 1.0), (0.52, 1.5)]],
    2: [[*arc(0.48, 0.42, 0.44, 0.42, -165, 35), (0.5, 1.05), (0.05, 1.45), (0.5, 1.42), (1.0, 1.45)]],
    3: [[*arc(0.42, 0.38, 0.42, 0.38, -150, 85), *arc(0.42, 1.12, 0.48, 0.38, -85, 150)]],
    4: [[(0.35, 0.0), (0.2, 0.45), (0.02, 0.9), (0.5, 0.88), (1.0, 0.85)], [(0.72, 0.35), (0.7, 0.9), (0.66, 1.5)]],
    5: [[(0.9, 0.05), (0.5, 0.05), (0.2, 0.07), (0.16, 0.62), *arc(0.44, 1.02, 0.46, 0.43, -120, 140)]],
    6: [[(0.75, 0.0), (0.4, 0.35), (0.14, 0.8), *arc(0.48, 1.1, 0.38, 0.38, 180, -180, 24)]],
    7: [[(0.02, 0.06), (0.45, 0.04), (0.95, 0.06), (0.7, 0.55), (0.5, 1.0), (0.38, 1.5)]],
    8: [
        [
            *arc(0.5, 0.38, 0.36, 0.37, -45, -270),
            *arc(0.5, 1.13, 0.42, 0.38, -90, 270, 24),
            *arc(0.5, 0.38, 0.36, 0.37, 90, -45),
        ]
    ],
    9: [[*arc(0.48, 0.42, 0.4, 0.4, -20, -355, 24), (0.88, 0.75), (0.82, 1.1), (0.74, 1.5)]],
}


def placed(digit: int, left: float = 90, top: float = 50, scale: float = 110, slant: float = 0.0) -> list[Path]:
    """The digit's strokes in canvas units of 280, its box's corner at (left, top) and its width scale."""
    return [[(left + scale * (x - slant * y), top + scale * y) for x, y in path] for path in DIGITS[digit]]


def drawings(n: int) -> list[Drawing]:
    """n drawings of all digits by turns, at random sizes, places, slants and widths, the same every time."""
    rng = np.random.default_rng(11)
    result = []
    for i in range(n):
        scale = rng.uniform(40, 150)
        left, top = rng.uniform(20, 260 - scale), rng.uniform(10, 270 - 1.5 * scale)
        paths = placed(i % 10, left, top, scale, rng.uniform(-0.15, 0.15))
        result.append(Drawing([Stroke(path, float(rng.uniform(12, 30))) for path in paths]))
    return result
