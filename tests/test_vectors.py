"""Long vectors on a CPU: plain loops give what NumPy gives, in the processes that compile as well, and there alone."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy._core._multiarray_umath import __cpu_features__  # type: ignore[import-not-found]
from tinygrad import Context, Device, Tensor
from tinygrad.codegen import to_program
from tinygrad.codegen.opt import OptOps
from tinygrad.renderer import cstyle
from tinygrad.uop.ops import Ops, UOp

from inkgrad import cores, hardware
from inkgrad.errors import Error
from inkgrad.vectors import SHARED, WIDE, ClangRenderer, vectors


@pytest.fixture(autouse=True)
def all_cores() -> None:
    cores.use_all()


def kernel(y: Tensor) -> UOp:
    """What the first kernel of y is before it is compiled."""
    linear, _ = y.linear_with_vars()
    return next(call.src[0] for call in linear.toposort() if call.op is Ops.CALL and call.src[0].op is Ops.SINK)


@pytest.mark.parametrize("compiler", ["false", "no-such-compiler"])
def test_a_compiler_that_does_not_run_is_named(compiler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", compiler)
    vectors.cache_clear()
    with pytest.raises(Error, match=f"{compiler} does not run.*: install clang"):
        hardware.opened()
    vectors.cache_clear()


@settings(max_examples=10)
@given(st.integers(1, 3), st.integers(1, 400), st.integers(1, 400))
def test_plain_loops_compute_what_numpy_does(cores: int, rows: int, columns: int) -> None:
    rng = np.random.default_rng(0)
    x, y = (rng.normal(size=size).astype(np.float32) for size in ((rows, columns), (columns, rows)))
    with Context(NUM_CPU_THREADS=cores):
        found = (Tensor(x, device="CPU").realize() * 2 + Tensor(y, device="CPU").realize().transpose()).numpy()
    assert np.array_equal(found, x * 2 + y.T)


@pytest.mark.parametrize("rows, parts", [(64, 2), (63, 1), (2, 1)], ids=["shared", "odd", "small"])
def test_a_kernel_without_a_sum_is_a_plain_loop_for_each_core(rows: int, parts: int) -> None:
    x = Tensor.ones(rows, SHARED // 64 + 1, device="CPU").contiguous().realize()
    with Context(NUM_CPU_THREADS=2):
        program = to_program(kernel(x.square()), Device["CPU"].renderer)
    assert "float4" not in program.src[2].arg and program.arg.launch_dims({})[0][0] == parts


def test_sums_and_other_compilers_have_tinygrads_options() -> None:
    x = Tensor.ones(64, 512, device="CPU").contiguous().realize()
    theirs = cstyle.ClangRenderer(Device["CPU"].renderer.target)
    for y, renderer in ((x.square(), theirs), (x.sum(0), Device["CPU"].renderer)):
        applied = {opt.op for opt in to_program(kernel(y), renderer).src[0].arg.applied_opts}
        assert applied & {OptOps.UPCAST, OptOps.UNROLL}


def test_processes_that_compile_are_sent_the_same_renderer() -> None:
    ours = Device["CPU"].renderer
    sent = pickle.loads(pickle.dumps(ours))
    assert isinstance(ours, ClangRenderer) and isinstance(sent, ClangRenderer)
    assert sent.target == ours.target and ours.target.arch.count(WIDE) == ours.target.arch.startswith("x86_64")


def test_the_vectors_are_those_that_numpy_finds() -> None:
    has = __cpu_features__
    assert vectors() == ((16, 32) if has["AVX512F"] else (8, 16) if has["AVX"] else (4, 32 if has["NEON"] else 16))
