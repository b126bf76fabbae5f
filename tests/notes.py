"""Photographs of handwritten notes, made by Pillow: numbers from pen strokes, on paper, in bad light."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Lines = Sequence[NDArray[np.float64]]

SIZE = (960, 640)


def note(digits: Sequence[Lines], rng: np.random.Generator, ruled: bool) -> Image.Image:
    """The digits' strokes, each set of any scale, side by side on one line; RGB."""
    height = rng.uniform(90, 170)
    pen = height * rng.uniform(0.04, 0.1)
    paper = Image.new("RGB", (2 * SIZE[0], 2 * SIZE[1]), tuple(int(c) for c in rng.uniform((225, 220, 205), 255)))
    draw = ImageDraw.Draw(paper)
    if ruled:
        gap = 2 * rng.uniform(40, 70)
        for y in np.arange(gap / 2, paper.height, gap):
            draw.line([(0, y), (paper.width, y)], (165, 190, 225), 3)
    blue = bool(rng.random() < 0.5)
    colour = (35, 50, 140) if blue else (45, 45, 50)
    x = rng.uniform(80, 160)
    for lines in digits:
        points = np.concatenate(lines)
        low, extent = points.min(0), np.ptp(points, 0)
        scale = height * rng.uniform(0.85, 1.1) / max(extent[1], 0.8 * extent[0])
        top = SIZE[1] / 2 - scale * extent[1] / 2 + rng.uniform(-0.1, 0.1) * height
        for line in lines:
            path = [(2 * (x + scale * u), 2 * (top + scale * v)) for u, v in line - low]
            draw.line(path, colour, round(2 * pen), joint="curve")
            for u, v in (path[0], path[-1]):
                draw.ellipse([u - pen, v - pen, u + pen, v + pen], colour)
        x += scale * extent[0] + pen + height * rng.uniform(0.15, 0.4)
    return paper.resize(SIZE, Image.Resampling.BOX)


def photograph(paper: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The same, seen askew, unevenly lit with the shadow of a hand, blurred, noisy."""
    corners = np.array([(0, 0), (0, SIZE[1]), SIZE, (SIZE[0], 0)], float)
    seen = paper.transform(
        SIZE,
        Image.Transform.QUAD,
        tuple((corners + rng.uniform(-0.03, 0.03, (4, 2)) * SIZE).ravel()),
        Image.Resampling.BICUBIC,
        fillcolor=paper.getpixel((2, 2)),
    )
    seen = seen.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.3, 1.6))))
    x, y = np.meshgrid(np.linspace(-1, 1, SIZE[0]), np.linspace(-1, 1, SIZE[1]))
    angle, shadow = rng.uniform(0, 2 * np.pi, 2)
    light = 0.7 + 0.3 * (x * np.cos(angle) + y * np.sin(angle)) / np.sqrt(2)
    edge = x * np.cos(shadow) + y * np.sin(shadow) - rng.uniform(-0.5, 0.5)
    light = light * (1 - rng.uniform(0, 0.4) / (1 + np.exp(-edge / 0.05)))
    levels = np.asarray(seen, float) * light[..., None] + rng.normal(0, rng.uniform(1, 6), (*light.shape, 1))
    return Image.fromarray(levels.clip(0, 255).astype(np.uint8))
