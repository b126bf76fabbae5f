"""Kernel options for products, where tinygrad's own are slow on WebGPU in software and nothing is tuned."""

from typing import Any

from tinygrad.codegen.opt.postrange import Scheduler
from tinygrad.renderer import Renderer
from tinygrad.uop.ops import UOp

# tinygrad's own ways to split a kernel's loops: [["UPCAST", axis, amount], …].
Options = list[list[Any]]


def tiles(ast: UOp, renderer: Renderer) -> Options | None:
    """For a product of two matrices: 8 columns by up to 10 rows at once, so that what is read serves often.

    tinygrad's own has 4 × 4. Of 100 pictures the mlp reads 1.8 times as many a second on WebGPU in software with this.
    """
    scheduler = Scheduler(ast, renderer)
    scheduler.convert_loop_to_global()
    if renderer.has_local and len(scheduler.upcastable_dims) == 3:
        return _window(*scheduler.full_shape)
    if len(scheduler.upcastable_dims) != 2 or len(scheduler.unrollable_dims) != 1:
        return None
    rows, columns, _ = scheduler.full_shape
    tall = next((n for n in ((10, 8, 5, 4) if renderer.has_local else (4,)) if rows % n == 0 and rows > n), None)
    if tall is None or columns % 128:
        return None
    return [["UPCAST", 1, 8], ["UPCAST", 0, tall], *([["LOCAL", 1, 16]] if renderer.has_local else [])]


def _window(height: int, width: int, channels: int, *window: int) -> Options | None:
    """For a convolution, channels last: up to 8 channels by up to 5 places at once.

    With tinygrad's own 4 × 4 the cnn takes 1.2 times the CPU time on WebGPU in software.
    """
    wide = next((n for n in (5, 4, 3) if width % n == 0 and width > n), None)
    if height != width or channels % 4 or wide is None or not window or window[-1] == 2:  # a pool's is 2
        return None
    deep = 8 if channels % 8 == 0 else 4
    local = next(n for n in (8, 4, 7, 2, 1) if channels // deep % n == 0)
    high = next(n for n in (4, 2, 1) if height % n == 0)
    locals_ = [["LOCAL", axis, n] for axis, n in ((2, local), (0, high)) if n > 1]
    return [["UPCAST", 2, deep], ["UPCAST", 1, wide], *locals_]
