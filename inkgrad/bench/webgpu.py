"""Kernels timed on this machine's WebGPU adapter, in Node with Dawn, for `inkgrad tune --webgpu`."""

import json
import math
import tempfile
from collections.abc import Sequence
from typing import Any

from inkgrad.bench import gpu
from inkgrad.export.capture import Untuned
from inkgrad.export.tiles import Options
from inkgrad.export.tune import Engine

LONGEST = 16_000  # characters of a kernel's WGSL, which every visitor fetches


def engine() -> Engine:
    """Of the adapter at hand: a GPU, or its imitation. Raises Error as gpu.measure does."""
    return Engine("fallback" if _run({"sizes": [4], "candidates": []})["fallback"] else "gpu", _time)


def _time(kernel: Untuned, candidates: Sequence[Options | None]) -> list[float]:
    shaders = {i: shader for i, options in enumerate(candidates) if (shader := kernel.shader(options))}
    # The first, which the others are compared with, however long.
    kept = {i: shader for i, shader in shaders.items() if i == 0 or len(shader[0].wgsl) <= LONGEST}
    listed = [{"wgsl": s.wgsl, "name": name, "workgroups": s.workgroups} for s, name in kept.values()]
    times = dict(zip(kept, _run({"sizes": kernel.sizes, "candidates": listed})["medians"], strict=True))
    return [math.inf if times.get(i) is None else times[i] / 1000 for i in range(len(candidates))]


def _run(job: dict[str, Any]) -> Any:
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(job, file)
        file.flush()
        return gpu.run("options", file.name)
