"""Calibration's figures against their definitions, worked out another way."""

import io
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from PIL import Image

from inkgrad.calibration import (
    BINS,
    calibration_error,
    fit_temperature,
    negative_log_likelihood,
    plot,
    probabilities,
    reliability,
)

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
def test_likelihood_is_the_mean_surprise_at_the_truth(values: NDArray[np.float32], truth: NDArray[np.uint8]) -> None:
    exact = values.astype(np.float64)
    surprise = np.logaddexp.reduce(exact, axis=1) - exact[np.arange(40), truth]
    assert negative_log_likelihood(probabilities(values, 1.0), truth) == pytest.approx(surprise.mean(), abs=1e-9)


@given(logits, labels)
def test_each_answer_is_in_the_bin_of_its_confidence(values: NDArray[np.float32], truth: NDArray[np.uint8]) -> None:
    chances = probabilities(values, 1.0)
    bins = reliability(chances, truth)
    counts = Counter(min(int(confidence * BINS), BINS - 1) for confidence in chances.max(1))
    assert [n for n, _, _ in bins] == [counts[b] for b in sorted(counts)]
    assert sum(n * right for n, _, right in bins) == pytest.approx((chances.argmax(1) == truth).sum())
    assert sum(n * confidence for n, confidence, _ in bins) == pytest.approx(chances.max(1).sum())


def test_calibration_error_of_a_known_case() -> None:
    """Twenty answers at confidence 0.8, half of them right: the gap is 0.3."""
    chances = np.full((20, 10), 0.2 / 9)
    chances[:, 3] = 0.8
    truth = np.array([3, 4] * 10)
    assert calibration_error(reliability(chances, truth)) == pytest.approx(0.3)


@given(st.integers(0, 10_000))
def test_calibration_error_is_small_for_a_calibrated_reader(seed: int) -> None:
    """Labels drawn from the stated chances themselves: what is left is chance, below √(bins/n)."""
    rng = np.random.default_rng(seed)
    n = 4000
    chances = rng.dirichlet(np.full(10, 0.3), n)
    truth = (chances.cumsum(1) > rng.random((n, 1))).argmax(1)
    assert calibration_error(reliability(chances, truth)) <= np.sqrt(BINS / n)


@settings(max_examples=5)
@given(st.integers(0, 10_000), st.floats(0.3, 3))
def test_the_temperature_that_was_put_in_is_found(seed: int, temperature: float) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 2, (2000, 10)).astype(np.float32)
    truth = (values / temperature + rng.gumbel(size=values.shape)).argmax(1)  # drawn from the softmax
    assert fit_temperature(values, truth) == pytest.approx(temperature, rel=0.15)


def test_the_plot_shows_every_part() -> None:
    part = {"reliability": [(3, 0.5, 2 / 3), (97, 0.99, 1.0)], "ece": 0.01, "nll": 0.02, "n": 100}
    one, two = (Image.open(io.BytesIO(plot(report))) for report in ({"a": part}, {"a": part, "b": part}))
    assert one.format == "PNG" and two.width == 2 * one.width and two.height == one.height
    blue = (np.asarray(two.convert("RGB")) == (0x1F, 0x77, 0xB4)).all(2)
    assert blue[:, : one.width].any() and blue[:, one.width :].any()
