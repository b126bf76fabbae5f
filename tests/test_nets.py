"""The networks against ONNX Runtime, their layers against tinygrad's in training, and the folding of BatchNorm."""

from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest
from oracle import session
from tinygrad import Context, Tensor, nn
from tinygrad.nn.state import get_state_dict

from inkgrad import mnist
from inkgrad.layers import BatchNorm, Conv2d, Linear
from inkgrad.nets import NETS, Net, build, fold_batchnorm, pool, shape, silu, tanh


def test_agrees_with_onnx_runtime(random_net: Net, digits: mnist.Mnist) -> None:
    images = digits.test_images[:64].astype(np.float32)
    (expected,) = session(random_net).run(None, {"image": images})
    assert np.abs(random_net(Tensor(images)).numpy() - expected).max() <= 1e-4
    assert np.abs(fold_batchnorm(random_net)(Tensor(images)).numpy() - expected).max() <= 1e-4


# A second CPU device is treated as a GPU is: the layout of maps, and products.
on_each_device = pytest.mark.parametrize("device", ["CPU", "CPU:1"])


def learned(
    layer: nn.Conv2d | nn.Linear | nn.BatchNorm,
    weight: npt.NDArray[Any],
    bias: npt.NDArray[Any],
    x: npt.NDArray[Any],
    device: str,
) -> list[npt.NDArray[Any]]:
    """What a layer with these weights gives for x in training, and the gradients of x, weight and bias from a random
    gradient of that."""
    assert layer.weight is not None and layer.bias is not None
    layer.weight.assign(Tensor(weight)).realize()
    layer.bias.assign(Tensor(bias)).realize()
    for tensor in get_state_dict(layer).values():
        tensor.to_(device).realize()
    with Context(TRAINING=1):
        made = Tensor(x, device=device).realize()
        y = layer(made)
        g = np.random.default_rng(1).normal(size=[int(n) for n in y.shape]).astype(np.float32)
        gradients = (y * Tensor(g, device=device)).sum().gradient(made, layer.weight, layer.bias)
        return [t.numpy() for t in (y, *gradients)]


@on_each_device
@pytest.mark.parametrize("size", [(6, 5, 7, 4), (6, 5)])
def test_batchnorm_learns_as_tinygrads_does(size: tuple[int, ...], device: str) -> None:
    """Outputs, gradients and running statistics, from gradients that tinygrad derives by itself."""
    rng = np.random.default_rng(0)
    weight, bias = rng.normal(size=(2, 5)).astype(np.float32)
    x = rng.normal(1, 2, size).astype(np.float32)
    norms = BatchNorm(5), nn.BatchNorm(5)
    found = [
        [*learned(norm, weight, bias, x, device), norm.running_mean.numpy(), norm.running_var.numpy()] for norm in norms
    ]
    for ours, theirs in zip(*found, strict=True):
        assert ours.shape == theirs.shape and np.abs(ours - theirs).max() <= 1e-4


# Whole tiles of products.py, and others.
@on_each_device
@pytest.mark.parametrize(("batch", "maps", "kernel"), [(6, 7, 3), (8, 16, 5)])
def test_a_convolution_learns_as_tinygrads_does(batch: int, maps: int, kernel: int, device: str) -> None:
    """Outputs and gradients, in training, whose layout is another."""
    rng = np.random.default_rng(0)
    sizes = (batch, 5, 9, 8), (maps, 5, kernel, kernel), (maps,)
    x, weight, bias = (rng.normal(size=size).astype(np.float32) for size in sizes)
    convolutions = Conv2d(5, maps, kernel), nn.Conv2d(5, maps, kernel)
    found = [learned(convolution, weight, bias, x, device) for convolution in convolutions]
    for ours, theirs in zip(*found, strict=True):
        assert ours.shape == theirs.shape and np.abs(ours - theirs).max() <= 1e-4


@on_each_device
@pytest.mark.parametrize(("batch", "units"), [(6, 10), (8, 16)])
def test_a_linear_layer_learns_as_tinygrads_does(batch: int, units: int, device: str) -> None:
    rng = np.random.default_rng(0)
    x, weight, bias = (rng.normal(size=n).astype(np.float32) for n in ((batch, 24), (units, 24), (units,)))
    found = [learned(layer, weight, bias, x, device) for layer in (Linear(24, units), nn.Linear(24, units))]
    for ours, theirs in zip(*found, strict=True):
        assert ours.shape == theirs.shape and np.abs(ours - theirs).max() <= 1e-4


@on_each_device
@pytest.mark.parametrize("side", [6, 7])
def test_pooling_learns_as_tinygrads_does(side: int, device: str) -> None:
    """Ties, of which ReLU leaves many, included: they share."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 3, (4, 3, side, side)).astype(np.float32)
    g = rng.normal(size=(4, 3, side // 2, side // 2)).astype(np.float32)
    found = []
    for pooled in (pool, Tensor.max_pool2d):
        made = Tensor(x, device=device).realize()
        y = cast(Tensor, pooled(made))  # a pair only where indices are asked for
        found.append([t.numpy() for t in (y, (y * Tensor(g, device=device)).sum().gradient(made)[0])])
    for ours, theirs in zip(*found, strict=True):
        assert np.abs(ours - theirs).max() <= 1e-6


def test_a_recipe_decides_the_shape() -> None:
    net = build("mlp", width=0.5, activation="tanh", norm="batch")
    assert shape(net) == "L(256)-BN-tanh-L(256)-BN-tanh-L(10)"
    assert [tuple(t.shape) for t in nn.state.get_parameters(net) if t.ndim == 2] == [(256, 784), (256, 256), (10, 256)]
    assert (
        sum(isinstance(layer, nn.BatchNorm) for layer in net.layers) == sum(layer is tanh for layer in net.layers) == 2
    )
    images = Tensor(np.random.default_rng(0).uniform(0, 255, (4, 28, 28)).astype(np.float32))
    assert np.abs(net(images).numpy() - fold_batchnorm(net)(images).numpy()).max() <= 1e-4


def test_folding_leaves_no_batchnorm_and_the_original_alone(random_net: Net) -> None:
    before = list(random_net.layers)
    assert not any(isinstance(layer, nn.BatchNorm) for layer in fold_batchnorm(random_net).layers)
    assert random_net.layers == before


def test_a_batchnorm_that_follows_no_product_is_refused() -> None:
    with pytest.raises(ValueError, match="right before"):
        fold_batchnorm(Net(silu, nn.BatchNorm(8)))


@pytest.mark.parametrize(
    ("name", "weights"), [("mlp", 669_706), ("cnn", 87_850), ("cnn-small", 23_470), ("cnn-tiny", 5_258)]
)
def test_has_the_published_number_of_weights(name: str, weights: int) -> None:
    trained = [tensor for tensor in nn.state.get_parameters(NETS[name]()) if tensor.is_param]
    assert sum(int(tensor.numel()) for tensor in trained) == weights
