"""A sweep's design, and what a trial makes of training; training itself is tested with train.py."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.trial import TrialState

from inkgrad import mnist, run, space, sweep
from inkgrad import recipe as recipes
from inkgrad.errors import Diverged
from inkgrad.mnist import Mnist
from inkgrad.nets import NETS
from inkgrad.recipe import Recipe

BASES = [recipes.load(net, name) for net in NETS for name in ("quick", "release")]
base_and_trial = st.sampled_from(BASES).flatmap(
    lambda base: st.tuples(st.just(base), st.sampled_from(space.design(base, fixed=())))
)


def flat(recipe: Recipe) -> dict[str, Any]:
    table = asdict(recipe)
    return table | {f"augment.{key}": value for key, value in table.pop("augment").items()}


@pytest.mark.parametrize("base", BASES, ids=lambda base: f"{base.net}, {base.steps} steps")
@pytest.mark.parametrize("fixed", [{"strokes", "distill"}, set()], ids=["MNIST alone", "all"])
def test_the_design_is_the_base_and_what_differs_in_one_thing(base: Recipe, fixed: set[str]) -> None:
    design = space.design(base, fixed)
    assert len(design) >= 24 and space.recipe(base, design[0]) == base
    assert len({tuple(params.items()) for params in design}) == len(design)
    varied = Counter[str]()
    for params in design[1:]:
        changed = {key for key in params if params[key] != design[0][key]}
        assert len(changed) == 1 or changed <= set(space.WARPS)
        varied.update(changed)
    # Everything that a recipe says is varied, but what it is of and how it is looked at.
    never = {"net", "seed", "validation", "evaluate_every", "devices", "augment"}
    assert varied.keys() == flat(base).keys() - never - fixed


@given(base_and_trial)
def test_a_trial_is_a_recipe_of_as_many_images(chosen: tuple[Recipe, space.Params]) -> None:
    base, params = chosen
    made = space.recipe(base, params)
    assert recipes.parse(recipes.dump(made), "made") == made
    assert {key: value for key, value in flat(made).items() if key in params and key != "steps"} == {
        key: value for key, value in params.items() if key != "steps"
    }
    assert made.steps * made.batch == pytest.approx(params["steps"] * base.batch, abs=made.batch / 2)
    for key, distribution in space.distributions(base, fixed=()).items():
        if isinstance(distribution, CategoricalDistribution):
            assert params[key] in distribution.choices
        else:
            assert isinstance(distribution, FloatDistribution)
            assert distribution.low <= params[key] <= distribution.high


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Recipe]]:
    """Recipes in the order in which a stand-in for `train` got them. It reads as well as the rate is near 0.002."""
    calls: list[Recipe] = []

    def train(recipe: Recipe, out: Path, data: Mnist, samples: Any, teachers: Any, report: Any) -> run.Metrics:
        assert not out.exists() and recipe.validation
        assert (data.test_images == data.train_images[-10:]).all() and not len(samples) and not teachers
        calls.append(recipe)
        if recipe.lr >= 0.016:
            raise Diverged("the loss is nan")
        for step in range(recipe.evaluate_every, recipe.steps + 1, recipe.evaluate_every):
            good = step / recipe.steps * (1 - abs(np.log(recipe.lr / 0.002)) / 5) - recipe.seed / 100
            report({"step": step, "loss": 1 - good, "validation_accuracy": good, "images_per_second": 50})
        return {"seconds": 2.0 + recipe.seed, "test_accuracy": 0.123, "device": "CPU"}

    images, labels = np.arange(20 * 784, dtype=np.uint32).astype(np.uint8).reshape(20, 28, 28), np.zeros(20, np.uint8)
    monkeypatch.setattr(sweep, "train", train)
    monkeypatch.setattr(sweep, "HELD_OUT", 10)
    monkeypatch.setattr(mnist, "load", lambda path: Mnist(images, labels, images[:0], labels[:0]))
    sweep._data.cache_clear()
    yield calls
    sweep._data.cache_clear()


def test_trials_by_design_and_then_by_tpe(trained: list[Recipe]) -> None:
    base = replace(recipes.load("mlp", "quick"), steps=100, evaluate_every=50)
    design = space.design(base, fixed=["strokes", "distill"])
    pruner = optuna.pruners.MedianPruner(n_startup_trials=10)
    study = optuna.create_study(direction="maximize", sampler=sweep.Designed(design), pruner=pruner)
    study.optimize(sweep.Training(base, 3, None, (), None), n_trials=len(design) + 40)
    by_design, by_tpe = study.trials[: len(design)], study.trials[len(design) :]
    assert [trial.params for trial in by_design] == design
    pruned = [trial for trial in by_design if trial.state == TrialState.PRUNED]
    assert pruned and all(trial.user_attrs == {"diverged": True} for trial in pruned)
    assert {trial.params["steps"] for trial in by_tpe} == {base.steps}
    assert any(trial.state == TrialState.PRUNED and not trial.user_attrs for trial in by_tpe)
    rates = [trial.params["lr"] for trial in by_tpe[20:]]
    assert np.median(np.abs(np.log(np.array(rates) / 0.002))) < 1  # of up to 2.7: it looks where it is good

    seeds = [recipe.seed for recipe in trained[:3]]
    first = by_design[0]
    good = [1 - abs(np.log(base.lr / 0.002)) / 5 - seed / 100 for seed in seeds]
    assert seeds == [0, 1, 2] and first.user_attrs["validation"] == pytest.approx(good)
    assert first.value == pytest.approx(fmean(good)) and first.user_attrs["sd"] == pytest.approx(stdev(good))
    assert first.user_attrs["curve"][-1] == pytest.approx([100, 1 - fmean(good), fmean(good)])
    assert len(first.user_attrs["curve"]) == 10 and first.user_attrs["seconds"] == 3.0
    # What train says of what it takes for the test set is kept nowhere.
    assert not any("test" in key or value == 0.123 for trial in study.trials for key, value in trial.user_attrs.items())
