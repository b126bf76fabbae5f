"""Kernel options for sums on a GPU, which has more threads than one picture has results: they share each sum.

So few products are waited for one after the other. The best of some 3,600 that were timed with Dawn (npm webgpu 0.6.2)
on an H100. What they give a network there, and cost it on a CPU: bench/README.md.
"""

from math import prod

from tinygrad.uop.ops import UOp

from inkgrad.export.renderers import WGSL
from inkgrad.export.tiles import Options, dims, divisor, is_convolution, is_words, splits, tiles


def threads(ast: UOp) -> Options | None:
    """Options for a product by a vector, a convolution, and a sum with one result; for all else those for a CPU."""
    loops, sums, shape = dims(ast, WGSL)
    if is_convolution(loops, shape):
        return _window(*shape)
    if is_words(loops, sums, shape):
        return _words(*shape[1:])
    if (loops, sums) in ((1, 1), (0, 2)):
        return splits(["GROUPTOP", 0, divisor(shape[loops], range(64, 1, -1))]) or None
    return tiles(ast, WGSL)


def _words(columns: int, inputs: int) -> Options:
    """A matrix of words by a vector."""
    share = divisor(inputs, range(32, 1, -1))
    unroll = divisor(inputs // share, (4,))
    return splits(["UNROLL", 0, unroll], ["LOCAL", 1, divisor(columns, (4,))], ["GROUPTOP", 0, share])


def _window(height: int, width: int, channels: int, *window: int) -> Options:
    """A convolution, channels last: shared is what a row of the window adds, but a single channel's is too short."""
    # By the time that options are applied, tinygrad has made one loop of the channels read and the window's row.
    row = prod(window[:-2]) * window[-1]
    share = divisor(row, (8, 14, 4))
    if share == 1:
        above = divisor(height, (4, 2))
        return splits(["UNROLL", 1, window[-1]], ["LOCAL", 2, divisor(channels, (8, 4))], ["LOCAL", 0, above])
    unroll, beside = divisor(row // share, (6, 4, 3, 2)), divisor(width, (2,))
    return splits(["UNROLL", 1, unroll], ["LOCAL", 2, 4], ["LOCAL", 1, beside], ["GROUPTOP", 1, share])
