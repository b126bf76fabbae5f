"""Which of tinygrad's kernel options are fastest where a kernel runs: a beam search over them.

All candidates of a round are timed interleaved, their results checked against tinygrad's own heuristic. What wins goes
to tuned.json, which the export reads: so exports stay the same until the table changes. For WebAssembly kernels run in
V8, by Node, with relaxed SIMD; for WebGPU on this machine's adapter (bench/webgpu.py).
"""

import json
import math
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from inkgrad import atomic
from inkgrad.errors import Error
from inkgrad.export.capture import TABLE, TARGETS, Function, Untuned, kernels
from inkgrad.export.tiles import Options
from inkgrad.export.wasm import EXP2, compile_c, fused

BEAM = 4  # options kept from one round to the next
ROUNDS = 8
MOST = 128  # iterations unrolled into one
LONGEST = 40_000  # characters of a kernel's C
GAIN = 0.98  # of the time of the best so far: what is not faster by this much is not worth another round


@dataclass(frozen=True)
class Engine:
    """What runs kernels: whose options it finds (capture.TARGETS), and how candidates are timed there.

    time gives the median seconds a call of the kernel with each candidate; infinity for one too long, refused or wrong,
    which is to differ from the first.
    """

    target: str
    time: Callable[[Untuned, Sequence[Options | None]], list[float]]


def extend(
    functions: Iterable[Function], engine: Engine, progress: Callable[[list[Untuned]], Iterable[Untuned]]
) -> dict[str, Options | None]:
    """The engine's part of the table, with the fastest options of each of the functions' kernels that it lacked, and
    None where none are.

    Each is kept as soon as it is found.
    """
    tables: dict[str, dict[str, Options | None]] = json.loads(TABLE.read_text("utf-8"))
    table = tables[engine.target]
    found = {kernel.key: kernel for function in functions for kernel in kernels(function)}
    for kernel in progress(list(found.values())):
        if kernel.key not in table:
            table[kernel.key] = tune(kernel, engine)
            atomic.write_bytes(TABLE, _text(tables).encode())
    return table


def prune(functions: Iterable[Function], engine: Engine) -> dict[str, Options | None]:
    """The engine's part of the table, less what is of no kernel of these functions: of code that has changed since."""
    tables: dict[str, dict[str, Options | None]] = json.loads(TABLE.read_text("utf-8"))
    there = {kernel.key for function in functions for kernel in kernels(function)}
    tables[engine.target] = {key: options for key, options in tables[engine.target].items() if key in there}
    atomic.write_bytes(TABLE, _text(tables).encode())
    return tables[engine.target]


def _text(tables: dict[str, dict[str, Options | None]]) -> str:
    """JSON, a line a kernel."""
    parts = []
    for target, table in tables.items():
        lines = ",".join(f'\n"{key}": {json.dumps(table[key])}' for key in sorted(table))
        parts.append(f'"{target}": {{{lines}}}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def tune(kernel: Untuned, engine: Engine) -> Options | None:
    """The fastest options found, where they beat the rule's and tinygrad's own by a fiftieth; else the better of these,
    None for tinygrad's own.
    """
    renderer, rule = TARGETS[engine.target]
    ruled = rule(kernel.ast)
    best: tuple[float, Options | None] = (1.0, None)
    beam: list[Options] = [[], ruled or []]
    seen: set[str] = set()
    for number in range(ROUNDS):
        wider = {
            json.dumps(more): more for options in beam for more in [options, *kernel.more(options, MOST, renderer)]
        }
        new = [options for text, options in wider.items() if text not in seen]
        seen |= wider.keys()
        # The best so far runs again, so that it is compared with the new in one run.
        heuristic, before, *times = engine.time(kernel, [None, best[1], *new])
        ranked = sorted(zip(times, new, strict=True), key=lambda pair: pair[0])
        if not ranked:
            break
        beam = [options for _, options in ranked[:BEAM]]
        improved = ranked[0][0] < GAIN * before
        best = (ranked[0][0] / heuristic, ranked[0][1]) if improved else (before / heuristic, best[1])
        if not improved and number > 1:
            break
    # Once more: of hundreds, some were fast by chance.
    heuristic, before, again = engine.time(kernel, [None, ruled, best[1]])
    if again < GAIN * min(heuristic, before):
        return best[1]
    return ruled if before < heuristic else None


def _in_v8(kernel: Untuned, candidates: Sequence[Options | None]) -> list[float]:
    node = shutil.which("node")
    if node is None:
        raise Error("node is not installed; tuning times kernels in it")
    sizes = kernel.sizes
    places = [0, *accumulate(-(-size // 256) * 256 for size in sizes)]
    arguments = ", ".join(f"(void*)(base + {place})" for place in places[:-1])
    text, kept = [EXP2], list[int]()
    for i, options in enumerate(candidates):
        compiled = kernel.c(options)
        if compiled is None or (i and len(compiled[0]) > LONGEST):  # the first is what others are compared with
            continue
        source, name = compiled
        text.append(re.sub(rf"\bvoid {name}\(", f"static void kernel{i}(", fused(source)))
        text.append(
            f'__attribute__((export_name("run{len(kept)}"))) void run_{i}(char* base) {{ kernel{i}({arguments}); }}'
        )
        kept.append(i)
    with tempfile.NamedTemporaryFile(suffix=".wasm") as module:
        module.write(compile_c("\n".join(text), "+relaxed_simd"))
        module.flush()
        script = str(Path(__file__).with_name("time.mjs"))
        command = [node, "--no-liftoff", script, module.name, str(len(kept)), str(places[-1]), str(sizes[0])]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        raise Error(f"node cannot time a kernel: {last or f'it ended with {done.returncode}'}")
    times = dict(zip(kept, json.loads(done.stdout), strict=True))
    return [times.get(i) or math.inf for i in range(len(candidates))]


V8 = Engine("wasm", _in_v8)
