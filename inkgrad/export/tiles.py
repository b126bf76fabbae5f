"""Kernel options for products, where tinygrad's own are slow on WebGPU and nothing is tuned.

Of 1,700 timed with Dawn (npm webgpu 0.6.2) in software, SwiftShader on two cores, and on an H100, these are good on
both: a thread that has a few products under way at once does not wait for memory, and the larger its tile the less it
reads, but the fewer threads there are. What they give a network: bench/results/gpu-*.
"""

from typing import Any

from tinygrad.codegen.opt.postrange import Scheduler
from tinygrad.renderer import Renderer
from tinygrad.uop.ops import UOp

# tinygrad's own ways to split a kernel's loops: [["UPCAST", axis, amount], …].
Options = list[list[Any]]


def tiles(ast: UOp, renderer: Renderer) -> Options | None:
    """Options for a product of matrices, or of a matrix and a vector, and for a convolution; None for all else."""
    scheduler = Scheduler(ast, renderer)
    scheduler.convert_loop_to_global()
    loops, sums, shape = len(scheduler.upcastable_dims), len(scheduler.unrollable_dims), scheduler.full_shape
    if (loops, sums, len(shape)) == (1, 1, 2) and renderer.has_local:
        return _vector(*shape)
    if (loops, sums, len(shape)) == (2, 1, 3) and shape[0] == 4 and renderer.has_local:
        return _words(*shape[1:])
    if (loops, sums, len(shape)) == (2, 1, 3):
        return _matrix(*shape) if renderer.has_local else _wide(shape[0], shape[1], (4,))
    if loops == 3 and renderer.has_local:
        return _window(*shape)
    return None


def _vector(outputs: int, inputs: int) -> Options | None:
    """For a matrix by a vector: four threads share the sum of up to 8 outputs, four products of each at once."""
    unroll = next((n for n in (4, 7) if inputs % (4 * n) == 0), None)
    deep = next((n for n in (8, 2) if outputs % n == 0), None)
    if unroll is None or deep is None:
        return None
    return [["UPCAST", 0, deep], ["UNROLL", 0, unroll], ["GROUPTOP", 0, 4]]


def _words(columns: int, inputs: int) -> Options:
    """For a matrix of words, four int8 each, by a vector: as `_vector`, each thread unpacking whole words."""
    options: Options = [["UPCAST", 1, 2 if columns % 2 == 0 else 1], ["UPCAST", 0, 4]]
    options += [["UNROLL", 0, 4], ["GROUPTOP", 0, 4]] if inputs % 16 == 0 else []
    return [option for option in options if option[2] > 1]


def _matrix(rows: int, columns: int, inputs: int) -> Options | None:
    """For a product of two matrices, or the sums of their rows."""
    wide = _wide(rows, columns, (10, 8, 5, 4))
    if wide is not None:
        return [*wide, ["LOCAL", 1, 16]]
    if columns % 4 or inputs % 4:
        return None
    tall = 4 if rows % 4 == 0 else 1
    beside = next((n for n in (7, 5, 4) if columns // 4 % n == 0), 1)
    above = 7 if rows // tall % 7 == 0 else 1
    options: Options = [
        ["UPCAST", 1, 4],
        ["UPCAST", 0, tall],
        ["UNROLL", 0, 4],
        ["LOCAL", 1, beside],
        ["LOCAL", 0, above],
    ]
    return [option for option in options if option[2] > 1]


def _wide(rows: int, columns: int, heights: tuple[int, ...]) -> Options | None:
    """For a wide one: 8 columns by up to 10 rows at once (tinygrad has 4 × 4), so that what is read serves often."""
    tall = next((n for n in heights if rows % n == 0 and rows > n), None)
    return None if tall is None or columns % 128 else [["UPCAST", 1, 8], ["UPCAST", 0, tall]]


def _window(height: int, width: int, channels: int, *window: int) -> Options | None:
    """For a convolution, channels last: up to 8 channels by up to 5 places at once, a row of the window unrolled."""
    square = height == width and len(window) > 1 and window[-2] == window[-1] > 2  # a pool's window is 2
    if not square or channels % 4:
        return None
    wide = next((n for n in (5, 4, 3, 2) if width % n == 0 and width > n), 1)
    enough = height * width * channels // wide >= 8 * 300  # threads
    deep, local = next((n, m) for n in (8, 4, 2, 1)[not enough :] for m in (8, 4, 7) if channels % (n * m) == 0)
    upcasts = [["UPCAST", axis, n] for axis, n in ((2, deep), (1, wide)) if n > 1]
    # Where maps lie channels last, tinygrad has by then made one loop of the window's row and the channels read.
    return [*upcasts, ["UNROLL", 1, window[-1]], ["LOCAL", 2, local]]
