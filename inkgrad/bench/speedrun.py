"""How long it takes to learn to read MNIST: wall-clock of whole trainings that reach a given accuracy, over many seeds.

The clock runs from the first step to the end of the last. Before it: MNIST on the device, kernels compiled, the
weights and the order of the images drawn from the seed; after it: reading the test set, with the averaged weights. So
time airbench (Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU", 2024) and tuomaso/train_mnist_fast, whose
99.04 % in 0.76 s on a GTX 1660 Ti is what to beat. The steps are those of the recipe, whatever a run reads on its way.
"""

import time
from collections.abc import Sequence
from importlib.metadata import version

import numpy as np
from tinygrad import Device

import inkgrad
from inkgrad import recipe as recipes
from inkgrad.batched import batched
from inkgrad.bench.report import Result, versions
from inkgrad.errors import Error
from inkgrad.hardware import hardware
from inkgrad.mnist import Mnist
from inkgrad.progress import Progress
from inkgrad.recipe import Recipe
from inkgrad.train import HELD_OUT, check
from inkgrad.trainer import Trainer

PUBLISHED = "Published: 99.04 % in 0.76 s on a GTX 1660 Ti (tuomaso/train_mnist_fast)."
WARM = 5  # steps before the first run, the first of which compile


def standard() -> Recipe:
    """The recipe that comes with inkgrad for the default device."""
    return recipes.load("cnn-tiny" if Device.DEFAULT == "CPU" else "cnn", "speedrun")


def measure(recipe: Recipe, data: Mnist, runs: int, target: float, progress: Progress) -> Result:
    """Train `recipe` with the seeds 0 … runs − 1, and count the runs that read at least `target` of the test set.

    A recipe with `validation` is scored on the images that it holds out, never on the test set. Raises Error where the
    recipe does not fit the data, or asks for more than MNIST.
    """
    if recipe.strokes or recipe.nondigits or recipe.distill:
        raise Error("a speedrun trains on MNIST alone: set strokes, nondigits and distill to 0")
    kept = len(data.train_images) - HELD_OUT * recipe.validation
    check(recipe, kept)
    images, labels = data.test_images, data.test_labels
    if recipe.validation:
        images, labels = data.train_images[kept:], data.train_labels[kept:]
    # Copied: tinygrad 0.14 uploads to CUDA from writable memory only.
    trainer = Trainer(recipe, data.train_images[:kept].copy(), data.train_labels[:kept].copy())
    predict = batched(lambda images: trainer.average(images.float()))
    device = Device[Device.DEFAULT]
    for _ in range(min(WARM, recipe.steps)):
        trainer.advance()
    predict(images[:1])
    seconds, accuracies = [], []
    for seed in progress(range(runs), f"{recipe.net}, {recipe.steps} steps of {recipe.batch}"):
        trainer.reset(seed)
        device.synchronize()
        began = time.perf_counter()
        for _ in range(recipe.steps):
            trainer.advance()
        device.synchronize()
        seconds.append(time.perf_counter() - began)
        accuracies.append(float((predict(images).argmax(1) == labels).mean()))
    return {
        "hardware": hardware(),
        "versions": {"inkgrad": inkgrad.__version__, "tinygrad": version("tinygrad")},
        "scored on": f"the {len(images):,} {'held-out training' if recipe.validation else 'test'} images",
        "recipe": {"net": recipe.net, "steps": recipe.steps, "batch": recipe.batch},
        "target": target,
        "reached": sum(accuracy >= target for accuracy in accuracies),
        "seconds": spread(seconds),
        "accuracy": spread(accuracies),
        "runs": [{"seconds": s, "accuracy": a} for s, a in zip(seconds, accuracies, strict=True)],
    }


def spread(values: Sequence[float]) -> Result:
    """Mean and standard deviation (of the sample; 0 for one value)."""
    return {"mean": float(np.mean(values)), "sd": float(np.std(values, ddof=min(1, len(values) - 1))), "n": len(values)}


def markdown(result: Result) -> str:
    seconds, accuracy, recipe = result["seconds"], result["accuracy"], result["recipe"]
    rows = [
        f"`{result['command']}` on {result['hardware']}; {versions(result)}.\n",
        f"{recipe['net']}, {recipe['steps']:,} steps of {recipe['batch']} images; a run a seed, from 0. Mean ± standard"
        " deviation. The clock runs from the first step to the end of the last: data on the device, kernels compiled;"
        f" read afterwards, {result['scored on']}.\n",
        f"| runs | seconds | accuracy | of {result['target']:.2%} or more |\n|---|---|---|---|",
        f"| {seconds['n']} | {seconds['mean']:.3f} ± {seconds['sd']:.3f} "
        f"| {accuracy['mean']:.3%} ± {accuracy['sd'] * 100:.3f} | {result['reached']} of {seconds['n']} |\n",
        PUBLISHED,
    ]
    return "\n".join(rows) + "\n"
