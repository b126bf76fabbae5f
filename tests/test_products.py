"""Products on a CPU, and convolutions on another device too, against NumPy's: of any sizes, on any number of cores."""

from collections.abc import Callable
from functools import partial

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from tinygrad import Context, Tensor
from tinygrad.uop.ops import UOp

from inkgrad.products import ROWS, convolution, newton_schulz, product, weight_gradient
from inkgrad.vectors import vectors

Floats = NDArray[np.float32]


def found(fn: Callable[..., UOp], *arguments: Floats, device: str = "CPU") -> Floats:
    return Tensor(fn(*(Tensor(argument, device=device).realize().uop for argument in arguments))).numpy()


def agree(ours: Floats, theirs: Floats) -> None:
    assert ours.shape == theirs.shape and ours.dtype == np.float32
    assert np.abs(ours - theirs).max() <= 1e-5 * np.abs(theirs).max()


def sizes(tile: int) -> st.SearchStrategy[int]:
    return st.integers(1, 3).map(lambda n: n * tile) | st.integers(1, 20)


cores = st.integers(1, 3)
few = settings(max_examples=8)  # each is compiled


@few
@example(cores=2, m=1, k=1, n=1, turned=True)
@given(cores, sizes(ROWS), st.integers(1, 20), sizes(vectors().floats), st.booleans())
def test_a_product_of_matrices(cores: int, m: int, k: int, n: int, turned: bool) -> None:
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=size).astype(np.float32) for size in ((m, k), (k, n)))
    with Context(NUM_CPU_THREADS=cores):
        agree(found(partial(product, turned=turned), a.T.copy() if turned else a, b), a @ b)


@few
@example(cores=2, device="CPU", b=1, c=1, o=1, k=1)
@example(cores=1, device="CPU:1", b=2, c=3, o=4, k=3)
@example(cores=1, device="CPU:1", b=16, c=1, o=4, k=2)
@example(cores=1, device="CPU:1", b=2, c=3, o=56, k=3)
@given(cores, st.just("CPU"), sizes(ROWS), st.integers(1, 9), sizes(vectors().floats), st.integers(1, 3))
def test_a_convolution_and_its_gradient(cores: int, device: str, b: int, c: int, o: int, k: int) -> None:
    rng = np.random.default_rng(0)
    x, w = (rng.normal(size=size).astype(np.float32) for size in ((b, c, 5, 6), (o, c, k, k)))
    windows = sliding_window_view(x, (k, k), (2, 3))
    y = np.einsum("bcyxij,ocij->boyx", windows, w)
    with Context(NUM_CPU_THREADS=cores):
        agree(found(convolution, x, w, device=device), y)
        agree(found(weight_gradient, x, y, device=device), np.einsum("bcyxij,boyx->ocij", windows, y))


@few
@given(sizes(ROWS), sizes(vectors().floats), st.integers(1, 5))
def test_newton_and_schulz_as_tinygrad_does(m: int, n: int, steps: int) -> None:
    params = 3.4445, -4.775, 2.0315  # Muon's
    x = np.random.default_rng(0).normal(size=(m, n)).astype(np.float32)
    there, here = Tensor(x, device="CPU:1"), Tensor(x, device="CPU")
    ours = newton_schulz(here, steps, params).numpy()
    theirs = newton_schulz(there, steps, params).numpy()
    assert ours.shape == theirs.shape and np.abs(ours - theirs).max() <= 1e-4
