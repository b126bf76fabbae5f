"""A static server for the built page, with the headers that a static host should give it."""

import sys
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO

from inkgrad.errors import Error

PAGE = Path(__file__).parent.parent / "web" / "dist"


class _Handler(SimpleHTTPRequestHandler):
    # Not left to the system's table: a browser refuses a module script under a wrong type.
    extensions_map = {  # noqa: RUF012
        ".css": "text/css",
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript",
        ".json": "application/json",
        ".md": "text/markdown; charset=utf-8",
        ".png": "image/png",
        ".svg": "image/svg+xml",
        ".ts": "text/plain; charset=utf-8",
        ".webmanifest": "application/manifest+json",
        "": "application/octet-stream",
    }

    def send_head(self) -> BinaryIO | None:
        # translate_path drops `..`, encoded or not; what is left could still lead out through a symlink.
        try:
            path = Path(self.translate_path(self.path)).resolve()
            inside = (path / "index.html" if path.is_dir() else path).resolve().is_relative_to(self.directory)
        except (OSError, RuntimeError, ValueError):  # too long, a loop of symlinks, a null byte
            inside = False
        if inside:
            return super().send_head()
        self.send_error(HTTPStatus.NOT_FOUND)
        return None

    def list_directory(self, path: object) -> None:
        self.send_error(HTTPStatus.NOT_FOUND)

    def send_response(self, code: int, message: str | None = None) -> None:
        super().send_response(code, message)
        # The build puts a hash of its content into each address in assets/; the rest is asked for again.
        hashed = code in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED) and self.path.startswith("/assets/")
        self.send_header("Cache-Control", "max-age=31536000, immutable" if hashed else "no-cache")
        self.send_header("Access-Control-Allow-Origin", "*")  # other origins import the library and load the models
        self.send_header("X-Content-Type-Options", "nosniff")

    def log_message(self, format: str, *args: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # a visitor who left before all was sent is no error
            super().handle_error(request, address)


def server(port: int, folder: Path = PAGE, host: str = "127.0.0.1") -> ThreadingHTTPServer:
    """A server on one of this machine's addresses, not yet serving; port 0 takes any that is free.

    Raises Error where the page is not built, or the address or the port cannot be had.
    """
    if not (folder / "index.html").is_file():
        raise Error(f"no page at {folder}: build it with `make build`")
    try:
        return _Server((host, port), partial(_Handler, directory=str(folder.resolve())))
    except (OSError, OverflowError) as error:
        raise Error(
            f"cannot serve on {host} port {port} ({error}); choose another with --host or --port (make demo PORT=…)"
        ) from None
