"""Pen strokes in UNIPEN text, as the set PenDigits-orig keeps them (Alpaydin and Alimoglu, UCI, CC BY 4.0).

Its training part is all that is fetched: the test part, 14 other writers, is to choose nothing here.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from inkgrad import fetch as files
from inkgrad import lzw
from inkgrad.errors import Error

# SHA-256 of the unpacked file.
FILES = {"pendigits-orig.tra": "a66225d68d7d68591e62944df1ad33b3f5aa608e2df2505844b41f5568a80da4"}
MIRRORS = (
    "https://archive.ics.uci.edu/ml/machine-learning-databases/pendigits/{}.Z",
    "https://archive.ics.uci.edu/static/public/81/pen+based+recognition+of+handwritten+digits.zip#{}.Z",
)

Points = Sequence[tuple[float, float]]

_SEGMENT = re.compile(r'\.SEGMENT\s+DIGIT\s.*"(\d)"\s*$')
_COMMENT = re.compile(r"\.COMMENT\s+\d\s+(\d+)\s")


@dataclass(frozen=True)
class Sample:
    """A written digit: strokes of points in tablet units, y downwards, and who wrote it."""

    label: int
    writer: int
    strokes: Sequence[Points]


def fetch(cache: Path | None = None, mirrors: Sequence[str] = MIRRORS) -> Path:
    """The file pendigits-orig.tra, in the user's cache where `cache` is not given; see `inkgrad.fetch`."""
    (name,) = FILES
    return files.fetch("PenDigits", FILES, mirrors, f"give the path of {name} with --strokes", cache) / name


def read(path: Path) -> list[Sample]:
    """The digits of a UNIPEN file, plain or packed by compress (.Z), in its order.

    Raises Error naming the line that is not understood.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(files.LARGEST + 1)
        if data.startswith(lzw.MAGIC):
            data = lzw.unpack(data, files.LARGEST)
        if len(data) > files.LARGEST:
            raise ValueError(f"holds more than {files.LARGEST:,} bytes")
        samples = list(_samples(path, data.decode("ascii")))
    except OSError as error:
        raise Error(f"{path}: {error.strerror}; give a UNIPEN text file such as pendigits-orig.tra") from None
    except UnicodeDecodeError:
        raise Error(f"{path} is no UNIPEN text; give a file such as pendigits-orig.tra") from None
    except ValueError as error:
        raise Error(f"{path}: {error}; give a UNIPEN text file such as pendigits-orig.tra") from None
    if not samples:
        raise Error(f"{path} holds no digits: no line begins with .SEGMENT DIGIT")
    return samples


def _samples(path: Path, text: str) -> Iterator[Sample]:
    label, writer = -1, -1  # of what is no digit, and of nobody
    strokes: list[list[tuple[float, float]]] = []
    down = False

    def ended() -> Iterator[Sample]:
        if label >= 0 and (written := [stroke for stroke in strokes if stroke]):
            yield Sample(label, writer, written)

    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if line.startswith(".SEGMENT"):
            yield from ended()
            segment = _SEGMENT.match(line)
            label, writer, strokes, down = int(segment[1]) if segment else -1, -1, [], False
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
            if not math.isfinite(x) or not math.isfinite(y):
                raise Error(f"{path}, line {number}: {line.strip()!r} is no point; expected finite numbers")
            if not down:
                raise Error(f"{path}, line {number}: a point outside .PEN_DOWN … .PEN_UP")
            strokes[-1].append((x, -y))
    yield from ended()
