"""Reading UNIPEN strokes."""

from pathlib import Path

import pytest
from compress import pack
from hypothesis import given
from hypothesis import strategies as st

from inkgrad import fetch, unipen
from inkgrad.errors import Error
from inkgrad.unipen import Sample

coordinates = st.integers(-999, 999)
samples = st.builds(
    Sample,
    label=st.integers(0, 9),
    writer=st.integers(0, 99),
    strokes=st.lists(st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=5), min_size=1, max_size=3),
)


def written(sample: Sample) -> str:
    lines = [f'.SEGMENT DIGIT 3 ? "{sample.label}"', f".COMMENT {sample.label} {sample.writer}  12"]
    for stroke in sample.strokes:
        lines += [".PEN_DOWN", *(f" {x}  {-y}" for x, y in stroke), ".PEN_UP", ".DT 100"]
    return "\n".join(lines) + "\n"


@given(st.lists(samples, min_size=1, max_size=4))
def test_reads_back_what_was_written(tmp_path_factory: pytest.TempPathFactory, given: list[Sample]) -> None:
    path = tmp_path_factory.mktemp("unipen") / "digits.tra"
    path.write_text(".INCLUDE x.doc\n\n" + "\n".join(map(written, given)))
    assert unipen.read(path) == given


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no digits"),
        ('.SEGMENT DIGIT 0 ? "8"\n.PEN_DOWN\n1 two\n', "line 3: '1 two' is no point"),
        ('.SEGMENT DIGIT 0 ? "8"\n.PEN_DOWN\n1 2 3\n', "line 3: '1 2 3' is no point"),
        ('.SEGMENT DIGIT 0 ? "8"\n.PEN_DOWN\nnan 2\n', "line 3: 'nan 2' is no point"),
        ('.SEGMENT DIGIT 0 ? "8"\n1 2\n', "line 2: a point outside"),
        ('.SEGMENT DIGIT 0 ? "8"\n.PEN_DOWN\n.PEN_UP\n', "holds no digits"),
        (".PEN_DOWN\n1 2\n.PEN_UP\n", "holds no digits"),
    ],
)
def test_names_the_line_that_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "digits.tra"
    path.write_text(text)
    with pytest.raises(Error, match="digits.tra.*" + message):
        unipen.read(path)


def test_letters_and_strokes_without_points_are_no_digits(tmp_path: Path) -> None:
    digit = Sample(3, 7, [[(1, 2)]])
    path = tmp_path / "digits.tra"
    path.write_text(f'{written(digit)}.PEN_DOWN\n.PEN_UP\n.SEGMENT CHARACTER 0 ? "A"\n.PEN_DOWN\n5 6\n.PEN_UP\n')
    assert unipen.read(path) == [digit]


@given(st.lists(samples, min_size=1, max_size=4))
def test_reads_what_compress_packed(tmp_path_factory: pytest.TempPathFactory, given: list[Sample]) -> None:
    path = tmp_path_factory.mktemp("unipen") / "digits.tra.Z"
    path.write_bytes(pack("\n".join(map(written, given)).encode()))
    assert unipen.read(path) == given


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x1f\x9d\x90\xff\xff", "damaged"),
        (b"\x1f\x9d", "not packed by compress"),
        (pack(bytes(2000)), "more than 1,000 bytes"),
        (b"\n" * 1001, "more than 1,000 bytes"),
        (pack(b"\xff" * 100), "no UNIPEN text"),
        (b"\x89PNG", "no UNIPEN text"),
    ],
)
def test_says_what_is_wrong_with_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, message: str
) -> None:
    monkeypatch.setattr(fetch, "LARGEST", 1000)
    path = tmp_path / "digits.tra.Z"
    path.write_bytes(data)
    with pytest.raises(Error, match=f"digits.tra.Z.*{message}"):
        unipen.read(path)
