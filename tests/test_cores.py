"""Kernels on all cores: the parts of one run at the same time, and give what they give one by one."""

from collections.abc import Iterator
from threading import Barrier, get_ident
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tinygrad import Context, Tensor
from tinygrad.runtime.ops_cpu import CPUProgram

from inkgrad import cores


@pytest.fixture(autouse=True)
def _restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test leaves on the device, and a pool of its own."""
    monkeypatch.setattr(CPUProgram, "__call__", cores._one_by_one)
    cores._pool.cache_clear()
    with Context(NUM_CPU_THREADS=4):
        yield
    cores._pool.cache_clear()


def test_parts_run_at_the_same_time() -> None:
    met, seen = Barrier(4, timeout=60), list[tuple[int, ...]]()

    def part(*arguments: Any) -> None:
        met.wait()  # one by one, the first would wait in vain
        seen.append((get_ident(), *(argument.value for argument in arguments)))

    program: Any = SimpleNamespace(fxn=part, runtimevars={"core_id": 1})
    cores._side_by_side(program, SimpleNamespace(va_addr=7), global_size=(4, 1, 1), vals=(None, 9))
    assert len({thread for thread, *_ in seen}) == 4
    assert sorted(rest for _, *rest in seen) == [[7, part, 9] for part in range(4)]


def test_no_part_outlives_a_call_that_fails() -> None:
    done = list[int]()

    def part(core: Any) -> None:
        if core.value == 0:
            raise KeyboardInterrupt
        done.append(core.value)

    program: Any = SimpleNamespace(fxn=part, runtimevars={"core_id": 0})
    with pytest.raises(KeyboardInterrupt):
        cores._side_by_side(program, global_size=(4, 1, 1), vals=(None,))
    assert sorted(done) == [1, 2, 3]


@pytest.mark.parametrize("shape", [(256, 256, 256), (4, 3000, 260), (1024, 1024, 1)])
def test_the_values_stay(shape: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    n, k, m = shape
    rng = np.random.default_rng(0)
    x, y = rng.random((n, k), np.float32), rng.random((k, m), np.float32)

    def product() -> Any:
        return (Tensor(x) @ Tensor(y)).numpy()

    alone = product()
    np.testing.assert_allclose(alone, x @ y, rtol=1e-5)
    launched = list[int]()

    def spied(program: CPUProgram, *buffers: Any, **launch: Any) -> float | None:
        launched.append(launch["global_size"][0])
        return cores._side_by_side(program, *buffers, **launch)

    cores.use_all()
    assert CPUProgram.__call__ is cores._side_by_side
    monkeypatch.setattr(CPUProgram, "__call__", spied)
    np.testing.assert_array_equal(product(), alone)
    assert max(launched) > 1, "tinygrad divides kernels no longer: delete cores.py"
