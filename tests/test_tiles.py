"""Kernel options for products: whatever the shapes, they apply, and leave workgroups as small as any GPU has them."""

import math
import re

import pytest
from tinygrad import Tensor

from inkgrad.export import Function
from inkgrad.export.capture import capture

LARGEST = 256  # threads of a workgroup, and of one in all: WebGPU's limits where none are asked for


def threads(function: Function) -> list[int]:
    """Of each kernel's workgroups."""
    sizes = [re.search(r"@workgroup_size\(([\d,]+)\)", kernel.wgsl) for kernel in capture("f", function).kernels]
    return [math.prod(map(int, size[1].split(","))) for size in sizes if size]


@pytest.mark.parametrize("outputs, inputs", [(1, 16), (2, 28), (7, 64), (8, 13), (10, 400), (24, 784), (1000, 48)])
def test_a_matrix_by_a_vector(outputs: int, inputs: int) -> None:
    weight = Tensor.zeros(inputs, outputs, device="CPU").contiguous().realize()
    assert all(n <= LARGEST for n in threads(Function(lambda x: {"y": x @ weight}, {"x": (inputs,)}, {"w": weight})))


@pytest.mark.parametrize("window", [1, 2, 3, 5])
@pytest.mark.parametrize(
    "side, channels, read", [(5, 4, 1), (7, 12, 3), (9, 28, 4), (16, 32, 8), (28, 8, 1), (12, 3, 2)]
)
def test_a_convolution(side: int, channels: int, read: int, window: int) -> None:
    weight = Tensor.zeros(window, window, read, channels, device="CPU").contiguous().realize()

    def call(x: Tensor) -> dict[str, Tensor]:
        maps = x.reshape(1, side, side, read).permute(0, 3, 1, 2).conv2d(weight.permute(3, 2, 0, 1))
        return {"y": maps.permute(0, 2, 3, 1)[0]}

    assert all(n <= LARGEST for n in threads(Function(call, {"x": (side, side, read)}, {"w": weight})))
