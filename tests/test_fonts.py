"""Signs of fonts: Pillow's own font, alone and in a folder, and what is none."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from released import MODELS

from inkgrad import fonts
from inkgrad.errors import Error
from inkgrad.evaluate import evaluate, summary
from inkgrad.export import modelfile


def test_digits_are_those_of_each_font_in_a_folder(font: Path, tmp_path: Path) -> None:
    for name in "a.ttf", "b.TTF", "licence.txt":
        (tmp_path / name).write_bytes(font.read_bytes())
    one, both = fonts.digits(font), fonts.digits(tmp_path)
    np.testing.assert_array_equal(one, fonts.drawn(font, "0123456789"))
    np.testing.assert_array_equal(both, np.concatenate([one, one]))


def test_the_report_has_them(font: Path) -> None:
    """Printed digits of a plain font are read; the same in another order are not what 0 … 9 are."""
    file = modelfile.read(MODELS["cnn"])
    blank, label = np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.uint8)
    masks = fonts.digits(font)
    right, wrong = (evaluate(file, blank, label, fonts=given)["fonts"] for given in (masks, np.roll(masks, 1, 0)))
    assert right["accuracy"] == 1 and wrong["accuracy"] == 0 and right["n"] == 10 and right["fonts"] == 1
    assert "fonts: 0.00% right (10 errors in 10)" in next(summary({"fonts": wrong}))


def test_a_font_without_the_signs_is_refused(font: Path) -> None:
    with pytest.raises(Error, match="has not all of"):
        fonts.drawn(font, "\ue000" * 10)  # which it draws as one box


@given(at=st.integers(0, 10**6), byte=st.integers(0, 255))
def test_a_damaged_font_is_read_or_refused(
    font: Path, tmp_path_factory: pytest.TempPathFactory, at: int, byte: int
) -> None:
    damaged = bytearray(font.read_bytes())
    start = at % len(damaged)
    damaged[start : start + 1000] = bytes([byte]) * len(damaged[start : start + 1000])
    path = tmp_path_factory.getbasetemp() / "damaged.ttf"
    path.write_bytes(damaged)
    try:
        assert fonts.digits(path).shape == (10, 112, 112)
    except Error as error:
        assert str(path) in str(error) and "None" not in str(error)


def test_a_folder_without_fonts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Error, match="holds no font"):
        fonts.digits(tmp_path)
