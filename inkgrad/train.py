"""Training: a recipe and MNIST to a run folder (run.py), in one compiled step on the default device.

The step takes no input. What differs from one step to the next lies on the device beforehand, in tables that a counter
on the device reads: which images (host, from seed and epoch) and which rates; the warps' noise is a hash of seed and
step. So every device sees the same batches, and a run that was cut off goes on to the same result: on the CPU, where
sums always run in the same order, to the same bits.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from tinygrad import Context, Device, Tensor, TinyJit, dtypes
from tinygrad.nn import optim
from tinygrad.nn.state import get_parameters, get_state_dict

from inkgrad import nets, nondigits, run, strokes
from inkgrad import recipe as recipes
from inkgrad.augment import augment, noise
from inkgrad.batched import batched
from inkgrad.errors import Diverged, Error
from inkgrad.hardware import hardware
from inkgrad.mnist import Mnist
from inkgrad.nets import Net
from inkgrad.recipe import Recipe
from inkgrad.unipen import Sample

NONE = 10  # the label of what is no digit
TEMPERATURE = (
    3  # of teachers and pupil: Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network" (2015)
)
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
    `out` holds something else, the recipe does not fit the run or the data, or the loss is no longer a number; the
    last good checkpoint stays.
    """
    kept = len(data.train_images) - HELD_OUT * recipe.validation
    if kept < recipe.batch:
        raise Error(f"a batch of {recipe.batch} images is more than the {max(kept, 0)} that are there to train on")
    if recipe.strokes and not samples:
        raise Error(f"the recipe of {out} trains on pen strokes too: give a UNIPEN file with --strokes")
    if bool(recipe.distill) != bool(teachers):
        raise Error(
            f"the recipe of {out} distils {recipe.distill}: give --teacher where that is more than 0, only there"
        )
    if recipe.batch % recipe.devices:
        raise Error(f"{recipe.devices} devices cannot share a batch of {recipe.batch} images evenly")
    run.open_folder(out, recipe, resume)
    if run.is_finished(out):
        return run.read_metrics(out)[-1]

    drawn, left_out = strokes.split(samples)
    pictures, written = strokes.pictures(drawn, recipe.strokes, recipe.seed) if recipe.strokes and drawn else _NOTHING
    # Joined even to nothing, because that copies: tinygrad 0.14 uploads to CUDA from writable memory only.
    others = nondigits.pictures(drawn, recipe.nondigits, recipe.seed) if recipe.nondigits else _NOTHING[0]
    all_images = np.concatenate([data.train_images[:kept], pictures, others])
    all_labels = np.concatenate([data.train_labels[:kept], written, np.full(len(others), NONE, np.uint8)])
    trainer = Trainer(recipe, all_images, all_labels, teachers)
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
    with _progress(disable=report is not None) as progress:
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


class Trainer:
    """A recipe's net, its optimisers, the average of its weights, and the step that changes them, compiled once.

    images [N, 28, 28] and labels [N] (uint8; NONE for what is no digit) are what it trains on; `teachers` are asked
    about every batch.
    """

    def __init__(
        self,
        recipe: Recipe,
        images: npt.NDArray[np.uint8],
        labels: npt.NDArray[np.uint8],
        teachers: Sequence[Net] = (),
    ) -> None:
        self.recipe, self.teachers = recipe, teachers
        # The net and its optimisers lie on every device; the pictures, their warps and the average on the first.
        self.first = Device.DEFAULT
        devices = tuple(f"{self.first}:{i}" for i in range(recipe.devices)) if recipe.devices > 1 else (self.first,)
        self.devices = devices
        self.net, self.average = nets.build(recipe), nets.build(recipe)
        self.optimizers = _optimizers(self.net, recipe)
        self.optimizer = optim.OptimizerGroup(*(part for part, _ in self.optimizers))
        self.step, self.loss_sum = Tensor.zeros(1, dtype=dtypes.int32).contiguous(), Tensor.zeros(1).contiguous()
        self.state = _state({"net": self.net, "average": self.average, "optimizer": self.optimizer, "step": self.step})
        Tensor.realize(self.loss_sum, *self.state.values())
        for tensor in _state({"net": self.net, "optimizer": self.optimizer, "teachers": list(teachers)}).values():
            tensor.shard_(devices)
        weights, averages = get_state_dict(self.net), get_state_dict(self.average)
        # BatchNorm's statistics are averaged as weights are, but not its count of batches.
        self.averaged = [(averages[name], weight) for name, weight in weights.items() if weight.dtype == dtypes.float32]
        self.images, self.labels, self.rates = (Tensor(t).realize() for t in (images, labels, _rates(recipe)))
        self.order = Tensor(_order(recipe, len(images))).realize()
        self.seed = Tensor([recipe.seed], dtype=dtypes.uint32).realize()
        self.reset(recipe.seed)
        self._compiled = TinyJit(self._advance)

    def reset(self, seed: int) -> None:
        """Go back before the first step, with the weights, the order of the images and the warps of `seed`.

        All is written in place: what is compiled stays.
        """
        Tensor.manual_seed(seed)
        net = nets.build(self.recipe)
        group = optim.OptimizerGroup(*(part for part, _ in _optimizers(net, self.recipe)))
        fresh = _state({"net": net, "optimizer": group})
        fresh |= {f"average.{name}": weight for name, weight in get_state_dict(net).items()}
        fresh["step"] = self.step.zeros_like()
        Tensor.realize(*fresh.values())
        order = Tensor(_order(replace(self.recipe, seed=seed), len(self.images)))
        values = [(tensor, fresh[name]) for name, tensor in self.state.items()]
        values += [(self.order, order), (self.seed, Tensor([seed], dtype=dtypes.uint32))]
        values += [(self.loss_sum, self.loss_sum.zeros_like())]
        Tensor.realize(*(tensor.assign(value.to(tensor.device)) for tensor, value in values))

    def advance(self) -> None:
        """One step: gather, warp, forward, backward, update, average."""
        with precision():
            self._compiled()

    def _advance(self) -> None:
        recipe, step, rates = self.recipe, self.step, self.rates
        # tinygrad writes a gather as a sum over the table, and finds the gather in it unless it has split the sum.
        with Context(SPLIT_REDUCEOP=0):
            index, now = self.order[step].flatten().contiguous(), rates[step].flatten().contiguous()
            batch, answers = self.images[index], self.labels[index]
            Tensor.realize(now, batch, answers)
        lr, decay = now[0:1].shard(self.devices), now[1:2]
        batch = augment(batch, noise(self.seed, step, recipe.batch), recipe.augment).contiguous()
        targets = _targets(answers, recipe.label_smoothing).contiguous()
        batch, targets = batch.shard(self.devices, 0), targets.shard(self.devices, 0)
        taught = [(teacher(batch) / TEMPERATURE).softmax() for teacher in self.teachers]
        Tensor.realize(batch, targets, *taught)
        self.update(batch, targets, lr, taught)
        # Apart from the update: in one schedule with it tinygrad 0.14 raises "cycle detected".
        means = (mean.assign(mean * decay + w.detach().to(self.first) * (1 - decay)) for mean, w in self.averaged)
        Tensor.realize(step.assign(step + 1), *means)

    def update(self, batch: Tensor, targets: Tensor, lr: Tensor, taught: Sequence[Tensor] = ()) -> None:
        """The core of a step: forward, backward, and the weights' update; the loss is added to loss_sum.

        batch [B, 28, 28], 0…255, targets and each of `taught` [B, 10], probabilities: float32, on the net's devices.
        """
        with Context(TRAINING=1):
            self.optimizer.zero_grad()
            logits = self.net(batch)
            loss = _cross_entropy(logits, targets)
            if taught:
                lesson = _cross_entropy(logits / TEMPERATURE, Tensor.stack(*taught).mean(0)) * TEMPERATURE**2
                loss = (1 - self.recipe.distill) * loss + self.recipe.distill * lesson
            loss.backward()
            for part, scale in self.optimizers:
                part.lr.assign(lr * scale)
            added = self.loss_sum.assign(self.loss_sum + loss.detach().to(self.first))
            Tensor.realize(added, *self.optimizer.schedule_step())


def precision() -> Context:
    """Products on tensor cores where there are any; around whole steps, because kernels are compiled at their end."""
    return Context(ALLOW_TF32=1, TC_OPT=2)


def load(folder: Path) -> Net:
    """The trained network of a finished run, with its averaged weights. Raises Error where the run is not finished."""
    if not run.is_finished(folder):
        raise Error(
            f"{folder}: no finished run: it has no weights.safetensors; train it, or finish it with --resume {folder}"
        )
    net = nets.build(recipes.read(folder / "recipe.toml"))
    run.load_tensors(folder / "weights.safetensors", get_state_dict(net))
    return net


def rate(recipe: Recipe, step: int) -> float:
    """The learning rate of step 0, 1, …: one cycle, linear up to lr over `warmup` of the steps, linear down to 0.

    Smith and Topin, "Super-Convergence" (2018), whose long warm-up makes it that; a short one is the usual decay.
    """
    top = recipe.warmup * recipe.steps
    return recipe.lr * min((step + 1) / (top + 1), (recipe.steps - step) / (recipe.steps - top))


def _targets(labels: Tensor, smoothing: float) -> Tensor:
    """[B, 10]: what to answer to labels [B]. A digit: 1 there, smoothed; what is no digit: a tenth for each."""
    digit = labels.one_hot(10).float()
    return digit * (1 - smoothing) + (1 - digit.sum(1, keepdim=True) * (1 - smoothing)) / 10


def _cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    return -(targets * logits.log_softmax()).sum(1).mean()


def _rates(recipe: Recipe) -> npt.NDArray[np.float32]:
    """[steps, 2]: learning rate, decay of the average. While there is little to average a long one would hold too much
    of the initial weights."""
    return np.array(
        [(rate(recipe, step), min(recipe.ema, (1 + step) / (10 + step))) for step in range(recipe.steps)], np.float32
    )


def _order(recipe: Recipe, n: int) -> npt.NDArray[np.int32]:
    """[steps, batch]: indices of images below n, each epoch in an order of its own, less what does not fill a batch."""
    per_epoch = n // recipe.batch
    epochs = [
        np.random.default_rng((recipe.seed, epoch)).permutation(n)[: per_epoch * recipe.batch]
        for epoch in range(math.ceil(recipe.steps / per_epoch))
    ]
    return np.concatenate(epochs).astype(np.int32).reshape(-1, recipe.batch)[: recipe.steps]


def _optimizers(net: Net, recipe: Recipe) -> list[tuple[optim.Optimizer, float]]:
    """The optimisers of the net's weights, each with what it multiplies the learning rate by.

    Muon takes the matrices but the last, scaled so that an update is as large as one of AdamW (root mean square 0.2)
    and one learning rate and decay serve both: Liu et al., "Muon is Scalable for LLM Training" (2025), section 2.2.
    """
    parameters = get_parameters(net)
    matrices = [p for p in parameters if p.is_param and p.ndim >= 2]
    others = [p for p in parameters if not (p.is_param and p.ndim >= 2)]
    by_muon = matrices[:-1] if recipe.optimizer == "muon" else []
    by_adam = matrices[len(by_muon) :]
    parts: list[tuple[optim.Optimizer, float]] = []
    for matrix in by_muon:
        scale = 0.2 * math.sqrt(max(matrix.shape[0], math.prod(matrix.shape[1:])))
        parts.append((optim.Muon([matrix], weight_decay=recipe.weight_decay / scale), scale))
    parts.append((optim.AdamW(by_adam, weight_decay=recipe.weight_decay), 1.0))
    parts.append((optim.AdamW(others, weight_decay=0.0), 1.0))
    return parts


def _state(parts: dict[str, Any]) -> dict[str, Tensor]:
    """Every tensor of `parts` by its first name: an optimiser also lists the weights that it updates."""
    first = {id(tensor): name for name, tensor in reversed(get_state_dict(parts).items())}
    return {name: tensor for name, tensor in get_state_dict(parts).items() if first[id(tensor)] == name}


def _accuracy(logits: npt.NDArray[np.float32], labels: npt.NDArray[np.integer[Any]]) -> float:
    return float((logits.argmax(1) == labels).mean())


def _progress(disable: bool) -> Progress:
    columns = "{task.description}", "loss {task.fields[loss]:.4f}", "{task.fields[accuracy]}", "{task.fields[speed]}"
    name, *numbers = (TextColumn(column) for column in columns)
    bar = name, BarColumn(), MofNCompleteColumn(), *numbers, TimeRemainingColumn()
    return Progress(*bar, console=Console(stderr=True), disable=disable)
