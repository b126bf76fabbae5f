"""Which pieces of ink make which digit: every likely grouping is read, and the most probable reading of the whole wins.

A piece is a stroke or, in a picture, a patch of ink. `candidates` lists the groups of pieces that may be one digit;
each is read by the net; `choose` divides all pieces among groups so that the product of the groups' chances is the
largest. Digits of one number stand side by side, so what a division leaves overlapping from left to right costs extra:
the bar of a 7 lies over its stem, the next digit does not.

Pieces come ordered from left to right, by the middles of their boxes. The lengths below are wide limits, not tuned; the
weight of overlaps, 1, was the best of six on numbers composed of PenDigits' training writers' digits.
`web/src/ink/segment.ts` is the same in TypeScript.
"""

from collections.abc import Sequence
from functools import cache

Box = tuple[float, float, float, float]  # left, top, right, bottom
Group = tuple[int, ...]  # indices of pieces, ascending, which is from left to right

# In sizes of the largest piece:
NEAR = 0.35  # the widest gap from left to right between pieces of one digit
WIDEST = 1.6  # digit
SPECK = 0.1  # what is smaller and belongs to no digit is no ink that anyone meant
MOST = 5  # pieces of a digit
WINDOW = 8  # pieces in a row among which those of one digit lie: so few divisions are to be compared
LIMIT = 128  # groups of several pieces that are read, however much is scribbled


def candidates(boxes: Sequence[Box]) -> list[Group]:
    """The groups of pieces that may be one digit: each piece by itself, near ones together, and each run of near ones.

    A run is read as a whole however many pieces it has, so that a scribble can be told from a row of digits.
    """
    size = largest(boxes)
    near = [
        {j for j, other in enumerate(boxes) if j != i and -overlap(box, other) <= NEAR * size}
        for i, box in enumerate(boxes)
    ]
    alone: list[Group] = [(i,) for i in range(len(boxes))]
    groups: list[Group] = []
    grown = alone
    for _ in range(MOST - 1):
        wider = {tuple(sorted((*group, j))) for group in grown for i in group for j in near[i].difference(group)}
        grown = sorted(g for g in wider if g[-1] - g[0] < WINDOW and width(boxes, g) <= WIDEST * size)
        groups += grown
        if len(groups) >= LIMIT:
            break
    groups = groups[:LIMIT]
    return alone + groups + [run for run in runs(near) if len(run) > 1 and run not in groups]


def choose(boxes: Sequence[Box], groups: Sequence[Group], costs: Sequence[float]) -> list[Group]:
    """The division of all pieces into groups with the least sum of costs and overlaps, in reading order, less specks.

    costs are the groups' negative log-probabilities. Every piece by itself must be among the groups.
    """
    size = largest(boxes)
    starting: list[list[tuple[int, float, Group]]] = [[] for _ in boxes]
    for group, cost in zip(groups, costs, strict=True):
        outside = set(range(len(boxes))).difference(group)
        shared = sum(share(boxes[i], boxes[j], size) for i in group for j in outside)
        starting[group[0]].append((sum(1 << i for i in group), cost + shared / 2, group))

    @cache
    def cheapest(left: int) -> tuple[float, tuple[Group, ...]]:
        """The cost and the groups for the pieces whose bits are set in left."""
        if not left:
            return 0.0, ()
        divisions = []
        for members, cost, group in starting[(left & -left).bit_length() - 1]:
            if members & left == members:
                rest, others = cheapest(left & ~members)
                divisions.append((cost + rest, (group, *others)))
        return min(divisions, key=lambda division: division[0])

    _, chosen = cheapest((1 << len(boxes)) - 1)
    meant = [group for group in chosen if largest([around(boxes, group)]) >= SPECK * size]
    return sorted(meant, key=lambda group: around(boxes, group)[0] + around(boxes, group)[2])


def around(boxes: Sequence[Box], group: Group) -> Box:
    """The box of a group."""
    left, top, right, bottom = zip(*(boxes[i] for i in group), strict=True)
    return min(left), min(top), max(right), max(bottom)


def largest(boxes: Sequence[Box]) -> float:
    """The longest side of any box."""
    return max((max(right - left, bottom - top) for left, top, right, bottom in boxes), default=0)


def width(boxes: Sequence[Box], group: Group) -> float:
    left, _, right, _ = around(boxes, group)
    return right - left


def overlap(a: Box, b: Box) -> float:
    """How far two boxes overlap from left to right; negative: the gap between them."""
    return min(a[2], b[2]) - max(a[0], b[0])


def share(a: Box, b: Box, size: float) -> float:
    """The overlap in widths of the narrower box, 0 … 1. A stem without width counts as a tenth of size."""
    narrower = max(min(a[2] - a[0], b[2] - b[0]), size / 10)
    return min(max(overlap(a, b) / narrower, 0), 1) if narrower > 0 else 0


def runs(near: Sequence[set[int]]) -> list[Group]:
    """The connected components of the pieces."""
    result: list[Group] = []
    unseen = set(range(len(near)))
    while unseen:
        run, edge = set[int](), {min(unseen)}
        while edge:
            run |= edge
            edge = set().union(*(near[i] for i in edge)) - run
        unseen -= run
        result.append(tuple(sorted(run)))
    return result
