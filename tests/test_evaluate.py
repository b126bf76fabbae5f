"""The report against its definitions, worked out another way."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from inkgrad.bands import PLACES, SIZES, WIDTHS, arrange, by_band, draw
from inkgrad.calibration import probabilities
from inkgrad.evaluate import auroc, confusion, score, summary
from inkgrad.ink import Drawing
from inkgrad.numbers import GAP, compose
from inkgrad.unipen import Sample

logits = arrays.arrays(np.float32, (40, 10), elements=st.floats(-30, 30, width=32))
labels = arrays.arrays(np.uint8, 40, elements=st.integers(0, 9))
strokes = st.lists(st.lists(st.tuples(st.floats(-500, 500), st.floats(-500, 500)), min_size=1), min_size=1)
digits = st.builds(Sample, st.integers(0, 9), st.integers(0, 40), strokes)


@given(logits, labels)
def test_score_counts(values: NDArray[np.float32], truth: NDArray[np.uint8]) -> None:
    result = score(values, truth, 1.0)
    errors = sum(
        int(np.argmax(row)) != int(label) for row, label in zip(probabilities(values, 1.0), truth, strict=True)
    )
    assert result["errors"] == errors and result["n"] == 40
    assert result["accuracy"] == pytest.approx(1 - errors / 40)
    assert 0 <= result["ece"] <= 1 and result["nll"] >= 0


@given(labels, labels)
def test_confusion_counts_each_pair(truth: NDArray[np.uint8], answers: NDArray[np.uint8]) -> None:
    counts = confusion(truth, answers)
    assert counts.sum() == 40
    assert all(counts[a, b] == ((truth == a) & (answers == b)).sum() for a in range(10) for b in range(10))


def box(drawing: Drawing) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    points = np.concatenate([np.asarray(stroke.points, float) for stroke in drawing.strokes])
    return points.min(0), points.max(0)


place = st.tuples(st.floats(-1, 1), st.floats(-1, 1)).map(np.array)


@given(digits, st.sampled_from(WIDTHS), st.floats(60, 250), place)
def test_strokes_are_drawn_on_the_canvas(sample: Sample, width: int, size: float, place: NDArray[np.float64]) -> None:
    low, high = box(draw(sample, width, size, place))
    assert (high - low).max() <= size + 1e-6
    spill = np.minimum((280 - (high - low)) / 2, width / 2) - 1e-6
    assert (low >= spill).all() and (high <= 280 - spill).all()
    assert np.allclose((low + high) / 2 - 140, place * np.maximum(280 - (high - low) - width, 0) / 2)


square = Sample(0, 0, [[(0, 0), (1, 0), (1, 1), (0, 1)]])


def test_each_sample_meets_each_band_once_and_bands_are_what_they_say() -> None:
    drawings, bands = arrange([square] * 60, seed=1)
    assert len(drawings) == 180 and bands.shape == (3, 60, 3)
    assert (np.sort(bands, 0) == np.arange(3)[:, None, None]).all()
    assert len({tuple(cell) for cell in bands.reshape(-1, 3)}) == 27
    for drawing, (width, size, place) in zip(drawings, bands.reshape(-1, 3), strict=True):
        (low, high), pen = box(drawing), WIDTHS[width]
        assert {stroke.width for stroke in drawing.strokes} == {pen}
        assert SIZES[size] <= (high - low)[0] <= SIZES[size + 1]
        off_centre = np.abs(low + high - 280).max() / (280 - (high - low)[0] - pen)
        assert place <= off_centre**2 * 3 + 1e-9 and off_centre**2 * 3 <= place + 1 + 1e-9


def test_places_are_spread_evenly_over_what_fits() -> None:
    """As many in each of 4 × 4 equal parts of the square of places, up to chance."""
    drawings, _ = arrange([square] * 3000, seed=2)
    counts = np.zeros((4, 4))
    for drawing in drawings:
        low, high = box(drawing)
        place = (low + high - 280) / (280 - (high - low) - drawing.strokes[0].width)
        column, row = np.floor(2 * place + 2).clip(0, 3).astype(int)
        counts[row, column] += 1
    expected = 9000 / 16
    assert np.abs(counts - expected).max() < 5 * np.sqrt(expected)


@given(st.lists(st.tuples(st.booleans(), *[st.integers(0, 2)] * 3), min_size=1))
def test_bands_and_their_spread(rows: list[tuple[bool, int, int, int]]) -> None:
    every = [(True, band, band, band) for band in range(3)]  # no band is empty
    table = np.array(rows + every)
    report: dict[str, Any] = by_band(table[:, 0] == 1, table[:, 1:])
    for k, kind in enumerate(("widths", "sizes", "places"), 1):
        exact = [np.mean([row[0] for row in rows + every if row[k] == band]) for band in range(3)]
        assert list(report[kind].values()) == pytest.approx(exact)
        assert report["spread"][kind] == pytest.approx(np.ptp(exact))
    assert list(report["widths"]) == ["14", "22", "30"] and list(report["places"]) == list(PLACES)
    assert list(report["sizes"]) == ["60-123", "123-187", "187-250"]


scores = arrays.arrays(np.float32, st.integers(1, 30), elements=st.integers(-5, 5).map(float))  # so that there are ties


@given(scores, scores)
def test_auroc_is_the_share_of_pairs_in_order(digits: NDArray[np.float32], others: NDArray[np.float32]) -> None:
    pairs = [(a > b) + (a == b) / 2 for a in digits for b in others]
    assert auroc(digits, others) == pytest.approx(np.mean(pairs))


writers = st.lists(digits, min_size=1, max_size=4)


@given(writers, st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_numbers_lie_on_the_canvas(samples: list[Sample], n: int, seed: int) -> None:
    drawing, text = compose(samples, n, np.random.default_rng(seed))
    low, high = box(drawing)
    width = drawing.strokes[0].width
    assert (low >= width / 2 - 1e-6).all() and (high <= 280 - width / 2 + 1e-6).all()
    assert len(text) == n and set(text) <= {str(sample.label) for sample in samples}
    again, _ = compose(samples, n, np.random.default_rng(seed))
    assert again == drawing


def test_the_digits_of_a_number_are_of_different_writers_and_stand_side_by_side() -> None:
    """Six writers, each with one digit and a number of strokes of his own, which tells whose is where."""
    tall = [Sample(writer, writer, [[(0, 0), (30, 100)]] * (writer + 1)) for writer in range(6)]
    rng = np.random.default_rng(4)
    gaps = []
    for _ in range(200):
        drawing, text = compose(tall, 6, rng)
        assert sorted(text) == list("012345")
        starts = np.cumsum([0, *(int(digit) + 1 for digit in text)])
        boxes = [box(Drawing(drawing.strokes[a:b])) for a, b in pairwise(starts)]
        heights = np.array([(high - low)[1] for low, high in boxes])
        assert heights.max() / heights.min() <= 1.15 / 0.85 + 1e-6
        gaps += [b[0][0] - a[1][0] for a, b in pairwise(boxes)]
    assert GAP[0] <= min(gaps) < 0 and 20 < max(gaps) <= GAP[1]


def test_the_summary_says_every_figure() -> None:
    part = {"accuracy": 0.9954, "errors": 46, "n": 10_000, "ece": 0.0008, "nll": 0.01, "kept": 0.9947}
    report = {
        "mnist": part,
        "numbers": {"accuracy": 0.968, "n": 600, "by_length": {"1": 1.0, "2": 0.936}, "digits": 0.98},
        "others": {"letters": {"auroc": 0.9444, "auroc_clear": 0.9466, "refused": 0.577, "n": 312}},
    }
    mnist, *numbers, letters = summary(report)
    assert "99.54% right (46 errors in 10,000)" in mnist and "sure of 99.47%" in mnist
    assert "96.80% of 600" in numbers[0] and "1 100.00%, 2 93.60%" in numbers[1]
    assert "0.9444" in letters and "0.9466" in letters and "57.7%" in letters and "312" in letters
