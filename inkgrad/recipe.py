"""A recipe: everything that decides a training run besides the data, read from TOML.

Every key is required, so that a recipe file says all there is to say.
"""

import math
import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from inkgrad.errors import Error


@dataclass(frozen=True)
class Augment:
    """How far a training image is warped: each draw is uniform in ± the value, independent for every image and step."""

    rotate: float  # degrees
    scale: float  # fraction, each side on its own
    shear: float  # px to the side for each px of height
    shift: float  # px, each direction on its own
    elastic: float  # px, Simard's α: uniform noise smoothed by a Gaussian of σ = 5 px and multiplied by this
    thickness: float  # of the way to a pixel more or less of ink on either side of a stroke
    cutout: float  # px, the side of a square of paper laid over the picture anywhere; none where the draw is below 0


@dataclass(frozen=True)
class Recipe:
    """One training run. `evaluate_every` is also the checkpoint interval: what a kill can cost."""

    net: Literal["mlp", "cnn", "cnn-small", "cnn-tiny"]
    width: float  # times the net's hidden widths; 1 is what is released
    activation: Literal["silu", "relu", "tanh"]
    norm: Literal["batch", "none"]
    seed: int  # of the weights, the order of the images and their warps
    steps: int
    batch: int  # images a step
    optimizer: Literal["adamw", "muon"]
    lr: float  # peak; see trainer.rate
    warmup: float  # fraction of the steps over which lr rises
    weight_decay: float  # decoupled, on weights of two or more dimensions
    ema: float  # decay per step of the average of the weights, which is what is evaluated and released
    label_smoothing: float
    validation: bool  # hold out the last 10,000 training images, and evaluate on them; else train on all
    strokes: int  # training pictures drawn from each pen-stroke sample; 0 trains on MNIST alone
    nondigits: int  # pictures of what is no digit, answered with a tenth for each (Hendrycks et al., 2019)
    distill: float  # weight of the teachers' answers in the loss, beside 1 − this for the labels; 0 asks for no teacher
    devices: int  # that share each batch
    evaluate_every: int  # steps
    augment: Augment


_ABOVE_0 = "more than 0", lambda x: 0 < x < math.inf
_FROM_0 = "0 or more", lambda x: 0 <= x < math.inf
_BELOW_1 = "0 or more and less than 1", lambda x: 0 <= x < 1
_SEED = "0 or more and less than 2³²", lambda x: 0 <= x < 1 << 32
_RANGES: dict[str, tuple[str, Callable[[float], bool]]] = {
    **dict.fromkeys(("width", "steps", "batch", "lr", "evaluate_every", "devices"), _ABOVE_0),
    **dict.fromkeys(("strokes", "nondigits", "weight_decay", "rotate", "shear", "shift", "elastic", "cutout"), _FROM_0),
    **dict.fromkeys(("warmup", "ema", "label_smoothing", "distill", "scale"), _BELOW_1),
    "thickness": ("0 to 1", lambda x: 0 <= x <= 1),
    "seed": _SEED,
}


def load(net: str, name: str) -> Recipe:
    """The recipe `name` ("quick", "release") of `net` that comes with inkgrad. Raises Error where there is none."""
    folder = resources.files("inkgrad") / "recipes"
    with resources.as_file(folder / f"{net}-{name}.toml") as path:
        if not path.is_file():
            known = sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml"))
            raise Error(f"no recipe {net}-{name}: there are {', '.join(known)}; or give the path of a .toml file")
        return read(path)


def read(path: Path) -> Recipe:
    """The recipe in a TOML file. Raises Error naming the file and the key that is unknown, missing or impossible."""
    try:
        return parse(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise Error(f"{path}: cannot be read as a recipe ({error})") from None


def parse(text: str, name: str) -> Recipe:
    """The recipe in `text`; `name` is the file's, for errors (see `read`)."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Error(f"{name}: not TOML: {error}") from None
    recipe: Recipe = _build(Recipe, table, name, "")
    return recipe


def dump(recipe: Recipe) -> str:
    """The recipe as TOML, which `parse` reads back as the same recipe."""
    table = asdict(recipe)
    augment = table.pop("augment")
    return "".join(f"{line}\n" for line in (*_lines(table), "", "[augment]", *_lines(augment)))


def _lines(table: dict[str, Any]) -> list[str]:
    # JSON and TOML write strings without control characters alike, and Python's repr is a TOML float.
    text = {str: '"{}"'.format, bool: lambda value: str(value).lower()}
    return [f"{key} = {text.get(type(value), repr)(value)}" for key, value in table.items()]


def _build(kind: Any, table: dict[str, Any], name: str, prefix: str) -> Any:
    types = {field.name: field.type for field in fields(kind)}
    for key in table.keys() - types.keys():
        raise Error(f"{name}: unknown key {prefix}{key}: the keys are {', '.join(types)}")
    for key in types:
        if key not in table:
            raise Error(f"{name}: {prefix}{key} is missing")
    return kind(**{key: _value(type_, table[key], name, prefix + key) for key, type_ in types.items()})


def _value(kind: Any, value: Any, name: str, key: str) -> Any:
    if kind is Augment:
        if not isinstance(value, dict):
            raise Error(f"{name}: {key} must be a table, not {value!r}")
        return _build(Augment, value, name, f"{key}.")
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise Error(f"{name}: {key} must be one of {', '.join(get_args(kind))}, not {value!r}")
        return value
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise Error(f"{name}: {key} must be {kind.__name__}, not {value!r}")
    if kind is not bool:
        allowed, is_allowed = _RANGES[key.rpartition(".")[2]]
        if not is_allowed(value):
            raise Error(f"{name}: {key} must be {allowed}, not {value!r}")
    return value
