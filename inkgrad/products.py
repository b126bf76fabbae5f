"""Sums of products: of matrices on a CPU, and of a convolution and its gradient, in tiles that registers hold.

tinygrad 0.14's own kernels for them reach a fifth of what BLAS does or less, its beam search's a quarter; these, in its
UOps, eight to nine tenths (bench/upstream/products.py). Delete when its own do as well.

A tile is so many rows of one factor by so many lanes of the other. Its sums are an array small enough for the compiler
to keep in registers, and its loops are short ones that the compiler unrolls: so its vectors are as long as the
processor's (vectors.py). On other devices kernels are tinygrad's, with axes in an order that suits tensor cores: tiles
are of the innermost of the sum and of each factor, and what these do not divide is padded.
"""

from collections.abc import Callable, Sequence
from itertools import count
from math import gcd
from typing import Any

from tinygrad import Tensor, dtypes
from tinygrad.dtype import AddrSpace
from tinygrad.helpers import NUM_CPU_THREADS
from tinygrad.uop.ops import AxisType, KernelInfo, UOp

from inkgrad.vectors import vectors

ROWS = 8  # of a tile, at most


def product(a: UOp, b: UOp, turned: bool = False) -> UOp:
    """a [M, K] @ b [K, N], float32, on a CPU; turned: a is [K, M].

    Rows of a are read one number at a time, wherever they lie; so that only b is copied, where it is not as it stands.
    """
    (m, k), n = _sizes(a)[:: -1 if turned else 1], _sizes(b)[1]
    rows, lanes = _tile(m, n)

    def kernel(out: UOp, a: UOp, b: UOp) -> UOp:
        loop = _Loops()
        p, i, z = loop.over(n // lanes), loop.shared(m // rows), loop.sum(k)
        return loop.kernel(
            (rows, lanes),
            lambda row, lane: (a[z, i * rows + row] if turned else a[i * rows + row, z]) * b[z, p * lanes + lane],
            lambda row, lane: out[i * rows + row, p * lanes + lane],
        )

    return _call(kernel, (m, n), a, b)


def newton_schulz(x: Tensor, steps: int, params: tuple[Any, ...], eps: float = 1e-7) -> Tensor:
    """Tensor.newton_schulz, of three params, which Muon asks of each weight: x [M, N] on a CPU by our products.

    a X + (b A + c A²) X with A = X Xᵀ: Jordan, "Muon" (2024).
    """
    if not on_cpu(x) or len(params) != 3:
        return _newton_schulz(x, steps, params, eps)
    if x.shape[0] > x.shape[1]:
        return newton_schulz(x.transpose(), steps, params, eps).transpose()
    a, b, c = params
    x = (x / (x.square().sum().sqrt() + eps)).contiguous()
    for _ in range(steps):
        square = Tensor(product(x.uop, x.uop.transpose(0, 1)))
        mixed = (b * square + c * Tensor(product(square.uop, square.uop))).contiguous()
        x = (a * x + Tensor(product(mixed.uop, x.uop))).contiguous()
    return x


_newton_schulz = Tensor.newton_schulz


def convolution(x: UOp, w: UOp) -> UOp:
    """The valid convolution of maps [B, C, H, W] with w [O, C, K, K]: [B, O, H − K + 1, W − K + 1]."""
    (b, c, height, width), (o, _, k, _) = _sizes(x), _sizes(w)
    if not on_cpu(x):
        factors = [x.unfold(2, k, 1).unfold(3, k, 1).permute(2, 3, 0, 4, 5, 1).unsqueeze(3), w.permute(0, 2, 3, 1)]
        # A warp takes up to five tiles at once, as far as a number divides theirs, of eight of the second factor, of
        # sixteen of the first. Eleven of eight, of 84 maps, it would take one by one; six of sixteen it takes by three.
        tiles = -(-o // 8)
        if tiles > 1 and all(tiles % n for n in (2, 3, 4, 5)):
            factors.reverse()
        return (factors[0] * factors[1]).sum((-3, -2, -1)).permute(2, 3, 0, 1)
    rows, lanes = _tile(b, o)

    def kernel(out: UOp, x: UOp, w: UOp) -> UOp:
        loop = _Loops()
        i, p, y, z = loop.shared(b // rows), loop.over(o // lanes), loop.over(height - k + 1), loop.over(width - k + 1)
        dy, dz, channel = loop.sum(k), loop.sum(k), loop.sum(c)
        return loop.kernel(
            (rows, lanes),
            lambda row, lane: x[i, y + dy, z + dz, channel, row] * w[p, dy, dz, channel, lane],
            lambda row, lane: out[i * rows + row, y, z, p * lanes + lane],
        )

    x = x.reshape(b // rows, rows, c, height, width).permute(0, 3, 4, 2, 1)
    w = w.reshape(o // lanes, lanes, c, k, k).permute(0, 3, 4, 2, 1)
    return _call(kernel, (b, height - k + 1, width - k + 1, o), x, w).permute(0, 3, 1, 2)


def weight_gradient(x: UOp, g: UOp) -> UOp:
    """The gradient of w in convolution(x, w), [O, C, K, K], from that of what it gives, g [B, O, …].

    A few images at a time, while they are in the cache; then over all. One by one, what is then to be summed is many
    times what it gives: a CPU's step of the cnn took 1.09 times as long (bench/README.md).
    """
    (b, c, height, _), (_, o, y_size, z_size) = _sizes(x), _sizes(g)
    k = height - y_size + 1
    if not on_cpu(x):
        # As many images as a tensor core sums at once; of one channel there are too few sums for the threads.
        m = gcd(b, 8) if c > 1 else 1
        windows = x.unfold(2, y_size, 1).unfold(3, z_size, 1).reshape(b // m, m, c, 1, k, k, y_size, z_size)
        terms = windows * g.reshape(b // m, m, 1, o, 1, 1, y_size, z_size)
        each = terms.permute(0, 4, 5, 2, 3, 6, 7, 1).sum((-3, -2, -1))
        return each.contiguous().sum(0).permute(3, 2, 0, 1)
    rows, lanes = _tile(c, o)
    m = max(n for n in _divisors(b, 4) if n == 1 or b // n % NUM_CPU_THREADS.value == 0)  # work for every core

    def kernel(out: UOp, x: UOp, g: UOp) -> UOp:
        loop = _Loops()
        i, dy, dz, r, p = loop.shared(b // m), loop.over(k), loop.over(k), loop.over(c // rows), loop.over(o // lanes)
        image, y, z = loop.sum(m), loop.sum(y_size), loop.sum(z_size)
        return loop.kernel(
            (rows, lanes),
            lambda row, lane: (
                x[i * m + image, y + dy, z + dz, r * rows + row] * g[i * m + image, y, z, p * lanes + lane]
            ),
            lambda row, lane: out[i, dy, dz, r * rows + row, p * lanes + lane],
        )

    each = _call(kernel, (b // m, k, k, c, o), x.permute(0, 2, 3, 1), g.permute(0, 2, 3, 1))
    return each.sum(0).contiguous().permute(3, 2, 0, 1)


def on_cpu(x: Tensor | UOp) -> bool:
    """Whether x lies on one CPU device."""
    return x.device == "CPU"


def _sizes(x: UOp) -> tuple[int, ...]:
    return tuple(int(n) for n in x.shape)


def _tile(m: int, n: int) -> tuple[int, int]:
    """Rows and lanes, which divide m and n, of the tile that reads least a sum: numbers of rows, vectors of lanes."""
    floats, registers = vectors()
    whole = [lanes for lanes in _divisors(n, floats * registers) if lanes % floats == 0]
    tiles = [
        (rows, lanes, -(-lanes // floats)) for rows in _divisors(m, ROWS) for lanes in whole or _divisors(n, floats)
    ]
    # What is left holds a number and a vector.
    fit = [tile for tile in tiles if tile[0] * tile[2] + 2 <= registers]
    rows, lanes, _ = max(fit, key=lambda tile: tile[0] * tile[1] / (tile[0] + tile[2]))
    return rows, lanes


def _divisors(n: int, most: int) -> list[int]:
    return [d for d in range(1, most + 1) if n % d == 0]


def _call(kernel: Callable[..., UOp], shape: tuple[int, ...], *factors: UOp) -> UOp:
    out = Tensor.empty(shape, device="CPU").uop
    return out.custom_kernel(*(factor.contiguous() for factor in factors), fxn=kernel)[0]


class _Loops:
    """A kernel's loops, from the outermost on: those over its tiles, those that sum, and those over a tile."""

    def __init__(self) -> None:
        self._outer: list[UOp] = []
        self._summed: list[UOp] = []
        self._ids = count()

    def over(self, n: int) -> Any:
        return self._add(self._outer, n, AxisType.WEAK)

    def shared(self, n: int) -> Any:
        """Over n, a part of it for each core."""
        cores = max(_divisors(n, NUM_CPU_THREADS.value))
        core = self._add(self._outer, cores, AxisType.THREAD)
        if cores > 1:
            # The number of a core is an argument, of which the compiler knows no bounds: it would compute every address
            # anew, for fear that they overflow, and take 2.6 times as long. A bitcast keeps tinygrad, which knows the
            # bounds, from taking the remainder away.
            core = (core.cast(dtypes.int).bitcast(dtypes.uint) % cores).cast(dtypes.int)
        return core * (n // cores) + self.over(n // cores)

    def sum(self, n: int) -> Any:
        return self._add(self._summed, n, AxisType.REDUCE)

    def _add(self, axes: list[UOp], n: int, kind: AxisType) -> Any:
        if n == 1:
            return 0
        axes.append(axis := UOp.range(n, next(self._ids), kind))
        return axis

    def kernel(self, tile: tuple[int, int], term: Callable[..., UOp], out: Callable[..., UOp]) -> UOp:
        """What stores the sum of term(row, lane) in out(row, lane), for each of the tile."""

        def each() -> tuple[Sequence[UOp], list[UOp]]:
            # Lanes outermost: where rows are, the compiler makes vectors of rows for AVX-512, which can scatter, and
            # they take thirty times as long.
            axes: list[UOp] = []
            lane, row = (self._add(axes, n, AxisType.WEAK) for n in tile[::-1])
            return (row, lane), axes[::-1]

        sums = UOp.placeholder(tile, dtypes.float, 3, AddrSpace.REG)  # the slot after out and the factors
        at, axes = each()
        sums = sums.after(*self._outer)[*at].set(0.0, end=axes)
        at, axes = each()
        sums = sums[*at].set(sums.after(*self._summed)[*at] + term(*at), end=[*axes, *self._summed])
        at, axes = each()
        stored = out(*at).store(sums[*at]).end(*axes, *self._outer)
        kernel: UOp = stored.sink(arg=KernelInfo(name="product", opts_to_apply=()))
        return kernel
