"""Dividing pieces among digits, against every division there is, and that no scribble takes long."""

import json
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkgrad.segment import LIMIT, MOST, NEAR, SPECK, WIDEST, Box, Group, around, candidates, choose, share

Boxes = list[Box]

GOLDEN = json.loads((Path(__file__).parent.parent / "golden/segment.json").read_text())


def boxes(most: int, least_side: int = 0) -> st.SearchStrategy[Boxes]:
    side = st.integers(least_side, 50)
    box = st.builds(lambda x, y, w, h: (x, y, x + w, y + h), st.integers(0, 200), st.integers(0, 30), side, side)
    return st.lists(box, min_size=1, max_size=most)


def partitions(pieces: Sequence[int]) -> Iterator[list[Group]]:
    """Every division of pieces, ascending, into groups."""
    if not pieces:
        yield []
        return
    first, rest = pieces[0], pieces[1:]
    for k in range(len(rest) + 1):
        for others in combinations(rest, k):
            for division in partitions([i for i in rest if i not in others]):
                yield [(first, *others), *division]


def size_of(some: Boxes) -> float:
    return max(max(x1 - x0, y1 - y0) for x0, y0, x1, y1 in some)


def gap(a: Box, b: Box) -> float:
    return max(a[0], b[0]) - min(a[2], b[2])


def hangs_together(some: Boxes, group: Group, reach: float) -> bool:
    """From left to right no gap wider than reach, however the pieces lie over each other."""
    ordered = sorted(group, key=lambda i: some[i][0])
    ends = [max(some[i][2] for i in ordered[:k]) for k in range(1, len(ordered))]
    return all(some[i][0] - end <= reach for i, end in zip(ordered[1:], ends, strict=True))


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: len(case["boxes"]))
def test_golden(case: dict[str, Any]) -> None:
    groups = candidates(case["boxes"])
    assert [list(group) for group in groups] == case["groups"]
    assert [list(group) for group in choose(case["boxes"], groups, case["costs"])] == case["chosen"]


@given(boxes(6, least_side=int(50 * SPECK)), st.data())
def test_no_division_costs_less_than_the_chosen_one(some: Boxes, data: st.DataObject) -> None:
    groups = candidates(some)
    costs = data.draw(st.lists(st.floats(0, 10), min_size=len(groups), max_size=len(groups)))
    of_group = dict(zip(groups, costs, strict=True))

    def total(division: list[Group]) -> float:
        across = [share(some[i], some[j], size_of(some)) for a, b in combinations(division, 2) for i in a for j in b]
        return sum(of_group[group] for group in division) + sum(across)

    chosen = choose(some, groups, costs)
    possible = [d for d in partitions(range(len(some))) if all(group in of_group for group in d)]
    assert sorted(i for group in chosen for i in group) == list(range(len(some)))
    assert total(chosen) == pytest.approx(min(map(total, possible)))
    centres = [around(some, group)[0] + around(some, group)[2] for group in chosen]
    assert all(a <= b for a, b in pairwise(centres))


@given(boxes(12), st.randoms(use_true_random=False))
def test_every_piece_is_in_one_digit_or_is_a_speck(some: Boxes, random: Any) -> None:
    groups = candidates(some)
    chosen = choose(some, groups, [random.random() * 10 for _ in groups])
    used = [i for group in chosen for i in group]
    assert len(set(used)) == len(used)
    for i in set(range(len(some))).difference(used):
        assert size_of([some[i]]) < SPECK * size_of(some)
    assert all(size_of([around(some, group)]) >= SPECK * size_of(some) for group in chosen)


@given(boxes(6))
def test_candidates_are_all_near_and_narrow_groups_and_whole_runs(some: Boxes) -> None:
    size, every = size_of(some), range(len(some))
    subsets = [group for k in range(1, len(some) + 1) for group in combinations(every, k)]
    together = [group for group in subsets if hangs_together(some, group, NEAR * size)]

    def expected(group: Group) -> bool:
        box = around(some, group)
        whole = all(gap(some[i], some[j]) > NEAR * size for i in every if i not in group for j in group)
        return len(group) == 1 or whole or (len(group) <= MOST and box[2] - box[0] <= WIDEST * size)

    groups = candidates(some)
    assert sorted(groups) == sorted(filter(expected, together))


@given(boxes(5), st.floats(0.01, 3))
def test_a_far_stroke_never_joins(some: Boxes, away: float) -> None:
    right = max(x1 for _, _, x1, _ in some)
    size = max(size_of(some), 10)
    left = right + (NEAR + away) * size
    far = (left, 0.0, left + 10, 10.0)
    assert [group for group in candidates([*some, far]) if len(some) in group] == [(len(some),)]


@given(st.lists(st.tuples(st.floats(0, 280), st.floats(0, 280), st.floats(0, 280), st.floats(0, 280)), max_size=8))
def test_moving_all_changes_nothing_and_neither_does_enlarging(raw: list[Box]) -> None:
    some = [(float(round(min(a, c))), round(min(b, d)), round(max(a, c)), round(max(b, d))) for a, b, c, d in raw]
    moved = [tuple(4 * edge + 64 for edge in box) for box in some]
    groups = candidates(some)
    assert groups == candidates(moved)  # type: ignore[arg-type]
    costs = [(7 * i) % 5 / 4 for i in range(len(groups))]
    assert choose(some, groups, costs) == choose(moved, groups, costs)  # type: ignore[arg-type]


# Sixty strokes. Trying all divisions would take longer than any test run.
SCRIBBLES: dict[str, Boxes] = {
    "a pile": [(0, 0, 100, 100)] * 60,
    "a row": [(50 * i, 0, 50 * i + 40, 100) for i in range(60)],
    "hatching": [(4 * i, 0, 4 * i + 60, 100) for i in range(60)],
}


@pytest.mark.parametrize("name", SCRIBBLES)
def test_a_scribble_is_read_in_bounded_time(name: str) -> None:
    some = SCRIBBLES[name]
    groups = candidates(some)
    assert len(groups) <= len(some) + LIMIT + len(some) // 2
    assert [group for group in groups if len(group) == 1] == [(i,) for i in range(60)]
    for costs in ([1.0] * len(groups), [float((7 * i) % 11) for i in range(len(groups))]):
        used = [i for group in choose(some, groups, costs) for i in group]
        assert sorted(used) == list(range(60))


def test_no_ink_is_no_digit() -> None:
    assert candidates([]) == [] and choose([], [], []) == []


def test_what_has_no_extent_is_still_ink() -> None:
    """A dot alone, drawn on purpose: there is nothing to be smaller than."""
    dot: Boxes = [(5, 5, 5, 5)]
    assert candidates(dot) == choose(dot, [(0,)], [1.0]) == [(0,)]
