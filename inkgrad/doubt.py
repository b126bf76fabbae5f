"""Is it a digit at all? A logistic regression on what a trained net's last layer reads, fitted after training.

The net itself stays as it is. Beside its features the regression sees log Σ exp(logits), the negative free energy of
Liu et al., "Energy-based Out-of-distribution Detection" (2020), which alone is a fair sign of a digit.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from tinygrad import Tensor, nn

from inkgrad.batched import batched
from inkgrad.layers import whole
from inkgrad.mnist import Bytes
from inkgrad.nets import Net

KEPT = 0.995  # of validation's digits: a little over the 0.99 promised, because release runs have trained on MNIST's
# Of 3e-3, 1e-2 and 3e-2 the best, or nearly, at telling letters of 82 fonts from digits, at a loss of 0.0014 of AUROC
# or less on Fashion-MNIST's training images (HYPERPARAMETERS.md, "Telling letters from digits").
RIDGE = 1e-2
FAR = 80  # the released nets' logits are within 11 of 0 on MNIST


def odds(net: Net, doubt: nn.Linear, pictures: Tensor) -> Tensor:
    """[B, 11] of pictures [B, 28, 28]: ten logits, then the log-odds that it is a digit at all."""
    logits, *seen = evidence(net, pictures)
    return logits.cat(judge(doubt, *seen), dim=1)


def evidence(net: Net, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Logits [B, 10] of pictures [B, 28, 28], and what doubt sees: features [B, n] and log Σ exp(logits) [B, 1]."""
    features = whole(net.features(pictures))
    logits = net.layers[-1](features).contiguous()
    # Within what float32 can sum the powers of: to take the largest out first is a dispatch more.
    return logits, features, logits.clamp(-FAR, FAR).exp().sum(1, keepdim=True).log()


def judge(doubt: nn.Linear, features: Tensor, energy: Tensor) -> Tensor:
    """[B, 1]: the log-odds, doubt(features.cat(energy)). Apart, because a sum over the two joined, an odd number of
    them, is one thread's work on a GPU."""
    assert doubt.bias is not None
    weight, last = doubt.weight.split([int(features.shape[1]), 1], dim=1)
    return (features * weight).sum(1, keepdim=True) + energy * last + doubt.bias


def fit(net: Net, digits: Bytes, others: Bytes) -> nn.Linear:
    """The layer for `odds`, from pictures [N, 28, 28] that are digits and that are none; both weigh the same."""
    see = batched(lambda pictures: Tensor.cat(*evidence(net, pictures.float())[1:], dim=1))
    x = np.concatenate([see(digits), see(others)]).astype(np.float64)
    y = np.repeat([1.0, 0.0], [len(digits), len(others)])
    share = np.repeat([0.5 / len(digits), 0.5 / len(others)], [len(digits), len(others)])
    mean, deviation = x.mean(0), np.maximum(x.std(0), 1e-6)
    x = np.column_stack([(x - mean) / deviation, np.ones(len(x))])
    ridge = np.diag([RIDGE] * len(mean) + [0])
    weight = np.zeros(len(mean) + 1)
    for _ in range(8):  # Newton's steps, which have settled by then
        p = 1 / (1 + np.exp(-x @ weight))
        slope = x.T @ (share * (p - y)) + ridge @ weight
        weight -= np.linalg.solve((x * (share * p * (1 - p))[:, None]).T @ x + ridge, slope)
    weight[:-1] /= deviation
    weight[-1] -= mean @ weight[:-1]
    layer = nn.Linear(len(mean), 1)
    layer.weight.replace(Tensor(weight[None, :-1].astype(np.float32)))
    assert layer.bias is not None
    layer.bias.replace(Tensor(weight[-1:].astype(np.float32)))
    return layer


def threshold(odds: NDArray[Any]) -> float:
    """The log-odds that KEPT of the digits with these have, or more."""
    return float(np.quantile(odds, 1 - KEPT))
