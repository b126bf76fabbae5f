"""Files that are whole or not there."""

import os
from pathlib import Path

from inkgrad.errors import Error


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` so that a reader, or a kill at any moment, meets the old file or the new one.

    The folder is made where there is none. Raises Error (disk full, no permission) with nothing left behind.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        raise Error(f"{path}: is no plain file, and would be replaced by one: choose another name")
    try:
        # The same folder, so that the replacement is one rename on one file system; the process id, so that two
        # processes that write the same file do not write into each other's half.
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(part, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise Error(f"{path}: cannot be written ({error.strerror}): make room or choose another folder") from None
    except ValueError:  # of with_name
        raise Error(f"{path}: cannot be written: it names no file") from None
