"""What tinygrad's kernels are written in: WGSL that is short, since every visitor fetches it, and C for WebAssembly."""

import re

from tinygrad.device import Compiler
from tinygrad.helpers import Target
from tinygrad.renderer.cstyle import ClangRenderer
from tinygrad.renderer.wgsl import WGSLRenderer
from tinygrad.uop.ops import Ops


class _Wgsl(WGSLRenderer):
    """Bindings counted from 0: upstream gives binding 0 to a uniform that holds infinity; here a function makes it."""

    infinity = "inf()"

    def render_kernel(self, function_name, kernel, bufs, uops, prefix=None):  # type: ignore[no-untyped-def]
        source = super().render_kernel(function_name, kernel, bufs, uops, prefix)
        nan, body = source.split("@group(0) @binding(0)\nvar<uniform> INFINITY : f32;\n")
        inf = "fn inf() -> f32 { var bits = 0x7f800000u; return bitcast<f32>(bits); }\n"
        head = (nan if self.nan in body else "") + (inf if self.infinity in body else "")
        source = head + re.sub(r"@binding\((\d+)\)", lambda m: f"@binding({int(m[1]) - 1})", body)
        # Without comments and indents, and d0 for data0_784, a1 for alu1: so that gzip, which looks 32 kB back, finds
        # the kernels of one program again in the next. Saves 4 of the cnn's 105 kB.
        source = re.sub(r" ?/\*.*?\*/|^ +", "", source, flags=re.M)
        return re.sub(r"\b(data|buf|val|alu|cast|gidx|lidx|Ridx)(\d+)(_\d+)?", lambda m: m[1][0] + m[2], source)


class _C(ClangRenderer):
    """C for one thread, with exp2 as a call: upstream writes its polynomial out at every use, four times the code."""

    has_threads = False
    global_max = None
    code_for_op = {**ClangRenderer.code_for_op, Ops.EXP2: lambda x, dtype: f"exp2f_({x})"}  # noqa: RUF012

    def __init__(self, target: Target) -> None:
        # ClangRenderer's own __init__ asks for a native compiler, which an export does not need.
        self.target, self.compiler = target, Compiler()


WGSL, C = _Wgsl(Target("WEBGPU", "WGSL")), _C(Target("CPU", "CLANG"))
