"""The figures of a report against their definitions, worked out another way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from inkgrad.evaluate import BINS, calibration_error, draw, probabilities, score
from inkgrad.unipen import Sample

logits = arrays.arrays(np.float32, (40, 10), elements=st.floats(-30, 30, width=32))
labels = arrays.arrays(np.uint8, 40, elements=st.integers(0, 9))


@given(logits, st.floats(0.1, 10))
def test_probabilities_are_a_softmax(values: NDArray[np.float32], t: float) -> None:
    chances = probabilities(values, t)
    assert np.allclose(chances.sum(1), 1) and (chances >= 0).all()
    odds = np.log(np.maximum(chances, 1e-300)) - np.log(np.maximum(chances[:, :1], 1e-300))
    exact = (values - values[:, :1]).astype(np.float64) / t
    likely = (chances > 1e-250).all(1)
    assert np.allclose(odds[likely], exact[likely], atol=1e-6)


@given(logits, labels)
def test_score_counts(values: NDArray[np.float32], truth: NDArray[np.uint8]) -> None:
    result = score(values, truth, 1.0)
    errors = sum(
        int(np.argmax(row)) != int(label) for row, label in zip(probabilities(values, 1.0), truth, strict=True)
    )
    assert result["errors"] == errors and result["n"] == 40
    assert result["accuracy"] == pytest.approx(1 - errors / 40)
    assert 0 <= result["ece"] <= 1 and result["nll"] >= 0


def test_calibration_error_of_a_known_case() -> None:
    """Twenty answers at confidence 0.8, half of them right: the gap is 0.3."""
    chances = np.full((20, 10), 0.2 / 9)
    chances[:, 3] = 0.8
    truth = np.array([3, 4] * 10)
    assert calibration_error(chances, truth) == pytest.approx(0.3)


@given(st.integers(0, 10_000))
def test_calibration_error_is_small_for_a_calibrated_reader(seed: int) -> None:
    """Labels drawn from the stated chances themselves: what is left is chance, below √(bins/n)."""
    rng = np.random.default_rng(seed)
    n = 4000
    chances = rng.dirichlet(np.full(10, 0.3), n)
    truth = np.array([rng.choice(10, p=row) for row in chances])
    assert calibration_error(chances, truth) <= np.sqrt(BINS / n)


@given(
    st.lists(st.lists(st.tuples(st.floats(-500, 500), st.floats(-500, 500)), min_size=1), min_size=1),
    st.integers(0, 99),
)
def test_strokes_are_drawn_on_the_canvas(strokes: list[list[tuple[float, float]]], seed: int) -> None:
    drawing = draw(Sample(3, 1, strokes), 22, np.random.default_rng(seed))
    points = np.concatenate([np.asarray(stroke.points) for stroke in drawing.strokes])
    assert (points >= -1e-6).all() and (points <= 280 + 1e-6).all()
    assert np.ptp(points, 0).max() <= 250 + 1e-6
