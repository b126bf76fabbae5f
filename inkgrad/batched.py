"""A function of a tensor of fixed shape, for arrays of any length."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tinygrad import Tensor, TinyJit

from inkgrad import cores

BATCH = 250


def batched(call: Callable[[Tensor], Tensor]) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """call, of a tensor [250, …], as a function of arrays [N, …], N ≥ 1; compiled at its first use."""
    cores.use_all()
    run = TinyJit(lambda batch: call(batch).realize())

    def whole(array: NDArray[Any]) -> NDArray[Any]:
        missing = -len(array) % BATCH
        padded = np.concatenate([array, np.zeros((missing, *array.shape[1:]), array.dtype)])
        parts = np.split(padded, len(padded) // BATCH)
        return np.concatenate([run(Tensor(part).realize()).numpy() for part in parts])[: len(array)]

    return whole
