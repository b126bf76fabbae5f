"""The training step: a recipe's net, its optimisers and the average of its weights, compiled once for the device.

The step takes no input. What differs from one step to the next lies on the device beforehand, in tables that a counter
on the device reads: which images (host, from seed and epoch) and which rates; the warps' noise is a hash of seed and
step. So every device sees the same batches.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from tinygrad import Context, Device, Tensor, TinyJit, dtypes
from tinygrad.nn import optim
from tinygrad.nn.state import get_parameters, get_state_dict

from inkgrad import cores, nets, products
from inkgrad.augment import augment, noise
from inkgrad.nets import Net
from inkgrad.recipe import Recipe

NONE = 10  # the label of what is no digit
# Of teachers and pupil: Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network" (2015).
TEMPERATURE = 3


def build(recipe: Recipe) -> Net:
    """The network that a recipe trains, with random weights."""
    return nets.build(recipe.net, recipe.width, recipe.activation, recipe.norm)


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
        cores.use_all()
        Tensor.newton_schulz = products.newton_schulz  # type: ignore[assignment]  # which Muon asks for
        self.recipe, self.teachers = recipe, teachers
        # The net and its optimisers lie on every device; the pictures, their warps and the average on the first.
        self.first = Device.DEFAULT
        devices = tuple(f"{self.first}:{i}" for i in range(recipe.devices)) if recipe.devices > 1 else (self.first,)
        self.devices = devices
        self.net, self.average = build(recipe), build(recipe)
        self.optimizers = _optimizers(self.net, recipe)
        self.optimizer = optim.OptimizerGroup(*(part for part, _ in self.optimizers))
        self.step, self.loss_sum = Tensor.zeros(1, dtype=dtypes.int32).contiguous(), Tensor.zeros(1).contiguous()
        self.state = _state({"net": self.net, "average": self.average, "optimizer": self.optimizer, "step": self.step})
        Tensor.realize(self.loss_sum, *self.state.values())
        for tensor in _state({"net": self.net, "optimizer": self.optimizer, "teachers": list(teachers)}).values():
            if not isinstance(tensor.device, tuple):  # a teacher's may lie there already
                tensor.shard_(devices)
        weights, averages = get_state_dict(self.net), get_state_dict(self.average)
        # BatchNorm's statistics are averaged as weights are, but not its count of batches.
        self.averaged = [(averages[name], weight) for name, weight in weights.items() if weight.dtype == dtypes.float32]
        self.images, self.labels, self.rates = (Tensor(t).realize() for t in (images, labels, _rates(recipe)))
        self.order = Tensor.zeros(recipe.steps, recipe.batch, dtype=dtypes.int32).contiguous().realize()
        self.seed = Tensor.zeros(1, dtype=dtypes.uint32).contiguous().realize()
        self.reset(recipe.seed)
        self._compiled = TinyJit(self._advance)

    def reset(self, seed: int) -> None:
        """Go back before the first step, with the weights, the order of the images and the warps of `seed`.

        All is written in place: what is compiled stays.
        """
        Tensor.manual_seed(seed)
        net = build(self.recipe)
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
            if on_cpu := products.on_cpu(loss):
                # In one schedule with what changes weights tinygrad 0.14 copies each for our products to read.
                Tensor.realize(added, *(p.grad for p in self.optimizer.params if p.grad is not None))
            # Where a weight depends on more than three buffers tinygrad 0.14 writes it elsewhere, and copies it back.
            with Context(PCONTIG=3 if on_cpu else 0):
                Tensor.realize(added, *self.optimizer.schedule_step())


def precision() -> Context:
    """Products on tensor cores where there are any; around whole steps, because kernels are compiled at their end."""
    return Context(ALLOW_TF32=1, TC_OPT=2)


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
