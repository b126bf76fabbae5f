"""Which of tinygrad's kernel options are fastest on WebAssembly, with relaxed SIMD, where it runs: in V8, by Node.

A beam search over options for each kernel of a function, all candidates of a round in one module, their results
checked against tinygrad's own heuristic and timed interleaved. What wins goes to tuned.json, which the export reads: so
exports stay the same until the table changes.
"""

import json
import math
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from pathlib import Path

from inkgrad import atomic
from inkgrad.errors import Error
from inkgrad.export.capture import TABLE, Function, Untuned, kernels
from inkgrad.export.tiles import Options
from inkgrad.export.wasm import EXP2, compile_c, fused

BEAM = 4  # options kept from one round to the next
ROUNDS = 8
MOST = 128  # iterations unrolled into one
LONGEST = 40_000  # characters of a kernel's C
GAIN = 0.98  # of the time of the best so far: what is not faster by this much is not worth another round


def extend(
    functions: Iterable[Function], progress: Callable[[list[Untuned]], Iterable[Untuned]]
) -> dict[str, Options | None]:
    """The table, with the fastest options of each of the functions' kernels that it lacked, and None where none are.

    Each is kept as soon as it is found.
    """
    table: dict[str, Options | None] = json.loads(TABLE.read_text("utf-8"))
    found = {kernel.key: kernel for function in functions for kernel in kernels(function)}
    for kernel in progress(list(found.values())):
        if kernel.key not in table:
            table[kernel.key] = tune(kernel)
            lines = ",\n".join(f'"{key}": {json.dumps(table[key])}' for key in sorted(table))
            atomic.write_bytes(TABLE, f"{{\n{lines}\n}}\n".encode())
    return table


def tune(kernel: Untuned, report: Callable[[int, float], None] = lambda *_: None) -> Options | None:
    """The fastest options found, or None where nothing beats tinygrad's own by a fiftieth.

    report is told, after each round, the round and the best time so far over the heuristic's.
    """
    best: tuple[float, Options | None] = (1.0, None)
    beam: list[Options] = [[]]
    seen: set[str] = set()
    for number in range(ROUNDS):
        wider = {json.dumps(more): more for options in beam for more in [options, *kernel.more(options, MOST)]}
        new = [options for text, options in wider.items() if text not in seen]
        seen |= wider.keys()
        # The best so far runs again, so that it is compared with the new in one run.
        heuristic, before, *times = measure(kernel, [None, best[1], *new])
        ranked = sorted(zip(times, new, strict=True), key=lambda pair: pair[0])
        if not ranked:
            break
        beam = [options for _, options in ranked[:BEAM]]
        improved = ranked[0][0] < GAIN * before
        best = (ranked[0][0] / heuristic, ranked[0][1]) if improved else (before / heuristic, best[1])
        report(number, best[0])
        if not improved and number > 1:
            break
    return best[1] if best[0] < GAIN else None


def measure(kernel: Untuned, candidates: Sequence[Options | None]) -> list[float]:
    """Median seconds a call of the kernel with each candidate; infinity for one too long or wrong."""
    node = shutil.which("node")
    if node is None:
        raise Error("node is not installed; tuning times kernels in it")
    sizes = kernel.sizes
    places = [0, *accumulate(-(-size // 256) * 256 for size in sizes)]
    arguments = ", ".join(f"(void*)(base + {place})" for place in places[:-1])
    text, kept = [EXP2], list[int]()
    for i, options in enumerate(candidates):
        compiled = kernel.c(options)
        if compiled is None or len(compiled[0]) > LONGEST:
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
        raise Error(f"node cannot time a kernel: {done.stderr.strip().splitlines()[-1]}")
    times = dict(zip(kept, json.loads(done.stdout), strict=True))
    return [times.get(i) or math.inf for i in range(len(candidates))]
