"""Whole trainings that are timed, by a trainer that guesses; and the GPU's bench where there is none."""

import json
import statistics
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tinygrad import Tensor
from typer.testing import CliRunner

from inkgrad import cli
from inkgrad import recipe as recipes
from inkgrad.bench import gpu, speedrun
from inkgrad.bench.report import ratio, summary
from inkgrad.errors import Error
from inkgrad.mnist import Mnist

RECIPE = replace(recipes.load("mlp", "quick"), steps=12, validation=True)


@given(st.lists(st.floats(0.01, 100), min_size=2))
def test_spread_agrees_with_the_standard_library(values: list[float]) -> None:
    found = speedrun.spread(values)
    assert found["mean"] == pytest.approx(statistics.mean(values)) and found["n"] == len(values)
    assert found["sd"] == pytest.approx(statistics.stdev(values), abs=1e-9)


class Guesser:
    """In place of a Trainer: what was done with it, and a net that answers `seed` to every picture."""

    def __init__(self, recipe: recipes.Recipe, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> None:
        self.answer = Tensor.zeros(10).contiguous().realize()
        self.steps = list[int]()
        assert len(images) == len(labels) == 50_000
        guessers.append(self)

    def reset(self, seed: int) -> None:
        self.answer.assign(Tensor(np.eye(10, dtype=np.float32)[seed])).realize()
        self.steps.append(0)

    def advance(self) -> None:
        if self.steps:
            self.steps[-1] += 1

    def average(self, images: Tensor) -> Tensor:
        return images[:, 0, :1] * 0 + self.answer


guessers = list[Guesser]()


def test_a_speedrun_counts_every_seed(digits: Mnist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speedrun, "Trainer", Guesser)
    (path := tmp_path / "tiny.toml").write_text(recipes.dump(RECIPE))
    words = ["bench", "speedrun", "--runs", "3", "--target", "0.1", "--recipe", path, "--out", tmp_path, "--json"]
    result = json.loads(CliRunner().invoke(cli.app, [*map(str, words)], catch_exceptions=False).stdout)
    accuracies = [run["accuracy"] for run in result["runs"]]
    held_out = digits.train_labels[50_000:]
    assert accuracies == [pytest.approx((held_out == seed).mean()) for seed in range(3)]
    assert guessers[-1].steps == [RECIPE.steps] * 3
    assert result["accuracy"]["mean"] == pytest.approx(np.mean(accuracies))
    assert result["reached"] == sum(a >= 0.1 for a in accuracies)
    assert result["scored on"] == "the 10,000 held-out training images"
    (written,) = tmp_path.glob("speedrun-*.json")
    assert json.loads(written.read_text()) == result
    assert f"| {result['reached']} of 3 |" in written.with_suffix(".md").read_text()


@pytest.mark.parametrize("net", ["cnn", "cnn-tiny"])
def test_a_speedrun_learns_from_mnist_alone(net: str) -> None:
    recipe = recipes.load(net, "speedrun")
    assert not recipe.validation and not recipe.strokes and not recipe.nondigits and not recipe.distill


def test_a_recipe_that_asks_for_more_than_mnist_is_refused(digits: Mnist) -> None:
    for more in ({"strokes": 4}, {"nondigits": 100}, {"distill": 0.5}):
        with pytest.raises(Error, match="on MNIST alone"):
            speedrun.measure(replace(RECIPE, **more), digits, 1, 0.99, lambda turns, _: turns)


def test_where_the_gpus_script_is_not_built_the_command_says_what_builds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu, "SCRIPTS", tmp_path)
    with pytest.raises(Error, match=r"dawn\.js: not built.*`make bench`"):
        CliRunner().invoke(cli.app, ["bench", "gpu", "--out", str(tmp_path)], catch_exceptions=False)
    (tmp_path / "dawn.js").write_text("throw new Error('Dawn finds no graphics adapter')")
    with pytest.raises(Error, match=r"does not run here: Error: Dawn finds no graphics adapter"):
        CliRunner().invoke(cli.app, ["bench", "gpu", "--out", str(tmp_path)], catch_exceptions=False)
    assert [file.name for file in tmp_path.iterdir()] == ["dawn.js"]


def test_the_table_of_a_gpu_has_a_row_for_each_system() -> None:
    trip, ours = [[1.0, 1.0]] * 3, [[2.0, 2.0]] * 3
    systems = [{"name": n, "latency": summary(t), "ratio": ratio(t, trip)} for n, t in (("trip", trip), ("ours", ours))]
    machine = {"adapter": "abacus", "cpu": "beads"}
    result = {"command": "c", "machine": machine, "versions": {}, "calls": 6, "rounds": 3, "net": "mlp"}
    rows = [line for line in gpu.markdown(result | {"systems": systems}).splitlines() if line.startswith("|")]
    assert rows[2:] == ["| trip | 1.000, 1.000 | 1.00 (1.00–1.00) |", "| ours | 2.000, 2.000 | 2.00 (2.00–2.00) |"]
