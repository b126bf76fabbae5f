"""What is no digit, for a net to learn to doubt (doubt.py): letters, scribbles, shapes, parts of digits and pairs, and
what no pen draws, filled and shaded.

Letters are A. V. Hershey's ("Calligraphy for Computers", 1967), whose faces are centre lines, as a pen writes them.
Parts and pairs are what a number falls into where it is divided wrongly.
"""

import string
from collections.abc import Callable, Mapping, Sequence
from functools import cache

import numpy as np
from HersheyFonts import HersheyFonts
from numpy.typing import NDArray
from PIL import Image

from inkgrad.glyphs import Lines, Point, pen
from inkgrad.ink import MASK
from inkgrad.normalize import SIDE
from inkgrad.progress import track
from inkgrad.strokes import Bytes, mask, normalized, vary
from inkgrad.styles import box, unit
from inkgrad.unipen import Sample

LATIN = "futural", "futuram", "rowmans", "scripts", "cursive"
FACES = *LATIN, "greeks", "cyrillic"
LIKE_DIGITS = frozenset("OolI")  # which nobody can tell from 0 and 1
NEAR_DIGITS = frozenset("abDFgGqsSyYzZ")  # which can be told from 0, 2, 4, 5, 6, 7 and 9, but hardly
SIGNS = frozenset(string.ascii_letters + "#$%&*+=?@!") - LIKE_DIGITS

Draw = Callable[[Sequence[Lines], np.random.Generator], Lines]


@cache
def alphabet(faces: tuple[str, ...] = FACES, signs: frozenset[str] = SIGNS) -> list[Lines]:
    """Each of the signs in each face."""
    drawn = []
    for face in faces:
        font = HersheyFonts()
        font.load_default_font(face)
        for sign in sorted(signs):
            drawn.append([np.array(list(stroke), float) for stroke in font.strokes_for_text(sign)])
    return [sign for sign in drawn if sign]


def letter(_: Sequence[Lines], rng: np.random.Generator) -> Lines:
    return alphabet()[int(rng.integers(len(alphabet())))]


def lookalike(_: Sequence[Lines], rng: np.random.Generator) -> Lines:
    """A letter that is nearly a digit."""
    near = alphabet(LATIN, NEAR_DIGITS)
    return near[int(rng.integers(len(near)))]


def scribble(_: Sequence[Lines], rng: np.random.Generator) -> Lines:
    return [pen(rng, *points(rng, int(rng.integers(4, 14)))) for _ in range(rng.integers(1, 3))]


def bars(_: Sequence[Lines], rng: np.random.Generator) -> Lines:
    """Two to five straight or bent lines."""
    return [np.array(points(rng, int(rng.integers(2, 4)))) for _ in range(rng.integers(2, 6))]


def polygon(_: Sequence[Lines], rng: np.random.Generator) -> Lines:
    """A polygon of three to seven corners, or a five-pointed star."""
    corners, turns = (5, 2) if rng.random() < 0.4 else (int(rng.integers(3, 8)), 1)
    angle = np.linspace(0, 2 * np.pi * turns, corners + 1) + rng.uniform(0, 2 * np.pi)
    return [np.stack([np.cos(angle) * rng.uniform(0.5, 1.5), np.sin(angle)], 1)]


def part(digits: Sequence[Lines], rng: np.random.Generator) -> Lines:
    """One stroke of a digit that has several."""
    while len(lines := digits[int(rng.integers(len(digits)))]) < 2:
        pass
    return [lines[int(rng.integers(len(lines)))]]


def pair(digits: Sequence[Lines], rng: np.random.Generator) -> Lines:
    """Two digits side by side."""
    left, right = (digits[int(i)] for i in rng.integers(len(digits), size=2))
    step = box(left)[1][0] - box(right)[0][0] + rng.uniform(-0.2, 0.5)
    shift = np.array((step, rng.normal(0, 0.1)))
    return [*left, *(line + shift for line in right)]


def points(rng: np.random.Generator, n: int) -> list[Point]:
    return [(x, y) for x, y in rng.uniform(0, 1, (n, 2))]


KINDS: dict[Draw, float] = {letter: 0.5, pair: 0.2, part: 0.1, scribble: 0.1, polygon: 0.06, bars: 0.04}


def pictures(
    samples: Sequence[Sample], n: int, seed: int, quiet: bool = False, kinds: Mapping[Draw, float] = KINDS
) -> Bytes:
    """Grey pictures [n, 28, 28], uint8, of ink that is no digit, varied and drawn as `strokes.pictures` draws digits.

    kinds: the share of each. Parts and pairs are made of samples; without any, or any of several strokes, the other
    kinds take their share.
    quiet: without a progress bar.
    """
    digits = [unit(sample.strokes) for sample in samples]
    possible: dict[Draw, bool] = {part: any(len(lines) > 1 for lines in digits), pair: bool(digits)}
    shares = {draw: share for draw, share in kinds.items() if possible.get(draw, True)}
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(shares), n, p=np.array([*shares.values()]) / sum(shares.values()))
    draws = [[*shares][kind] for kind in chosen]
    drawn = track(draws, "what is no digit", transient=True, disable=quiet)
    return normalized(np.stack([mask(vary(unit(draw(digits, rng)), rng), rng) for draw in drawn]))


def surfaces(n: int, seed: int) -> Bytes:
    """Grey pictures [n, 28, 28], uint8, of blots with soft shades, as cut out of photographs, placed as ink is."""
    rng = np.random.default_rng(seed)
    made = np.empty((n, SIDE, SIDE), np.uint8)
    for i in range(n):
        shape = _hills(rng, int(rng.integers(3, 8)))
        shade = _hills(rng, int(rng.integers(2, 15))) * rng.uniform() + rng.uniform(0.1, 1)
        grey = (shape > np.quantile(shape, rng.uniform(0.3, 0.75))) * shade.clip(0.02)
        made[i] = (255 * grey / grey.max()).round()
    edge = (MASK - SIDE) // 2
    return normalized(np.pad(made, ((0, 0), (edge, edge), (edge, edge))))


def _hills(rng: np.random.Generator, k: int) -> NDArray[np.float32]:
    """[28, 28]: k × k heights, uniform in 0…1, and a smooth surface through them."""
    heights = Image.fromarray(rng.uniform(size=(k, k)).astype(np.float32))
    return np.asarray(heights.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
