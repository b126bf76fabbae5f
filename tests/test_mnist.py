"""Reading IDX files whole and damaged; what fetches them is tested in test_fetch.py."""

import gzip
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkgrad import mnist
from inkgrad.errors import Error

IMAGES = bytes((0, 0, 8, 3, 0, 0, 0, 5, 0, 0, 0, 28, 0, 0, 0, 28)) + bytes(range(245)) * 16
LABELS = bytes((0, 0, 8, 1, 0, 0, 0, 5)) + bytes((3, 1, 4, 1, 5))
SMALL = {name: IMAGES if "images" in name else LABELS for name in mnist.FILES}


@pytest.mark.parametrize("compressed", [False, True])
def test_reads_a_given_folder(tmp_path: Path, compressed: bool) -> None:
    for name, data in SMALL.items():
        (tmp_path / (name + ".gz" * compressed)).write_bytes(gzip.compress(data) if compressed else data)
    assert [array.shape for array in mnist.load(tmp_path)] == [(5, 28, 28), (5,), (5, 28, 28), (5,)]


def test_a_given_folder_that_lacks_a_file(tmp_path: Path) -> None:
    with pytest.raises(Error, match=r"train-images-idx3-ubyte: no such file, nor train-images-idx3-ubyte\.gz"):
        mnist.load(tmp_path)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("t10k-labels-idx1-ubyte", LABELS[:4] + bytes((0, 0, 0, 4)) + bytes(4), "5 t10k images but 4 t10k labels"),
        ("t10k-labels-idx1-ubyte", LABELS[:-1] + b"\x0a", "label 10 is not a digit"),
        ("t10k-images-idx3-ubyte", LABELS, "starts with 00000801, an IDX file of MNIST with 00000803"),
        ("t10k-images-idx3-ubyte", b"", "starts with nothing"),
        ("t10k-images-idx3-ubyte", IMAGES[:-1], "3935 bytes do not hold 5 × 28 × 28 elements"),
        ("t10k-images-idx3-ubyte", IMAGES + b"\x00", "3937 bytes do not hold"),
        ("t10k-images-idx3-ubyte", IMAGES[:8] + bytes((0, 0, 0, 14, 0, 0, 0, 56)) + IMAGES[16:], "5 × 14 × 56"),
        ("t10k-images-idx3-ubyte", IMAGES[:4] + bytes(4) + IMAGES[8:16], "0 × 28 × 28"),
    ],
)
def test_a_damaged_file_in_a_given_folder(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    for file, content in {**SMALL, name: data}.items():
        (tmp_path / file).write_bytes(content)
    with pytest.raises(Error, match=message):
        mnist.load(tmp_path)


def test_a_damaged_gz_in_a_given_folder(tmp_path: Path) -> None:
    for name, data in SMALL.items():
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(data)[:-9])
    with pytest.raises(Error, match="cannot be read"):
        mnist.load(tmp_path)


@given(st.sampled_from(sorted(SMALL)), st.data())
def test_any_truncation_is_an_error(name: str, data: st.DataObject) -> None:
    length = data.draw(st.integers(0, len(SMALL[name]) - 1))
    with pytest.raises(Error):
        mnist.read_idx(SMALL[name][:length], name)


@given(st.sampled_from(sorted(SMALL)), st.data())
def test_any_change_of_the_header_is_an_error(name: str, data: st.DataObject) -> None:
    changed = bytearray(SMALL[name])
    place = data.draw(st.integers(0, (16 if "images" in name else 8) - 1))
    changed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Error):
        mnist.read_idx(bytes(changed), name)


@given(st.sampled_from(sorted(SMALL)), st.binary(max_size=64))
def test_any_bytes_are_an_array_or_an_error(name: str, data: bytes) -> None:
    try:
        array = mnist.read_idx(data, name)
    except Error:
        return
    assert array.nbytes == len(data) - (16 if array.ndim == 3 else 8) == math.prod(array.shape)


def test_the_real_set(digits: mnist.Mnist) -> None:
    assert [array.shape for array in digits] == [(60_000, 28, 28), (60_000,), (10_000, 28, 28), (10_000,)]
    # The first digits and the counts of each, as published with the set.
    assert digits.train_labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert np.bincount(digits.test_labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
