"""Digits built from nothing: forms that no editing of another form gives, with proportions drawn at random.

Each function takes a generator and returns strokes of (x, y), y downwards, in a box about 1 high and up to 1 wide. The
forms are those taught and written in Europe and North America; none is traced from a collection.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Line = npt.NDArray[np.float64]  # [n, 2]: the centre line of a stroke
Lines = list[Line]
Point = tuple[float, float]

JITTER = 0.04  # most that the standard deviation of a stroke's control points comes to, in heights
STEPS = 6  # points drawn for each span between control points


def arc(x: float, y: float, rx: float, ry: float, start: float, sweep: float, grow: float = 0) -> list[Point]:
    """Control points about (x, y), clockwise for sweep > 0, degrees from three o'clock; radii end 1 + grow as large."""
    t = np.linspace(0, 1, max(round(abs(sweep) / 40), 2) + 1)
    angle, size = np.radians(start + sweep * t), 1 + grow * t
    return list(zip(x + rx * size * np.cos(angle), y + ry * size * np.sin(angle), strict=True))


def pen(rng: np.random.Generator, *points: Point) -> Line:
    """A smooth stroke through jittered control points: Catmull-Rom. A point given twice in a row is a corner."""
    control = np.array(points)
    repeated = (np.diff(control, axis=0) == 0).all(1).nonzero()[0] + 1
    noise = rng.normal(0, JITTER * rng.random(), control.shape)
    noise[repeated] = noise[repeated - 1]
    return np.concatenate([_catmull_rom(piece) for piece in np.split(control + noise, repeated)])


def _catmull_rom(control: Line) -> Line:
    a, b, c, d = (np.concatenate([control[:1], control, control[-1:]])[i : i + len(control) - 1] for i in range(4))
    t = (np.arange(STEPS) / STEPS).reshape(-1, 1, 1)
    spans = b + t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * b - a - 3 * c + d))) / 2
    return np.concatenate([spans.transpose(1, 0, 2).reshape(-1, 2), control[-1:]])


def zero(rng: np.random.Generator, sweep: tuple[float, float]) -> Lines:
    """An oval, narrow or wide, that begins near its top; sweep: the range of degrees it goes round."""
    u = rng.uniform
    return [pen(rng, *arc(0.5, 0.5, u(0.2, 0.55), 0.5, u(-125, -70), -u(*sweep), u(-0.2, 0.2)))]


def zero_in_halves(rng: np.random.Generator) -> Lines:
    """Two strokes: the left side, then the right."""
    u = rng.uniform
    half = u(0.25, 0.42)
    left = arc(0.5, 0.5, half, 0.5, u(-95, -70), -u(180, 205))
    return [pen(rng, *left), pen(rng, *arc(0.5, 0.5, half, 0.5, u(-115, -80), u(180, 210)))]


def one(
    rng: np.random.Generator,
    flag: tuple[float, float] | None,
    foot: bool,
    rise: tuple[float, float] = (45, 68),
) -> Lines:
    """A stem; before it an upstroke, its length and how many degrees it rises in the given ranges; under it a bar.

    A long flag that rises less than 45° makes a 7, one up to 0.28 does not.
    """
    u = rng.uniform
    top, end = (0.5 + u(-0.05, 0.12), 0.0), (0.5 + u(-0.1, 0.08), 1.0)
    stem = [top, ((top[0] + end[0]) / 2 + u(-0.05, 0.05), 0.5), end]
    if flag:
        length, angle = u(*flag), np.radians(u(*rise))
        stem = [(top[0] - length * np.cos(angle), length * np.sin(angle)), top, *stem]
    strokes = [pen(rng, *stem)]
    if foot:
        strokes.append(pen(rng, (end[0] - u(0.08, 0.45), 1 + u(-0.06, 0.06)), (end[0] + u(0.08, 0.45), 1.0)))
    return strokes


def two(rng: np.random.Generator, base: str) -> Lines:
    """Base "looped", "flat" (a corner and a straight line), "wavy", or "angular" (flat, and the top nearly so)."""
    u = rng.uniform
    right, neck = u(0.45, 0.95), u(0.46, 0.66)
    if base == "angular":
        head = [(0.05, u(0.0, 0.12)), (right * 0.5, u(-0.03, 0.03)), (right, u(0.0, 0.06)), (right * 0.96, u(0.1, 0.2))]
    else:
        # From −250° on the head begins with a curl.
        height, start = u(0.2, 0.33), u(-250, -140)
        head = [
            *arc(right / 2, height, right / 2, height, start, u(0, 20) - start),
            (right * 0.85, neck - 0.1),
        ]
    foot: list[Point] = [(u(0.0, 0.1), 1.0)]
    foot += [*foot, (u(0.6, 1.3), u(0.92, 1.06))]
    if base == "looped":
        size = u(0.9, 1.9)
        foot = [(0.25, 0.93), (0.08, 0.99), (0.04 - 0.06 * size, 0.93), (0.1, 0.95 - 0.12 * size)]
        foot += [(0.35, 0.93), (0.65, 1.0), (u(0.8, 1.3), u(0.85, 1.0))]
    elif base == "wavy":
        foot = [foot[0], foot[0], (0.25, u(0.86, 0.92)), (0.6, u(0.96, 1.08)), (u(0.8, 1.2), u(0.8, 1.0))]
    return [pen(rng, *head, *foot)]


def three(rng: np.random.Generator, form: str) -> Lines:
    """Form "flat-top" (ʒ), "angular" (straight lines throughout), "round", or "looped" (a loop at the waist)."""
    u = rng.uniform
    waist, right, bowl = u(0.3, 0.56), u(0.5, 0.9), u(0.5, 0.95)
    inner: Point = (u(0.15, 0.45), waist)
    belly: list[Point] = [(bowl * 0.8, waist + 0.06), (bowl, (1 + waist) / 2), (bowl * 0.75, 0.95), (bowl * 0.4, 1.0)]
    tail: Point = (u(-0.15, 0.15), u(0.75, 1.0))
    if form == "flat-top":
        start, corner = (u(-0.1, 0.15), u(-0.02, 0.1)), (right, u(-0.08, 0.06))
        return [pen(rng, start, corner, corner, inner, inner, *belly, tail)]
    if form == "angular":
        start, top, bottom = (u(0.0, 0.1), u(0.05, 0.2)), (right, u(0.1, 0.22)), (bowl, u(0.66, 0.78))
        peak = (right * 0.6, 0.0)
        return [
            pen(
                rng,
                start,
                peak,
                peak,
                top,
                top,
                inner,
                inner,
                bottom,
                bottom,
                (bowl * 0.5, 1.0),
                (bowl * 0.5, 1.0),
                tail,
            )
        ]
    head = arc(right / 2, waist / 2, right / 2, waist / 2, u(-190, -150), u(190, 220))
    middle = [inner, inner]
    if form == "looped":
        middle = arc(inner[0], waist, u(0.07, 0.13), u(0.05, 0.08), 60, 250)
    return [pen(rng, *head, *middle, *belly, tail)]


def four(rng: np.random.Generator, top: str, bar: tuple[float, float]) -> Lines:
    """Top "open" (a corner at the left), "round" (like a u), "narrow" (open; its bar ends at the stem, which begins
    low) or "closed" (a triangle); bar: its height's range."""
    u = rng.uniform
    level, stem, end = u(*bar), u(0.48, 0.7), u(0.75, 1.3)
    if top == "narrow":
        stem = u(0.25, 0.45)
        end = stem + u(0.0, 0.25)
    left: Point = (u(-0.02, 0.08), level + u(-0.1, 0.08))
    if top == "closed":
        peak = (stem + u(-0.03, 0.03), 0.0)
        return [pen(rng, peak, left, left, (end, level)), pen(rng, peak, (stem + u(-0.12, 0.06), 1.0))]
    start, head = (u(0.0, 0.22), u(-0.05, 0.2)), (stem + u(-0.02, 0.14), u(-0.1, 0.3))
    if top == "round":
        cup = [start, (left[0], level * 0.7), (stem * 0.35, level), (stem, level * u(0.8, 0.98))]
    elif top == "narrow":
        start, head = (u(0.0, 0.3), 0.0), (stem + u(-0.02, 0.1), u(0.15, 0.5))
        cup = [start, left, *([left] if u() < 0.5 else []), (end, level + u(-0.1, 0.05))]
    else:
        cup = [start, left, left, (end, level)]
    return [pen(rng, *cup), pen(rng, head, (stem + u(-0.12, 0.06), 1.0))]


def five(rng: np.random.Generator, form: str) -> Lines:
    """Form "bar apart" (its own stroke, drawn last, not always touching), "one stroke" (corners) or "S" (none)."""
    u = rng.uniform
    left, waist, right, tip = u(0.05, 0.25), u(0.28, 0.55), u(0.6, 1.0), u(0.55, 1.2)
    bowl = arc(right * 0.45, (waist + 0.98) / 2, right * 0.55, (1.02 - waist) / 2, -95, u(185, 260))
    end: Point = (tip, u(-0.12, 0.08))
    if form == "S":
        return [pen(rng, end, (0.5, 0.01), (left + 0.06, 0.08), (left, waist * 0.6), (0.3, waist), *bowl[1:])]
    shoulder, knee = (left + u(-0.02, 0.05), 0.0), (left, waist + u(-0.02, 0.08))
    if form == "one stroke":
        return [pen(rng, end, shoulder, shoulder, knee, knee, *bowl)]
    gap = (u(-0.08, 0.16), u(-0.12, 0.04))
    return [
        pen(rng, shoulder, knee, knee, *bowl),
        pen(rng, (shoulder[0] + gap[0], gap[1]), (tip + gap[0], gap[1] + u(-0.14, 0.06))),
    ]


def six(rng: np.random.Generator, back: str, loop: tuple[float, float]) -> Lines:
    """Back "straight" or "curled" over to the right; loop: the range of its height."""
    u = rng.uniform
    height, half = u(*loop), u(0.2, 0.45)
    y = 1 - height / 2
    closing = arc(half, y, half, height / 2, 180, -u(280, 410), u(-0.35, 0.0))
    if back == "straight":
        return [pen(rng, (half * u(0.7, 2.2), 0.0), (half * u(0.45, 0.65), y * 0.5), *closing)]
    return [pen(rng, (2 * half + u(-0.1, 0.2), u(0.04, 0.24)), (half * 1.3, 0.0), (half * 0.45, y * 0.4), *closing)]


def seven(rng: np.random.Generator, bar: bool, head: str, curved: bool) -> Lines:
    """A top and a stem; across the stem a bar. Head "straight", "serif" (hangs from its left end) or "wavy"."""
    u = rng.uniform
    # Narrow and begun low, a top is the flag of a 1.
    corner, foot = (u(0.5 if head == "straight" else 0.65, 1.0), u(-0.08, 0.06)), (u(0.05, 0.5), 1.0)
    top: list[Point] = [(u(0.0, 0.1), u(-0.04, 0.08)), (0.4, u(0.0, 0.05)), corner]
    if head == "serif":
        top = [(top[0][0] + u(-0.06, 0.06), top[0][1] + u(0.1, 0.3)), top[0], *top]
    elif head == "wavy":
        top = [
            (u(-0.05, 0.1), u(0.1, 0.3)),
            (corner[0] * 0.3, u(-0.05, 0.04)),
            (corner[0] * 0.65, u(0.06, 0.14)),
            corner,
        ]
    middle = ((corner[0] + foot[0]) / 2 - (u(0.06, 0.18) if curved else u(-0.04, 0.03)), u(0.42, 0.55))
    strokes = [pen(rng, *top, *([corner] if u() < (0.4 if head == "wavy" else 0.8) else []), middle, foot)]
    if bar:
        x, y, half = middle[0], middle[1] + u(-0.06, 0.14), u(0.14, 0.4)
        strokes.append(pen(rng, (x - half, y + u(-0.06, 0.12)), (x + half * u(0.6, 1.2), y + u(-0.12, 0.06))))
    return strokes


def eight(rng: np.random.Generator, form: str) -> Lines:
    """Form "two circles", "S closed" (begun and ended at the top right) or "open top" (its ends apart)."""
    u = rng.uniform
    waist, upper, lower = u(0.3, 0.58), u(0.14, 0.4), u(0.16, 0.44)
    if form == "two circles":
        gap = u(-0.08, 0.05)
        head = arc(0.5 + u(-0.08, 0.12), waist / 2, upper, waist / 2, u(-120, 0), -u(345, 390))
        start = u(-180, 0)
        return [
            pen(rng, *head),
            pen(rng, *arc(0.5, (1 + waist) / 2 + gap, lower, (1 - waist) / 2, start, -u(345, 390))),
        ]
    start, end = (u(-50, -20), u(-40, 0)) if form == "S closed" else (u(-140, -75), u(-30, 10))
    down = arc(0.5, waist / 2, upper, waist / 2, start, -265 - start)
    belly = arc(0.5, (1 + waist) / 2, lower, (1 - waist) / 2, -65, 310)
    up = arc(0.5, waist / 2, upper, waist / 2, 75, end - 75)
    return [pen(rng, *down, *belly, *up)]


def nine(rng: np.random.Generator, stem: str, loop: tuple[float, float], gap: float = 0) -> Lines:
    """Stem "straight", "curved", "hooked" (its foot curls left) or "wavy" (and bulges to the right before, as in a 3);
    loop: the range of its height; gap: left open."""
    u = rng.uniform
    height, half = u(*loop), u(0.18, 0.38)
    start = u(-60, -15) - gap
    round_ = arc(half, height / 2, half, height / 2, start, -(360 + start) - u(0, 25))
    right, end = 2 * half, u(0.75, 1.0)
    top: Point = (right + u(-0.02, 0.03), height * u(0.0, 0.4))
    tails: dict[str, Sequence[Point]] = {
        "straight": [(right + u(-0.25, 0.04), 1.0)],
        "curved": [(right * 0.95, 0.6), (right * u(0.1, 0.75), 1.0)],
        "hooked": [(right, 0.65), (right * 0.85, 0.9), (right * 0.45, 1.0), (u(-0.25, 0.15), end)],
        "wavy": [
            (right * u(0.6, 0.95), (height + 0.55) / 2),
            (right * u(0.95, 1.3), u(0.68, 0.8)),
            (right * 0.6, 1.0),
            (u(-0.45, 0.1), end),
        ],
    }
    return [pen(rng, *round_, top, top, *tails[stem])]
