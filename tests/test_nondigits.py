"""Ink that is no digit: every kind is drawn, none is blank, and the same seed gives the same."""

import string
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strokes import DIGITS

from inkgrad import nondigits
from inkgrad.glyphs import Lines
from inkgrad.nondigits import KINDS, LIKE_DIGITS, NEAR_DIGITS, SIGNS, Draw, alphabet, lookalike, pictures, surfaces
from inkgrad.strokes import mask, vary
from inkgrad.styles import box, unit
from inkgrad.unipen import Sample

SAMPLES = [Sample(digit, 0, strokes) for digit, strokes in DIGITS.items()]
WRITTEN = [unit(sample.strokes) for sample in SAMPLES]


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
@pytest.mark.parametrize("draw", [*KINDS, lookalike], ids=lambda draw: draw.__name__)
def test_each_kind_is_ink_that_can_be_varied(draw: Draw, seed: int) -> None:
    lines, again = (draw(WRITTEN, np.random.default_rng(seed)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(lines, again, strict=True))
    assert lines and all(line.ndim == 2 and line.shape[1] == 2 and np.isfinite(line).all() for line in lines)
    rng = np.random.default_rng(seed)
    assert mask(vary(unit(lines), rng), rng).any()


def test_no_sign_of_the_alphabet_is_a_digit() -> None:
    assert not SIGNS & set(string.digits) and not SIGNS & LIKE_DIGITS and NEAR_DIGITS < SIGNS
    assert len(alphabet()) > 6 * len(SIGNS)
    assert all(len(line) and np.isfinite(line).all() for sign in alphabet() for line in sign)


def test_a_part_is_less_than_a_digit_and_a_pair_more() -> None:
    rng = np.random.default_rng(1)
    strokes = [line for digit in WRITTEN for line in digit]
    for _ in range(50):
        (line,) = nondigits.part(WRITTEN, rng)
        assert any(np.array_equal(line, stroke) for stroke in strokes)
        assert not any(len(digit) == 1 and np.array_equal(line, digit[0]) for digit in WRITTEN)
        pair = nondigits.pair(WRITTEN, rng)
        low, high = box(pair)
        widest = max((box(digit)[1] - box(digit)[0])[0] for digit in WRITTEN)
        assert len(pair) >= 2 and (high - low)[0] <= 2 * widest + 0.5


def test_pictures_are_of_all_kinds_and_depend_on_the_seed_alone() -> None:
    seen: list[str] = []

    def counted(draw: Draw) -> Draw:
        def call(digits: Sequence[Lines], rng: np.random.Generator) -> Lines:
            seen.append(draw.__name__)
            return draw(digits, rng)

        return call

    some = pictures(SAMPLES, 300, seed=3, kinds={counted(draw): share for draw, share in KINDS.items()})
    for draw, share in KINDS.items():
        spread = 4 * np.sqrt(300 * share * (1 - share))
        assert abs(seen.count(draw.__name__) - 300 * share) <= spread, draw.__name__
    assert some.shape == (300, 28, 28) and some.dtype == np.uint8
    assert (some.max((1, 2)) > 200).all()
    assert np.array_equal(some[:40], pictures(SAMPLES, 300, seed=3)[:40])
    assert not np.array_equal(some, pictures(SAMPLES, 300, seed=4))


def test_without_samples_the_other_kinds_are_drawn() -> None:
    assert (pictures([], 50, seed=0).max((1, 2)) > 200).all()


def test_samples_of_single_strokes_give_no_parts() -> None:
    line = Sample(1, 0, [[(0.0, 0.0), (0.0, 9.0)]])
    assert pictures([line], 40, 0).shape == (40, 28, 28)


def test_surfaces_are_filled_and_shaded() -> None:
    """Much of each picture, in many greys, where a pen leaves little and most of it black; by the seed alone."""
    made = surfaces(50, seed=0)
    assert made.shape == (50, 28, 28) and (made.max((1, 2)) >= 250).all()
    assert ((made > 0).mean((1, 2)) > 0.15).all() and min(len(np.unique(picture)) for picture in made) > 30
    assert np.array_equal(made, surfaces(50, seed=0)) and not np.array_equal(made, surfaces(50, seed=1))
