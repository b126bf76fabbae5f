"""The networks, smallest idea first: a net is a list of layers applied in order to a picture scaled to −1…1.

Weights, BatchNorm included: mlp 669,706 · cnn 87,850 · cnn-tiny 5,258.
"""

from collections.abc import Callable
from copy import copy
from typing import cast

from tinygrad import Tensor, nn

from inkgrad.conv import Conv2d

Layer = Callable[[Tensor], Tensor]


class Net:
    """layers; grey pictures [B, 28, 28], 0 (paper) … 255 (ink), to logits [B, 10], float32."""

    def __init__(self, *layers: Layer) -> None:
        self.layers = list(layers)

    def hidden(self, x: Tensor) -> list[Tensor]:
        """What each layer but the last gives: the last of these is what that one reads, [B, n]."""
        x = x.reshape(-1, 1, 28, 28) / 127.5 - 1
        return [x := layer(x) for layer in self.layers[:-1]]

    def features(self, x: Tensor) -> Tensor:
        """What the last layer reads, [B, n]."""
        return self.hidden(x)[-1]

    def __call__(self, x: Tensor) -> Tensor:
        return self.layers[-1](self.features(x))


# An activation is realised before the next product reads it. Left to itself the scheduler recomputes it for every
# output of that product: the cnn's training step takes 9.3 s instead of 1.8 s (batch 256, 2 cores, tinygrad 0.14).
def silu(x: Tensor) -> Tensor:
    return x.silu().contiguous()


def relu(x: Tensor) -> Tensor:
    return x.relu().contiguous()


def pool(x: Tensor) -> Tensor:
    return cast(Tensor, x.max_pool2d())  # a pair only where indices are asked for


def flatten(x: Tensor) -> Tensor:
    return x.flatten(1)


def mlp() -> Net:
    return Net(flatten, nn.Linear(784, 512), silu, nn.Linear(512, 512), silu, nn.Linear(512, 10))


def cnn() -> Net:
    # BatchNorm stands between a convolution and its activation: there it folds backwards, exactly, for any gamma.
    return Net(
        *(Conv2d(1, 32, 5), silu, Conv2d(32, 32, 5), nn.BatchNorm(32), silu, pool),
        *(Conv2d(32, 64, 3), silu, Conv2d(64, 64, 3), nn.BatchNorm(64), silu, pool),
        *(flatten, nn.Linear(576, 10)),
    )


def cnn_tiny() -> Net:
    return Net(Conv2d(1, 8, 3), relu, pool, Conv2d(8, 16, 3), relu, pool, flatten, nn.Linear(400, 10))


NETS: dict[str, Callable[[], Net]] = {"mlp": mlp, "cnn": cnn, "cnn-tiny": cnn_tiny}


def fold_batchnorm(net: Net) -> Net:
    """The same function of the picture, in evaluation, with every BatchNorm folded into the convolution before it.

    Raises ValueError where a BatchNorm does not directly follow a convolution.
    """
    layers: list[Layer] = []
    for layer in net.layers:
        if not isinstance(layer, nn.BatchNorm):
            layers.append(layer)
            continue
        if not layers or not isinstance(conv := layers.pop(), nn.Conv2d):
            raise ValueError("a BatchNorm folds only into the convolution right before it")
        assert conv.bias is not None and layer.weight is not None and layer.bias is not None
        scale = layer.weight * (layer.running_var + layer.eps).rsqrt()
        folded = copy(conv)
        folded.weight = conv.weight * scale.reshape(-1, 1, 1, 1)
        folded.bias = (conv.bias - layer.running_mean) * scale + layer.bias
        layers.append(folded)
    return Net(*layers)
