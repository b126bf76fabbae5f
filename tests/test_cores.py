"""Kernels on all cores: parts run at the same time, kernels one after another, and give what they give one by one."""

import time
from collections.abc import Iterator
from ctypes import CFUNCTYPE, c_uint64, c_void_p, cast
from threading import Barrier, Lock, current_thread, get_ident, main_thread
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tinygrad import Context, Device, Tensor, TinyJit, Variable
from tinygrad.runtime.ops_cpu import CPUProgram

from inkgrad import cores


@pytest.fixture(autouse=True)
def _restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test leaves on the device, and a pool of its own."""
    monkeypatch.setattr(CPUProgram, "__call__", cores._one_by_one)
    monkeypatch.setattr(Device["CPU"], "graph", None)
    cores._pool.cache_clear()
    with Context(NUM_CPU_THREADS=4):
        yield
    cores._pool.cache_clear()


def call(arguments: list[int], parts: int, place: int, function: Any) -> tuple[cores.Call, Any]:
    """A call of a Python function of three arguments, of which part numbers are at `place`; and what keeps it alive."""
    callback = CFUNCTYPE(None, c_uint64, c_uint64, c_uint64)(function)
    program: Any = SimpleNamespace(addr=cast(callback, c_void_p).value, runtimevars={"core_id": place})
    return cores.Call(program, arguments, parts), callback


def test_parts_run_at_the_same_time() -> None:
    met, seen = Barrier(4, timeout=60), list[tuple[int, ...]]()

    def part(*arguments: int) -> None:
        met.wait()  # one by one, the first would wait in vain
        seen.append((get_ident(), *arguments))

    one, _kept = call([7, 0, 9], 4, 1, part)
    cores.walk(cores.table([one]))
    assert len({thread for thread, *_ in seen}) == 4
    assert sorted(rest for _, *rest in seen) == [[7, part, 9] for part in range(4)]


def test_a_kernel_begins_when_the_one_before_is_done() -> None:
    lock, log = Lock(), list[tuple[str, int, int]]()

    def part(kernel: int, part: int, _: int) -> None:
        with lock:
            log.append(("begin", kernel, part))
        with lock:
            log.append(("end", kernel, part))

    sizes = [4, 1, 1, 3, 2, 4, 1] * 20
    calls, _kept = zip(*(call([kernel, 0, 0], parts, 1, part) for kernel, parts in enumerate(sizes)), strict=True)
    cores.walk(cores.table(calls))
    assert [kernel for _, kernel, _ in log] == [kernel for kernel, parts in enumerate(sizes) for _ in range(2 * parts)]
    assert {(kernel, part) for what, kernel, part in log if what == "end"} == {
        (kernel, part) for kernel, parts in enumerate(sizes) for part in range(parts)
    }


def test_no_core_outlives_a_walk_that_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    one, _kept = call([0, 0, 0], 4, 1, print)
    done = list[int]()

    def walk(*_: object) -> None:
        if current_thread() is main_thread():
            raise KeyboardInterrupt
        time.sleep(0.1)
        done.append(1)

    monkeypatch.setattr(cores, "_walker", lambda: SimpleNamespace(fxn=walk))
    with pytest.raises(KeyboardInterrupt):
        cores.walk(cores.table([one]))
    assert len(done) == 3


@pytest.mark.parametrize("shape", [(256, 256, 256), (4, 3000, 260), (1024, 1024, 1)])
def test_the_values_stay(shape: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    n, k, m = shape
    rng = np.random.default_rng(0)
    x, y = rng.random((n, k), np.float32), rng.random((k, m), np.float32)

    def product() -> Any:
        return (Tensor(x) @ Tensor(y)).numpy()

    alone = product()
    np.testing.assert_allclose(alone, x @ y, rtol=1e-5)
    divided = spy(monkeypatch)
    cores.use_all()
    np.testing.assert_array_equal(product(), alone)
    assert max(divided) > 1, "tinygrad divides kernels no longer: delete _side_by_side"


def test_a_captured_function_is_one_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    state = Tensor.zeros(64, 64).contiguous().realize()

    def step(x: Tensor) -> Tensor:
        hidden = (x @ x).relu().contiguous()
        state.assign(state + hidden.sum(0)).realize()
        return (hidden @ state).softmax().realize()

    inputs = [rng.random((64, 64), np.float32) - 0.5 for _ in range(5)]
    wanted = [step(Tensor(x)).numpy() for x in inputs]
    state.assign(state.zeros_like()).realize()
    cores.use_all()
    compiled, walks = TinyJit(step), spy(monkeypatch)
    for i, (x, answer) in enumerate(zip(inputs, wanted, strict=True)):
        given = Tensor(x).realize()
        walks.clear()
        np.testing.assert_allclose(compiled(given).numpy(), answer, rtol=1e-5)
        assert i < 2 or len(walks) == 1  # the first two calls compile and capture


def test_kernels_of_no_fixed_size_are_left_to_tinygrad() -> None:
    cores.use_all()
    x = Tensor(np.arange(2000, dtype=np.float32)).realize()
    total = TinyJit(lambda x: (x * 2).contiguous().sum().realize())
    for n in 2, 3, 5, 7, 1000:
        size = Variable("n", 1, 2000).bind(n)
        assert total(x.shrink(((0, size),))).item() == n * (n - 1)


def spy(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The most parts of a kernel, of each walk from here on."""
    walks = list[int]()
    walk = cores.walk

    def spied(rows: Any) -> None:
        walks.append(int(rows[:, 1].max()))
        walk(rows)

    monkeypatch.setattr(cores, "walk", spied)
    return walks
