from collections.abc import Iterator
from contextlib import contextmanager


class Error(Exception):
    """A user's mistake or the world's: one clear line that says what is wrong and what to do.

    The command line prints it and exits with 1; nothing half-written is left behind.
    """


class Diverged(Error):
    """Training whose loss or weights are no longer numbers."""


def first_line(words: object, otherwise: str = "no reason given") -> str:
    """What an error or a tool says, in one line; tools that are killed say nothing."""
    return next((line for line in str(words).splitlines() if line.strip()), otherwise).strip()


@contextmanager
def needs(extra: str) -> Iterator[None]:
    """Around imports of what an extra brings."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise Error(f"this needs the package {error.name}: pip install 'inkgrad[{extra}]'") from None
