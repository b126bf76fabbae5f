"""Kernels on all cores of a CPU, and a captured step without Python between its kernels.

tinygrad 0.14 divides a large kernel among as many threads as there are cores, then runs its parts one by one on the
thread that asks (runtime/ops_cpu.py), and Python takes longer to start most kernels of a captured step than they run.
Here cores walk a table of calls, each taking the next part of a kernel that nobody has, all of them kernel by kernel.
Delete when tinygrad runs parts side by side (its pull request 17866 divides kernels no longer) and has a CPU's graph.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from ctypes import c_uint64, c_void_p, cast
from dataclasses import replace
from functools import cache
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tinygrad import Device
from tinygrad.device import TinyELF
from tinygrad.engine.jit import GraphRunner
from tinygrad.helpers import JIT_BATCH_SIZE, NUM_CPU_THREADS
from tinygrad.renderer.cstyle import ClangRenderer
from tinygrad.runtime.autogen import libc
from tinygrad.runtime.ops_cpu import MAX_ARGS, CPUProgram
from tinygrad.uop.ops import UOp

from inkgrad import vectors

LOOKS = 2000  # of a core that waits, before it lets other processes have its time

# A row holds a function's address, how many parts it has, at which argument it is told the part, and the arguments; one
# that has fewer ignores the others. A core takes whatever part is next: one that other processes hold up keeps nobody
# waiting for what it has not begun.
_WALK = f"""
typedef unsigned long long word;
void walk(const word *row, word rows, word (*state)[2], int (*yield)(void)) {{
  for (; rows--; row += {3 + MAX_ARGS}, state++) {{
    word *taken = &(*state)[0], *done = &(*state)[1], argument[{MAX_ARGS + 1}], part;
    for (int i = 0; i < {MAX_ARGS}; i++) argument[i] = row[3 + i];
    while ((part = __atomic_fetch_add(taken, 1, __ATOMIC_ACQ_REL)) < row[1]) {{
      argument[row[2]] = part;
      ((void (*)({", ".join(["word"] * MAX_ARGS)}))row[0])({", ".join(f"argument[{i}]" for i in range(MAX_ARGS))});
      __atomic_fetch_add(done, 1, __ATOMIC_ACQ_REL);
    }}
    for (int looks = 0; __atomic_load_n(done, __ATOMIC_ACQUIRE) < row[1]; looks++) {{
      if (looks > {LOOKS}) yield();
#ifdef __x86_64__
      __builtin_ia32_pause();
#endif
    }}
  }}
}}
"""


class Call(NamedTuple):
    """A kernel, its arguments, and into how many parts it is divided."""

    program: CPUProgram
    arguments: Sequence[int]
    parts: int


def use_all() -> None:
    """From here on, in this process, the CPU runs a kernel's parts side by side, in its longest vectors, and what is
    captured as one walk."""
    CPUProgram.__call__ = _side_by_side  # type: ignore[assignment, method-assign]
    if Device.DEFAULT == "CPU":
        Device["CPU"].graph = Graph
        JIT_BATCH_SIZE.value = 0  # one walk for all: to call the other cores takes as long as a kernel
        vectors.use_long()


_one_by_one = CPUProgram.__call__


def _side_by_side(program: CPUProgram, *buffers: Any, **launch: Any) -> float | None:
    """CPUProgram.__call__: the seconds it took, where `launch` says to wait for that."""
    parts = launch["global_size"][0]
    if parts == 1:
        return _one_by_one(program, *buffers, **launch)
    start = time.perf_counter()
    walk(table([Call(program, [*(buffer.va_addr for buffer in buffers), *launch["vals"]], parts)]))
    return time.perf_counter() - start if launch.get("wait") else None


class Graph(GraphRunner):
    """The kernels of a captured function, in turn."""

    def __init__(self, linear: UOp, input_uops: tuple[UOp, ...] = ()) -> None:
        super().__init__(linear, input_uops)
        calls = []
        for (_, ast, buffers, _), program in zip(self.calls, self.runtimes, strict=True):
            assert isinstance(program, CPUProgram)
            (parts, *_), _ = ast.arg.launch_dims({})
            calls.append(Call(program, [*map(_address, buffers), *ast.arg.vals({})], parts))
        self.table = table(calls)

    def __call__(self, input_uops: tuple[UOp, ...], var_vals: dict[str, int], wait: bool = False) -> float | None:
        for i, replaced in enumerate(self.uop_replace):
            for position, slot in replaced:
                self.table[i, 3 + position] = _address(input_uops[slot].buffer)
        start = time.perf_counter()
        walk(self.table)
        return time.perf_counter() - start if wait else None

    @staticmethod
    def supports_uop(batch_devs: list[Any], new_call: UOp) -> bool:
        """Whether the kernel can be one of a graph: on one device, of fixed sizes."""
        fits = GraphRunner.supports_uop(batch_devs, new_call)
        return fits and not {v.expr for v in new_call.src[0].arg.vars} - {"core_id"}


def _address(buffer: Any) -> int:
    return int(buffer.get_buf("CPU").va_addr)


def table(calls: Sequence[Call]) -> NDArray[np.uint64]:
    """What cores walk: [calls, 3 + MAX_ARGS], as _WALK reads it."""
    rows = np.zeros((len(calls), 3 + MAX_ARGS), np.uint64)
    for row, (program, arguments, parts) in zip(rows, calls, strict=True):
        row[:3] = program.addr, parts, program.runtimevars.get("core_id", MAX_ARGS)  # beyond them: to nobody
        row[3 : 3 + len(arguments)] = [argument or 0 for argument in arguments]
    return rows


_one_at_a_time = Lock()  # two walks could hold each other's threads


def walk(rows: NDArray[np.uint64]) -> None:
    """Run the calls of a table on all cores, each when all before it are done."""
    program, sched_yield = _walker(), cast(libc.dll.sched_yield, c_void_p).value or 0
    state = np.zeros((len(rows), 2), np.uint64)  # parts of each call that are taken, and done

    def run() -> None:
        program.fxn(*map(c_uint64, (rows.ctypes.data, len(rows), state.ctypes.data, sched_yield)))

    with _one_at_a_time:
        others = [_pool().submit(run) for _ in range(min(NUM_CPU_THREADS.value, int(rows[:, 1].max())) - 1)]
        try:
            run()
        finally:  # Ctrl-C: no part may outlive its buffers
            for other in others:
                other.result()


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(NUM_CPU_THREADS.value)


@cache
def _walker() -> CPUProgram:
    device: Any = Device["CPU"]
    clang = ClangRenderer(replace(device.renderer.target, renderer="CLANG"))
    return CPUProgram(device, TinyELF(clang.compiler.compile_cached(_WALK), "walk", clang.target, ()))
