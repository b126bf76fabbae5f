"""Writing styles: how people in other countries, schools and years write the digits that a collection's writers do not.

A style takes a digit's strokes, in the unit frame of `unit`, and returns the strokes of the same digit in that style:
it edits the writer's own strokes where that is enough, and puts a built form (`glyphs.py`) in their place where not.
STYLES names them all, with how often training sees each.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from inkgrad import glyphs
from inkgrad.glyphs import Line, Lines, pen
from inkgrad.unipen import Points

Write = Callable[[Lines, np.random.Generator], Lines]


@dataclass(frozen=True)
class Style:
    """A named style; `share` is the part of its digit's training pictures written in it."""

    name: str
    share: float
    write: Write


def unit(strokes: Sequence[Points] | Lines) -> Lines:
    """Strokes as arrays [n, 2], moved and scaled so that their box begins at (0, 0) and its long side is 1."""
    lines = [np.array(stroke, float) for stroke in strokes if len(stroke)]
    low, high = box(lines)
    return [(line - low) / max(*(high - low), 1e-9) for line in lines]


def box(lines: Lines) -> tuple[Line, Line]:
    """The least and greatest (x, y): two arrays [2]."""
    points = np.concatenate(lines)
    return points.min(0), points.max(0)


def restyle(label: int, lines: Lines, rng: np.random.Generator) -> Lines:
    """The digit in one of its styles, each as often as its share says; else as its writer wrote it."""
    mark = rng.random()
    for style in STYLES[label]:
        mark -= style.share
        if mark < 0:
            return style.write(lines, rng)
    return lines


def built(form: Callable[..., Lines], *arguments: object) -> Write:
    """A style that puts a built form in the place of the writer's strokes."""
    return lambda lines, rng: form(rng, *arguments)


def slashed(lines: Lines, rng: np.random.Generator) -> Lines:
    """A 0 crossed from the upper right to the lower left, inside the oval or through it; now and then the other way."""
    lines = roomy(lines, 0.6)
    low, high = box(lines)
    centre, half = (low + high) / 2, (high - low) / 2
    angle = np.radians(rng.uniform(28, 68))
    toward = half * (np.cos(angle), -np.sin(angle)) * (1 if rng.random() < 0.9 else (-1, 1))
    start, end = (centre + toward * rng.uniform(0.75, 1.35), centre - toward * rng.uniform(0.75, 1.35))
    return [*lines, pen(rng, tuple(start), tuple(end))]


def dotted(lines: Lines, rng: np.random.Generator) -> Lines:
    """A 0 with a dot, or a dash so short that it cannot be taken for a bar, in its middle."""
    lines = roomy(lines, 0.6)
    low, high = box(lines)
    dot = (low + high) / 2 + rng.normal(0, 0.04, 2)
    return [*lines, np.stack([dot, dot + rng.uniform(-0.08, 0.08, 2)])]


def roomy(lines: Lines, least: float) -> Lines:
    """At least so wide and high that what is drawn inside stays apart from the sides."""
    low, high = box(lines)
    return [line * np.maximum(1, least / np.maximum(high - low, 0.1)) for line in lines]


def footed(lines: Lines, rng: np.random.Generator) -> Lines:
    """A 1 on a bar."""
    points = np.concatenate(lines)
    x, y = points[points[:, 1].argmax()]
    return [*lines, pen(rng, (x - rng.uniform(0.12, 0.32), y), (x + rng.uniform(0.12, 0.32), y))]


def descending(lines: Lines, rng: np.random.Generator) -> Lines:
    """A 4 whose stem, drawn last, goes on far below."""
    *others, stem = lines
    fall = stem[-1] - stem[(len(stem) - 1) * 3 // 4]
    if fall[1] < max(0.1, abs(fall[0])):
        return lines
    return [*others, np.concatenate([stem, [stem[-1] + fall / fall[1] * rng.uniform(0.15, 0.4)]])]


def bar_apart(lines: Lines, rng: np.random.Generator) -> Lines:
    """A 5 whose top, a stroke of its own, does not touch the body."""
    heights = [np.ptp(line[:, 1]) for line in lines]
    if len(lines) == 1 or min(heights) > 0.4:
        return lines
    top = int(np.argmin(heights))
    shift = rng.uniform((0.0, -0.12), (0.14, -0.02))
    return [line + shift if i == top else line for i, line in enumerate(lines)]


def unbarred(lines: Lines, rng: np.random.Generator) -> Lines:
    """A 7 without the bar that a second stroke drew across its stem, unless that alone tells it from a flagged 1."""
    first = lines[0]
    wide, rise = first[(first[:, 0] - first[:, 1] / 2).argmax()] - first[0]  # from its beginning to its corner
    if wide < 0.36 or -rise > wide / 2:
        return lines
    return [first, *(line for line in lines[1:] if not _is_bar(line))]


def barred(lines: Lines, rng: np.random.Generator) -> Lines:
    """A 7 with a bar across the middle of its stem."""
    x, y = lines[0][np.abs(lines[0][:, 1] - rng.uniform(0.42, 0.58))[:, None].argmin()]
    if any(_is_bar(line) for line in lines[1:]) or not 0.3 < y < 0.7:
        return lines
    left, right = rng.uniform(0.15, 0.32, 2)
    return [*lines, pen(rng, (x - left, y + rng.uniform(-0.03, 0.06)), (x + right, y + rng.uniform(-0.06, 0.03)))]


def _is_bar(line: Line) -> bool:
    """Flat, and at half height."""
    return bool(np.ptp(line[:, 1]) < 0.35 and 0.25 < line[:, 1].mean() < 0.8)


def serifed(lines: Lines, rng: np.random.Generator) -> Lines:
    """A 7 begun by a short stroke up at the left of its top."""
    first, *others = lines
    x, y = first[0]
    if x > 0.35 or y > 0.15:
        return lines
    serif = pen(rng, (x + rng.uniform(-0.07, 0.07), y + rng.uniform(0.13, 0.26)), (x, y))
    return [np.concatenate([serif, first]), *others]


def hooked(lines: Lines, rng: np.random.Generator) -> Lines:
    """A 9 whose foot curls to the left, as that of a g."""
    *others, last = lines
    x, y = last[-1]
    if y < 0.85 or x < 0.35 * box(lines)[1][0]:
        return lines
    wide, up = rng.uniform(0.25, 0.5), rng.uniform(-0.05, 0.1)
    hook = pen(rng, (x, y), (x - wide * 0.2, y + 0.1), (x - wide * 0.6, y + 0.12), (x - wide, y - up))
    return [*others, np.concatenate([last, hook])]


STYLES: dict[int, tuple[Style, ...]] = {
    0: (
        Style("slashed", 0.08, slashed),
        Style("slashed, built", 0.05, lambda lines, rng: slashed(glyphs.zero(rng, (340, 390)), rng)),
        Style("dotted", 0.06, dotted),
        Style("open", 0.06, built(glyphs.zero, (318, 345))),
        Style("ends overlapping", 0.07, built(glyphs.zero, (370, 420))),
        Style("in halves", 0.03, built(glyphs.zero_in_halves)),
    ),
    1: (
        Style("plain", 0.12, built(glyphs.one, None, False)),
        Style("flagged", 0.10, built(glyphs.one, (0.25, 0.8), False)),
        Style("short flag", 0.05, built(glyphs.one, (0.08, 0.25), False)),
        Style("level flag", 0.06, built(glyphs.one, (0.08, 0.28), False, (-5, 45))),
        Style("footed", 0.06, built(glyphs.one, None, True)),
        Style("flag and foot", 0.10, built(glyphs.one, (0.1, 0.45), True)),
        Style("own, footed", 0.05, footed),
    ),
    2: (
        Style("looped", 0.12, built(glyphs.two, "looped")),
        Style("flat base", 0.10, built(glyphs.two, "flat")),
        Style("angular", 0.08, built(glyphs.two, "angular")),
        Style("wavy base", 0.08, built(glyphs.two, "wavy")),
    ),
    3: (
        Style("flat-top", 0.14, built(glyphs.three, "flat-top")),
        Style("angular", 0.06, built(glyphs.three, "angular")),
        Style("round", 0.08, built(glyphs.three, "round")),
        Style("looped waist", 0.07, built(glyphs.three, "looped")),
    ),
    4: (
        Style("open", 0.09, built(glyphs.four, "open", (0.5, 0.72))),
        Style("open, round", 0.07, built(glyphs.four, "round", (0.5, 0.68))),
        Style("closed", 0.12, built(glyphs.four, "closed", (0.55, 0.75))),
        Style("open, long stem", 0.05, built(glyphs.four, "open", (0.38, 0.5))),
        Style("closed, long stem", 0.05, built(glyphs.four, "closed", (0.4, 0.55))),
        Style("open, narrow", 0.05, built(glyphs.four, "narrow", (0.55, 0.78))),
        Style("own, long stem", 0.06, descending),
    ),
    5: (
        Style("bar apart", 0.10, built(glyphs.five, "bar apart")),
        Style("one stroke", 0.10, built(glyphs.five, "one stroke")),
        Style("S-like", 0.10, built(glyphs.five, "S")),
        Style("own, bar apart", 0.06, bar_apart),
    ),
    6: (
        Style("straight, small loop", 0.08, built(glyphs.six, "straight", (0.3, 0.45))),
        Style("straight, large loop", 0.06, built(glyphs.six, "straight", (0.5, 0.62))),
        Style("curled, small loop", 0.08, built(glyphs.six, "curled", (0.3, 0.45))),
        Style("curled, large loop", 0.06, built(glyphs.six, "curled", (0.5, 0.65))),
    ),
    7: (
        Style("plain", 0.09, built(glyphs.seven, False, "straight", False)),
        Style("barred", 0.08, built(glyphs.seven, True, "straight", False)),
        Style("serif", 0.06, built(glyphs.seven, False, "serif", False)),
        Style("barred, serif", 0.06, built(glyphs.seven, True, "serif", False)),
        Style("curved stem", 0.07, built(glyphs.seven, False, "straight", True)),
        Style("barred, curved stem", 0.04, built(glyphs.seven, True, "straight", True)),
        Style("wavy", 0.03, built(glyphs.seven, False, "wavy", True)),
        Style("barred, wavy", 0.04, built(glyphs.seven, True, "wavy", True)),
        Style("own, unbarred", 0.06, unbarred),
        Style("own, barred", 0.04, barred),
        Style("own, serif", 0.04, serifed),
    ),
    8: (
        Style("two circles", 0.10, built(glyphs.eight, "two circles")),
        Style("S closed", 0.08, built(glyphs.eight, "S closed")),
        Style("open top", 0.10, built(glyphs.eight, "open top")),
    ),
    9: (
        Style("hooked", 0.10, built(glyphs.nine, "hooked", (0.4, 0.6))),
        Style("straight stem", 0.10, built(glyphs.nine, "straight", (0.4, 0.6))),
        Style("curved stem", 0.08, built(glyphs.nine, "curved", (0.4, 0.6))),
        Style("small loop", 0.06, built(glyphs.nine, "straight", (0.25, 0.4))),
        Style("hooked, small loop", 0.05, built(glyphs.nine, "hooked", (0.22, 0.4))),
        Style("wavy stem", 0.06, built(glyphs.nine, "wavy", (0.25, 0.5))),
        Style("open loop", 0.05, built(glyphs.nine, "straight", (0.4, 0.6), 22)),
        Style("own, hooked", 0.05, hooked),
    ),
}
