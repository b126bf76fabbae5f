"""Training: a recipe and MNIST to a run folder, in one compiled step on the default device.

The folder holds recipe.toml (as run), metrics.jsonl (a line for each evaluation, the test set's last), curve.png,
weights.safetensors (the averaged weights, float32, written last), and checkpoint.safetensors, which `resume` needs.

All that is random comes from the host, by counters: the order of the images from (seed, epoch), their warps from
(seed, step). So every device sees the same batches, and a run that was cut off goes on to the same result: on the CPU,
where sums always run in the same order, to the same bits.
"""

import io
import json
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save
from tinygrad import Context, Device, Tensor, TinyJit, dtypes
from tinygrad.nn import optim
from tinygrad.nn.state import get_parameters, get_state_dict

from inkgrad import atomic
from inkgrad import recipe as recipes
from inkgrad.augment import NOISE, augment
from inkgrad.errors import Error
from inkgrad.mnist import Bytes, Mnist
from inkgrad.nets import NETS, Net
from inkgrad.recipe import Recipe

HELD_OUT = 10_000  # the last training images: validation
EVALUATED_AT_ONCE = 1000
SECONDS_BETWEEN_LOOKS = 0.5  # at the loss: each look waits for the device, so not at every step

Metrics = dict[str, Any]


def train(recipe: Recipe, out: Path, data: Mnist, resume: bool = False) -> Metrics:
    """Train `recipe` on `data` into the folder `out` and return the last line of its metrics.jsonl.

    With `resume`, goes on from the last checkpoint in `out`; a finished run is returned as it is. Raises Error where
    `out` holds something else, the recipe does not fit the run or the data, or the loss is no longer a number; the
    last good checkpoint stays.
    """
    _check_folder(recipe, out, resume)
    if resume and (out / "weights.safetensors").exists():
        return _read_metrics(out)[-1]
    kept = len(data.train_images) - HELD_OUT * recipe.validation
    if kept < recipe.batch:
        raise Error(f"a batch of {recipe.batch} needs more than the {max(kept, 0)} images that are there to train on")
    atomic.write_bytes(out / "recipe.toml", recipes.dump(recipe).encode())

    Tensor.manual_seed(recipe.seed)
    net, average = NETS[recipe.net](), NETS[recipe.net]()
    optimizers = _optimizers(net, recipe)
    optimizer = optim.OptimizerGroup(*(part for part, _ in optimizers))
    weights, averages = get_state_dict(net), get_state_dict(average)
    loss_sum = Tensor.zeros(1).contiguous()
    Tensor.realize(loss_sum, *weights.values(), *(averages[name].assign(weights[name]) for name in weights))
    averaged = [(averages[name], weight) for name, weight in weights.items() if weight.dtype == dtypes.float32]
    # Copied: tinygrad 0.14 uploads to CUDA from writable memory only.
    images, labels = (Tensor(part[:kept].copy()).realize() for part in (data.train_images, data.train_labels))

    @TinyJit
    def advance(index: Tensor, noise: Tensor, rates: Tensor) -> None:
        """One step: gather, warp, forward, backward, update, average."""
        with Context(TRAINING=1):
            optimizer.zero_grad()
            # tinygrad writes a gather as a sum over all images, and finds the gather in it unless it has split the sum.
            with Context(SPLIT_REDUCEOP=0):
                batch, answers = images[index], labels[index]
                Tensor.realize(batch, answers)
            batch = augment(batch, noise, recipe.augment).contiguous()
            loss = net(batch).sparse_categorical_crossentropy(answers, label_smoothing=recipe.label_smoothing)
            loss.backward()
            lr, decay = rates[0:1], rates[1:2]
            for part, scale in optimizers:
                part.lr.assign(lr * scale)
            Tensor.realize(loss_sum.assign(loss_sum + loss.detach()), *optimizer.schedule_step())
        Tensor.realize(*(mean.assign(mean * decay + weight.detach() * (1 - decay)) for mean, weight in averaged))

    state = _state({"net": net, "average": average, "optimizer": optimizer})
    start = _restore(out / "checkpoint.safetensors", state)
    history = [line for line in _read_metrics(out) if line["step"] <= start and "test_accuracy" not in line]
    predict = _predictor(average)
    validation: float | None = history[-1]["validation_accuracy"] if history else None
    began = time.monotonic() - (history[-1]["seconds"] if history else 0)
    looked = since = time.monotonic()
    done = start

    with _progress() as progress:
        task = progress.add_task(recipe.net, total=recipe.steps, completed=start, loss=math.nan, accuracy="")
        for step, *inputs in _batches(recipe, kept, start):
            advance(*(Tensor(array).realize() for array in inputs))
            evaluating = step % recipe.evaluate_every == 0 or step == recipe.steps
            if not evaluating and time.monotonic() - looked < SECONDS_BETWEEN_LOOKS:
                continue
            loss = loss_sum.item() / (step - done)
            if not math.isfinite(loss):
                raise Error(f"{out}: the loss is {loss} at step {step}: try a lower lr; the last checkpoint is kept")
            looked = time.monotonic()
            progress.update(task, completed=step, loss=loss)
            if evaluating:
                speed = (step - done) * recipe.batch / (looked - since)
                if recipe.validation:
                    validation = _accuracy(predict, data.train_images[kept:], data.train_labels[kept:])
                    progress.update(task, accuracy=f"{validation:.2%}")
                history.append(
                    {
                        "step": step,
                        "loss": loss,
                        "validation_accuracy": validation,
                        "images_per_second": round(speed),
                        "seconds": round(time.monotonic() - began, 1),
                    }
                )
                # In this order: a line without its checkpoint is dropped on resume; the reverse would leave a gap.
                _write_metrics(out, history)
                _save(out / "checkpoint.safetensors", state, step)
                loss_sum.assign(loss_sum.zeros_like()).realize()
                since, done = time.monotonic(), step

    test = _accuracy(predict, data.test_images, data.test_labels)
    seconds = round(time.monotonic() - began, 1)
    n, device = len(data.test_labels), Device.DEFAULT
    history.append({"step": recipe.steps, "test_accuracy": test, "n": n, "seconds": seconds, "device": device})
    _write_metrics(out, history)
    _plot(out / "curve.png", history)
    _save(out / "weights.safetensors", averages, recipe.steps)
    return history[-1]


def load(run: Path) -> Net:
    """The trained network of a finished run, with its averaged weights. Raises Error where the run is not finished."""
    path = run / "weights.safetensors"
    if not path.is_file():
        raise Error(f"{run}: no finished run: it has no weights.safetensors; train it, or finish it with --resume {run}")
    net = NETS[recipes.read(run / "recipe.toml").net]()
    _restore(path, get_state_dict(net))
    return net


def rate(recipe: Recipe, step: int) -> float:
    """The learning rate of step 0, 1, …: one cycle, linear up to lr over `warmup` of the steps, linear down to 0.

    Smith and Topin, "Super-Convergence" (2018), whose long warm-up makes it that; a short one is the usual decay.
    """
    top = recipe.warmup * recipe.steps
    return recipe.lr * min((step + 1) / (top + 1), (recipe.steps - step) / (recipe.steps - top))


def _batches(recipe: Recipe, n: int, start: int) -> Iterator[tuple[Any, ...]]:
    """For each step to do: its number from 1 on, image indices [B], noise [B, NOISE], (learning rate, EMA decay)."""
    a_pass = n // recipe.batch
    order = np.empty(0, np.int32)
    for step in range(start, recipe.steps):
        epoch, place = divmod(step, a_pass)
        if place == 0 or step == start:
            order = np.random.default_rng((recipe.seed, 0, epoch)).permutation(n).astype(np.int32)
        noise = np.random.default_rng((recipe.seed, 1, step)).random((recipe.batch, NOISE), np.float32) * 2 - 1
        # While there is little to average, a long average would still hold the initial weights.
        decay = min(recipe.ema, (1 + step) / (10 + step))
        rates = np.array([rate(recipe, step), decay], np.float32)
        yield step + 1, order[place * recipe.batch : (place + 1) * recipe.batch], noise, rates


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
    parts = []
    for matrix in by_muon:
        scale = 0.2 * math.sqrt(max(matrix.shape[0], math.prod(matrix.shape[1:])))
        parts.append((optim.Muon([matrix], weight_decay=recipe.weight_decay / scale), scale))
    parts.append((optim.AdamW(by_adam, weight_decay=recipe.weight_decay), 1.0))
    parts.append((optim.AdamW(others, weight_decay=0.0), 1.0))
    return parts


def _predictor(net: Net) -> Callable[[Bytes], npt.NDArray[np.int64]]:
    logits = TinyJit(lambda images: net(images.float()).realize())

    def predict(images: Bytes) -> npt.NDArray[np.int64]:
        missing = EVALUATED_AT_ONCE - len(images)  # one shape, one compilation
        padded = np.pad(images, ((0, missing), (0, 0), (0, 0)))
        answer: npt.NDArray[np.int64] = logits(Tensor(padded).realize()).numpy()[: len(images)].argmax(1)
        return answer

    return predict


def _accuracy(predict: Callable[[Bytes], npt.NDArray[np.int64]], images: Bytes, labels: Bytes) -> float:
    starts = range(0, len(images), EVALUATED_AT_ONCE)
    right = sum((predict(images[i : i + EVALUATED_AT_ONCE]) == labels[i : i + EVALUATED_AT_ONCE]).sum() for i in starts)
    return float(right / len(images))


def _state(parts: dict[str, Any]) -> dict[str, Tensor]:
    """Every tensor of `parts` by its first name: an optimiser also lists the weights that it updates."""
    first = {id(tensor): name for name, tensor in reversed(get_state_dict(parts).items())}
    return {name: tensor for name, tensor in get_state_dict(parts).items() if first[id(tensor)] == name}


def _save(path: Path, state: dict[str, Tensor], step: int) -> None:
    arrays = {name: tensor.numpy() for name, tensor in state.items()}
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise Error(f"{path}: {name} is no longer finite at step {step}: try a lower lr; what was saved is kept")
    atomic.write_bytes(path, save(arrays, {"step": str(step)}))


def _restore(path: Path, state: dict[str, Tensor]) -> int:
    """Load `state` in place, the buffers that the compiled step will know, and return its step; 0 without a file."""
    if not path.exists():
        return 0
    try:
        with safe_open(path, "numpy") as file:
            for name, tensor in state.items():
                tensor.assign(Tensor(file.get_tensor(name)).reshape(tensor.shape)).realize()
            return int(file.metadata()["step"])
    except (OSError, SafetensorError) as error:
        raise Error(f"{path}: cannot be resumed from ({error}): delete the run and start again") from None


def _check_folder(recipe: Recipe, out: Path, resume: bool) -> None:
    saved = out / "recipe.toml"
    if resume:
        if not saved.is_file():
            raise Error(f"{out}: no run to resume: it has no recipe.toml")
        if recipes.read(saved) != recipe:
            raise Error(f"{saved}: not the recipe to resume with: leave the recipe out, or start a new run")
    elif out.exists() and (not out.is_dir() or any(out.iterdir())):
        what = (
            "a finished run" if (out / "weights.safetensors").exists() else "a run, resume it" if saved.exists() else ""
        )
        raise Error(f"{out}: holds {what or 'other files'}; or choose a new folder")


def _read_metrics(out: Path) -> list[Metrics]:
    path = out / "metrics.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def _write_metrics(out: Path, history: list[Metrics]) -> None:
    atomic.write_bytes(out / "metrics.jsonl", "".join(json.dumps(line) + "\n" for line in history).encode())


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]:.4f}  validation {task.fields[accuracy]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def _plot(path: Path, history: list[Metrics]) -> None:
    points = [line for line in history if "loss" in line]
    steps = [line["step"] for line in points]
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    left = figure.subplots()
    left.plot(steps, [line["loss"] for line in points], color="tab:blue")
    left.set(xlabel="step", yscale="log")
    left.set_ylabel("training loss", color="tab:blue")
    if points[-1]["validation_accuracy"] is not None:
        right = left.twinx()
        right.plot(steps, [100 * line["validation_accuracy"] for line in points], color="tab:orange")
        right.set_ylabel("validation accuracy, %", color="tab:orange")
    left.set_title(f"test accuracy {history[-1]['test_accuracy']:.2%} (n = {history[-1]['n']:,})")
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=120)
    atomic.write_bytes(path, image.getvalue())
