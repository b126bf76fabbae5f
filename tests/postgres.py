"""A real PostgreSQL for tests: Debian's, on a free port, in a folder of its own."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Server:
    """url is what Optuna's storage takes."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._folder = folder
        self.url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        self._run("initdb", "--auth=trust", "--username=postgres", "--no-sync", "--no-locale", "--encoding=UTF8")
        with open(folder / "postgresql.conf", "a") as settings:
            settings.write(
                f"port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nfsync = off\n"
            )

    def start(self) -> None:
        self._run("pg_ctl", "--silent", "--wait", f"--log={self._folder}/log", "start")

    def stop(self) -> None:
        """At once: connections are cut, transactions lost."""
        self._run("pg_ctl", "--silent", "--wait", "--mode=immediate", "stop")

    def _run(self, program: str, *words: str) -> None:
        found = shutil.which(program) or max(map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{program}")))
        # PostgreSQL refuses to be root's.
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
        command = [*user, found, f"--pgdata={self._folder}", *words]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")


@contextmanager
def server() -> Iterator[Server]:
    """A running server, on no data yet."""
    # Not in pytest's folder, which no other user can enter.
    with tempfile.TemporaryDirectory() as folder:
        if os.getuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        started = Server(Path(folder))
        started.start()
        try:
            yield started
        finally:
            started.stop()
