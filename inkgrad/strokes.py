"""Pen strokes -> training pictures: restyled, varied as hands vary, then what the page does: fit, raster, normalise.

What the sources lack: MNIST's writers are American, census clerks and pupils, who hardly slash a zero, bar a seven or
flag a one. PenDigits' are Turkish, at a tablet: 87 % of their sevens are barred, 82 % of their fives have a top of its
own stroke, most ones are flagged, 3 % of zeros at most are slashed or dotted (its training part, counted by strokes).
STYLES makes up for both.
"""

import multiprocessing
import signal
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from tinygrad import dtypes

from inkgrad.batched import BATCH, batched
from inkgrad.errors import Error
from inkgrad.fit import PEN, fit
from inkgrad.glyphs import Line, Lines
from inkgrad.ink import Drawing, Stroke, rasterize
from inkgrad.normalize import SIDE, normalize
from inkgrad.progress import track
from inkgrad.styles import STYLES, Style, restyle, unit
from inkgrad.unipen import Sample

Bytes = NDArray[np.uint8]

VALIDATION_WRITERS = 6  # those with the highest numbers
PEN_RANGE = 0.3  # pens from 1 − this to 1 + this times the page's, so that a net is not tied to one thickness
CELL = 64  # px, of a picture on the contact sheet
IGNORED = signal.SIGINT, signal.SIG_IGN  # of a pool's processes: Ctrl-C is for the one that asks them

normalized = batched(lambda masks: normalize(masks.float()).cast(dtypes.uint8))  # masks [N, 112, 112] to [N, 28, 28]


def split(samples: Sequence[Sample]) -> tuple[list[Sample], list[Sample]]:
    """(training, validation): the validation's are those of the 6 writers of the highest numbers, seen in no training.

    By writer, because a writer's digits resemble each other: split by digit, validation would flatter.
    """
    writers = sorted({sample.writer for sample in samples})[-VALIDATION_WRITERS:]
    validation = [sample for sample in samples if sample.writer in writers]
    return [sample for sample in samples if sample.writer not in writers], validation


def vary(lines: Lines, rng: np.random.Generator) -> Lines:
    """The same digit from another hand, or the same hand in a hurry; strokes in the unit frame of `styles.unit`."""
    lines = [along(line, 0.03) for line in lines]
    lines = [reended(line, rng) + rng.normal(0, 0.015, 2) for line in lines]
    if rng.random() < 0.2:
        lines = joined(lines)
    slant, angle, stretch = rng.normal((0.08, 0, 0), (0.2, 0.1, 0.2)).clip((-0.3, -0.25, -0.4), (0.5, 0.25, 0.4))
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    affine = rotation @ [[np.exp(stretch), -slant], [0, 1]]
    lines = [line @ affine.T for line in wobbled(lines, rng)]
    # A mouse or a finger in a hurry leaves few points, and straight lines between them.
    step = rng.uniform(0.1, 0.22) if rng.random() < 0.25 else rng.uniform(0.05, 0.1)
    pixel = 1 / rng.uniform(40, 300)  # of a digit's height: pointers know whole pixels only, and some tablets fewer
    return [np.round(along(line, step) / pixel) * pixel for line in lines]


def along(line: Line, step: float) -> Line:
    """The polyline with its points evenly spaced, about `step` apart, its ends kept."""
    place = np.concatenate([[0], np.hypot(*np.diff(line, axis=0).T).cumsum()])
    at = np.linspace(0, place[-1], max(int(np.ceil(place[-1] / step)), 1) + 1)
    return np.stack([np.interp(at, place, axis) for axis in line.T], 1)


def reended(line: Line, rng: np.random.Generator) -> Line:
    """The stroke begun and ended a little early or late, straight on; from evenly spaced points. Dots stay dots."""
    if len(line) < 8:
        return line
    early, late = np.maximum(rng.integers(-2, 3, 2), 0)
    start, end = np.maximum(rng.normal(0, 0.8, 2), 0)
    line = line[early : len(line) - late]
    return np.concatenate([[line[0] + (line[0] - line[2]) * start], line, [line[-1] + (line[-1] - line[-3]) * end]])


def joined(lines: Lines) -> Lines:
    """Without the pen lifts where the next stroke begins near, as from a 4's bar to its stem: the pen drags a line."""
    result = lines[:1]
    for line in lines[1:]:
        if len(line) >= 8 and np.hypot(*(line[0] - result[-1][-1])) < 0.45:
            result = [*result[:-1], np.concatenate([result[-1], line])]
        else:
            result = [*result, line]
    return result


def wobbled(lines: Lines, rng: np.random.Generator) -> Lines:
    """Displaced along each stroke by two slow waves in each direction; from points 0.03 apart."""
    size = 0.02 * rng.random()
    result = []
    for line in lines:
        waves = rng.uniform((0.6, 0), (2, 1), (2, 2, 2))  # [wave, axis, (length, phase)]
        place = 0.03 * np.arange(len(line))[:, None, None]
        result.append(line + size * np.sin(2 * np.pi * (place / waves[..., 0] + waves[..., 1])).sum(1))
    return result


def mask(lines: Lines, rng: np.random.Generator) -> Bytes:
    """The page's mask [112, 112] of strokes, with a pen of about the page's width."""
    drawing = Drawing([Stroke(line.tolist(), 0) for line in lines], 1)
    return rasterize(fit(drawing, PEN * rng.uniform(1 - PEN_RANGE, 1 + PEN_RANGE)))


def pictures(
    samples: Sequence[Sample], per_sample: int, seed: int, workers: int | None = None, quiet: bool = False
) -> tuple[Bytes, NDArray[np.uint8]]:
    """Grey pictures [N, 28, 28] and labels [N] for training, per_sample of each sample in turn; both uint8.

    Strokes are varied and rasterised in `workers` processes (all cores where not given), normalised on the default
    device. Picture i depends on its sample, the seed and i alone. quiet: without a progress bar.
    """
    jobs = [((seed, i), samples[i // per_sample]) for i in range(len(samples) * per_sample)]
    chunks = [jobs[i : i + BATCH] for i in range(0, len(jobs), BATCH)]
    # spawn: a forked child would share the parent's open device.
    with multiprocessing.get_context("spawn").Pool(workers, signal.signal, IGNORED) as pool:
        masks = track(pool.imap(_masks, chunks), "strokes", len(chunks), transient=True, disable=quiet)
        images = np.concatenate([np.zeros((0, SIDE, SIDE), np.uint8), *map(normalized, masks)])
    return images, np.array([sample.label for _, sample in jobs], np.uint8)


def as_drawn(samples: Sequence[Sample]) -> Bytes:
    """The pictures [N, 28, 28] that the page makes of the samples as they are."""
    drawings = [Drawing([Stroke(line.tolist(), 0) for line in unit(sample.strokes)], 1) for sample in samples]
    return normalized(np.stack([rasterize(fit(drawing)) for drawing in drawings]))


def _masks(jobs: Sequence[tuple[tuple[int, int], Sample]]) -> Bytes:
    rngs = [np.random.default_rng(seed) for seed, _ in jobs]
    return np.stack(
        [
            mask(vary(restyle(sample.label, unit(sample.strokes), rng), rng), rng)
            for rng, (_, sample) in zip(rngs, jobs, strict=True)
        ]
    )


def sheet(samples: Sequence[Sample], seed: int, columns: int = 16) -> Image.Image:
    """The contact sheet: for each digit a row as its writers write it, and one for each style; 28 × 28, enlarged.

    Raises Error where a digit has no sample.
    """
    rng = np.random.default_rng(seed)
    own = Style("as written", 0, lambda lines, _: lines)
    rows = [(digit, style) for digit in STYLES for style in (own, *STYLES[digit])]
    by_digit = {digit: [sample for sample in samples if sample.label == digit] for digit in STYLES}
    if missing := [str(digit) for digit in STYLES if not by_digit[digit]]:
        raise Error(f"the pen strokes hold no {', '.join(missing)}: the sheet shows every digit; give more of them")
    masks = []
    for digit, style in rows:
        for i in rng.choice(len(by_digit[digit]), columns):
            masks.append(mask(vary(style.write(unit(by_digit[digit][i].strokes), rng), rng), rng))
    images = 255 - normalized(np.stack(masks)).reshape(len(rows), columns, SIDE, SIDE)
    margin, font = 3 * CELL, ImageFont.load_default(size=CELL / 4)
    page = Image.new("L", (margin + columns * CELL, len(rows) * CELL), 255)
    draw = ImageDraw.Draw(page)
    for row, (digit, style) in enumerate(rows):
        draw.text((4, (row + 0.5) * CELL), f"{digit}  {style.name}", 0, font, anchor="lm")
        for column in range(columns):
            cell = Image.fromarray(images[row, column]).resize((CELL - 8, CELL - 8), Image.Resampling.BICUBIC)
            page.paste(cell, (margin + column * CELL, row * CELL))
    return page
