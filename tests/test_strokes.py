"""From samples to training pictures: whose, how many, and the same every time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strokes import DIGITS

from inkgrad.glyphs import Lines
from inkgrad.strokes import CELL, VALIDATION_WRITERS, along, mask, pictures, sheet, split, vary
from inkgrad.styles import STYLES, Style, unit
from inkgrad.unipen import Sample

SAMPLES = [Sample(digit, writer, DIGITS[digit]) for writer in (3, 14, 15, 92, 65, 35, 89, 79) for digit in DIGITS]

point = st.tuples(st.integers(0, 500), st.integers(-500, 0))
written = st.lists(st.lists(point, min_size=1, max_size=30), min_size=1, max_size=4)
seeds = st.integers(0, 2**32 - 1)


@given(st.lists(st.builds(Sample, st.integers(0, 9), st.integers(0, 40), st.just([[(0.0, 0.0)]])), max_size=60))
def test_no_writer_is_on_both_sides(samples: list[Sample]) -> None:
    training, validation = split(samples)
    learned, held_out = ({sample.writer for sample in part} for part in (training, validation))
    assert not learned & held_out
    assert len(held_out) == min(VALIDATION_WRITERS, len({sample.writer for sample in samples}))
    assert all(a < b for a in learned for b in held_out)
    assert len(training) + len(validation) == len(samples)


@given(written, seeds)
def test_variation_is_a_pure_function(tablet: list[list[tuple[float, float]]], seed: int) -> None:
    lines = unit(tablet)
    before = [line.copy() for line in lines]
    once, twice = (vary(lines, np.random.default_rng(seed)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(lines, before, strict=True))
    assert len(once) == len(twice) and all(np.array_equal(a, b) for a, b in zip(once, twice, strict=True))
    assert 1 <= len(once) <= len(lines)
    assert all(np.isfinite(line).all() and np.abs(line).max() < 4 for line in once)
    assert mask(once, np.random.default_rng(seed)).any()


@given(written, st.floats(0.02, 0.3))
def test_resampling_keeps_the_ends_and_the_spacing(tablet: list[list[tuple[float, float]]], step: float) -> None:
    for line in unit(tablet):
        again = along(line, step)
        np.testing.assert_allclose(again[[0, -1]], line[[0, -1]], atol=1e-12)
        assert (np.hypot(*np.diff(again, axis=0).T) <= step * (1 + 1e-9)).all()


def test_pictures_depend_on_the_seed_alone() -> None:
    images, labels = pictures(SAMPLES, 4, seed=5, workers=1)
    again, _ = pictures(SAMPLES, 4, seed=5, workers=2)
    other, _ = pictures(SAMPLES[:10], 4, seed=6, workers=2)
    assert np.array_equal(images, again)
    assert (images[:40] != other).any((1, 2)).all()
    assert images.shape == (4 * len(SAMPLES), 28, 28) and images.dtype == labels.dtype == np.uint8
    assert labels.tolist() == [sample.label for sample in SAMPLES for _ in range(4)]
    assert len({image.tobytes() for image in images}) == len(images)
    # As MNIST: the ink 20 pixels long (its last row may be the faintest of edges), and black somewhere.
    length = np.maximum((images > 0).any(1).sum(1), (images > 0).any(2).sum(1))
    assert (length >= 19).all() and (length <= 20).all()
    assert (images.max((1, 2)) >= 254).all()


def test_the_sheet_shows_every_style(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, str]] = []

    def marked(digit: int, style: Style) -> Style:
        def write(lines: Lines, rng: np.random.Generator) -> Lines:
            seen.append((digit, style.name))
            return style.write(lines, rng)

        return Style(style.name, style.share, write)

    for digit in STYLES:
        monkeypatch.setitem(STYLES, digit, tuple(marked(digit, style) for style in STYLES[digit]))
    page = 255 - np.asarray(sheet(SAMPLES, seed=0, columns=3))
    assert seen == [(d, style.name) for d in STYLES for style in STYLES[d] for _ in range(3)]
    rows = page.reshape(-1, CELL, page.shape[1])
    assert len(rows) == sum(1 + len(of_digit) for of_digit in STYLES.values())
    for row in rows:
        cells = [row[:, : 3 * CELL], *(row[:, (3 + i) * CELL : (4 + i) * CELL] for i in range(3))]
        assert all(cell.max() > 128 for cell in cells)
