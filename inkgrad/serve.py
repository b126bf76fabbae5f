"""A static server for the built page: enough to try it; any static host serves the same folder."""

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from inkgrad.errors import Error

PAGE = Path(__file__).parent.parent / "web" / "dist"


class _Handler(SimpleHTTPRequestHandler):
    # Not left to the system's table: a browser refuses a module script under a wrong type.
    extensions_map = {  # noqa: RUF012
        ".css": "text/css",
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript",
        ".json": "application/json",
        ".png": "image/png",
        ".svg": "image/svg+xml",
        "": "application/octet-stream",
    }

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def server(port: int, folder: Path = PAGE) -> ThreadingHTTPServer:
    """A server on localhost, not yet serving. Raises Error where the page is not built or the port is taken."""
    if not (folder / "index.html").is_file():
        raise Error(f"no page at {folder}: build it with `make build`")
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, directory=str(folder)))
    except (OSError, OverflowError) as error:
        raise Error(f"cannot serve on port {port} ({error}); choose another with --port (make demo PORT=…)") from None
