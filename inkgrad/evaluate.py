"""One report for every model: what its file, run as a page runs it, reads right and how well it knows it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkgrad.bands import arrange, by_band
from inkgrad.calibration import (
    calibration_error,
    negative_log_likelihood,
    probabilities,
    reliability,
)
from inkgrad.export.modelfile import ModelFile
from inkgrad.fit import fit, visible
from inkgrad.ink import rasterize
from inkgrad.numbers import compose
from inkgrad.others import Others
from inkgrad.reader import Reader
from inkgrad.runtime import Runtime
from inkgrad.unipen import Sample

SEED = 0  # of how strokes are drawn
NUMBERS, LONGEST = 600, 6  # numbers that are composed, of 1 … 6 digits by turns

Floats = NDArray[np.float32]


def score(logits: Floats, labels: NDArray[np.integer[Any]], temperature: float) -> dict[str, Any]:
    """accuracy, errors, n, ece, nll (nats) and reliability (see there) of logits [N, 10] against labels [N].

    wrong lists each error: its index, its label and the answer.
    """
    probability = probabilities(logits, temperature)
    answers = probability.argmax(1)
    wrong = np.flatnonzero(answers != labels)
    errors = len(wrong)
    bins = reliability(probability, labels)
    return {
        "accuracy": 1 - errors / len(labels),
        "errors": errors,
        "n": len(labels),
        "ece": round(calibration_error(bins), 6),
        "nll": round(negative_log_likelihood(probability, labels), 6),
        "reliability": [(n, round(confidence, 6), round(right, 6)) for n, confidence, right in bins],
        "wrong": [[int(i), int(labels[i]), int(answers[i])] for i in wrong],
    }


def classify(runtime: Runtime, images: Iterable[Floats]) -> tuple[Floats, Floats]:
    """Logits [N, 10] of pictures [28, 28], and the log-odds [N] that each is a digit, through the file's classify."""
    outputs = [runtime.run("classify", {"image": image}) for image in images]
    return np.stack([output["logits"] for output in outputs]), np.concatenate([output["digit"] for output in outputs])


def normalized(runtime: Runtime, masks: Iterable[NDArray[np.uint8]]) -> Iterator[Floats]:
    """The pictures [28, 28] of masks [112, 112], through the file's normalize."""
    for mask in masks:
        yield runtime.run("normalize", {"mask": mask.astype(np.float32)})["image"]


def evaluate(
    file: ModelFile,
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    samples: Sequence[Sample] = (),
    others: Mapping[str, Others] | None = None,
    fonts: NDArray[np.uint8] | None = None,
    progress: Any = lambda iterable, **_: iterable,
) -> dict[str, Any]:
    """The report on pictures [N, 28, 28] with labels [N]; where given, on drawn strokes, on what is no digit, and on
    fonts' digits, masks [10 N, 112, 112] of 0 … 9 in turn.

    Strokes are drawn as `arrange` does, fitted and rasterised as the page does, and composed to numbers, with a fixed
    seed. "kept" is the share of digits that are answered surely. progress wraps long iterations as
    `progress.track` does.
    """
    reader = Reader(file)
    runtime, temperature = reader.runtime, reader.temperature
    logits, odds = classify(runtime, progress(images.astype(np.float32), description="MNIST test"))
    digits = {"auroc": odds}  # what others are told from
    report: dict[str, Any] = {"mnist": {**score(logits, labels, temperature), "kept": kept(reader, odds)}}
    if samples:
        drawings, bands = arrange(samples, SEED)
        masks = (rasterize(fit(visible(drawing))) for drawing in progress(drawings, description="strokes"))
        logits, digits["auroc_strokes"] = classify(runtime, normalized(runtime, masks))
        truth = np.array([sample.label for sample in samples] * 3)
        report["strokes"] = {
            **score(logits, truth, temperature),
            "kept": kept(reader, digits["auroc_strokes"]),
            **by_band(logits.argmax(1) == truth, bands.reshape(-1, 3)),
            "writers": len({sample.writer for sample in samples}),
            "confusion": confusion(truth, logits.argmax(1)).tolist(),
        }
        report["numbers"] = read_numbers(reader, samples, progress)
    if fonts is not None:
        logits, odds = classify(runtime, normalized(runtime, progress(fonts, description="fonts")))
        truth = np.tile(np.arange(10, dtype=np.uint8), len(fonts) // 10)
        report["fonts"] = {**score(logits, truth, temperature), "kept": kept(reader, odds), "fonts": len(fonts) // 10}
    for name, other in (others or {}).items():
        _, odds = classify(runtime, normalized(runtime, progress(other.masks, description=name)))
        figures: dict[str, float] = {key: auroc(of_digits, odds) for key, of_digits in digits.items()}
        if not other.clear.all():
            clear = odds[other.clear]
            figures |= {f"{key}_clear": auroc(of_digits, clear) for key, of_digits in digits.items()}
        report.setdefault("others", {})[name] = {**figures, "refused": 1 - kept(reader, odds), "n": len(odds)}
    return report


def read_numbers(reader: Reader, samples: Sequence[Sample], progress: Any) -> dict[str, Any]:
    """How many of the composed numbers are read exactly ("accuracy"), also by length, and how many with the right
    number of digits ("digits").
    """
    rng = np.random.default_rng(0)
    right, counted = [], []
    for i in progress(range(NUMBERS), description="numbers"):
        drawing, text = compose(samples, 1 + i % LONGEST, rng)
        answer = "".join(str(digit.digit) for digit in reader.read(drawing))
        right.append(answer == text)
        counted.append(len(answer) == len(text))
    by_length = np.mean(np.reshape(right, (-1, LONGEST)), 0)
    return {
        "accuracy": float(np.mean(right)),
        "n": NUMBERS,
        "by_length": {str(n): float(part) for n, part in enumerate(by_length, 1)},
        "digits": float(np.mean(counted)),
    }


def kept(reader: Reader, odds: Floats) -> float:
    """The share of pictures with these log-odds that are answered surely."""
    return float((odds >= reader.sure).mean())


def auroc(digits: Floats, others: Floats) -> float:
    """The chance that a digit has higher log-odds than another picture (Mann and Whitney's U); half of ties count."""
    ranked = np.sort(digits)
    below = (ranked.searchsorted(others, "left") + ranked.searchsorted(others, "right")) / 2
    return float(1 - below.mean() / len(digits))


def confusion(truth: NDArray[np.integer[Any]], answers: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """How often each digit (row) was read as each digit (column): [10, 10]."""
    return np.bincount(10 * truth.astype(np.int64) + answers, minlength=100).reshape(10, 10)


def summary(report: Mapping[str, Any]) -> Iterator[str]:
    """The report's lines for people."""
    for name, figures in ((name, report[name]) for name in ("mnist", "strokes", "fonts") if name in report):
        yield (
            f"{name}: {figures['accuracy']:.2%} right ({figures['errors']} errors in {figures['n']:,}),"
            f" calibration error {figures['ece']:.2%}; sure of {figures['kept']:.2%}"
        )
        for kind, spread in figures.get("spread", {}).items():
            accuracies = ", ".join(f"{band} {accuracy:.2%}" for band, accuracy in figures[kind].items())
            yield f"  {kind}: {accuracies}; spread {100 * spread:.2f} points"
    if numbers := report.get("numbers"):
        yield f"numbers: {numbers['accuracy']:.2%} of {numbers['n']} read exactly"
        yield "  digits: " + ", ".join(f"{n} {accuracy:.2%}" for n, accuracy in numbers["by_length"].items())
    for name, figures in report.get("others", {}).items():
        yield f"{name} (n = {figures['n']:,}): {told_apart(figures)}; not sure of {figures['refused']:.1%}"


def told_apart(figures: Mapping[str, float]) -> str:
    """The AUROCs of what is no digit."""
    parts = []
    for key, digits in {"auroc": "MNIST's digits", "auroc_strokes": "strokes"}.items():
        if key in figures:
            clear = f" ({figures[f'{key}_clear']:.4f} without O, o, I, l)" if f"{key}_clear" in figures else ""
            parts.append(f"{figures[key]:.4f} from {digits}{clear}")
    return "AUROC " + ", ".join(parts)
