"""What is no digit, from files: a font's letters as Pillow draws them, and the pictures of an IDX file."""

from pathlib import Path

import numpy as np
import pytest

from inkgrad import others
from inkgrad.errors import Error


def test_letters_are_drawn_as_large_as_digits_are(font: Path) -> None:
    read = others.read([font, font])["letters"]
    assert read.masks.shape == (104, 112, 112) and read.masks.dtype == np.uint8
    assert (~read.clear).sum() == 2 * len("OoIl")
    np.testing.assert_array_equal(read.masks[:52], read.masks[52:])
    for drawn in read.masks:
        ys, xs = np.nonzero(drawn)
        assert max(np.ptp(ys), np.ptp(xs)) in range(74, 80)


def test_pictures_are_laid_into_masks_as_they_are(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (others.MOST + 5, 28, 28), np.uint8)
    path = tmp_path / "x-images-idx3-ubyte"
    path.write_bytes(bytes((0, 0, 8, 3)) + np.array(pixels.shape, ">i4").tobytes() + pixels.tobytes())
    read = others.read([path])[tmp_path.name]
    np.testing.assert_array_equal(read.masks[:, 42:70, 42:70], pixels[: others.MOST])
    assert read.masks.sum(dtype=np.int64) == pixels[: others.MOST].sum(dtype=np.int64) and read.clear.all()


def test_a_font_without_letters_is_refused(font: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("string.ascii_letters", "\ue000" * 52)  # which it draws as one box
    with pytest.raises(Error, match="has not all of"):
        others.letters(font)
