"""Progress bars, on stderr: stdout is for results."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.text import Text

T = TypeVar("T")
# Goes through turns; the text says what they are.
Progress = Callable[[Sequence[int], str], Iterable[int]]


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.3g}/s" if speed else "")


def track(
    items: Iterable[T], description: str, total: int | None = None, transient: bool = False, disable: bool = False
) -> Iterable[T]:
    """The items, with a bar of how many are done, how fast, and how long the rest takes.

    total: how many there are, where they do not know it. transient: the bar goes when all are done.
    """
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn()
    with Bars(*columns, console=Console(stderr=True), transient=transient, disable=disable) as bars:
        yield from bars.track(items, total, description=description)
