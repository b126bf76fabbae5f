"""How the throughput of a sweep grows with its workers, on one machine and one SQLite database."""

import time
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from matplotlib.figure import Figure

import inkgrad
from inkgrad import recipe as recipes
from inkgrad.bench.report import COLOUR, Result, versions
from inkgrad.hardware import hardware
from inkgrad.png import png
from inkgrad.sweep import sweep

STEPS = 400  # of each trial: a sweep's own are thousands


def measure(workers: Sequence[int], trials: int, path: Path | None) -> Result:
    """The seconds of a sweep of cnn-tiny's first designed trials, the same for each number of workers: the whole of
    it, from starting the processes to the last trial's end."""
    base = replace(recipes.load("cnn-tiny", "quick"), steps=STEPS)
    rows = []
    for count in workers:
        with TemporaryDirectory() as folder:
            began = time.perf_counter()
            sweep(base, trials, count, 1, f"sqlite:///{folder}/sweep.db", None, (), path)
            rows.append({"workers": count, "seconds": time.perf_counter() - began})
    versions = {"inkgrad": inkgrad.__version__, "tinygrad": version("tinygrad"), "optuna": version("optuna")}
    return {"hardware": hardware(), "versions": versions, "trials": trials, "steps": STEPS, "sweeps": rows}


def per_minute(result: Result) -> list[float]:
    return [60 * result["trials"] / row["seconds"] for row in result["sweeps"]]


def markdown(result: Result) -> str:
    rates = per_minute(result)
    rows = [
        f"`{result['command']}` on {result['hardware']}; {versions(result)}.\n",
        f"The first {result['trials']} trials of cnn-tiny, {result['steps']} steps each; a row is a whole sweep.\n",
        "| workers | trials a minute | over the first row |\n|---|---|---|",
    ]
    for row, rate in zip(result["sweeps"], rates, strict=True):
        rows.append(f"| {row['workers']} | {rate:.2f} | {rate / rates[0]:.2f} |")
    return "\n".join(rows) + "\n"


def plot(result: Result) -> bytes:
    """PNG: trials a minute against workers."""
    figure = Figure(figsize=(4, 4), layout="constrained")
    panel = figure.subplots()
    counts = [row["workers"] for row in result["sweeps"]]
    panel.plot(counts, per_minute(result), ".-", color=COLOUR)
    panel.set(title=result["hardware"], xlabel="workers", ylabel="trials a minute", xticks=counts, ylim=(0, None))
    panel.grid(alpha=0.3)
    return png(figure)
