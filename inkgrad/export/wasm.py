"""Programs -> WebAssembly, by Zig's clang: each program becomes a function of its arena's base address.

A module imports nothing and exports `memory`, `__heap_base` (the first byte that is free for arenas) and one function
(base: i32) a program. SIMD is assumed: every browser has had it since 2023. Relaxed SIMD is not, so there is a variant
with it: where a processor has a fused multiply-add, the cnn is 1.17 to 1.36 times as fast (three `inkgrad bench`).
"""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from inkgrad.errors import Error, first_line, needs
from inkgrad.export.program import Dispatch, Program

# 2^x = 2^n · 2^f with n whole and |f| ≤ ½: the Taylor series of e^(f ln 2) to the seventh power errs by less than 1e-8,
# and n, which rounding leaves in the low bits of x + 1.5 · 2^23, goes straight into the exponent, by halves: so what is
# too large ends infinite; what would be subnormal is 0. NaN stays NaN. No branch: then clang makes SIMD of the product
# before an activation as well. With branches the mlp takes 1.5 times as long, the cnn 1.25 (medians of 300 interleaved
# calls in V8, two busy cores).
EXP2 = """
static inline float pow2_(int n) { return __builtin_bit_cast(float, (n + 127) << 23); }
static inline float exp2f_(float x) {
  float c = x < -126.0f ? -200.0f : x > 200.0f ? 200.0f : x;
  float y = c + 0x1.8p23f, t = (c - (y - 0x1.8p23f)) * 0.693147180559945f;
  int n = __builtin_bit_cast(int, y) - 0x4b400000, half = n >> 1;
  float p = 1.0f + t * (1.0f + t * (1.0f / 2 + t * (1.0f / 6 + t * (1.0f / 24 + t * (1.0f / 120 + t * (1.0f / 720
    + t * (1.0f / 5040)))))));
  return p * pow2_(half) * pow2_(n - half);
}
"""

_FLAGS = [
    "--target=wasm32-freestanding",
    "-std=c11",
    "-O3",
    "-ffreestanding",
    "-nostdlib",
    "-fno-math-errno",
    "-ffp-contract=off",
    "-Wl,--no-entry",
    "-Wl,--strip-all",
    "-Wl,--export=__heap_base",
]


def source(programs: Sequence[Program]) -> str:
    """The C text of the module. Kernels of different programs may share names, so each carries its program's."""
    parts = [EXP2]
    for program in programs:
        local = {kernel.name: f"{program.name}_{kernel.name}" for kernel in program.kernels}
        for kernel in program.kernels:
            # What is made of weights may be fused. What has none is arithmetic on pictures, the same bytes everywhere.
            text = fused(kernel.c) if program.weights else kernel.c
            parts.append(text.replace(f"void {kernel.name}(", f"static void {local[kernel.name]}("))

        def call(dispatch: Dispatch, local: dict[str, str] = local) -> str:
            arguments = ", ".join(f"(void*)(base + {range.offset})" for range in dispatch.bindings)
            return f"  {local[dispatch.kernel]}({arguments});"

        export = f'__attribute__((export_name("{program.name}"))) void program_{program.name}(char* base)'
        parts.append("\n".join([export + " {", *map(call, program.dispatches), "}"]))
    return "\n".join(parts)


def fused(text: str) -> str:
    """A kernel's C, with leave to make one instruction, and one rounding, of a product and a sum."""
    return text.replace(" {\n", " {\n#pragma clang fp contract(fast)\n", 1)


def compile_modules(programs: Sequence[Program]) -> dict[str, bytes]:
    """The module of the programs, by the name of its tensor in the model file: `wasm`, and `wasm.relaxed` with relaxed
    SIMD. Raises Error as `compile_c` does."""
    text = source(programs)
    return {"wasm": compile_c(text), "wasm.relaxed": compile_c(text, "+relaxed_simd")}


def compile_c(text: str, features: str = "") -> bytes:
    """A WebAssembly module of C, with more features than SIMD where named. Raises Error where Zig is missing or refuses
    the text."""
    with needs("export"):
        import ziglang  # noqa: F401  # for its compiler
    with tempfile.TemporaryDirectory() as folder:
        file, module = Path(folder, "programs.c"), Path(folder, "programs.wasm")
        file.write_text(text)
        # clang runs inside the folder: a path in its arguments could reach the module and make it differ.
        command = [sys.executable, "-m", "ziglang", "cc", *_FLAGS, f"-mcpu=generic+simd128{features}", file.name]
        done = subprocess.run([*command, "-o", module.name], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            why = first_line(done.stderr, f"it ended with {done.returncode}")
            raise Error(f"clang refused the generated C: {why}")
        return module.read_bytes()
