"""Sums of products on a CPU, in tiles that its registers hold: of matrices, and of a convolution and its gradient.

tinygrad 0.14's own kernels for them reach an eighth of what a core can do, its beam search's a third
(bench/upstream/products.py); these, written in its UOps, a half. Delete when its own do as well.

A tile is ROWS of one factor by LANES of the other; its sums stay in registers while all that they add up is read, of
the second factor in panels, a tile's lanes side by side. On other devices, and where there are not as many lanes,
tinygrad's own.
"""

from collections.abc import Callable
from itertools import count
from typing import Any

from tinygrad import Tensor
from tinygrad.helpers import NUM_CPU_THREADS
from tinygrad.uop.ops import AxisType, KernelInfo, Ops, UOp

ROWS, LANES = 4, 8


def product(a: UOp, b: UOp) -> UOp:
    """a [M, K] @ b [K, N], float32."""
    (m, k), (_, n) = _sizes(a), _sizes(b)
    if not _fits(a, m, n):
        return a @ b

    def kernel(out: UOp, a: UOp, b: UOp) -> UOp:
        axis = _Axes()
        i, p, z = axis.shared(m // ROWS), axis.loop(n // LANES), axis.sum(k)
        row, lane = axis.unrolled(ROWS), axis.unrolled(LANES)
        return axis.kernel(out[i * ROWS + row, p * LANES + lane], a[i, z, row] * b[p, z, lane])

    rows = a.reshape(m // ROWS, ROWS, k).permute(0, 2, 1)
    lanes = b.reshape(k, n // LANES, LANES).permute(1, 0, 2)
    return _call(kernel, (m, n), rows, lanes)


def convolution(x: UOp, w: UOp) -> UOp:
    """The valid convolution of maps [B, C, H, W] with w [O, C, K, K]: [B, O, H − K + 1, W − K + 1]."""
    (b, c, height, width), (o, _, k, _) = _sizes(x), _sizes(w)
    if not _fits(x, b, o):
        return x.conv2d(w)

    def kernel(out: UOp, x: UOp, w: UOp) -> UOp:
        axis = _Axes()
        i, p, y, z = axis.shared(b // ROWS), axis.loop(o // LANES), axis.loop(height - k + 1), axis.loop(width - k + 1)
        dy, dz, channel = axis.sum(k), axis.sum(k), axis.sum(c)
        row, lane = axis.unrolled(ROWS), axis.unrolled(LANES)
        term = x[i, y + dy, z + dz, channel, row] * w[p, dy, dz, channel, lane]
        return axis.kernel(out[i * ROWS + row, y, z, p * LANES + lane], term)

    rows = x.reshape(b // ROWS, ROWS, c, height, width).permute(0, 3, 4, 2, 1)
    lanes = w.reshape(o // LANES, LANES, c, k, k).permute(0, 3, 4, 2, 1)
    return _call(kernel, (b, height - k + 1, width - k + 1, o), rows, lanes).permute(0, 3, 1, 2)


def weight_gradient(x: UOp, g: UOp) -> UOp:
    """The gradient of w in convolution(x, w), [O, C, K, K], from that of what it gives, g [B, O, …].

    Image by image, while it is in the cache; then over the images.
    """
    (b, c, height, _), (_, o, rows, columns) = _sizes(x), _sizes(g)
    k = height - rows + 1
    if not _fits(x, ROWS, o):
        each = x.transpose(0, 1).conv2d(g.reshape(b * o, 1, rows, columns), groups=b)
        return each.reshape(c, b, o, k, k).permute(1, 3, 4, 0, 2).contiguous().sum(0).permute(3, 2, 0, 1)

    def kernel(out: UOp, x: UOp, g: UOp) -> UOp:
        axis = _Axes()
        i, dy, dz, channel, p = axis.loop(b), axis.loop(k), axis.loop(k), axis.rows(c), axis.shared(o // LANES)
        y, z = axis.sum(rows), axis.sum(columns)
        lane = p * LANES + axis.unrolled(LANES)
        return axis.kernel(out[i, dy, dz, channel, lane], x[i, y + dy, z + dz, channel] * g[i, y, z, lane])

    each = _call(kernel, (b, k, k, c, o), x.permute(0, 2, 3, 1), g.permute(0, 2, 3, 1))
    return each.sum(0).contiguous().permute(3, 2, 0, 1)


def _sizes(x: UOp) -> tuple[int, ...]:
    return tuple(int(n) for n in x.shape)


def _fits(x: UOp, rows: int, lanes: int) -> bool:
    return x.device == "CPU" and rows % ROWS == 0 and lanes % LANES == 0


def _call(kernel: Callable[..., UOp], shape: tuple[int, ...], *factors: UOp) -> UOp:
    out = Tensor.empty(shape, device="CPU").uop
    return out.custom_kernel(*(factor.contiguous() for factor in factors), fxn=kernel)[0]


class _Axes:
    """A kernel's loops, from the outermost on."""

    def __init__(self) -> None:
        self._outer: list[UOp] = []
        self._summed: list[UOp] = []
        self._ids = count()

    def loop(self, n: int, kind: AxisType = AxisType.WEAK) -> Any:
        return self._axis(n, kind, self._outer)

    def sum(self, n: int) -> Any:
        return self._axis(n, AxisType.REDUCE, self._summed)

    def _axis(self, n: int, kind: AxisType, axes: list[UOp]) -> UOp | int:
        if n == 1:
            return 0
        axis: UOp = UOp.range(n, next(self._ids), kind)
        axes.append(axis)
        return axis

    def unrolled(self, n: int) -> Any:
        return self.loop(n, AxisType.UPCAST)

    def rows(self, n: int) -> Any:
        """A loop over n, as many at a time as divide it, up to ROWS."""
        rows = _divisor(n, ROWS)
        return self.loop(n // rows) * rows + self.unrolled(rows)

    def shared(self, n: int) -> Any:
        """A loop over n, a part of it for each core."""
        cores = _divisor(n, NUM_CPU_THREADS.value)
        return self.loop(cores, AxisType.THREAD) * (n // cores) + self.loop(n // cores)

    def kernel(self, out: UOp, term: UOp) -> UOp:
        """What stores in `out` the sum of `term`."""
        total = term.reduce(*self._summed, arg=Ops.ADD) if self._summed else term
        kernel: UOp = out.store(total).end(*self._outer).sink(arg=KernelInfo(name="product", opts_to_apply=()))
        return kernel


def _divisor(n: int, most: int) -> int:
    return max(d for d in range(1, most + 1) if n % d == 0)
