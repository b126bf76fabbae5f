"""The benches of training, without PyTorch: what is timed, in which order, and that a reset leaves nothing behind."""

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

from inkgrad import cli, nets
from inkgrad import recipe as recipes
from inkgrad.bench import speedrun
from inkgrad.bench import train as bench
from inkgrad.errors import Error
from inkgrad.mnist import Mnist
from inkgrad.train import Trainer

# That of test_train.py, whose kernels are then compiled once for both.
RECIPE = replace(recipes.load("mlp", "quick"), width=0.125, steps=12, batch=64, evaluate_every=3)


class Clock:
    """Systems that take a known time a step, and one machine whose load changes from turn to turn."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self.seconds, self.turns = seconds, list[tuple[str, int]]()

    def system(self, name: str) -> "Stand":
        return Stand(self, name)


class Stand:
    def __init__(self, clock: Clock, name: str) -> None:
        self.clock, self.name = clock, name

    def __call__(self, steps: int) -> float:
        self.clock.turns.append((self.name, steps))
        return self.clock.seconds[self.name] * steps


@given(st.dictionaries(st.sampled_from("abcd"), st.floats(1e-4, 10), min_size=2), st.integers(1, 6))
def test_all_systems_take_turns_of_about_the_same_length(seconds: dict[str, float], rounds: int) -> None:
    clock = Clock(seconds)
    found = bench.in_turns({name: clock.system(name) for name in seconds}, rounds, "", lambda turns, _: turns)
    assert found == {name: pytest.approx([s] * rounds) for name, s in seconds.items()}
    timed = clock.turns[len(seconds) :]
    for i in range(rounds):
        assert {name for name, _ in timed[i * len(seconds) : (i + 1) * len(seconds)]} == seconds.keys()
    for name, steps in timed:
        assert steps >= 1
        assert steps == 1 or abs(steps * seconds[name] - bench.TURN) <= seconds[name] / 2 * (1 + 1e-9)


@given(st.lists(st.floats(0.01, 100), min_size=2))
def test_spread_agrees_with_the_standard_library(values: list[float]) -> None:
    found = speedrun.spread(values)
    assert found["mean"] == pytest.approx(statistics.mean(values)) and found["n"] == len(values)
    assert found["sd"] == pytest.approx(statistics.stdev(values), abs=1e-9)


def test_a_table_has_a_row_for_each_system_and_says_what_failed() -> None:
    steps = {"median": 20.0, "low": 10.0, "high": 30.0, "n": 20}
    systems = [{"name": "inkgrad", "steps": steps, "ratio": steps}, {"name": "other", "error": "it gives a | up"}]
    result = {
        "command": "inkgrad bench train mlp --batch 32",
        "hardware": "CPU, abacus",
        "versions": {"torch": "1"},
        "batch": 32,
        "nets": [{"net": "mlp", "optimizer": "adamw", "systems": systems}],
    }
    rows = [line for line in bench.markdown(result).splitlines() if line.startswith("|")]
    assert len(rows) == 4 and {row.count("|") for row in rows} == {5}
    assert rows[2] == "| mlp, adamw | inkgrad | 20 (10–30) | 20 (10–30) |" and "it gives a / up" in rows[3]


def test_after_a_reset_a_seed_gives_what_it_gives_alone(digits: Mnist) -> None:
    """Bit for bit, and other seeds give something else."""

    def trained(trainer: Trainer) -> dict[str, bytes]:
        for _ in range(RECIPE.steps):
            trainer.advance()
        return {name: tensor.numpy().tobytes() for name, tensor in trainer.state.items()}

    images, labels = digits.train_images[:640].copy(), digits.train_labels[:640].copy()
    trainer = Trainer(replace(RECIPE, seed=7), images, labels)
    seven = trained(trainer)
    trainer.reset(0)
    assert trained(trainer) != seven
    trainer.reset(7)
    assert trained(trainer) == seven


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


def test_the_recipes_of_speedruns_take_no_look_at_the_test_set_and_no_other_data() -> None:
    for name in ("speedrun", "speedrun-gpu"):
        recipe = recipes.load("cnn-tiny", name)
        assert not recipe.validation and not recipe.strokes and not recipe.nondigits and not recipe.distill


def test_a_network_that_is_not_there_is_named() -> None:
    with pytest.raises(Error, match=f"perceptron: no such network; there are {', '.join(nets.NETS)}"):
        CliRunner().invoke(cli.app, ["bench", "train", "perceptron"], catch_exceptions=False)
