"""What several commands take."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from inkgrad.errors import Error

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Strokes = Annotated[
    Path | None, typer.Option(help="Pen strokes as UNIPEN text (plain or .Z), such as pendigits-orig.tra.")
]
Teachers = Annotated[
    list[Path] | None,
    typer.Option(help="A finished run whose answers are learnt too, where the recipe distils; repeatable."),
]
Others = Annotated[
    list[Path] | None,
    typer.Option(help="What is no digit: a font, whose letters are drawn, or an IDX file of images; repeatable."),
]
Storage = Annotated[
    str | None, typer.Option(help="The database: sqlite:///FILE or postgresql://…; runs/sweep.db where not given.")
]
Data = Annotated[Path | None, typer.Option(help="A folder with the four MNIST files; fetched where not given.")]


def networks(chosen: list[str] | None, otherwise: Iterable[str]) -> list[str]:
    """The networks asked for, or otherwise these. Raises Error where there is none of that name."""
    from inkgrad.nets import NETS

    if unknown := set(chosen or []) - NETS.keys():
        raise Error(f"{', '.join(sorted(unknown))}: no such network; there are {', '.join(NETS)}")
    return chosen or [*otherwise]
