"""From a finished run to a released model: the file, its card with every figure, a picture of what it gets wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from inkgrad import atomic, card, failures
from inkgrad import recipe as recipes
from inkgrad import run as folders
from inkgrad import train as training
from inkgrad.errors import Error
from inkgrad.evaluate import evaluate
from inkgrad.export.digits import export_digits
from inkgrad.export.modelfile import ModelFile
from inkgrad.finish import finish
from inkgrad.hardware import opened
from inkgrad.mnist import Mnist
from inkgrad.others import Others
from inkgrad.strokes import split
from inkgrad.unipen import Sample

SHOWN = 1000  # training images by which weights are rounded


def release(
    run: Path,
    out: Path | None,
    data: Mnist,
    samples: Sequence[Sample],
    unlike: Mapping[str, Others],
    asked: Sequence[str],
    progress: Any,
) -> tuple[Path, ModelFile]:
    """Write a run's model file (models/NET.safetensors where out is not given) and, beside it, card and picture.

    samples are pen strokes: what tells digits from other ink is fitted on those of training writers, and the figures
    are of the writers left out. unlike is what is no digit; asked are the options that make `inkgrad evaluate` measure
    the same again, and progress is as in `evaluate`. Raises Error as `train.load` and `export` do, and where samples
    are others than the run trained on, whose writers left out it may have seen.
    """
    opened()
    if out and out.is_dir():
        raise Error(f"{out} is a folder: name the model file")
    drawn, left_out = split(samples)
    net = training.load(run)
    recipe = recipes.read(run / "recipe.toml")
    begun, given = folders.data(run), training.digests(data, samples, ())
    if samples and recipe.strokes and begun.get("strokes", given["strokes"]) != given["strokes"]:
        raise Error(f"{run}: trained on other strokes, so that it may know these writers: give the same --strokes")
    seen = not recipe.validation
    doubt, fitted = finish(net, data, drawn, left_out, seen)
    about = card.of_run(net, run, fitted)
    out = out or Path("models") / f"{about['net']}.safetensors"
    file = export_digits(net, doubt, data.train_images[:SHOWN], about)
    report = evaluate(file, data.test_images, data.test_labels, left_out, unlike, progress=progress)
    file = replace(file, card={**file.card, **report})
    errors = beside(out, "-errors.png")
    command = " ".join(["inkgrad evaluate", str(out), *asked])
    atomic.write_bytes(out, file.to_bytes())
    atomic.write_bytes(errors, failures.sheet(file, data.test_images, left_out))
    atomic.write_bytes(beside(out, ".md"), card.markdown(file.card, command, errors.name).encode())
    return out, file


def beside(model: Path, suffix: str) -> Path:
    """The file of that suffix beside a model file."""
    return model.with_name(model.name.removesuffix(".safetensors") + suffix)
