"""The regression that tells digits from the rest: against finite differences, and through the exported file."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from released import MODELS
from tinygrad import Tensor, nn

from inkgrad import doubt, mnist
from inkgrad.export import modelfile
from inkgrad.export.digits import read_doubt, read_net
from inkgrad.nets import NETS, Net, flatten
from inkgrad.runtime import Runtime

Bytes = NDArray[np.uint8]


class Pixels(Net):
    """Features that are easy to say: three sums of pixels; logits that follow from them."""

    def __init__(self) -> None:
        rng = np.random.default_rng(3)
        # Scaled so that features differ in size, as a net's do.
        self.sums = Tensor((rng.uniform(0, 1, (784, 3)) / (784 * np.array([1, 10, 100]))).astype(np.float32))
        last = nn.Linear(3, 10)
        last.weight.replace(Tensor(rng.normal(0, 1, (10, 3)).astype(np.float32)))
        super().__init__(lambda x: x.flatten(1) @ self.sums, last)


def dim_and_bright(overlap: float, n: int) -> tuple[Bytes, Bytes]:
    """Noise of two brightnesses, which overlap or do not."""
    rng = np.random.default_rng(0)
    levels = rng.normal((100, 100 + 100 * (1 - overlap)), 20 * overlap + 1, (n, 2)).clip(0, 255)
    return tuple((levels[:, i, None, None] * rng.uniform(0.5, 1, (n, 28, 28))).astype(np.uint8) for i in (0, 1))  # type: ignore[return-value]


def features(net: Net, pictures: Bytes) -> NDArray[np.float64]:
    seen = Tensor.cat(*doubt.evidence(net, Tensor(pictures).float())[1:], dim=1)
    return seen.numpy().astype(np.float64)


@given(st.lists(st.floats(-80, 80, width=32), min_size=10, max_size=10))
def test_the_energy_is_the_logarithm_of_the_sum_of_powers(logits: list[float]) -> None:
    assert energy(logits) == pytest.approx(np.logaddexp.reduce(logits), rel=1e-5, abs=1e-5)


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=10, max_size=10))
def test_the_energy_is_a_number_whatever_the_logits(logits: list[float]) -> None:
    assert abs(energy(logits)) < 90


def energy(logits: list[float]) -> float:
    last = nn.Linear(784, 10)
    last.weight.replace(Tensor.zeros(10, 784))
    last.bias = Tensor(logits)
    return float(doubt.evidence(Net(flatten, last), Tensor.zeros(1, 28, 28))[2].item())


@pytest.mark.parametrize("overlap", [1.0, 0.6])
def test_the_fit_is_where_the_penalised_loss_is_least(overlap: float) -> None:
    """The loss is worked out here from its definition; to either side of the weights found it is no lower."""
    net = Pixels()
    digits, others = dim_and_bright(overlap, 300)
    others = others[:100]
    layer = doubt.fit(net, digits, others)
    assert layer.bias is not None
    x = np.concatenate([features(net, digits), features(net, others)])
    mean, deviation = x.mean(0), x.std(0)
    x = (x - mean) / deviation
    found = layer.weight.numpy()[0].astype(np.float64) * deviation
    bias = layer.bias.numpy()[0] + layer.weight.numpy()[0] @ mean

    def loss(weight: NDArray[np.float64], bias: float) -> float:
        odds = x @ weight + bias
        surprise = np.concatenate([np.logaddexp(0, -odds[: len(digits)]), np.logaddexp(0, odds[len(digits) :])])
        halves = surprise[: len(digits)].mean() / 2 + surprise[len(digits) :].mean() / 2
        return float(halves + doubt.RIDGE / 2 * (weight**2).sum())

    step = 1e-3
    for direction in np.eye(len(found)):
        slope = (loss(found + step * direction, bias) - loss(found - step * direction, bias)) / (2 * step)
        assert slope == pytest.approx(0, abs=2e-4)
    assert (loss(found, bias + step) - loss(found, bias - step)) / (2 * step) == pytest.approx(0, abs=2e-4)


def test_what_is_told_apart_perfectly_does_not_blow_up() -> None:
    net = Pixels()
    digits, others = dim_and_bright(0, 200)
    layer = doubt.fit(net, digits, others)
    assert layer.bias is not None
    assert np.isfinite(layer.weight.numpy()).all() and np.isfinite(layer.bias.numpy()).all()
    odds = [doubt.odds(net, layer, Tensor(part).float()).numpy()[:, 10] for part in (digits, others)]
    assert odds[0].min() > odds[1].max() and np.abs(np.concatenate(odds)).max() < 100


@pytest.mark.parametrize("name", ["mlp", "cnn-tiny"])
def test_odds_are_the_nets_logits_and_one_more(name: str, digits: mnist.Mnist) -> None:
    net = NETS[name]()
    pictures = Tensor(digits.test_images[:7]).float()
    logits, *parts = doubt.evidence(net, pictures)
    seen = Tensor.cat(*parts, dim=1)
    layer = nn.Linear(int(seen.shape[1]), 1)
    both = doubt.odds(net, layer, pictures).numpy()
    assert both.shape == (7, 11)
    np.testing.assert_allclose(both[:, :10], net(pictures).numpy(), atol=1e-5)
    exact = np.logaddexp.reduce(logits.numpy().astype(np.float64), axis=1)
    np.testing.assert_allclose(seen.numpy()[:, -1], exact, atol=1e-5)
    np.testing.assert_allclose(both[:, 10:], layer(seen).numpy(), atol=1e-5)


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=400))
def test_the_threshold_keeps_what_it_promises(odds: list[float]) -> None:
    threshold = doubt.threshold(np.array(odds))
    assert min(odds) <= threshold <= max(odds)
    assert sum(value < threshold for value in odds) <= np.ceil((1 - doubt.KEPT) * len(odds))


@pytest.mark.parametrize("name", NETS)
def test_a_released_file_doubts_as_tinygrad_does(name: str, digits: mnist.Mnist) -> None:
    runtime = Runtime(file := modelfile.read(MODELS[name]))
    noise = np.random.default_rng(0).integers(0, 256, (20, 28, 28), np.uint8)
    images = np.concatenate([digits.test_images[:60], noise]).astype(np.float32)
    expected = doubt.odds(read_net(file), read_doubt(file), Tensor(images)).numpy()
    outputs = [runtime.run("classify", {"image": image}) for image in images]
    got = np.stack([np.concatenate([output["logits"], output["digit"]]) for output in outputs])
    assert np.abs(got - expected).max() <= 1e-4 * np.abs(expected).max()
    assert np.median(got[:60, 10]) > np.median(got[60:, 10])
