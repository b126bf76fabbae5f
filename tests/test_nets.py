"""The networks against ONNX Runtime, and the folding of BatchNorm against both."""

import numpy as np
import pytest
from oracle import session
from tinygrad import Tensor, nn

from inkgrad import mnist
from inkgrad.nets import NETS, Net, fold_batchnorm, silu


def test_agrees_with_onnx_runtime(random_net: Net, digits: mnist.Mnist) -> None:
    images = digits.test_images[:64].astype(np.float32)
    (expected,) = session(random_net).run(None, {"image": images})
    assert np.abs(random_net(Tensor(images)).numpy() - expected).max() <= 1e-4
    assert np.abs(fold_batchnorm(random_net)(Tensor(images)).numpy() - expected).max() <= 1e-4


def test_folding_leaves_no_batchnorm_and_the_original_alone(random_net: Net) -> None:
    before = list(random_net.layers)
    assert not any(isinstance(layer, nn.BatchNorm) for layer in fold_batchnorm(random_net).layers)
    assert random_net.layers == before


def test_a_batchnorm_that_follows_no_convolution_is_refused() -> None:
    with pytest.raises(ValueError, match="right before"):
        fold_batchnorm(Net(silu, nn.BatchNorm(8)))


@pytest.mark.parametrize(("name", "weights"), [("mlp", 669_706), ("cnn", 87_850), ("cnn-tiny", 5_258)])
def test_has_the_published_number_of_weights(name: str, weights: int) -> None:
    trained = [tensor for tensor in nn.state.get_parameters(NETS[name]()) if tensor.is_param]
    assert sum(int(tensor.numel()) for tensor in trained) == weights
