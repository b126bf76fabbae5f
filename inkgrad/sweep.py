"""A sweep: trials of a recipe's variants, each the mean of some seeds on validation.

The first trials are designed (space.design); TPE chooses those after them. The test set is not there to be looked at.
"""

import functools
import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.samplers import TPESampler
from optuna.trial import FrozenTrial

from inkgrad import mnist, run, space, unipen, workers
from inkgrad import recipe as recipes
from inkgrad.errors import Diverged
from inkgrad.mnist import Mnist
from inkgrad.recipe import Recipe
from inkgrad.train import HELD_OUT, digests, teacher, train
from inkgrad.unipen import Sample

STORAGE = "sqlite:///runs/sweep.db"  # where none is named
POINTS = 10  # of each learning curve


def sweep(
    base: Recipe,
    n: int,
    processes: int,
    seeds: int,
    url: str,
    strokes: Path | None,
    teachers: tuple[Path, ...],
    path: Path | None,
) -> optuna.Study:
    """Have n trials of the network's study finished, by so many processes here and by others elsewhere; return it.

    seeds runs a trial, of seeds 0, 1, …; strokes is a UNIPEN file, teachers finished runs and path a folder with MNIST,
    as in `inkgrad train`.
    Raises Error where the study was begun otherwise, and see `workers.run`.
    """
    if url == STORAGE:
        Path("runs").mkdir(exist_ok=True)
    base = replace(
        base, validation=True, strokes=base.strokes if strokes else 0, distill=base.distill if teachers else 0
    )
    asked = [teacher(folder, base) for folder in teachers]  # here, because it says which cannot be asked
    data = digests(*_data(path, strokes), asked)
    training = Training(base, seeds, strokes, teachers, path)
    design = space.design(base, training.fixed)
    attributes = {"recipe": recipes.dump(base), "seeds": seeds, "strokes": strokes is not None, "design": design}
    attributes |= {f"digest of {what}": digest for what, digest in data.items()}
    return workers.run(url, base.net, n, processes, training, attributes, Designed(design))


class Designed(TPESampler):
    """The designed trials by their numbers; then TPE, on the base's budget: more steps are better, and known to be."""

    def __init__(self, design: list[space.Params]) -> None:
        super().__init__()
        self.design = design

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        if trial.number < len(self.design):
            return {}
        found = super().infer_relative_search_space(study, trial)
        return {name: distribution for name, distribution in found.items() if name != "steps"}

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        if trial.number < len(self.design):
            return self.design[trial.number][param_name]
        if param_name == "steps":
            return self.design[0][param_name]
        return super().sample_independent(study, trial, param_name, param_distribution)


@dataclass(frozen=True)
class Training:
    """The objective: mean validation accuracy over the seeds; what else they gave becomes the trial's attributes."""

    base: Recipe
    seeds: int
    strokes: Path | None
    teachers: tuple[Path, ...]
    path: Path | None

    @property
    def fixed(self) -> list[str]:
        """What no trial varies, because there is nothing to vary it with."""
        return [key for key, given in (("strokes", self.strokes), ("distill", self.teachers)) if not given]

    def __call__(self, trial: optuna.Trial) -> float:
        recipe = space.recipe(self.base, suggest(trial, space.distributions(self.base, self.fixed)))
        recipe = replace(recipe, evaluate_every=math.ceil(recipe.steps / POINTS))
        designed = trial.number < len(space.design(self.base, self.fixed))
        lines: list[run.Metrics] = []

        def report(line: run.Metrics) -> None:
            lines.append(line)
            # The other seeds' curves are alike, so what one does not rule out is finished.
            if not ends:
                trial.report(line["validation_accuracy"], len(lines))
                if not designed and trial.should_prune():
                    raise optuna.TrialPruned

        data, samples = _data(self.path, self.strokes)
        teachers = [teacher(folder, recipe) for folder in self.teachers if recipe.distill]
        ends: list[run.Metrics] = []
        for seed in range(self.seeds):
            with tempfile.TemporaryDirectory() as folder:
                try:
                    end = train(
                        replace(recipe, seed=seed), Path(folder) / "run", data, samples, teachers, report=report
                    )
                except Diverged:
                    trial.set_user_attr("diverged", True)
                    raise optuna.TrialPruned from None
            ends.append(end)
        attributes = summary(lines, ends)
        for key, value in attributes.items():
            trial.set_user_attr(key, value)
        return fmean(attributes["validation"])


def suggest(trial: optuna.Trial, distributions: dict[str, BaseDistribution]) -> space.Params:
    params: space.Params = {}
    for key, distribution in distributions.items():
        if isinstance(distribution, CategoricalDistribution):
            params[key] = trial.suggest_categorical(key, distribution.choices)
        elif isinstance(distribution, FloatDistribution):
            params[key] = trial.suggest_float(key, distribution.low, distribution.high, log=distribution.log)
    return params


def summary(lines: Sequence[run.Metrics], ends: Sequence[run.Metrics]) -> dict[str, Any]:
    """A trial's attributes, from all its seeds' lines of metrics and the last line of each.

    validation: the accuracy of each seed; sd: of these; curve: [step, loss, validation accuracy] of each evaluation;
    and loss, seconds, images_per_second and (where strokes were given) strokes_accuracy, all means over the seeds.
    """
    each = len(lines) // len(ends)
    runs = [lines[i : i + each] for i in range(0, len(lines), each)]
    validation = [run[-1]["validation_accuracy"] for run in runs]
    curve = [
        [points[0]["step"], *(fmean(point[key] for point in points) for key in ("loss", "validation_accuracy"))]
        for points in zip(*runs, strict=True)
    ]
    strokes = [end["strokes_accuracy"] for end in ends if "strokes_accuracy" in end]
    return {
        "validation": validation,
        "sd": stdev(validation) if len(validation) > 1 else 0.0,
        "loss": curve[-1][1],
        "seconds": fmean(end["seconds"] for end in ends),
        "images_per_second": fmean(line["images_per_second"] for line in lines),
        **({"strokes_accuracy": fmean(strokes)} if strokes else {}),
        "curve": curve,
        "device": ends[0]["device"],
    }


@functools.cache  # once a worker
def _data(path: Path | None, strokes: Path | None) -> tuple[Mnist, list[Sample]]:
    """MNIST and the pen strokes; where the test set was, which `train` scores at its end, there is validation."""
    data = mnist.load(path)
    held_out = data.train_images[-HELD_OUT:], data.train_labels[-HELD_OUT:]
    return Mnist(data.train_images, data.train_labels, *held_out), unipen.read(strokes) if strokes else []
