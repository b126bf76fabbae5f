"""Reading whole numbers with the released files: what belongs together, what does not, and what is no ink at all."""

from dataclasses import replace

import numpy as np
import pytest
from notes import note, photograph
from released import MODELS
from strokes import DIGITS, Path, arc, placed

from inkgrad import picture
from inkgrad.errors import Error
from inkgrad.export import modelfile
from inkgrad.ink import Drawing, Stroke, rasterize
from inkgrad.numbers import compose
from inkgrad.reader import Digit, Reader
from inkgrad.unipen import Sample

TWO_LOOPS: list[Path] = [arc(0.5, 0.38, 0.34, 0.38, -90, 270, 24), arc(0.5, 1.12, 0.42, 0.38, -90, 270, 24)]
FIVE_WITH_A_BAR: list[Path] = [
    [(0.22, 0.08), (0.18, 0.62), *arc(0.44, 1.02, 0.46, 0.43, -120, 140)],
    [(0.26, 0.02), (0.6, 0.0), (0.95, 0.02)],
]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(modelfile.read(MODELS["cnn"]))


def drawn(*digits: list[Path], gap: float = 0.3, slant: float = 0, size: float = 60) -> Drawing:
    """Digits of the shape that `strokes.DIGITS` has, side by side; slant leans them to the right."""
    strokes, x = [], 20.0
    for paths in digits:
        leaning = [[(u - slant * (v - 1.5), v) for u, v in path] for path in paths]
        left, right = (edge(u for path in paths for u, _ in path) for edge in (min, max))
        strokes += [Stroke([(x + size * (u - left), 90 + size * v) for u, v in path], 10) for path in leaning]
        x += size * (right - left + gap)
    return Drawing(strokes)


def text(digits: list[Digit]) -> str:
    return "".join(str(digit.digit) for digit in digits)


@pytest.mark.parametrize("number", ["10", "88", "71", "401", "2357", "69"])
def test_a_number_is_read_from_left_to_right(reader: Reader, number: str) -> None:
    drawing = drawn(*(DIGITS[int(digit)] for digit in number), size=55)  # all of it on the canvas
    read = reader.read(drawing)
    assert text(read) == number
    # In whatever order its strokes were drawn.
    assert text(reader.read(Drawing(drawing.strokes[::-1]))) == number
    assert all(digit.sure and abs(digit.probabilities.sum() - 1) < 1e-9 for digit in read)
    assert all(digit.probabilities.argmax() == digit.digit for digit in read)


@pytest.mark.parametrize("digit", [0, 3])
def test_a_digit_of_a_hundred_dots_is_one_digit(reader: Reader, digit: int) -> None:
    """More strokes than a number has are read as one, so that no drawing takes long."""
    ((*path, _),) = placed(digit)
    ends = np.linspace(0, len(path) - 1, 100)
    dots = [np.interp(ends, range(len(path)), axis) for axis in zip(*path, strict=True)]
    drawing = Drawing([Stroke([point]) for point in zip(*dots, strict=True)])
    assert text(reader.read(drawing)) == str(digit)
    assert len(reader.read(Drawing(drawing.strokes[:64]))) > 1


def test_a_digit_of_two_strokes_is_one_digit(reader: Reader) -> None:
    for paths, digit in ((FIVE_WITH_A_BAR, 5), (TWO_LOOPS, 8), (DIGITS[4], 4)):
        drawing = drawn(paths)
        (read,) = reader.read(drawing)
        assert read.digit == digit and read.sure
        xs, ys = zip(*(point for stroke in drawing.strokes for point in stroke.points), strict=True)
        assert read.box == (min(xs), min(ys), max(xs), max(ys))


def test_a_bar_drawn_last_joins_its_digit_and_not_the_neighbour(reader: Reader) -> None:
    drawing = drawn(FIVE_WITH_A_BAR, DIGITS[1], DIGITS[0])
    five, bar, *others = drawing.strokes
    assert text(reader.read(Drawing([five, *others, bar]))) == "510"


def test_a_roof_over_the_next_digit_does_not_join_it(reader: Reader) -> None:
    """A leaning 7 whose top reaches over the 1: their boxes share columns, their ink does not touch."""
    drawing = drawn(DIGITS[7], DIGITS[1], gap=0.12, slant=0.35)
    (seven, one) = drawing.strokes
    assert max(x for x, _ in seven.points) > min(x for x, _ in one.points)
    assert text(reader.read(drawing)) == "71"


def test_blank_and_erased_ink_is_no_digit(reader: Reader) -> None:
    assert reader.read(Drawing()) == []
    whole = Stroke([(0, 140), (280, 140)], 400, erase=True)
    assert reader.read(Drawing([*drawn(DIGITS[3]).strokes, whole])) == []


def test_an_erased_digit_is_gone_and_the_rest_stays(reader: Reader) -> None:
    drawing = drawn(DIGITS[3], DIGITS[2], DIGITS[7])
    xs = [x for x, _ in drawing.strokes[1].points]
    middle = (min(xs) + max(xs)) / 2
    eraser = Stroke([(middle, 0), (middle, 280)], max(xs) - min(xs) + 4, erase=True)
    assert text(reader.read(drawing)) == "327"
    assert text(reader.read(Drawing([*drawing.strokes, eraser]))) == "37"


def test_a_stray_dot_is_no_digit(reader: Reader) -> None:
    strokes = drawn(DIGITS[6]).strokes
    for x, y in ((250, 40), (250, 250), (140, 270)):
        assert text(reader.read(Drawing([*strokes, Stroke([(x, y)], 10)]))) == "6"


def test_the_place_and_the_size_change_nothing(reader: Reader) -> None:
    drawing = drawn(FIVE_WITH_A_BAR, DIGITS[0], TWO_LOOPS)
    moved = [Stroke([(0.5 * x + 64, 0.5 * y + 32) for x, y in s.points], s.width) for s in drawing.strokes]
    for a, b in zip(reader.read(drawing), reader.read(Drawing(moved)), strict=True):
        assert a.digit == b.digit and np.allclose(a.probabilities, b.probabilities, atol=1e-6)


def test_most_composed_numbers_are_read_exactly(reader: Reader) -> None:
    """Of hand-authored digits in six hands (slants): gluing or splitting in one place of ten would fail this."""
    rng = np.random.default_rng(8)
    samples = [Sample(d, w, placed(d, slant=0.08 * (w - 2), scale=100)) for w in range(6) for d in DIGITS]
    right = [
        text(reader.read(drawing)) == answer
        for drawing, answer in (compose(samples, 1 + i % 6, rng) for i in range(60))
    ]
    assert np.mean(right) >= 0.9


def test_photographed_numbers_are_read(reader: Reader) -> None:
    rng = np.random.default_rng(5)
    right = []
    for i in range(24):
        digits = rng.integers(0, 10, 1 + i % 4)
        lines = [[np.array(path) for path in DIGITS[int(digit)]] for digit in digits]
        photo = photograph(note(lines, rng, ruled=i % 2 == 1), rng)
        read = reader.read_picture(picture.ink(np.asarray(photo.convert("L"))))
        right.append(text(read) == "".join(map(str, digits)))
        assert [digit.box[0] + digit.box[2] for digit in read] == sorted(d.box[0] + d.box[2] for d in read)
    assert np.mean(right) >= 0.8


def test_an_underlined_number_is_read(reader: Reader) -> None:
    """A rule, cut wherever a digit might touch the next, would be hundreds of slices."""
    strokes = [replace(stroke, width=4) for stroke in drawn(*(DIGITS[d] for d in (7, 2, 0))).strokes]
    rule = Stroke([(20, 190), (260, 190)], 2)
    assert text(reader.read_picture(rasterize(Drawing([*strokes, rule]), 1000))) == "720"


def test_a_blank_picture_holds_no_digit(reader: Reader) -> None:
    assert reader.read_picture(np.zeros((50, 80), np.uint8)) == []


def test_a_file_that_reads_no_digits_is_refused() -> None:
    file = modelfile.read(MODELS["cnn-tiny"])
    doubtless = {**file.card, "sure": None}
    for broken in (replace(file, card={}), replace(file, card=doubtless), replace(file, programs={})):
        with pytest.raises(Error, match="reads no digits"):
            Reader(broken)
