"""As long vectors on a CPU as it has: tinygrad 0.14 holds four floats at most (codegen/late/coalesce.py).

Of a plain loop over floats that lie side by side clang makes longer ones itself. Delete when tinygrad's grow.
"""

import os
import subprocess
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from tinygrad import Context, Device
from tinygrad.codegen.opt import Opt, OptOps, heuristic
from tinygrad.codegen.opt.postrange import Scheduler
from tinygrad.helpers import NUM_CPU_THREADS, Target, prod
from tinygrad.renderer import cstyle
from tinygrad.uop.ops import AxisType

from inkgrad.errors import Error

WIDE = "prefer-vector-width=512"  # of AVX-512's vectors clang takes half otherwise
SHARED = 1 << 14  # numbers, from which on waking another core is worth it


class Vectors(NamedTuple):
    floats: int  # of one
    registers: int


@cache
def vectors() -> Vectors:
    """Those of the processor, by what its compiler may use."""
    with Context(ALLOW_DEVICE_USAGE=1):  # also while a function is traced
        compiler = Device["CPU"].compiler
    asked = [os.environ.get("CC", "clang"), *getattr(compiler, "args", []), "-dM", "-E", "-x", "c", "-"]
    try:
        macros = subprocess.run(asked, input="", capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        raise Error(f"{asked[0]} does not run, which compiles kernels: install clang, or name it with CC") from None
    if "__AVX512F__" in macros:
        return Vectors(16, 32)
    return Vectors(8, 16) if "__AVX__" in macros else Vectors(4, 32 if "__aarch64__" in macros else 16)


class ClangRenderer(cstyle.ClangRenderer):
    """tinygrad's, which leaves loops to the compiler: a class, because the processes that compile are sent it."""

    def __init__(self, target: Target) -> None:
        if target.arch.startswith("x86_64") and WIDE not in target.arch:
            target = replace(target, arch=f"{target.arch},{WIDE}")
        super().__init__(target)


def use_long() -> None:
    """From here on, in this process, the CPU's vectors are as long as the processor's."""
    device = Device["CPU"]
    device.renderers = [ClangRenderer if it is cstyle.ClangRenderer else it for it in device.renderers]


_by_tinygrad = heuristic.hand_coded_optimizations


def _plain_loops(kernel: Scheduler) -> Scheduler:
    """hand_coded_optimizations: of a kernel without a sum, for ClangRenderer, nothing but a part for each core."""
    if not isinstance(kernel.ren, ClangRenderer) or kernel.reduceops:
        return _by_tinygrad(kernel)
    cores = NUM_CPU_THREADS.value
    shared = [axis for axis in kernel.axes_of(AxisType.WEAK) if kernel.full_shape[axis] % cores == 0]
    if cores > 1 and shared and prod(kernel.full_shape) >= SHARED:
        kernel.apply_opt(Opt(OptOps.THREAD, shared[0], cores))
    return kernel


heuristic.hand_coded_optimizations = _plain_loops  # type: ignore[assignment]
