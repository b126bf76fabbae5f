"""Reads ink as the page does: its pieces divided into digits (segment.py), through a model file's own programs."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from inkgrad.calibration import probabilities
from inkgrad.errors import Error
from inkgrad.export.modelfile import ModelFile
from inkgrad.fit import fit, visible
from inkgrad.ink import Drawing, Stroke, rasterize
from inkgrad.pieces import MOST, cuts, mask, pieces
from inkgrad.rows import in_line
from inkgrad.runtime import Runtime
from inkgrad.segment import Box, Group, around, candidates, choose

Bytes = NDArray[np.uint8]
T = TypeVar("T")


@dataclass(frozen=True)
class Digit:
    """One digit read: the likeliest, the calibrated probabilities of all ten, whether it surely is one, and its box."""

    digit: int
    probabilities: NDArray[np.float64]
    sure: bool
    box: Box

    def as_json(self, scale: float) -> dict[str, Any]:
        """For `inkgrad predict --json`, its box in whole pixels of a picture that is `scale` times as large."""
        box = dict(zip(("x0", "y0", "x1", "y1"), (round(edge * scale) for edge in self.box), strict=True))
        chances = [round(float(p), 6) for p in self.probabilities]
        return {"digit": self.digit, "sure": self.sure, "probabilities": chances, "box": box}


class Reader:
    """A loaded model file that reads drawings and pictures. Raises Error for one that reads no digits."""

    def __init__(self, file: ModelFile) -> None:
        match file.card:
            case {"temperature": int() | float() as temperature, "sure": int() | float() as sure}:
                self.temperature, self.sure = float(temperature), float(sure)
            case _:
                raise Error("the model file reads no digits, or was exported before it could doubt; export it again")
        if not file.programs.keys() >= {"normalize", "classify"}:
            raise Error("the model file reads no digits: it has no programs for them; export it again")
        self.runtime = Runtime(file)

    def read(self, drawing: Drawing) -> list[Digit]:
        """The digits of a drawing, row by row from left to right; none where there is no ink."""
        placed = from_left([(bounds([stroke]), [stroke]) for stroke in visible(drawing).strokes])
        parts = [part for _, part in placed]
        if len(parts) > MOST:  # so many are no number, but they may still be a digit, dotted
            parts = [[stroke for part in parts for stroke in part]]
            placed = [(bounds(parts[0]), parts[0])]

        def draw(group: Group) -> Bytes:
            return rasterize(fit(Drawing([stroke for i in group for stroke in parts[i]], drawing.size)))

        return self._read([place for place, _ in placed], [bounds(part) for part in parts], draw)

    def read_picture(self, ink: Bytes) -> list[Digit]:
        """The digits of a picture's ink [h, w] (picture.py), from left to right; boxes are in its pixels."""
        found = pieces(ink)
        slices = [part for piece in found for part in cuts(piece)]
        parts = from_left([(part.box, part) for part in (found if len(slices) > MOST else slices)])  # a rule: too many
        places, boxes = [place for place, _ in parts], [part.box for _, part in parts]
        return self._read(places, boxes, lambda group: mask(ink, [parts[i][1] for i in group]))

    def _read(self, places: Sequence[Box], boxes: Sequence[Box], draw: Callable[[Group], Bytes]) -> list[Digit]:
        """The digits of pieces at these places of one line, with these boxes; draw gives the mask [112, 112] of a group
        of them as one digit."""
        read = {group: self.classify(draw(group), around(boxes, group)) for group in candidates(places)}
        chosen = choose(places, list(read), [cost for _, cost in read.values()])
        return [read[group][0] for group in chosen]

    def classify(self, mask: Bytes, box: Box) -> tuple[Digit, float]:
        """The mask [112, 112] read as one digit, and −ln of the chance that it is a digit, and that one."""
        image = self.runtime.run("normalize", {"mask": mask.astype(np.float32)})["image"]
        outputs = self.runtime.run("classify", {"image": image})
        odds = float(outputs["digit"][0])
        chances = probabilities(outputs["logits"][None], self.temperature)[0]
        digit = int(chances.argmax())
        cost = float(np.logaddexp(0, -odds)) - math.log(chances[digit])
        return Digit(digit, chances, odds >= self.sure, box), cost


def from_left(pieces: Sequence[tuple[Box, T]]) -> list[tuple[Box, T]]:
    """Pieces with their places in one line (rows.py; of too many, where they are), by the middles of these."""
    boxes = [box for box, _ in pieces]
    places = in_line(boxes) if len(boxes) <= MOST else boxes
    placed = zip(places, (piece for _, piece in pieces), strict=True)
    return sorted(placed, key=lambda piece: piece[0][0] + piece[0][2])


def bounds(strokes: Sequence[Stroke]) -> Box:
    """Around the strokes' centre lines."""
    xs, ys = zip(*(point for stroke in strokes for point in stroke.points), strict=True)
    return min(xs), min(ys), max(xs), max(ys)
