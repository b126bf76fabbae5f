"""How a model file stores weights: big ones as int8 with a float32 factor a row or a column, the others as float16.

Widened to float32 when a model is loaded, by one product that rounds once, and so the same everywhere; see weights.ts.
But where a program reads the factors too, it computes with the int8, four to a word: each counts with the lower ones as
its fraction (digits.py).
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkgrad.errors import Error

# Weights of fewer values stay float16: they are too few to save much, and in a first layer matter most.
BIG = 4096
# Integers go from −LEVELS to LEVELS, and a row whose weights are all small gets no finer steps than FINEST of the
# tensor's coarsest: fewer integers compress better. The mlp's weights, gzip, and the error of its logits, rms over the
# last 10,000 training images, with moments (without): 465 kB and 0.024 (0.065) so; 500 kB and 0.018 (0.045) with 90
# levels; 430 kB and 0.035 (0.083) with 45. The cnn's, over 3,000: 67 kB, 0.020 (0.055); 72, 0.015 (0.035); 63, 0.029
# (0.092).
LEVELS = 63
FINEST = 0.5
LEFT = np.array([24, 16, 8, 0], np.int32)  # by how much the bytes of a word are shifted to be its highest
DAMP = 0.01  # of the moments' mean, added to each input's: what never varies would make up for everything


def narrow(
    name: str, weight: NDArray[np.float32], moments: NDArray[np.float64] | None = None
) -> dict[str, NDArray[Any]]:
    """The tensors that store a weight: `name` alone, or with `name.scale`, a factor for each index of axis 0, [n].

    Where the name ends in .hwio, a convolution's [height, width, in, out], for each index of the last: [1, 1, 1, n].
    Where it ends in .fixed, a weight [k, n] becomes [k, n/4, 4]: at [i, j] what input i adds to the outputs j, j + n/4,
    j + n/2 and j + 3n/4. No value is off by more than half of its factor as int8; with moments, the mean of x xᵀ [k, k]
    where x is what an output of the weight [k, n] reads, it is the outputs that err little. Raises Error where a value
    is not finite as stored.
    """
    if weight.ndim < 2 or weight.size < BIG:
        with np.errstate(over="ignore"):
            half = weight.astype(np.float16)
        if not np.isfinite(half).all():
            raise Error(
                f"the weight {name!r} is not finite as float16; train again with more weight decay or fewer steps"
            )
        return {name: half}
    columns = name.endswith(".hwio")
    largest = np.abs(weight).max(tuple(range(weight.ndim - 1) if columns else range(1, weight.ndim)), keepdims=True)
    if not np.isfinite(largest).all():
        raise Error(f"the weight {name!r} is not finite; train again with fewer steps")
    # The last keeps rows of zeros from a division by zero, and factors from precision that float32 lacks so near to it.
    scale = np.maximum(largest, max(FINEST * largest.max(), np.finfo(np.float32).tiny * 128)) / np.float32(LEVELS)
    fixed = name.endswith(".fixed")
    rounded = _in_words if fixed else _rounded
    if moments is None or not 0 < np.trace(moments) < np.inf:  # nothing is ever read, or more than floats hold
        values, _ = rounded(weight / scale)
    else:
        flat = weight.reshape(-1, weight.shape[-1])
        values = _together(flat, scale.reshape(1, -1) if columns else scale, moments, rounded).reshape(weight.shape)
    if fixed:
        values = np.ascontiguousarray(values.reshape(len(values), 4, -1).transpose(0, 2, 1))
    return {name: values.astype(np.int8), f"{name}.scale": (scale if columns else scale.ravel()).astype(np.float32)}


def _rounded(x: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Integers for x, and what each is worth."""
    values = np.rint(x.clip(-LEVELS, LEVELS))
    return values, values


def _in_words(x: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The same for x [k, n] or [n], four to a word: each is worth itself and, as its fraction, what is lower in the
    word. So a program need not cut that off: what it gives is in bench/README.md."""
    values, worth, below = [], [], np.zeros(1)
    for fourth in np.split(x.clip(-LEVELS, LEVELS), 4, axis=-1):
        values.append(np.rint(fourth - below))
        worth.append(values[-1] + below)
        below = worth[-1] % 256 / 256
    return np.concatenate(values, -1), np.concatenate(worth, -1)


def _together(
    weight: NDArray[Any],
    scale: NDArray[Any],
    moments: NDArray[np.float64],
    rounded: Callable[[NDArray[Any]], tuple[NDArray[Any], NDArray[Any]]],
) -> NDArray[np.float64]:
    """Integers for a weight [k, n], row by row, in which the rows that follow make up for what rounding one has cost.

    Frantar et al., "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers" (2022), for
    weights that are small enough to be treated whole.
    """
    damped = moments + DAMP * np.trace(moments) / len(moments) * np.eye(len(moments))
    shares = np.linalg.cholesky(np.linalg.inv(damped)).T
    rest, scale = weight.astype(np.float64), np.broadcast_to(scale, weight.shape)
    values = np.empty_like(rest)
    for i, row in enumerate(rest):
        values[i], worth = rounded(row / scale[i])
        rest[i + 1 :] -= np.outer(shares[i, i + 1 :] / shares[i, i], row - worth * scale[i])
    return values


def in_arena(tensors: Mapping[str, NDArray[Any]], name: str, weights: Collection[str]) -> NDArray[Any]:
    """The weight `name` as a program of these weights has it: float32, or int8 where the factors are among them too."""
    raw = tensors[name].dtype == np.int8 and f"{name}.scale" in weights
    return tensors[name] if raw else widen(tensors, name)


def widen(tensors: Mapping[str, NDArray[Any]], name: str) -> NDArray[np.float32]:
    """The weight `name` of a model file's tensors, as float32."""
    weight = tensors[name].astype(np.float32)
    if name.endswith(".fixed"):
        weight = (tensors[name].view(np.int32) << LEFT).astype(np.float32) / np.float32(2**24)
    if tensors[name].dtype == np.int8:
        scale = tensors[f"{name}.scale"]
        weight *= scale.reshape(-1, *[1] * (weight.ndim - 1)) if scale.ndim == 1 else scale
    return weight
