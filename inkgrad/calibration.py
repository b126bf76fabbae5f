"""How well a reader knows what it knows: probabilities, and how far they are from how often it is right.

After Guo et al., "On Calibration of Modern Neural Networks" (2017), which names the figures used here.
"""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from inkgrad.png import png

BINS = 15  # of confidence, equally wide, as in the paper

Labels = NDArray[np.integer[Any]]
Bin = tuple[int, float, float]


def probabilities(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float64]:
    """Softmax of logits [N, 10] / temperature, float64 [N, 10]."""
    scaled = logits.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True))


def negative_log_likelihood(probability: NDArray[np.float64], labels: Labels) -> float:
    """The mean of −ln of the probabilities [N, 10] given to the labels [N], in nats."""
    truth = probability[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(truth, 1e-300)).mean())


def fit_temperature(logits: NDArray[np.float32], labels: Labels) -> float:
    """The temperature of the least negative log-likelihood, to 1 %."""
    candidates = np.geomspace(0.1, 10, 463)
    return float(min(candidates, key=lambda t: negative_log_likelihood(probabilities(logits, t), labels)))


def reliability(probability: NDArray[np.float64], labels: Labels) -> list[Bin]:
    """For each bin of confidence with an answer in it, the lowest first: (answers, mean confidence, part right)."""
    confidence, right = probability.max(1), probability.argmax(1) == labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    members = [bins == b for b in np.unique(bins)]
    return [(int(m.sum()), float(confidence[m].mean()), float(right[m].mean())) for m in members]


def calibration_error(bins: list[Bin]) -> float:
    """Expected calibration error: the mean gap between confidence and accuracy, over the answers in `bins`."""
    return sum(n * abs(confidence - right) for n, confidence, right in bins) / sum(n for n, _, _ in bins)


def plot(report: dict[str, dict[str, Any]]) -> bytes:
    """The reliability diagram (PNG) of each part of `inkgrad.evaluate`'s report that has one, and its answers' counts.

    A perfectly calibrated reader's points lie on the diagonal.
    """
    parts = {name: figures for name, figures in report.items() if "reliability" in figures}
    figure = Figure(figsize=(4.5 * len(parts), 6), layout="constrained")
    axes = figure.subplots(2, len(parts), sharex=True, sharey="row", squeeze=False, height_ratios=(3, 1))
    for (name, figures), diagram, counts in zip(parts.items(), *axes, strict=True):
        _plot_bins(figures["reliability"], diagram, counts)
        diagram.set_title(f"{name}: ECE {figures['ece']:.2%}, NLL {figures['nll']:.4f} (n = {figures['n']:,})")
    axes[0, 0].set_ylabel("accuracy")
    axes[1, 0].set_ylabel("answers")
    return png(figure)


def _plot_bins(bins: list[Bin], diagram: Axes, counts: Axes) -> None:
    n, confidence, right = np.array(bins).T
    diagram.plot([0, 1], [0, 1], color="tab:gray", linestyle=":")
    # The standard error of each part: few answers say little.
    diagram.errorbar(confidence, right, np.sqrt(right * (1 - right) / n), marker="o", color="tab:blue")
    counts.hist(confidence, BINS, range=(0, 1), weights=n, color="tab:blue")
    counts.set(xlabel="confidence", yscale="log", xlim=(0, 1))
