"""Kernel options for products, of tiles.py and of threads.py: whatever the shapes, they apply, and leave workgroups as
small as any GPU has them."""

import math

import pytest
from tinygrad import Tensor, dtypes

from inkgrad.export import Function
from inkgrad.export.capture import capture, kernels
from inkgrad.export.renderers import WGSL
from inkgrad.export.threads import threads
from inkgrad.export.tiles import tiles

# Threads of a workgroup, in all and along z: WebGPU's limits where no others are asked for.
LARGEST, DEEPEST = 256, 64


def apply(function: Function) -> bool:
    """That its one kernel is lowered with the options it is given, tinygrad's own where there are none."""
    (kernel,) = kernels(function)
    programs = [kernel.program(options, WGSL) for options in (threads(kernel.ast), tiles(kernel.ast, WGSL))]
    sizes = [program.arg.local_size for program in programs if program is not None]
    return len(sizes) == 2 and all(math.prod(size) <= LARGEST and (*size, 1, 1)[2] <= DEEPEST for size in sizes)


@pytest.mark.parametrize("outputs, inputs", [(1, 16), (2, 28), (7, 64), (8, 13), (10, 400), (24, 784), (1000, 48)])
def test_a_matrix_by_a_vector(outputs: int, inputs: int) -> None:
    weight = Tensor.zeros(inputs, outputs, device="CPU").contiguous().realize()
    assert apply(Function(lambda x: {"y": x @ weight}, {"x": (inputs,)}, {"w": weight}))


@pytest.mark.parametrize(
    "rows, inputs, columns",
    [(2, 112, 112), (28, 112, 28), (12, 16, 16), (3, 6, 8), (7, 4, 20), (100, 784, 512), (5, 8, 9)],
)
def test_two_matrices(rows: int, inputs: int, columns: int) -> None:
    weight = Tensor.zeros(inputs, columns, device="CPU").contiguous().realize()
    assert apply(Function(lambda x: {"y": x @ weight}, {"x": (rows, inputs)}, {"w": weight}))


@pytest.mark.parametrize("inputs, columns", [(784, 128), (16, 4), (10, 3), (7, 64)])
def test_words_by_a_vector(inputs: int, columns: int) -> None:
    words = Tensor.zeros(inputs, columns, dtype=dtypes.int32, device="CPU").contiguous().realize()

    def call(x: Tensor) -> dict[str, Tensor]:
        integers = ((words << (24 - 8 * Tensor.arange(4).reshape(4, 1, 1))) >> 24).float()
        return {"y": x.reshape(1, 1, inputs) @ integers}

    assert apply(Function(call, {"x": (inputs,)}, {"words": words}))


@pytest.mark.parametrize("window", [1, 2, 3, 5])
@pytest.mark.parametrize(
    "side, channels, read", [(5, 4, 1), (7, 12, 3), (9, 28, 4), (16, 32, 8), (28, 8, 1), (12, 3, 2)]
)
def test_a_convolution(side: int, channels: int, read: int, window: int) -> None:
    weight = Tensor.zeros(window, window, read, channels, device="CPU").contiguous().realize()

    def call(x: Tensor) -> dict[str, Tensor]:
        maps = x.reshape(1, side, side, read).permute(0, 3, 1, 2).conv2d(weight.permute(3, 2, 0, 1))
        return {"y": maps.permute(0, 2, 3, 1)[0]}

    assert apply(Function(call, {"x": (side, side, read)}, {"w": weight}))


@pytest.mark.parametrize("count, most", [(576, 10), (252, 10), (7, 3), (11, 13), (112, 112), (67, 5)])
def test_a_sum_with_one_result(count: int, most: int) -> None:
    assert apply(Function(lambda x: {"y": x[:, :-1].sum().reshape(1)}, {"x": (count, most)}, {}))


@pytest.mark.parametrize("shape", [(8, 8, 4, 5, 5), (6, 6, 8, 3, 3), (4, 4, 4, 2, 3, 3)])
def test_what_only_looks_like_a_convolution_is_exported_all_the_same(shape: tuple[int, ...]) -> None:
    """Its window is one run of memory, and so one loop by the time that options are applied."""
    for call in (lambda x: {"y": x.sum((-2, -1))}, lambda x: {"y": x.flatten(3).max(-1)}):
        assert capture("f", Function(call, {"x": shape}, {})).dispatches
