"""Kernels on all cores of a CPU.

tinygrad 0.14 divides a large kernel among as many threads as there are cores, then runs its parts one by one on the
thread that asks (runtime/ops_cpu.py). Delete when it divides kernels no longer (its pull request 17866), or runs their
parts side by side.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from ctypes import c_uint64
from functools import cache
from typing import Any

from tinygrad.helpers import NUM_CPU_THREADS
from tinygrad.runtime.ops_cpu import CPUProgram

_one_by_one = CPUProgram.__call__


def use_all() -> None:
    """From here on, in this process, tinygrad's CPU device runs the parts of a kernel side by side."""
    CPUProgram.__call__ = _side_by_side  # type: ignore[assignment, method-assign]


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(NUM_CPU_THREADS.value)


def _side_by_side(program: CPUProgram, *buffers: Any, **launch: Any) -> float | None:
    """CPUProgram.__call__: the seconds it took, where `launch` says to wait for that."""
    parts, place = launch["global_size"][0], program.runtimevars.get("core_id")
    if parts == 1 or place is None:
        return _one_by_one(program, *buffers, **launch)
    start = time.perf_counter()
    arguments = [*(buffer.va_addr for buffer in buffers), *launch["vals"]]

    def run(part: int) -> None:
        program.fxn(*map(c_uint64, [*arguments[:place], part, *arguments[place + 1 :]]))

    others = [_pool().submit(run, part) for part in range(1, parts)]
    try:
        run(0)
    finally:  # no part may outlive its buffers
        for other in others:
            other.result()
    return time.perf_counter() - start if launch.get("wait") else None
