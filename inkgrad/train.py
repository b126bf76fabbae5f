"""Training: a recipe and MNIST to a run folder (run.py), step by step (trainer.py).

A run that was cut off goes on to the same result: on the CPU, where sums always run in one order, to the same bits.
"""

import hashlib
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from tinygrad.nn.state import get_state_dict

from inkgrad import nondigits, run, strokes
from inkgrad.batched import batched
from inkgrad.errors import Diverged, Error
from inkgrad.hardware import hardware, opened
from inkgrad.mnist import Mnist
from inkgrad.nets import Net, fold_batchnorm
from inkgrad.recipe import Recipe
from inkgrad.trainer import NONE, Trainer, build
from inkgrad.unipen import Sample

_NOTHING = np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.uint8)
HELD_OUT = 10_000  # the last training images: validation
LOOK = 0.5  # seconds between two looks at the loss: each waits for the device, so not at every step


def train(
    recipe: Recipe,
    out: Path,
    data: Mnist,
    samples: Sequence[Sample] = (),
    teachers: Sequence[Net] = (),
    resume: bool = False,
    report: Callable[[run.Metrics], None] | None = None,
) -> run.Metrics:
    """Train `recipe` on `data` into the folder `out` and return the last line of its metrics.jsonl.

    Where the recipe asks for pen strokes, they are drawn from `samples`, less the writers that `strokes.split` leaves
    out: those are validation, in every run that is given strokes. Where it distils, `teachers` are asked about every
    training picture. `report`, where given, takes each line of the metrics but the last, in place of the progress bar;
    what it raises ends the run.

    With `resume`, goes on from the last checkpoint in `out`; a finished run is returned as it is. Raises Error where
    `out` holds something else, recipe or data are not the run's, the recipe does not fit the data, or the loss is no
    longer a number; the last good checkpoint stays.
    """
    kept = len(data.train_images) - HELD_OUT * recipe.validation
    check(recipe, kept)
    if recipe.strokes and not samples:
        raise Error(f"the recipe of {out} trains on pen strokes too: give a UNIPEN file with --strokes")
    if bool(recipe.distill) != bool(teachers):
        raise Error(
            f"the recipe of {out} distils {recipe.distill}: give --teacher where that is more than 0, only there"
        )
    drawn, left_out = strokes.split(samples)
    if recipe.strokes and not drawn:
        raise Error(f"strokes of {strokes.VALIDATION_WRITERS} writers or fewer are all left out: give more writers'")
    run.open_folder(out, recipe, digests(data, samples, teachers), resume)
    if run.is_finished(out):
        return run.last(out)

    quiet = report is not None
    pictures, written = _NOTHING
    if recipe.strokes:
        pictures, written = strokes.pictures(drawn, recipe.strokes, recipe.seed, quiet=quiet)
    # Joined even to nothing, because that copies: tinygrad 0.14 uploads to CUDA from writable memory only.
    others = nondigits.pictures(drawn, recipe.nondigits, recipe.seed, quiet) if recipe.nondigits else _NOTHING[0]
    all_images = np.concatenate([data.train_images[:kept], pictures, others])
    all_labels = np.concatenate([data.train_labels[:kept], written, np.full(len(others), NONE, np.uint8)])
    trainer = Trainer(recipe, all_images, all_labels, [fold_batchnorm(net) for net in teachers])
    checkpoint = out / "checkpoint.safetensors"
    if checkpoint.exists():
        run.load_tensors(checkpoint, trainer.state)
    start = int(trainer.step.item())

    # A line whose checkpoint was not written any more is written again.
    metrics = [line for line in run.read_metrics(out) if line["step"] <= start and "test_accuracy" not in line]
    validation: float | None = metrics[-1]["validation_accuracy"] if metrics else None
    began = time.monotonic() - (metrics[-1]["seconds"] if metrics else 0)
    predict = batched(lambda images: trainer.average(images.float()))
    looked = since = time.monotonic()
    with _progress(disable=quiet) as progress:
        task = progress.add_task(recipe.net, total=recipe.steps, completed=start, loss=math.nan, accuracy="", speed="")
        for done in range(start + 1, recipe.steps + 1):
            trainer.advance()
            evaluating = done % recipe.evaluate_every == 0 or done == recipe.steps
            if not evaluating and time.monotonic() - looked < LOOK:
                continue
            loss = trainer.loss_sum.item() / (done - start)
            if not math.isfinite(loss):
                raise Diverged(f"{out}: the loss is {loss} at step {done}: try a lower lr; the last checkpoint is kept")
            looked = time.monotonic()
            speed = (done - start) * recipe.batch / (looked - since)
            progress.update(task, completed=done, loss=loss, speed=f"{speed:,.0f} images/s")
            if not evaluating:
                continue
            if recipe.validation:
                validation = _accuracy(predict(data.train_images[kept:]), data.train_labels[kept:])
                progress.update(task, accuracy=f"{validation:.2%}")
            metrics.append(
                {
                    "step": done,
                    "loss": loss,
                    "validation_accuracy": validation,
                    "images_per_second": round(speed),
                    "seconds": round(time.monotonic() - began, 1),
                }
            )
            # In this order: a line without its checkpoint is dropped on resume, a missing line would stay missing.
            run.write_metrics(out, metrics)
            run.save_tensors(checkpoint, trainer.state)
            trainer.loss_sum.assign(trainer.loss_sum.zeros_like()).realize()
            if report:
                report(metrics[-1])
            since, start = time.monotonic(), done

    seen: run.Metrics = {}
    if left_out:
        truth = np.array([sample.label for sample in left_out])
        seen = {"strokes_accuracy": _accuracy(predict(strokes.as_drawn(left_out)), truth), "strokes_n": len(truth)}
    metrics.append(
        {
            "step": recipe.steps,
            **seen,
            "test_accuracy": _accuracy(predict(data.test_images), data.test_labels),
            "n": len(data.test_labels),
            "seconds": round(time.monotonic() - began, 1),
            "device": hardware(),
        }
    )
    run.write_metrics(out, metrics)
    run.plot(out, metrics)
    run.save_tensors(out / "weights.safetensors", get_state_dict(trainer.average))
    return metrics[-1]


def check(recipe: Recipe, images: int) -> None:
    """Raises Error where the recipe cannot be trained on so many images, or its devices do not open."""
    opened(recipe.devices)
    if images < recipe.batch:
        raise Error(f"a batch of {recipe.batch} images is more than the {max(images, 0)} that are there to train on")
    if recipe.batch % recipe.devices:
        raise Error(f"{recipe.devices} devices cannot share a batch of {recipe.batch} images evenly")
    if recipe.batch == 1 and recipe.norm == "batch":
        raise Error('a batch of one image has no spread to normalise by: take more, or norm = "none"')


def digests(data: Mnist, samples: Sequence[Sample], teachers: Sequence[Net]) -> dict[str, str]:
    """Of what there is to train on, by what it is: SHA-256, in hexadecimal."""
    taught = [tensor.numpy() for net in teachers for tensor in get_state_dict(net).values()]
    parts = {
        "images": [data.train_images, data.train_labels],
        "strokes": [np.frombuffer(repr([*samples]).encode(), np.uint8)],
        "teachers": taught,
    }
    return {what: hashlib.sha256(b"".join(a.tobytes() for a in arrays)).hexdigest() for what, arrays in parts.items()}


def load(folder: Path) -> Net:
    """The trained network of a finished run, with its averaged weights. Raises Error where the run is not finished."""
    if not run.is_finished(folder):
        raise Error(
            f"{folder}: no finished run: it has no weights.safetensors; train it, or finish it with --resume {folder}"
        )
    net = build(run.recipe_of(folder))
    run.load_tensors(folder / "weights.safetensors", get_state_dict(net))
    return net


def teacher(folder: Path, pupil: Recipe) -> Net:
    """The network of a finished run, to be asked.

    Raises Error as `load` does, and where it was trained on the images that are to judge the pupil.
    """
    net = load(folder)
    if pupil.validation and not run.recipe_of(folder).validation:
        raise Error(f"{folder} was trained on validation too, which is to judge its pupil: train it with it held out")
    return net


def _accuracy(logits: npt.NDArray[np.float32], labels: npt.NDArray[np.integer[Any]]) -> float:
    return float((logits.argmax(1) == labels).mean())


def _progress(disable: bool) -> Progress:
    columns = "{task.description}", "loss {task.fields[loss]:.4f}", "{task.fields[accuracy]}", "{task.fields[speed]}"
    name, *numbers = (TextColumn(column) for column in columns)
    bar = name, BarColumn(), MofNCompleteColumn(), *numbers, TimeRemainingColumn()
    return Progress(*bar, console=Console(stderr=True), disable=disable)
