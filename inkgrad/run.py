"""A run folder: what training leaves behind, and what it needs to go on.

recipe.toml (as run), data.sha256 (of what it trains on), metrics.jsonl (a line for each evaluation, the test set's
last), curve.png, weights.safetensors (the averaged weights, float32; written last, so a run that has it is finished),
checkpoint.safetensors (everything that training changes). Each file is whole or not there, whenever the process dies.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save
from tinygrad import Tensor

from inkgrad import atomic
from inkgrad import recipe as recipes
from inkgrad.errors import Diverged, Error
from inkgrad.png import png
from inkgrad.recipe import Recipe

Metrics = dict[str, Any]


def recipe_of(run: Path) -> Recipe:
    """Raises Error where the folder is no run."""
    saved = run / "recipe.toml"
    if not saved.is_file():
        raise Error(f"{run}: no run: it has no recipe.toml")
    return recipes.read(saved)


def is_finished(run: Path) -> bool:
    return (run / "weights.safetensors").is_file()


def open_folder(run: Path, recipe: Recipe, digests: Mapping[str, str], resume: bool) -> None:
    """Make a new run of `recipe` on what has these digests, or check that the one there can be gone on with.

    Raises Error where it cannot.
    """
    saved = run / "recipe.toml"
    if resume:
        if recipe_of(run) != recipe:
            raise Error(f"{saved}: not the recipe to resume with: leave the recipe out, or start a new run")
        if other := [what for what, digest in data(run).items() if digest != digests.get(what)]:
            raise Error(f"{run}: begun with other {' and '.join(other)}: give the same --path, --strokes and --teacher")
    elif run.exists() and (not run.is_dir() or any(run.iterdir())):
        what = "a finished run" if is_finished(run) else "an unfinished run" if saved.exists() else "other files"
        hint = "resume it or choose" if what == "an unfinished run" else "choose"
        raise Error(f"{run}: holds {what}: {hint} another folder")
    else:
        lines = "".join(f"{digest}  {what}\n" for what, digest in digests.items())
        atomic.write_bytes(run / "data.sha256", lines.encode())
        atomic.write_bytes(saved, recipes.dump(recipe).encode())


def data(run: Path) -> dict[str, str]:
    """The digests of what a run trains on, by what it is; none where the run does not say."""
    path = run / "data.sha256"
    lines = (line.partition("  ") for line in path.read_text().splitlines()) if path.is_file() else ()
    return {what: digest for digest, _, what in lines if what}


def save_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    """Raises Diverged, and leaves the file as it was, where a value is not finite."""
    arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise Diverged(
                f"{path}: not written, {name} is no longer finite: try a lower lr; what was saved before is kept"
            )
    atomic.write_bytes(path, save(arrays))


def load_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    """Fill `tensors` in place from the file. Raises Error where it does not hold them."""
    try:
        with safe_open(path, "numpy") as file:
            for name, tensor in tensors.items():
                value = Tensor(np.array(file.get_tensor(name))).reshape(tensor.shape)
                tensor.assign(value.to(tensor.device)).realize()
    except (OSError, SafetensorError, ValueError) as error:  # ValueError: of another shape
        raise Error(f"{path}: cannot be read ({error}): delete the run and train again") from None


def read_metrics(run: Path) -> list[Metrics]:
    """The lines of metrics.jsonl; none where there is no file. Raises Error where one cannot be read."""
    path = run / "metrics.jsonl"
    try:
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
    except ValueError as error:
        raise Error(f"{path}: cannot be read ({error}): delete the run and train again") from None


def last(run: Path) -> Metrics:
    """The last line of a finished run's metrics, the test set's. Raises Error where there is none."""
    lines = read_metrics(run)
    if not lines:
        raise Error(f"{run}: it has no metrics.jsonl: delete the run and train again")
    return lines[-1]


def write_metrics(run: Path, metrics: list[Metrics]) -> None:
    atomic.write_bytes(run / "metrics.jsonl", "".join(json.dumps(line) + "\n" for line in metrics).encode())


def plot(run: Path, metrics: list[Metrics]) -> None:
    """Draw curve.png: training loss and validation accuracy against the step."""
    *points, test = metrics
    steps = [line["step"] for line in points]
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    left = figure.subplots()
    left.plot(steps, [line["loss"] for line in points], color="tab:blue")
    left.set(xlabel="step", yscale="log", title=f"test accuracy {test['test_accuracy']:.2%} (n = {test['n']:,})")
    left.set_ylabel("training loss", color="tab:blue")
    if points[-1]["validation_accuracy"] is not None:
        right = left.twinx()
        right.plot(steps, [100 * line["validation_accuracy"] for line in points], color="tab:orange")
        right.set_ylabel("validation accuracy, %", color="tab:orange")
    atomic.write_bytes(run / "curve.png", png(figure))
