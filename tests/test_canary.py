"""When tinygrad is raised: says by name which of its internals, those that export/, cores.py and these tests stand
on, has moved."""

import importlib
import importlib.metadata
import inspect
import tomllib
from pathlib import Path

import pytest
from tinygrad import Tensor
from tinygrad.codegen import to_program
from tinygrad.uop.ops import Ops

from inkgrad.export.renderers import WGSL, C

NAMES = [
    "tinygrad:Tensor.schedule_linear",
    "tinygrad:Tensor.uop",
    "tinygrad.codegen:do_to_program",
    "tinygrad.codegen:to_program",
    "tinygrad.codegen:to_program_key",
    "tinygrad.device:Compiler",
    "tinygrad.helpers:Target",
    "tinygrad.helpers:diskcache_get",
    "tinygrad.helpers:diskcache_put",
    "tinygrad.renderer.cstyle:ClangRenderer.code_for_op",
    "tinygrad.renderer.cstyle:ClangRenderer.render_kernel",
    "tinygrad.renderer.wgsl:WGSLRenderer.render_kernel",
    "tinygrad.renderer.wgsl:WGSLRenderer.infinity",
    "tinygrad.renderer.wgsl:WGSLRenderer.nan",
    "tinygrad.runtime.ops_cpu:CPUProgram.__call__",
    "tinygrad.uop.ops:Ops.CALL",
    "tinygrad.uop.ops:Ops.SINK",
    "tinygrad.uop.ops:Ops.BUFFER",
    "tinygrad.uop.ops:Ops.EXP2",
    "tinygrad.uop.ops:UOp.base",
    "tinygrad.uop.ops:UOp.contiguous_view",
    "tinygrad.uop.ops:UOp.is_realized",
    "tinygrad.uop.ops:UOp.max_numel",
    "tinygrad.uop.ops:UOp.nbytes",
    "tinygrad.uop.ops:ProgramInfo.function_name",
]


def test_the_pin_is_exact_and_installed() -> None:
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["project"]
    assert f"tinygrad=={importlib.metadata.version('tinygrad')}" in project["dependencies"]


@pytest.mark.parametrize("name", NAMES)
def test_is_where_it_was(name: str) -> None:
    module, _, path = name.partition(":")
    value: object = importlib.import_module(module)
    for attribute in path.split("."):
        slots = getattr(value, "__slots__", ())
        assert hasattr(value, attribute) or attribute in slots or attribute in getattr(value, "__annotations__", {}), (
            f"{name}: {attribute} has moved"
        )
        value = getattr(value, attribute, None)


def test_a_scheduled_kernel_looks_as_it_did() -> None:
    x = Tensor.empty(4, device="CPU").realize()
    linear = Tensor.schedule_linear((x + 1).contiguous())
    assert [(call.op, call.src[0].op) for call in linear.src] == [(Ops.CALL, Ops.SINK)], "a LINEAR of CALLs of SINKs"
    assert [argument.contiguous_view()[1] for argument in linear.src[0].src[1:]] == [0, 0], "(buffer, byte offset)"  # type: ignore[index]
    for renderer in (WGSL, C):
        program = to_program(linear.src[0].src[0], renderer)
        assert program.src[2].op is Ops.SOURCE, "the source is a program's third part"
        assert (program.arg.globals, program.arg.outs, program.arg.vars) == ((0, 1), (0,), ())
        assert program.arg.function_name in program.src[2].arg


def test_wgsl_is_still_given_a_uniform_for_infinity() -> None:
    """_Wgsl takes it out; when upstream no longer writes it, _Wgsl can go."""
    from tinygrad.renderer.wgsl import WGSLRenderer

    assert "@group(0) @binding(0)\\nvar<uniform> INFINITY : f32;\\n" in inspect.getsource(WGSLRenderer.render_kernel)


def test_clang_would_still_write_exp2_out() -> None:
    """_C makes it a call; when upstream does, _C's code_for_op can go."""
    from tinygrad.renderer.cstyle import ClangRenderer

    assert Ops.EXP2 not in ClangRenderer.code_for_op and Ops.EXP2 in C.code_for_op
