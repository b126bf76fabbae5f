"""Kernel options for products on a CPU, where tinygrad's own are slow and nothing is tuned: a large tile a thread.

The more results a thread works on at once, the less it reads for each. In C, and in WGSL for WebGPU in software, which
makes a SIMD vector of four threads: there the best of some 700 that were timed with Dawn (npm webgpu 0.6.2) on
SwiftShader, two cores. For a GPU: threads.py.
"""

from collections.abc import Iterable
from typing import Any

from tinygrad.codegen.opt.postrange import Scheduler
from tinygrad.renderer import Renderer
from tinygrad.uop.ops import UOp

# tinygrad's own ways to split a kernel's loops: [["UPCAST", axis, amount], …].
Options = list[list[Any]]
MOST = 40  # results that a thread has registers for


def tiles(ast: UOp, renderer: Renderer) -> Options | None:
    """Options for a product of matrices, or of a matrix and a vector, and for a convolution; None for all else."""
    loops, sums, shape = dims(ast, renderer)
    if (loops, sums, len(shape)) == (1, 1, 2) and renderer.has_local:
        return _vector(*shape)
    if is_words(loops, sums, shape) and renderer.has_local:
        return _words(shape[1])
    if (loops, sums, len(shape)) == (2, 1, 3):
        return _matrix(*shape) if renderer.has_local else _wide(shape[0], shape[1], (4,))
    if is_convolution(loops, shape) and renderer.has_local:
        return _window(*shape)
    return None


def dims(ast: UOp, renderer: Renderer) -> tuple[int, int, tuple[int, ...]]:
    """How many loops over results a kernel has, and over what is summed, and the sizes of all in this order."""
    scheduler = Scheduler(ast, renderer)
    scheduler.convert_loop_to_global()
    return len(scheduler.upcastable_dims), len(scheduler.unrollable_dims), scheduler.full_shape


def is_words(loops: int, sums: int, shape: tuple[int, ...]) -> bool:
    """A matrix of words, four int8 each, by a vector: the four first."""
    return (loops, sums, len(shape)) == (2, 1, 3) and shape[0] == 4


def is_convolution(loops: int, shape: tuple[int, ...]) -> bool:
    """A square one of 3 × 3 or more, channels last: height, width and channels, then what is summed."""
    if loops != 3 or len(shape) < 5:
        return False
    return shape[0] == shape[1] and shape[2] % 4 == 0 and shape[-2] == shape[-1] > 2  # a pool's window is 2


def divisor(n: int, candidates: Iterable[int]) -> int:
    """The first of candidates that divides n; 1 where none does."""
    return next((c for c in candidates if n % c == 0), 1)


def splits(*options: list[Any]) -> Options:
    """The options, less those that split nothing."""
    return [option for option in options if option[2] > 1]


def _vector(outputs: int, inputs: int) -> Options | None:
    """Four threads share the sum of up to 8 outputs, four products of each at once."""
    unroll, deep = divisor(inputs, (16, 28)) // 4, divisor(outputs, (8, 2))
    return [["UPCAST", 0, deep], ["UNROLL", 0, unroll], ["GROUPTOP", 0, 4]] if unroll and deep > 1 else None


def _words(columns: int) -> Options:
    """Each thread unpacks whole words, 8 at once; those beside each other are of threads beside each other."""
    beside = divisor(columns, (8, 4, 2))
    return splits(["LOCAL", 1, beside], ["UPCAST", 1, divisor(columns // beside, (8, 4, 2))], ["UPCAST", 0, 4])


def _matrix(rows: int, columns: int, inputs: int) -> Options | None:
    """For a product of two matrices, or the sums of their rows."""
    wide = _wide(rows, columns, (10, 8, 5, 4))
    if wide is not None:
        return [*wide, ["LOCAL", 1, 16]]
    if columns % 4 or inputs % 4:
        return None
    tall = divisor(rows, (4,))
    beside, above = divisor(columns // 4, (7, 5, 4)), divisor(rows // tall, (7,))
    return splits(["UPCAST", 1, 4], ["UPCAST", 0, tall], ["UNROLL", 0, 4], ["LOCAL", 1, beside], ["LOCAL", 0, above])


def _wide(rows: int, columns: int, heights: tuple[int, ...]) -> Options | None:
    """For a wide one: 8 columns by up to 10 rows at once (tinygrad has 4 × 4), so that what is read serves often."""
    tall = divisor(rows, (n for n in heights if n < rows))
    return None if tall == 1 or columns % 128 else [["UPCAST", 1, 8], ["UPCAST", 0, tall]]


def _window(height: int, width: int, channels: int, *window: int) -> Options:
    """Up to 7 channels by 11 places at once; four threads, and so four times the channels, to a vector."""
    deep = divisor(channels // 4, (4, 7, 2))
    wide = divisor(width, (5, 4, 3, 2, 11, 7))
    tall = divisor(height, (2,)) if 2 * deep * wide <= MOST else 1
    return splits(
        ["UPCAST", 2, deep], ["LOCAL", 2, 4], ["UPCAST", 1, wide], ["UPCAST", 0, tall], ["UNROLL", 0, window[-1]]
    )
