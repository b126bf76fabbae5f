"""How a model file stores weights: big ones as int8 with a float32 factor a row or a column, the others as float16.

Widened to float32 when a model is loaded, by one product that rounds once, and so the same everywhere; see weights.ts.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkgrad.errors import Error

# Weights of fewer values stay float16: they are too few to save much, and in a first layer matter most.
BIG = 4096
# Integers go from −LEVELS to LEVELS, and a row whose weights are all small gets no finer steps than FINEST of the
# tensor's coarsest: fewer integers compress better. The mlp's two big weights, gzip, and the error of its logits, rms
# over the last 10,000 training images: 491 kB and 0.037 so; 523 kB and 0.025 with 127 levels; 457 kB and 0.051 with 63.
LEVELS = 90
FINEST = 0.5


def narrow(name: str, weight: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
    """The tensors that store a weight: `name` alone, or with `name.scale`, a factor for each index of axis 0, [n].

    Where the name ends in .hwio, a convolution's [height, width, in, out], for each index of the last: [1, 1, 1, n]. No
    value is off by more than half of its factor as int8. Raises Error where a value is not finite as stored.
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
    values = np.rint(weight / scale).astype(np.int8)
    return {name: values, f"{name}.scale": (scale if columns else scale.ravel()).astype(np.float32)}


def widen(tensors: Mapping[str, NDArray[Any]], name: str) -> NDArray[np.float32]:
    """The weight `name` of a model file's tensors, as float32."""
    weight = tensors[name].astype(np.float32)
    if tensors[name].dtype == np.int8:
        scale = tensors[f"{name}.scale"]
        weight *= scale.reshape(-1, *[1] * (weight.ndim - 1)) if scale.ndim == 1 else scale
    return weight
