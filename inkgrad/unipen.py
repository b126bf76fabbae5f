"""Pen strokes in UNIPEN text, as the set PenDigits-orig keeps them (Alpaydin and Alimoglu, UCI, CC BY 4.0)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from inkgrad.errors import Error

Points = Sequence[tuple[float, float]]

_SEGMENT = re.compile(r'\.SEGMENT\s+DIGIT\s.*"(\d)"\s*$')
_COMMENT = re.compile(r"\.COMMENT\s+\d\s+(\d+)\s")


@dataclass(frozen=True)
class Sample:
    """A written digit: strokes of points in tablet units, y downwards, and who wrote it."""

    label: int
    writer: int
    strokes: Sequence[Points]


def read(path: Path) -> list[Sample]:
    """The digits of a UNIPEN file, in its order. Raises Error naming the line that is not understood."""
    try:
        samples = list(_samples(path, path.read_text("ascii")))
    except OSError as error:
        raise Error(f"{path}: {error.strerror}; give a UNIPEN text file such as pendigits-orig.tra") from None
    except UnicodeDecodeError:
        raise Error(f"{path} is no UNIPEN text; if it ends in .Z, unpack it first (uncompress)") from None
    if not samples:
        raise Error(f"{path} holds no digits: no line begins with .SEGMENT DIGIT")
    return samples


def _samples(path: Path, text: str) -> Iterator[Sample]:
    label, writer = -1, -1
    strokes: list[list[tuple[float, float]]] = []
    down = False
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if segment := _SEGMENT.match(line):
            if strokes:
                yield Sample(label, writer, strokes)
            label, writer, strokes, down = int(segment[1]), -1, [], False
        elif comment := _COMMENT.match(line):
            writer = int(comment[1])
        elif words == [".PEN_DOWN"]:
            strokes.append([])
            down = True
        elif words == [".PEN_UP"]:
            down = False
        elif words and not line.startswith("."):
            try:
                x, y = (float(word) for word in words)
            except ValueError:
                raise Error(f"{path}, line {number}: {line.strip()!r} is no point; expected two numbers") from None
            if not down:
                raise Error(f"{path}, line {number}: a point outside .PEN_DOWN … .PEN_UP")
            strokes[-1].append((x, -y))
    if strokes:
        yield Sample(label, writer, strokes)
