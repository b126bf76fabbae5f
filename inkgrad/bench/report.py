"""What was measured, as people read it: medians, ratios, a table and a plot."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from inkgrad import atomic
from inkgrad.png import png

BENCH = Path(__file__).parents[2] / "bench"
Result = dict[str, Any]
COLOUR = "#c2410c"  # ours, in every plot


def summary(rounds: Sequence[Sequence[float]]) -> Result:
    """Of times in rounds: their median and 95th percentile, in the times' unit, and how many they are."""
    times = [time for one in rounds for time in one]
    return {"median": float(np.median(times)), "p95": float(np.percentile(times, 95)), "n": len(times)}


def ratio(rounds: Sequence[Sequence[float]], ours: Sequence[Sequence[float]]) -> Result:
    """How many times as long as ours: of each round's medians, so that a busy spell weighs on both; quartiles."""
    return quartiles([float(np.median(a) / np.median(b)) for a, b in zip(rounds, ours, strict=True)])


def quartiles(values: Sequence[float]) -> Result:
    low, middle, high = np.percentile(values, [25, 50, 75])
    return {"median": float(middle), "low": float(low), "high": float(high), "n": len(values)}


HEAD = (
    "| {net}, {kind} | batch 1, ms: median, p95 | × ours | images/s | download, kB gzip: code, weights "
    "| first prediction, ms: localhost, 4G | memory, MB: heap, resident, peak |\n|---|---|---|---|---|---|---|"
)


def markdown(result: Result) -> str:
    """A table for each kind, and what it was measured on."""
    machine, settings = result["machine"], result["settings"]
    parts = [
        f"`{result['command']}` on {machine['cpu']}, WebGPU by {machine['adapter']}; {machine['browser']};"
        f" {versions(result)}.",
        f"Batch 1: {settings['calls']} calls a system, in {settings['rounds']} rounds of all in turn. × ours: median"
        f" of the rounds' ratios (quartiles). Images/s: median of {settings['batches']} times {settings['images']:,}"
        f" images. First prediction: median of {settings['navigations']} navigations with nothing in the cache. Memory,"
        " of a browser of its own, less an empty page's: JavaScript's heap with its buffers, and what is"
        " resident in the page's and the GPU's processes, once loaded; the most that was, at many images.",
    ]
    for kind in ("WebAssembly", "WebGPU"):
        systems = [system for system in result["systems"] if system["kind"] == kind]
        rows = [HEAD.format(net=result["net"], kind=kind), *map(_row, systems), _limit(kind, result["limits"])]
        parts.append("\n".join(rows))
    return "\n\n".join(parts) + "\n"


def versions(result: Result) -> str:
    """Of each package that took part."""
    return ", ".join(f"{package} {version}" for package, version in result["versions"].items())


def _row(system: Result) -> str:
    if "error" in system:
        return f"| {system['name']} | {system['error'].replace('|', '/')} | | | | | |"
    latency, ratio, images = system["latency"], system["ratio"], system["throughput"]
    first, bytes, memory = system["first"], system["bytes"], system["memory"]
    cells = [
        system["name"],
        f"{latency['median']:.3g}, {latency['p95']:.3g}",
        f"{ratio['median']:.2f} ({ratio['low']:.2f}–{ratio['high']:.2f})",
        f"{images['median']:,.0f}",
        f"{bytes['code']['gzip'] / 1000:,.0f}, {bytes['weights']['gzip'] / 1000:,.0f}",
        f"{first['localhost']['median']:,.0f}, {first['4G']['median']:,.0f}",
        ", ".join(f"{memory[name] / 1e6:,.0f}" for name in ("heap", "loaded", "peak")),
    ]
    return f"| {' | '.join(cells)} |"


def _limit(kind: str, limits: Result) -> str:
    text = f"{limits[kind]['median']:.3g}"
    if kind == "WebGPU":
        return f"| *limit: a round trip with nothing to do* | {text}, {limits[kind]['p95']:.3g} | | | | | |"
    return f"| *limit: at {limits[kind]['gflops']:.1f} GFLOP/s of a tuned product* | {text} | | | | | |"


def plot(result: Result) -> bytes:
    """Batch 1 of every system, as PNG: points at the median, lines to the 95th percentile."""
    systems = [system for system in result["systems"] if "error" not in system][::-1]
    names = [f"{system['name']} · {system['kind']}" for system in systems]
    medians = [system["latency"]["median"] for system in systems]
    tails = [system["latency"]["p95"] for system in systems]
    colours = [COLOUR if system["name"] == "inkgrad" else "#94a3b8" for system in systems]
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    panel = figure.subplots()
    panel.hlines(names, medians, tails, colors=colours)
    panel.scatter(medians, names, c=colours)
    panel.set(xscale="log", title=f"{result['net']}, one picture", xlabel="milliseconds: median, 95th percentile")
    panel.grid(axis="x", alpha=0.3)
    return png(figure)


def save(net: str, result: Result, folder: Path) -> Path:
    """Write .json, .md and .png, named after the net and the machine; returns their common path without a suffix."""
    machine = result["machine"]
    stem = write(f"{net} {machine['cpu']} {machine['adapter']}", result, markdown(result), folder)
    atomic.write_bytes(stem.with_suffix(".png"), plot(result))
    return stem


def write(name: str, result: Result, table: str, folder: Path) -> Path:
    """Write .json and .md, named after what was measured and the machine; returns their path without a suffix."""
    stem = folder / re.sub(r"\W+", "-", name.lower())
    atomic.write_bytes(stem.with_suffix(".json"), f"{json.dumps(result, indent=2)}\n".encode())
    atomic.write_bytes(stem.with_suffix(".md"), table.encode())
    return stem
