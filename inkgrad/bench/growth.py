"""How cost grows: with pictures read at once, beside onnxruntime-web; with digits and strokes on the page."""

import json
import re
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from playwright.sync_api import Error as BrowserError

from inkgrad import atomic
from inkgrad.bench import page
from inkgrad.bench.browser import in_turns
from inkgrad.bench.driver import first, site
from inkgrad.bench.peers import SYSTEMS, System
from inkgrad.bench.report import BENCH, COLOUR, Result
from inkgrad.errors import Error, first_line
from inkgrad.export.modelfile import ModelFile
from inkgrad.hardware import processor
from inkgrad.png import png
from inkgrad.progress import Progress
from inkgrad.serve import server

BATCHES = (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000)
TURNS = 3
LONGEST = 15_000  # ms: what takes a system longer is not asked again, nor with more pictures
COMPARED = [s for s in SYSTEMS if s.page in ("inkgrad", "ort-wasm", "ort-webgpu") and s.backend != "plain"]


def measure(net: str, file: ModelFile, pictures: NDArray[np.uint8], progress: Progress) -> Result:
    """Milliseconds: of reading each of BATCHES pictures, TURNS times by each system; from the pen's going up to the
    answer, with 1 … 20 digits and 1 … 500 strokes on the page; from the pointer's events to the bars; of its tasks."""
    times: dict[System, dict[int, list[float]]] = {system: {} for system in COMPARED}
    server(0).server_close()  # raises Error where the page is not built: before what takes minutes
    with site(BENCH, pictures) as at:
        at.add(net, file, pictures)
        pages = {system: at.browser.new_page() for system in COMPARED}
        for system, one in pages.items():
            try:
                first(one, at.url(net, system))
            except BrowserError as error:
                raise Error(f"{net}: {system.name} on {system.kind}: {first_line(error)}") from None
            one.evaluate("latency(20)")
            one.evaluate("throughput(100, 100)")
        for batch in BATCHES:
            able = [system for system in COMPARED if max([0, *map(max, times[system].values())]) < LONGEST]

            def read(system: System, batch: int = batch) -> float:
                script = "([images, batch]) => throughput(images, batch)"
                return float(pages[system].evaluate(script, [batch, min(batch, system.batch)]))

            for system, answers in in_turns(progress, TURNS, able, read, f"{net}: {batch} pictures").items():
                times[system][batch] = answers
        machine = {"cpu": processor(), "adapter": at.adapter, "browser": f"Chromium {at.browser.version}"}
    model = file.to_bytes()
    medians = {system: {n: float(np.median(taken)) for n, taken in of.items()} for system, of in times.items()}
    return {
        "net": net,
        "machine": machine,
        "turns": TURNS,
        "batch": [{"name": s.name, "kind": s.kind, "ms": [*of.items()]} for s, of in medians.items()],
        "digits": page.pen_up(model, page.row_of_digits(), progress, "digits on the page"),
        "strokes": page.pen_up(model, page.scribble(), progress, "strokes on the page"),
        "pointer": [{"slow-down": times, **page.pointer(model, times)} for times in (1, page.SLOW)],
        "tasks": {"slow-down": page.SLOW, **page.busy(model)},
    }


def plot(result: Result) -> bytes:
    """PNG: three panels, each of milliseconds."""
    figure = Figure(figsize=(12, 4), layout="constrained")
    batch, digits, strokes = figure.subplots(1, 3)
    for system in result["batch"]:
        style = {"color": COLOUR} if system["name"] == "inkgrad" else {}
        line = "-" if system["kind"] == "WebAssembly" else "--"
        batch.plot(*zip(*system["ms"], strict=True), line, **style, label=f"{system['name']} · {system['kind']}")
    batch.set(xscale="log", yscale="log", title=f"{result['net']}: pictures at once", ylabel="milliseconds")
    batch.legend(fontsize=7)
    for panel, name in ((digits, "digits"), (strokes, "strokes")):
        panel.plot(range(1, len(result[name]) + 1), result[name], ".", color=COLOUR)
        panel.set(title=f"{name} on the page: pen up to answer", ylim=(0, None))
    for panel in (batch, digits, strokes):
        panel.grid(alpha=0.3)
    return png(figure)


def save(result: Result, folder: Path) -> Path:
    """Write growth-….json and .png, named after the net and the machine; returns their path without a suffix."""
    machine = f"growth {result['net']} {result['machine']['cpu']} {result['machine']['adapter']}"
    stem = folder / re.sub(r"\W+", "-", machine.lower())
    atomic.write_bytes(stem.with_suffix(".json"), f"{json.dumps(result)}\n".encode())
    atomic.write_bytes(stem.with_suffix(".png"), plot(result))
    return stem
