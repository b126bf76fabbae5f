"""One report for every model: what its file, run as a page runs it, reads right and how well it knows it."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkgrad.export.modelfile import ModelFile
from inkgrad.fit import fit, visible
from inkgrad.ink import Drawing, Stroke, rasterize
from inkgrad.runtime import Runtime
from inkgrad.unipen import Sample

WIDTHS = (14, 22, 30)  # pen widths, in units of a canvas of 280, at which strokes are evaluated
BINS = (
    15  # confidence bins of the calibration error, as in Guo et al., "On Calibration of Modern Neural Networks" (2017)
)


def probabilities(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float64]:
    """Softmax of logits [N, 10] / temperature, float64 [N, 10]."""
    scaled = logits.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True))


def calibration_error(probability: NDArray[np.float64], labels: NDArray[np.integer[Any]]) -> float:
    """Expected calibration error: the mean gap between confidence and accuracy over 15 equal bins of confidence."""
    confidence, right = probability.max(1), probability.argmax(1) == labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [abs(float((confidence[bins == b] - right[bins == b]).sum())) for b in range(BINS)]
    return sum(gaps) / len(labels)


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.integer[Any]]) -> float:
    """The temperature of the least negative log-likelihood, to 1 % (Guo et al., as above)."""
    candidates = np.geomspace(0.1, 10, 463)
    return float(min(candidates, key=lambda temperature: score(logits, labels, temperature)["nll"]))


def score(logits: NDArray[np.float32], labels: NDArray[np.integer[Any]], temperature: float) -> dict[str, Any]:
    """accuracy, errors, n, ece and nll (nats) of logits [N, 10] against labels [N]."""
    probability = probabilities(logits, temperature)
    errors = int((probability.argmax(1) != labels).sum())
    truth = probability[np.arange(len(labels)), labels]
    return {
        "accuracy": 1 - errors / len(labels),
        "errors": errors,
        "n": len(labels),
        "ece": round(calibration_error(probability, labels), 6),
        "nll": round(float(-np.log(np.maximum(truth, 1e-300)).mean()), 6),
    }


def draw(sample: Sample, width: float, rng: np.random.Generator) -> Drawing:
    """The sample on a canvas of 280, as people leave it there: 60 to 250 units on its long side, anywhere that fits."""
    points = np.concatenate([np.asarray(stroke, float).reshape(-1, 2) for stroke in sample.strokes])
    low, extent = points.min(0), np.ptp(points, 0)
    scale = rng.uniform(60, 250) / max(extent.max(), 1)
    margin = np.minimum(width / 2, (280 - scale * extent) / 2)
    origin = rng.uniform(margin, 280 - margin - scale * extent)
    return Drawing(
        [Stroke(((np.asarray(s, float) - low) * scale + origin).tolist(), width) for s in sample.strokes if s]
    )


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

    Strokes are drawn once at each of WIDTHS, at sizes and places fixed by a seed. progress wraps long iterations as
    rich.progress.track does.
    """
    runtime = Runtime(file)
    temperature = float(file.card.get("temperature", 1))
    greys = progress(images.astype(np.float32), description="MNIST test")
    logits = np.stack([runtime.run("classify", {"image": image})["logits"] for image in greys])
    report: dict[str, Any] = {"mnist": score(logits, labels, temperature)}
    if samples:
        rng = np.random.default_rng(0)
        drawings = [draw(sample, width, rng) for width in WIDTHS for sample in samples]
        logits = classify_drawings(runtime, progress(drawings, description="strokes"))
        truth = np.array([sample.label for sample in samples])
        answers = logits.argmax(1).reshape(len(WIDTHS), -1)
        confusion = np.zeros((10, 10), int)
        np.add.at(confusion, (np.tile(truth, len(WIDTHS)), answers.ravel()), 1)
        report["strokes"] = {
            **score(logits, np.tile(truth, len(WIDTHS)), temperature),
            "widths": {str(width): float((row == truth).mean()) for width, row in zip(WIDTHS, answers, strict=True)},
            "writers": len({sample.writer for sample in samples}),
            "confusion": confusion.tolist(),
        }
    return report
