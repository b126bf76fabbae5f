"""What must hold of every writing style, whatever strokes it is given."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkgrad import glyphs, styles
from inkgrad.glyphs import Line, Lines
from inkgrad.styles import STYLES, Style, unit
from inkgrad.unipen import Points

ALL = [(digit, style) for digit in STYLES for style in STYLES[digit]]
each_style = pytest.mark.parametrize("style", [s for _, s in ALL], ids=[f"{d} {s.name}" for d, s in ALL])

point = st.tuples(st.integers(0, 500), st.integers(-500, 0))
written = st.lists(st.lists(point, min_size=1, max_size=30), min_size=1, max_size=4)
seeds = st.integers(0, 2**32 - 1)


def same(a: Lines, b: Lines) -> bool:
    return len(a) == len(b) and all(np.array_equal(p, q) for p, q in zip(a, b, strict=True))


@given(written)
def test_the_unit_frame_keeps_the_shape(strokes: list[Points]) -> None:
    points = np.concatenate(unit(strokes))
    tablet = np.concatenate([np.array(stroke, float) for stroke in strokes])
    extent = np.ptp(tablet, 0).max()
    np.testing.assert_allclose(points.min(0), 0, atol=1e-12)
    assert np.ptp(points, 0).max() == pytest.approx(1 if extent else 0)
    np.testing.assert_allclose(points * extent, tablet - tablet.min(0), atol=1e-9)


@each_style
@settings(max_examples=15)
@given(strokes=written, seed=seeds)
def test_a_style_is_a_pure_function(style: Style, strokes: list[Points], seed: int) -> None:
    lines = unit(strokes)
    before = [line.copy() for line in lines]
    once, twice = (style.write(lines, np.random.default_rng(seed)) for _ in range(2))
    assert same(lines, before)
    assert same(once, twice)
    assert once
    for line in once:
        assert line.ndim == 2 and line.shape[1] == 2 and len(line)
        assert np.isfinite(line).all()
        assert np.abs(line).max() < 20  # no farther than a slash drawn through a digit one dot wide


def test_styles_have_names_of_their_own_and_leave_room_for_the_writer() -> None:
    for of_digit in STYLES.values():
        assert len({style.name for style in of_digit}) == len(of_digit)
        assert all(style.share > 0 for style in of_digit)
        assert 0.2 < sum(style.share for style in of_digit) < 0.8


@pytest.mark.parametrize("digit", STYLES)
def test_each_style_comes_as_often_as_its_share_says(digit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def marked(style: Style) -> Style:
        def write(lines: Lines, rng: np.random.Generator) -> Lines:
            seen.append(style.name)
            return lines

        return Style(style.name, style.share, write)

    monkeypatch.setitem(STYLES, digit, tuple(map(marked, STYLES[digit])))
    rng, n = np.random.default_rng(0), 4000
    for _ in range(n):
        styles.restyle(digit, unit([[(0, 0), (1, 1)]]), rng)
    for style in STYLES[digit]:
        error = (style.share * (1 - style.share) / n) ** 0.5
        assert abs(seen.count(style.name) / n - style.share) < 4 * error


@given(seeds, st.floats(0.08, 0.9))
def test_a_flag_is_never_as_flat_as_the_top_of_a_seven(seed: int, length: float) -> None:
    """So long as the hand is steady: without jitter."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(glyphs, "JITTER", 0)
        stem = glyphs.one(np.random.default_rng(seed), (length, length), False)[0]
    right, down = stem[stem[:, 1].argmin()] - stem[0]
    assert -down >= 0.99 * abs(right)


@given(seeds)
def test_a_slash_crosses_the_oval_and_a_dot_lies_in_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    *oval, slash = styles.slashed(glyphs.zero(rng, (340, 390)), rng)
    low, high = styles.box(oval)
    centre, half = (low + high) / 2, (high - low) / 2
    start, end = (slash[0] - centre) / half, (slash[-1] - centre) / half
    assert start @ end < 0 and min(np.hypot(*start), np.hypot(*end)) > 0.35
    *oval, dot = styles.dotted(glyphs.zero(rng, (340, 390)), rng)
    low, high = styles.box(oval)
    assert (low < dot).all() and (dot < high).all()


def hand_drawn(form: Callable[..., Lines], *arguments: object) -> list[Lines]:
    return [form(np.random.default_rng(seed), *arguments) for seed in range(50)]


def test_a_bar_comes_off_a_seven_and_goes_on_again() -> None:
    rng = np.random.default_rng(1)
    for seven in hand_drawn(glyphs.seven, True, False, False):
        bare = styles.unbarred(seven, rng)
        assert same(bare, seven[:1])
        assert len(styles.barred(bare, rng)) == 2
        assert same(styles.barred(seven, rng), seven)


def test_the_bar_of_a_five_moves_and_its_body_does_not() -> None:
    rng = np.random.default_rng(1)
    for five in hand_drawn(glyphs.five, "bar apart"):
        body, bar = styles.bar_apart(five, rng)
        assert np.array_equal(body, five[0])
        assert (bar[:, 0] >= five[1][:, 0]).all() and (bar[:, 1] < five[1][:, 1]).all()


def lowest(lines: Lines) -> Line:
    points = np.concatenate(lines)
    low: Line = points[points[:, 1].argmax()]
    return low


def test_edits_reach_where_they_should() -> None:
    rng = np.random.default_rng(1)
    for four in hand_drawn(glyphs.four, "closed", (0.5, 0.6)):
        assert lowest(styles.descending(four, rng))[1] > lowest(four)[1] + 0.1
    for nine in hand_drawn(glyphs.nine, "straight", (0.4, 0.5)):
        assert styles.hooked(nine, rng)[-1][-1, 0] < nine[-1][-1, 0] - 0.1
    for one in hand_drawn(glyphs.one, None, False):
        foot = styles.footed(one, rng)[-1]
        assert abs(foot[:, 1].mean() - lowest(one)[1]) < 0.15
        assert foot[0, 0] < lowest(one)[0] < foot[-1, 0]
