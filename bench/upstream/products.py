"""What keeps training on a CPU below PyTorch: products, by tinygrad's own kernel options, BEAM=2's, ours, and BLAS.

    python bench/upstream/products.py

Prints GFLOP/s of one core, medians of nine. Of an Intel Xeon with AVX-512 23, 21, 97 and 113 of 512 × 512 × 512
(heuristic, BEAM=2, ours, NumPy), 9, 31, 157 and 165 of 768 × 768 × 768, 25, 43 and 147 of the convolution; of an AMD
EPYC with AVX2, ours of an earlier day, 10, 16, 58 and 64, 4, 20, 61 and 78, 23, 33 and 76. tinygrad 0.14's heuristic
takes 3 × 3 outputs at once where 3 divides both sides of a product, which leaves no vector to form, and reads four rows
at a time; a beam search takes 4 × 4 and more. Neither goes beyond vectors of four floats (codegen/late/coalesce.py
allows no longer ones on a CPU), where AVX2 has eight and AVX-512 sixteen; ours (inkgrad/products.py) are loops that
clang vectorises.
"""

import os
import time
from collections.abc import Callable

# One core each, and no options that were found for two: before either is imported.
os.environ |= {"NUM_CPU_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "IGNORE_BEAM_CACHE": "1"}

import numpy as np
from tinygrad import Context, Device, Tensor, TinyJit

from inkgrad import cores
from inkgrad.products import convolution, product


def gflops(flop: int, run: Callable[[], object]) -> float:
    """Of a product of so many operations, once it is compiled."""
    times = []
    for _ in range(12):
        start = time.perf_counter()
        run()
        Device[Device.DEFAULT].synchronize()
        times.append(time.perf_counter() - start)
    return flop / float(np.median(times[3:])) / 1e9


def main() -> None:
    """A table, a line a product."""
    cores.use_all()
    print(f"{'':32} {'heuristic':>9} {'BEAM=2':>9} {'ours':>9} {'NumPy':>9}")
    for n in 512, 768:
        a, b = Tensor.rand(n, n).realize(), Tensor.rand(n, n).realize()
        x, y = a.numpy(), b.numpy()
        report(
            f"{n} × {n} × {n}",
            2 * n**3,
            lambda a=a, b=b: a @ b,
            lambda a=a, b=b: Tensor(product(a.uop, b.uop)),
            lambda x=x, y=y: x @ y,
        )
    x, w = Tensor.rand(64, 32, 24, 24).realize(), Tensor.rand(32, 32, 5, 5).realize()
    report(
        "conv 64×32×24×24 by 32×32×5×5",
        2 * 64 * 20 * 20 * 32 * 32 * 25,
        lambda: x.conv2d(w),
        lambda: Tensor(convolution(x.uop, w.uop)),
    )


def report(
    name: str,
    flop: int,
    theirs: Callable[[], Tensor],
    ours: Callable[[], Tensor],
    blas: Callable[[], object] | None = None,
) -> None:
    """One line; a beam search before it, half a minute each, once on a machine."""
    rates = []
    for beam, fn in (0, theirs), (2, theirs), (0, ours):
        with Context(BEAM=beam):
            rates.append(gflops(flop, TinyJit(lambda fn=fn: fn().realize())))
    if blas:
        rates.append(gflops(flop, blas))
    print(f"{name:32}", *(f"{rate:9.0f}" for rate in rates))


if __name__ == "__main__":
    main()
