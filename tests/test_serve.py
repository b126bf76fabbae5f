"""The static server, over plain sockets: no client that tidies paths stands between."""

import socket
import struct
import threading
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkgrad.errors import Error
from inkgrad.serve import server

SECRET = b"nobody may read this"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Serves a page whose folder lies beside a secret, with symlinks out of it."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret").write_bytes(SECRET)
    (outside / "index.html").write_bytes(SECRET)
    site = outside / "site"
    (site / "assets").mkdir(parents=True)
    (site / "linked").mkdir()
    files = {"index.html": "<p>here", "app.js": "1", "sw.js": "2", "inkgrad.webmanifest": "{}", "assets/a-1f.js": "3"}
    for name, text in files.items():
        (site / name).write_text(text)
    (site / "file").symlink_to(outside / "secret")
    (site / "folder").symlink_to(outside)
    (site / "linked/index.html").symlink_to(outside / "secret")
    (site / "again.js").symlink_to("app.js")
    with server(0, site) as httpd:
        threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True).start()
        yield httpd.server_port
        httpd.shutdown()


def get(port: int, path: str, method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    return response, response.read()


@pytest.mark.parametrize(
    ("path", "kind", "caching"),
    [
        ("/", "text/html; charset=utf-8", "no-cache"),
        ("/index.html", "text/html; charset=utf-8", "no-cache"),
        ("/sw.js", "text/javascript", "no-cache"),
        ("/again.js", "text/javascript", "no-cache"),
        ("/inkgrad.webmanifest", "application/manifest+json", "no-cache"),
        ("/assets/a-1f.js", "text/javascript", "max-age=31536000, immutable"),
    ],
)
def test_types_and_caching(port: int, path: str, kind: str, caching: str) -> None:
    response, body = get(port, path)
    assert response.status == 200 and body
    assert (response.headers["Content-Type"], response.headers["Cache-Control"]) == (kind, caching)
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    unchanged, _ = get(port, path, **{"If-Modified-Since": response.headers["Last-Modified"]})
    assert (unchanged.status, unchanged.headers["Cache-Control"]) == (304, caching)


@pytest.mark.parametrize(
    "path", ["/assets/gone-2e.js", "/assets/", "/file", "/folder/secret", "/folder/", "/linked/", "/" + 300 * "x"]
)
def test_what_is_not_there_is_not_found_and_not_kept(port: int, path: str) -> None:
    for method in ("GET", "HEAD"):
        response, _ = get(port, path, method)
        assert (response.status, response.headers["Cache-Control"]) == (404, "no-cache")


STEPS = [
    "..",
    ".",
    "",
    "%2e%2e",
    "%2E.",
    "..%2f",
    "..%5c",
    "%2f",
    "%00",
    "%ff",
    "~",
    "secret",
    "site",
    "assets",
    "file",
]


@given(st.lists(st.sampled_from([*STEPS, "folder", "linked", "index.html"]), max_size=6))
def test_no_path_leads_out_of_the_folder(port: int, steps: list[str]) -> None:
    response, body = get(port, "/" + "/".join(steps))
    assert response.status in (200, 301, 404) and SECRET not in body


def test_a_visitor_who_leaves_is_no_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "index.html").write_bytes(bytes(10**7))  # more than waits in a socket
    with server(0, tmp_path) as httpd:
        httpd.daemon_threads = False  # so that closing waits for their answers
        threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True).start()
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", httpd.server_port)) as visitor:
                visitor.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # resets
                visitor.sendall(b"GET / HTTP/1.0\r\n\r\n")
                visitor.recv(100)
        httpd.shutdown()
    assert capsys.readouterr().err == ""


def test_only_this_machine_is_served_unless_told(port: int, tmp_path: Path) -> None:
    (tmp_path / "index.html").touch()
    with server(0, tmp_path) as private, server(0, tmp_path, "0.0.0.0") as public:
        assert (private.server_address[0], public.server_address[0]) == ("127.0.0.1", "0.0.0.0")


def test_a_missing_page_and_an_address_that_cannot_be_had_are_named(port: int, tmp_path: Path) -> None:
    with pytest.raises(Error, match="make build"):
        server(0, tmp_path)
    (tmp_path / "index.html").touch()
    for taken, host in ((port, "127.0.0.1"), (70_000, "127.0.0.1"), (0, "203.0.113.1")):
        with pytest.raises(Error, match="choose another with --host or --port"):
            server(taken, tmp_path, host)
