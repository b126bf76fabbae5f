"""Reads ink as the page does: pieces into digits (segment.py), through a model file's own programs."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkgrad.export.modelfile import ModelFile
from inkgrad.fit import fit, visible
from inkgrad.ink import Drawing, rasterize
from inkgrad.runtime import Runtime
from inkgrad.segment import Box, Group, around, candidates, choose


@dataclass(frozen=True)
class Digit:
    """One digit read: the likeliest, the calibrated probabilities of all ten, whether it is surely one, and its box."""

    digit: int
    probabilities: NDArray[np.float64]
    sure: bool
    box: Box


class Reader:
    """A loaded model file that reads drawings and pictures."""

    def __init__(self, file: ModelFile) -> None:
        self.runtime = Runtime(file)
        self.temperature, self.sure = (float(file.card[name]) for name in ("temperature", "sure"))

    def read(self, drawing: Drawing) -> list[Digit]:
        """The digits of a drawing, from left to right; none where there is no ink."""
        strokes = visible(drawing).strokes
        boxes = [bounds(stroke.points) for stroke in strokes]
        return self.read_pieces(boxes, lambda group: rasterize(fit(Drawing([strokes[i] for i in group], drawing.size))))

    def read_pieces(self, boxes: Sequence[Box], mask: Callable[[Group], NDArray[np.uint8]]) -> list[Digit]:
        """The digits of pieces of ink with these boxes. mask draws a group of them as one digit, uint8 [112, 112]."""
        digits = {group: self.classify(mask(group), around(boxes, group)) for group in candidates(boxes)}
        costs = [cost for _, cost in digits.values()]
        return [digits[group][0] for group in choose(boxes, list(digits), costs)]

    def classify(self, mask: NDArray[np.uint8], box: Box) -> tuple[Digit, float]:
        """The mask read as one digit, and the negative log of the chance that it is a digit, and that one."""
        image = self.runtime.run("normalize", {"mask": mask.astype(np.float32)})["image"]
        outputs = self.runtime.run("classify", {"image": image})
        odds = float(outputs["digit"][0])
        probability = softmax(outputs["logits"], self.temperature)
        digit = int(probability.argmax())
        cost = float(np.logaddexp(0, -odds)) - math.log(probability[digit])
        return Digit(digit, probability, odds >= self.sure, box), cost


def bounds(points: Sequence[Sequence[float]]) -> Box:
    """The box of a stroke's centre line."""
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def softmax(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float64]:
    """Probabilities from logits […, 10]: temperature scaling, as in Guo et al. (2017)."""
    scaled = logits.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True))
