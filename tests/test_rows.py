"""Rows of digits laid side by side: what is built in rows comes out row by row, what is not stays as it is."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from released import MODELS
from strokes import placed

from inkgrad.export import modelfile
from inkgrad.ink import Drawing, Stroke
from inkgrad.reader import Reader
from inkgrad.rows import in_line
from inkgrad.segment import Box

GOLDEN = json.loads((Path(__file__).parent.parent / "golden/rows.json").read_text())

digit = st.builds(lambda x, y, w, h: (x, y, x + w, y + h), *map(st.integers, (0, 0, 0, 60), (15, 15, 30, 80)))
row = st.lists(digit, min_size=2, max_size=5).map(
    lambda boxes: [(x0 + 50 * i, y0, x1 + 50 * i, y1) for i, (x0, y0, x1, y1) in enumerate(boxes)]
)


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: len(case["boxes"]))
def test_golden(case: dict[str, Any]) -> None:
    assert [list(box) for box in in_line([tuple(box) for box in case["boxes"]])] == case["line"]


@given(st.lists(row, min_size=1, max_size=4), st.integers(30, 60))
def test_rows_are_laid_side_by_side(built: list[list[Box]], gap: int) -> None:
    boxes = [
        (x0, y0 + (95 + gap) * k, x1, y1 + (95 + gap) * k) for k, row in enumerate(built) for x0, y0, x1, y1 in row
    ]
    line = in_line(boxes)
    assert [(x1 - x0, y0, y1) for x0, y0, x1, y1 in line] == [(x1 - x0, y0, y1) for x0, y0, x1, y1 in boxes]
    start = 0
    for row in built:
        here, start = line[start : start + len(row)], start + len(row)
        assert len({x0 - before[0] for (x0, *_), before in zip(here, row, strict=True)}) == 1, "a row moves as one"
        rest = line[start:]
        assert not rest or max(box[2] for box in here) + 60 < min(box[0] for box in rest)


@given(st.lists(digit, max_size=8))
def test_what_overlaps_from_top_to_bottom_is_one_row(boxes: list[Box]) -> None:
    assert in_line(boxes) == boxes


@pytest.mark.parametrize(
    "boxes",
    [
        [(10, 10, 60, 12), (10, 20, 60, 90)],  # the bar of a 5 floats above it
        [(40 * i, 180 - 60 * i, 40 * i + 30, 230 - 60 * i) for i in range(4)],  # a number that climbs
        [(10 * (i % 3), 12 * i, 10 * (i % 3) + 1, 12 * i + 1) for i in range(9)],  # dots of a dotted digit
        [(0, 0, 100, 90), (0, 300, 100, 390)],  # as far apart as no two rows
    ],
)
def test_what_is_no_rows(boxes: list[Box]) -> None:
    assert in_line(boxes) == boxes


def test_two_rows_are_read_from_the_top() -> None:
    digits = [(1, 25, 20), (2, 110, 25), (3, 195, 15), (4, 20, 160), (5, 105, 165), (6, 200, 160)]
    strokes = [Stroke(path, 22) for digit, x, y in digits for path in placed(digit, x, y, 70)]
    read = Reader(modelfile.read(MODELS["cnn-tiny"])).read(Drawing(strokes, 280))
    assert [digit.digit for digit in read] == [1, 2, 3, 4, 5, 6]
    assert read[0].box[1] < read[3].box[1] and read[3].box[0] < read[1].box[0], "boxes are where the digits are"
