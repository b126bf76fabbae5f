"""From a finished run to a released model: the file, its card with every figure, a picture of what it gets wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tinygrad import nn

from inkgrad import atomic, card, failures
from inkgrad import run as folders
from inkgrad import train as training
from inkgrad.errors import Error
from inkgrad.evaluate import evaluate
from inkgrad.export import modelfile
from inkgrad.export.digits import export_digits, read_doubt, read_net
from inkgrad.export.modelfile import ModelFile
from inkgrad.finish import finish
from inkgrad.hardware import opened
from inkgrad.mnist import Mnist
from inkgrad.nets import Net
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

    run may also be a model file, of which all is kept but how it is stored and compiled. samples are pen strokes: what
    tells digits from other ink is fitted on those of training writers, and the figures are of the writers left out.
    unlike is what is no digit; asked are the options that make `inkgrad evaluate` measure the same again, and progress
    is as in `evaluate`. Raises Error as `train.load` and `export` do, and where samples are others than the run trained
    on, whose writers left out it may have seen.
    """
    opened()
    if out and out.is_dir():
        raise Error(f"{out} is a folder: name the model file")
    _, left_out = split(samples)
    if run.is_file():
        made = modelfile.read(run)
        net, doubt, tensors = read_net(made), read_doubt(made), made.tensors
        about = {key: value for key, value in made.card.items() if key not in card.MEASURED}
    else:
        (net, doubt, about), tensors = _finished(run, data, samples), {}
    out = out or Path("models") / f"{about['net']}.safetensors"
    file = export_digits(net, doubt, data.train_images[:SHOWN], about, tensors)
    report = evaluate(file, data.test_images, data.test_labels, left_out, unlike, progress=progress)
    file = replace(file, card={**file.card, **report})
    errors = beside(out, "-errors.png")
    command = " ".join(["inkgrad evaluate", str(out), *asked])
    atomic.write_bytes(out, file.to_bytes())
    atomic.write_bytes(errors, failures.sheet(file, data.test_images, left_out))
    atomic.write_bytes(beside(out, ".md"), card.markdown(file.card, command, errors.name).encode())
    return out, file


def _finished(run: Path, data: Mnist, samples: Sequence[Sample]) -> tuple[Net, nn.Linear, dict[str, Any]]:
    """A run's net, and what is fitted to it: the layer for `doubt.odds`, and the card."""
    net = training.load(run)
    recipe = folders.recipe_of(run)
    begun, given = folders.data(run), training.digests(data, samples, ())
    if samples and recipe.strokes and begun.get("strokes", given["strokes"]) != given["strokes"]:
        raise Error(f"{run}: trained on other strokes, so that it may know these writers: give the same --strokes")
    folders.last(run)  # which the card tells: Error before what takes minutes
    doubt, fitted = finish(net, data, *split(samples), seen=not recipe.validation)
    images = len(data.train_images) - recipe.validation * training.HELD_OUT
    return net, doubt, card.of_run(net, run, images, fitted)


def beside(model: Path, suffix: str) -> Path:
    """The file of that suffix beside a model file."""
    return model.with_name(model.name.removesuffix(".safetensors") + suffix)
