"""What a sweep varies: keys of a recipe, the values tried one at a time, and where TPE goes on to look.

Every run sees as many images as the base, batch × steps, but for two that see half and twice as many: a sweep compares
what to do with a budget.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution

from inkgrad.recipe import Recipe

Params = dict[str, Any]  # by the recipe's keys, those of its tables with a dot


class Factor(NamedTuple):
    """Values that are tried one at a time; TPE chooses among them, or anywhere from low to high where given."""

    tried: tuple[Any, ...]
    low: float | None = None
    high: float | None = None
    log: bool = False


FACTORS = {
    "width": Factor((0.5, 1.0, 2.0)),
    "activation": Factor(("silu", "relu", "tanh")),
    "norm": Factor(("batch", "none")),
    "lr": Factor((0.0005, 0.001, 0.002, 0.004, 0.008, 0.016), 3e-4, 3e-2, log=True),
    "batch": Factor((32, 128, 512, 2048)),
    "optimizer": Factor(("adamw", "muon")),
    "warmup": Factor((0.0, 0.03, 0.2), 0, 0.5),
    "weight_decay": Factor((0.0, 0.02, 0.1), 0, 0.2),
    "ema": Factor((0.0, 0.99, 0.998, 0.9995)),
    "label_smoothing": Factor((0.0, 0.03, 0.1), 0, 0.2),
    "strokes": Factor((0, 4, 12)),
    "nondigits": Factor((0, 8000)),
    "distill": Factor((0.0, 0.5, 0.9)),
    # The second value is tried where the base leaves a warp out: the strong warps of the recipes for MNIST alone.
    "augment.rotate": Factor((0.0, 12.6), 0, 20),
    "augment.scale": Factor((0.0, 0.13), 0, 0.25),
    "augment.shear": Factor((0.0, 0.25), 0, 0.4),
    "augment.shift": Factor((0.0, 2.8), 0, 4),
    "augment.elastic": Factor((0.0, 36.0), 0, 50),
    "augment.thickness": Factor((0.0, 0.5), 0, 1),
    "augment.cutout": Factor((0.0, 12.0), 0, 20),
}
WARPS = tuple(key for key in FACTORS if key.startswith("augment."))


def flat(base: Recipe) -> Params:
    """The base's own values, of every key that is varied, and its steps."""
    return {key: _get(base, key) for key in (*FACTORS, "steps")}


def distributions(base: Recipe, fixed: Collection[str]) -> dict[str, BaseDistribution]:
    """Where each parameter of a trial lies, but those that are fixed: as `strokes` where there are none."""
    found: dict[str, BaseDistribution] = {"steps": CategoricalDistribution(_budgets(base))}
    for key, factor in FACTORS.items():
        if key in fixed:
            continue
        values = {*factor.tried, _get(base, key)}
        if factor.low is None or factor.high is None:
            found[key] = CategoricalDistribution(sorted(values))
        else:
            found[key] = FloatDistribution(min(factor.low, *values), max(factor.high, *values), log=factor.log)
    return found


def design(base: Recipe, fixed: Collection[str]) -> list[Params]:
    """The parameters of the first trials: the base, and what differs from it in one thing.

    Or in all warps: none, each alone, all of them. So no plot of one factor depends on what TPE thought worth a trial.
    """
    names, start = distributions(base, fixed), flat(base)
    found: list[Params] = []
    for change in _changes(base, start):
        params = {key: value for key, value in {**start, **change}.items() if key in names}
        if params not in found:
            found.append(params)
    return found


def recipe(base: Recipe, params: Params) -> Recipe:
    """The base with a trial's parameters. Its steps are of the base's batch: another batch takes as many images."""
    top = {key: value for key, value in params.items() if "." not in key}
    warps = {key.removeprefix("augment."): params[key] for key in WARPS}
    steps = max(round(params["steps"] * base.batch / params["batch"]), 1)
    return replace(base, **{**top, "steps": steps, "augment": replace(base.augment, **warps)})


def _changes(base: Recipe, start: Params) -> Iterator[Params]:
    none = dict.fromkeys(WARPS, 0.0)
    on = {key: start[key] or FACTORS[key].tried[1] for key in WARPS}
    yield {}
    yield none
    yield on
    for key in WARPS:
        yield none | {key: on[key]}
    for key in WARPS:
        yield {key: 0.0 if start[key] else on[key]}
    for key, factor in FACTORS.items():
        if key not in WARPS:
            yield from ({key: value} for value in factor.tried)
    yield from ({"steps": steps} for steps in _budgets(base))


def _budgets(base: Recipe) -> list[int]:
    return [max(base.steps // 2, 1), base.steps, 2 * base.steps]


def _get(base: Recipe, key: str) -> Any:
    table, _, name = key.rpartition(".")
    return getattr(getattr(base, table) if table else base, name)
