"""One report for every model: what its file, run as a page runs it, reads right and how well it knows it."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkgrad.calibration import (
    calibration_error,
    negative_log_likelihood,
    probabilities,
    reliability,
)
from inkgrad.export.modelfile import ModelFile
from inkgrad.fit import fit, visible
from inkgrad.ink import Drawing, Stroke, rasterize
from inkgrad.runtime import Runtime
from inkgrad.unipen import Sample

WIDTHS = (14, 22, 30)  # pen widths, in units of a canvas of 280, at which strokes are evaluated
SIZES = (60, 123, 187, 250)  # units of the digit's long side: the bounds of three bands, each as wide
PLACES = ("centre", "between", "edge")  # three rings about the canvas's centre, each of the same area


def score(logits: NDArray[np.float32], labels: NDArray[np.integer[Any]], temperature: float) -> dict[str, Any]:
    """accuracy, errors, n, ece, nll (nats) and reliability (see there) of logits [N, 10] against labels [N]."""
    probability = probabilities(logits, temperature)
    errors = int((probability.argmax(1) != labels).sum())
    bins = reliability(probability, labels)
    return {
        "accuracy": 1 - errors / len(labels),
        "errors": errors,
        "n": len(labels),
        "ece": round(calibration_error(bins), 6),
        "nll": round(negative_log_likelihood(probability, labels), 6),
        "reliability": [(n, round(confidence, 6), round(right, 6)) for n, confidence, right in bins],
    }


def draw(sample: Sample, width: float, size: float, place: NDArray[np.float64]) -> Drawing:
    """The sample on a canvas of 280: `size` units on its long side, drawn with a pen of `width`.

    place (x, y): where between the left or upper edge (−1) and the right or lower one (1), which the ink just touches.
    """
    points = np.concatenate([np.asarray(stroke, float).reshape(-1, 2) for stroke in sample.strokes])
    low, extent = points.min(0), np.ptp(points, 0)
    scale = size / max(extent.max(), 1)
    room = np.maximum(280 - scale * extent - width, 0)
    origin = (280 - scale * extent + place * room) / 2
    return Drawing(
        [Stroke(((np.asarray(s, float) - low) * scale + origin).tolist(), width) for s in sample.strokes if s]
    )


def arrange(samples: Sequence[Sample], seed: int) -> tuple[list[Drawing], NDArray[np.intp]]:
    """Three drawings of each sample, and their bands [3, N, 3]: which width, which size, which place.

    As in a Latin square, each sample meets each width, each band of sizes and each band of places once: so the bands
    hold the same digits, and what tells their accuracies apart is not the writing. Taken together, sizes and places
    are spread evenly, from 60 to 250 units and over all that fit.
    """
    rng = np.random.default_rng(seed)
    bands = np.stack([rng.permuted(np.tile(np.arange(3), (len(samples), 1)), axis=1).T for _ in range(3)], axis=2)
    drawings = []
    for (width, size, place), sample in zip(bands.reshape(-1, 3), [*samples] * 3, strict=True):
        offset = rng.uniform(-1, 1, 2)
        offset *= np.sqrt(rng.uniform(place, place + 1) / 3) / np.abs(offset).max()
        drawings.append(draw(sample, WIDTHS[width], rng.uniform(SIZES[size], SIZES[size + 1]), offset))
    return drawings, bands


def classify_drawings(runtime: Runtime, drawings: Iterable[Drawing]) -> NDArray[np.float32]:
    """Logits [N, 10] of drawings, fitted and rasterised as the page does, through the file's normalize and classify."""
    logits = []
    for drawing in drawings:
        mask = rasterize(fit(visible(drawing))).astype(np.float32)
        image = runtime.run("normalize", {"mask": mask})["image"]
        logits.append(runtime.run("classify", {"image": image})["logits"])
    return np.stack(logits)


def evaluate(
    file: ModelFile,
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    samples: Sequence[Sample] = (),
    progress: Any = lambda iterable, **_: iterable,
) -> dict[str, Any]:
    """The report on pictures [N, 28, 28] with labels [N] and, where samples are given, on drawn strokes.

    Strokes are drawn as `arrange` does, with a fixed seed. progress wraps long iterations as rich.progress.track does.
    """
    runtime = Runtime(file)
    temperature = float(file.card.get("temperature", 1))
    greys = progress(images.astype(np.float32), description="MNIST test")
    logits = np.stack([runtime.run("classify", {"image": image})["logits"] for image in greys])
    report: dict[str, Any] = {"mnist": score(logits, labels, temperature)}
    if samples:
        drawings, bands = arrange(samples, seed=0)
        logits = classify_drawings(runtime, progress(drawings, description="strokes"))
        truth = np.array([sample.label for sample in samples] * 3)
        report["strokes"] = {
            **score(logits, truth, temperature),
            **by_band(logits.argmax(1) == truth, bands.reshape(-1, 3)),
            "writers": len({sample.writer for sample in samples}),
            "confusion": confusion(truth, logits.argmax(1)).tolist(),
        }
    return report


def by_band(right: NDArray[np.bool_], bands: NDArray[np.intp]) -> dict[str, dict[str, float]]:
    """The accuracy in each band of widths, sizes and places, and for each of the three the spread: highest − lowest.

    right [N]: whether a drawing was read right; bands [N, 3] as `arrange` gives them.
    """
    names = {
        "widths": [str(width) for width in WIDTHS],
        "sizes": [f"{low}-{high}" for low, high in pairwise(SIZES)],
        "places": list(PLACES),
    }
    accuracy = {
        kind: {name: float(right[bands[:, k] == band].mean()) for band, name in enumerate(of_kind)}
        for k, (kind, of_kind) in enumerate(names.items())
    }
    spread = {kind: max(of_kind.values()) - min(of_kind.values()) for kind, of_kind in accuracy.items()}
    return {**accuracy, "spread": spread}


def confusion(truth: NDArray[np.integer[Any]], answers: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """How often each digit (row) was read as each digit (column): [10, 10]."""
    counts = np.zeros((10, 10), np.int64)
    np.add.at(counts, (truth, answers), 1)
    return counts
