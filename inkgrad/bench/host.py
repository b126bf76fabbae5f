"""The machine and the server that pages under test come from."""

import gzip
import json
import shutil
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from http.server import HTTPServer, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from inkgrad.errors import Error


class _Handler(SimpleHTTPRequestHandler):
    """Files as a good host sends them: compressed, and to pages that may use threads (cross-origin isolation)."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        file = Path(self.translate_path(self.path))
        found = file.is_file()
        body = packed(file) if found else b""
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", self.guess_type(file))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


_Handler.extensions_map = {".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm", "": "*/*"}


@cache
def packed(file: Path) -> bytes:
    return gzip.compress(file.read_bytes(), 6)


@contextmanager
def running(httpd: HTTPServer) -> Iterator[str]:
    """The server's address, with its last slash, while it answers in a thread."""
    with httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        try:
            yield f"http://localhost:{httpd.server_port}/"
        finally:
            httpd.shutdown()


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address, with its last slash, of a server of folder."""
    with running(ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(folder)))) as address:
        yield address


_SIZES = """
const { readFileSync } = require('fs'), { gzipSync, brotliCompressSync, constants } = require('zlib');
const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
const sizes = process.argv.slice(1).map((path) => {
  const raw = readFileSync(path);
  return { raw: raw.length, gzip: gzipSync(raw, { level: 9 }).length, brotli: brotliCompressSync(raw, quality).length };
});
console.log(JSON.stringify(sizes));
"""


def sizes(files: Iterable[Path]) -> dict[str, int]:
    """Bytes of files together: raw, gzip (9) and brotli (9), each file compressed by itself."""
    node = shutil.which("node")
    if node is None:
        raise Error("node is not installed; bench needs it")
    command = [node, "-e", _SIZES, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    each = json.loads(done.stdout)
    return {kind: sum(size[kind] for size in each) for kind in ("raw", "gzip", "brotli")}
