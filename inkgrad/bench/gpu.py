"""The runtime on this machine's own GPU, in Node with Dawn, beside WebAssembly and beside a GPU that has nothing to do.

Headless Chromium on a server has no GPU, or one in software; Dawn is the WebGPU that Chromium has, and takes the same
code.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import inkgrad
from inkgrad.bench.report import BENCH, Result, ratio, summary, versions
from inkgrad.errors import Error
from inkgrad.hardware import processor

SCRIPTS = BENCH / "dist" / "node"
ROUNDS = 20
LIMIT = "a round trip with nothing to do"


def measure(model: Path, calls: int) -> Result:
    """Milliseconds of `calls` calls of the program classify, of one picture each, on each backend, in ROUNDS rounds.

    Raises Error where the script is not built, or does not run to its end: where there is no GPU, above all.
    """
    found = run("dawn", model, ROUNDS, calls // ROUNDS)
    times, limit = found["times"], found["times"][LIMIT]
    driver = found["adapter"].pop("description")
    adapter = " ".join(filter(None, found["adapter"].values()))
    packages = json.loads((BENCH / "package-lock.json").read_text("utf-8"))["packages"]
    return {
        "machine": {"cpu": processor(), "adapter": adapter, "driver": driver},
        "versions": {"inkgrad": inkgrad.__version__, "webgpu": packages["node_modules/webgpu"]["version"]},
        "calls": calls // ROUNDS * ROUNDS,
        "rounds": ROUNDS,
        "net": model.stem,
        "systems": [
            {"name": name, "latency": summary(rounds), "ratio": ratio(rounds, limit)} for name, rounds in times.items()
        ],
    }


def run(script: str, *arguments: object) -> Any:
    """What a script of bench/src prints as JSON, run in Node with Dawn; raises Error as `measure` does."""
    path = SCRIPTS / f"{script}.js"
    node = shutil.which("node")
    if node is None or not path.is_file():
        raise Error(f"{path}: not built, or no node to run it; `make bench` builds it")
    done = subprocess.run([node, str(path), *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        why = re.search(r"^\w*Error.*", done.stderr, re.M)
        raise Error(f"WebGPU in Node does not run here: {why[0] if why else done.stderr[-200:] or done.returncode}")
    return json.loads(done.stdout)


def markdown(result: Result) -> str:
    rows = [
        f"`{result['command']}` on {result['machine']['adapter']} and {result['machine']['cpu']};"
        f" {versions(result)}.\n",
        f"One picture: {result['calls']} calls a system, in {result['rounds']} rounds of all in turn. × the round trip:"
        " median of the rounds' ratios (quartiles).\n",
        f"| {result['net']} | ms: median, p95 | × the round trip |\n|---|---|---|",
    ]
    for system in result["systems"]:
        latency, times = system["latency"], system["ratio"]
        spread = f"{times['median']:.2f} ({times['low']:.2f}–{times['high']:.2f})"
        rows.append(f"| {system['name']} | {latency['median']:.3f}, {latency['p95']:.3f} | {spread} |")
    return "\n".join(rows) + "\n"
