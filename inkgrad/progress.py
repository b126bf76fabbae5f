"""Progress bars, on stderr: stdout is for results."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from rich.console import Console
from rich.progress import track as _track

# Goes through turns; the text says what they are.
Progress = Callable[[Sequence[int], str], Iterable[int]]

track = partial(_track, console=Console(stderr=True))
