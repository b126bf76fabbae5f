"""Our training step beside PyTorch's: same network, weights, batch, precision and optimiser, on the same machine.

A step is forward, cross-entropy, backward and the optimiser's update, of one batch that lies on the device:
`Trainer.update`, compiled, and what it says in PyTorch, eager and compiled. Not in it, on either side: which images,
their warps, and the average of the weights. Float32, with TF32 for products on an accelerator. Every system is a
process of its own (two frameworks in one would share a CUDA context), all are asked in turns, one works at a time.
"""

import multiprocessing
import random
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from tinygrad import Device, Tensor, TinyJit
from tinygrad.nn.state import get_state_dict

import inkgrad
from inkgrad import recipe as recipes
from inkgrad.bench.report import COLOUR, Result, quartiles, ratio, versions
from inkgrad.errors import Error
from inkgrad.hardware import hardware, opened
from inkgrad.mnist import Mnist
from inkgrad.png import png
from inkgrad.progress import Progress
from inkgrad.recipe import Recipe
from inkgrad.trainer import Trainer, build, precision

ROUNDS = 20
TURN = 0.1  # seconds that a system works in a round, or one step where that takes longer
FIRST = 8  # steps, whose losses must agree with ours …
AGREE = 0.01  # … to this, relatively: TF32's products and bfloat16's in PyTorch's Muon are coarser than float32
LR = 1e-3
OURS = "inkgrad"
DEVICES = {"CPU": "cpu", "CUDA": "cuda", "NV": "cuda"}  # PyTorch's names for tinygrad's

Run = Callable[[int], float]  # that many steps; the sum of all losses since the first


class Task(NamedTuple):
    """What every system is given, without a device: PyTorch's processes must not open tinygrad's."""

    recipe: Recipe
    layers: list[str]  # the kind of each of the net's
    weights: dict[str, NDArray[Any]]
    images: NDArray[np.uint8]  # [B, 28, 28]
    labels: NDArray[np.uint8]


def measure(net: str, data: Mnist, batch: int, progress: Progress) -> list[Result]:
    """Steps a second of each system: with AdamW and, where PyTorch has it for the net's weights (matrices), Muon.

    Raises Error where our own step fails. A peer that does not start, or learns otherwise, has that as its result.
    """
    known = recipes.load(net, "quick")
    matrices = all(tensor.ndim <= 2 for tensor in get_state_dict(build(known)).values())
    results = []
    for optimizer in ("adamw", "muon") if matrices else ("adamw",):
        recipe = replace(known, optimizer=optimizer, batch=batch, steps=1)
        systems = _systems(recipe, data, progress)
        results.append({"net": net, "optimizer": optimizer, "batch": batch, "systems": systems})
    return results


def about() -> Result:
    """What the figures are taken on. Raises Error where PyTorch cannot use tinygrad's device."""
    import torch

    opened()
    there = DEVICES.get(Device.DEFAULT)
    if there is None or (there == "cuda" and not torch.cuda.is_available()):
        raise Error(f"this PyTorch ({torch.__version__}) has no {Device.DEFAULT}: choose another device with DEV=CPU")
    versions = {"inkgrad": inkgrad.__version__, **{name: version(name) for name in ("tinygrad", "torch")}}
    return {"hardware": hardware(), "versions": versions}


def markdown(result: Result) -> str:
    rows = [
        f"`{result['command']}` on {result['hardware']}; {versions(result)}.\n",
        "A step: forward, loss, backward and update of a batch, float32 (TF32 on an accelerator). Steps/s: median of"
        f" {ROUNDS} rounds of all systems in turn (quartiles). Ours over it: median of the rounds' ratios"
        " (quartiles).\n",
        "| net, optimiser, batch | system | steps/s | ours over it |\n|---|---|---|---|",
    ]
    for one in result["nets"]:
        for system in one["systems"]:
            steps, ours = system.get("steps"), system.get("ratio")
            cells = [system["error"].replace("|", "/"), ""] if "error" in system else [_spread(steps), _spread(ours)]
            what = f"{one['net']}, {one['optimizer']}, {one['batch']}"
            rows.append(f"| {what} | {system['name']} | {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def plot(result: Result) -> bytes:
    """PNG: images a second against the batch, a panel a network and optimiser."""
    titles = list(dict.fromkeys((one["net"], one["optimizer"]) for one in result["nets"]))
    figure = Figure(figsize=(4 * len(titles), 4), layout="constrained")
    for panel, title in zip(figure.subplots(1, len(titles), squeeze=False)[0], titles, strict=True):
        lines: dict[str, list[tuple[int, float]]] = {name: [] for name in SYSTEMS}
        for one in result["nets"]:
            for system in one["systems"] if (one["net"], one["optimizer"]) == title else ():
                if "steps" in system:
                    lines[system["name"]].append((one["batch"], one["batch"] * system["steps"]["median"]))
        for name, points in lines.items():
            colour = {"color": COLOUR} if name == OURS else {}
            panel.plot([n for n, _ in points], [rate for _, rate in points], ".-", label=name, **colour)
        panel.set(xscale="log", yscale="log", title=", ".join(title), xlabel="batch", ylabel="images a second")
        batches = sorted({one["batch"] for one in result["nets"]})
        panel.set_xticks(batches, [str(batch) for batch in batches])
        panel.set_xticks([], minor=True)
        panel.grid(alpha=0.3)
        panel.legend(fontsize=7)
    return png(figure)


def _spread(figures: Result) -> str:
    return f"{figures['median']:.3g} ({figures['low']:.3g}–{figures['high']:.3g})"


def _systems(recipe: Recipe, data: Mnist, progress: Progress) -> list[Result]:
    Tensor.manual_seed(recipe.seed)
    net = build(recipe)
    layers = [getattr(layer, "__name__", type(layer).__name__) for layer in net.layers]
    weights = {name: tensor.numpy() for name, tensor in get_state_dict(net).items()}
    # Copied: tinygrad 0.14 uploads to CUDA from writable memory only.
    batch = (part[: recipe.batch].copy() for part in data[:2])
    task = Task(recipe, layers, weights, *batch)
    with ExitStack() as stack:
        processes = (_Process(*system, task) for system in SYSTEMS.items())
        asked = {process.name: stack.enter_context(process) for process in processes}
        found = {name: process.ready() for name, process in asked.items()}
        if "error" in found[OURS]:
            raise Error(f"{recipe.net}: our own step fails: {found[OURS]['error']}")
        for system in found.values():
            if "error" not in system and not abs(system["loss"] / found[OURS]["loss"] - 1) <= AGREE:
                system["error"] = f"its losses' mean is {system['loss']:.5g}, ours {found[OURS]['loss']:.5g}"
        asked = {name: process for name, process in asked.items() if "error" not in found[name]}
        seconds = in_turns(asked, ROUNDS, f"{recipe.net}, {recipe.optimizer}", progress)
    for name, times in seconds.items():
        found[name] |= {"steps": quartiles([1 / t for t in times])}
        found[name] |= {"ratio": ratio([[t] for t in times], [[t] for t in seconds[OURS]])}
    return [*found.values()]


def in_turns(
    systems: Mapping[str, Callable[[int], float]], rounds: int, what: str, progress: Progress
) -> dict[str, list[float]]:
    """Seconds a step of each system, round by round. A system is given a number of steps and tells how long they took.

    In a round each works for about TURN, in an order that changes from round to round.
    """
    steps = {name: max(1, round(3 * TURN / run(3))) for name, run in systems.items()}
    seconds: dict[str, list[float]] = {name: [] for name in systems}
    for number in progress(range(rounds), what):
        for name in random.Random(number).sample([*systems], len(systems)):
            seconds[name].append(systems[name](steps[name]) / steps[name])
    return seconds


class _Process:
    """A system in a process of its own: called with a number of steps, it tells how many seconds they took."""

    def __init__(self, name: str, make: Callable[[Task], Run], task: Task) -> None:
        self.name = name
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, make, task))

    def __enter__(self) -> "_Process":
        self.process.start()
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        self.pipe.close()  # which ends it
        if failure:
            self.process.terminate()
        self.process.join()

    def answer(self) -> Any:
        try:
            return self.pipe.recv()
        except (EOFError, ConnectionError):
            self.process.join()
            raise Error(f"{self.name}: its process ended with {self.process.exitcode}") from None

    def ready(self) -> Result:
        """Its mean loss of the first steps, or why it does not run."""
        try:
            return {"name": self.name, **self.answer()}
        except Error as error:
            return {"name": self.name, "error": str(error)}

    def __call__(self, steps: int) -> float:
        self.pipe.send(steps)
        return float(self.answer())


def _serve(pipe: Connection, make: Callable[[Task], Run], task: Task) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that ends this one
    try:
        run = make(task)
        for _ in range(FIRST - 1):  # one by one: whatever compiles does so in the first few
            run(1)
        pipe.send({"loss": run(1) / FIRST})
    except Exception as error:  # whatever a framework raises where it does not run
        pipe.send({"error": " ".join(f"{type(error).__name__}: {error}".split())[:200]})
        return
    with suppress(EOFError):  # when the process that asks is gone
        while steps := pipe.recv():
            began = time.perf_counter()
            run(steps)
            pipe.send(time.perf_counter() - began)


def _ours(task: Task) -> Run:
    trainer = Trainer(task.recipe, task.images, task.labels)
    for name, array in task.weights.items():
        trainer.state[f"net.{name}"].assign(Tensor(array)).realize()
    batch, lr = Tensor(task.images).float().realize(), Tensor([LR]).realize()
    answers = Tensor(task.labels).one_hot(10).float().realize()
    step = TinyJit(lambda: trainer.update(batch, answers, lr))

    def run(steps: int) -> float:
        with precision():
            for _ in range(steps):
                step()
        return float(trainer.loss_sum.item())

    return run


def _theirs(compiled: bool, task: Task) -> Run:
    import torch

    device = DEVICES[Device.DEFAULT]
    torch.set_float32_matmul_precision("high")  # TF32, where there is any; convolutions have it by default
    recipe, model = task.recipe, _twin(task.layers, task.weights).to(device)
    batch = torch.from_numpy(task.images).to(device).float()
    answers = torch.nn.functional.one_hot(torch.from_numpy(task.labels).long(), 10).float().to(device)
    matrices = [p for p in model.parameters() if p.ndim >= 2]
    others = [p for p in model.parameters() if p.ndim < 2]
    # As _optimizers of inkgrad/trainer.py.
    by_muon = matrices[:-1] if recipe.optimizer == "muon" else []
    groups = [{"params": matrices[len(by_muon) :]}, {"params": others, "weight_decay": 0.0}]
    optimizers = [torch.optim.AdamW(groups, lr=LR, weight_decay=recipe.weight_decay, fused=True)]
    if by_muon:
        muon = {"lr": LR, "weight_decay": recipe.weight_decay, "adjust_lr_fn": "match_rms_adamw"}
        optimizers.append(torch.optim.Muon(by_muon, **muon))
    total = torch.zeros((), device=device)

    def loss() -> Any:
        return torch.nn.functional.cross_entropy(model(batch.reshape(-1, 1, 28, 28) / 127.5 - 1), answers)

    if compiled:
        loss = torch.compile(loss, mode="reduce-overhead")  # CUDA graphs, as tinygrad has them

    def run(steps: int) -> float:
        for _ in range(steps):
            for optimizer in optimizers:
                optimizer.zero_grad()
            value = loss()
            value.backward()
            for optimizer in optimizers:
                optimizer.step()
            total.add_(value.detach())
        return float(total.item())

    return run


SYSTEMS: dict[str, Callable[[Task], Run]] = {
    OURS: _ours,
    "PyTorch, eager": partial(_theirs, False),
    "PyTorch, torch.compile": partial(_theirs, True),
}


def _twin(layers: list[str], weights: dict[str, NDArray[Any]]) -> Any:
    """The network of these layers and weights, a torch.nn.Sequential: pictures [B, 1, 28, 28], −1…1, to logits."""
    import torch
    from torch.nn import BatchNorm1d, BatchNorm2d, Conv2d, Flatten, Linear, MaxPool2d, ReLU, SiLU, Tanh

    plain = {"silu": SiLU, "relu": ReLU, "tanh": Tanh, "flatten": Flatten, "pool": partial(MaxPool2d, 2)}
    made: list[Any] = []
    for i, kind in enumerate(layers):
        if kind in plain:
            made.append(plain[kind]())
            continue
        shape = weights[f"layers.{i}.weight"].shape
        if kind == "Linear":
            made.append(Linear(shape[1], shape[0]))
        elif kind == "Conv2d":
            made.append(Conv2d(shape[1], shape[0], shape[2]))
        else:
            made.append((BatchNorm2d if isinstance(made[-1], Conv2d) else BatchNorm1d)(shape[0]))
    model = torch.nn.Sequential(*made)
    model.load_state_dict({name.removeprefix("layers."): torch.from_numpy(w.copy()) for name, w in weights.items()})
    return model
