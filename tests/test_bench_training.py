"""The bench of training, without PyTorch: what is timed, and in which order."""

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from typer.testing import CliRunner

from inkgrad import cli, nets
from inkgrad.bench import sweep as sweeps
from inkgrad.bench import train as bench
from inkgrad.errors import Error
from inkgrad.recipe import Recipe


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


STEPS = {"median": 20.0, "low": 10.0, "high": 30.0, "n": 20}


def test_a_table_has_a_row_for_each_system_and_says_what_failed() -> None:
    systems = [{"name": "inkgrad", "steps": STEPS, "ratio": STEPS}, {"name": "other", "error": "it gives a | up"}]
    result = {
        "command": "inkgrad bench train mlp --batch 32",
        "hardware": "CPU, abacus",
        "versions": {"torch": "1"},
        "nets": [{"net": "mlp", "optimizer": "adamw", "batch": 32, "systems": systems}],
    }
    rows = [line for line in bench.markdown(result).splitlines() if line.startswith("|")]
    assert len(rows) == 4 and {row.count("|") for row in rows} == {5}
    assert rows[2] == "| mlp, adamw, 32 | inkgrad | 20 (10–30) | 20 (10–30) |" and "it gives a / up" in rows[3]


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["mlp", "cnn"]), st.sampled_from([16, 64, 256])), min_size=1, unique=True))
def test_a_plot_has_a_panel_for_each_network(measured: list[tuple[str, int]]) -> None:
    systems = [{"name": "inkgrad", "steps": STEPS, "ratio": STEPS}, {"name": "PyTorch, eager", "error": "it gives up"}]
    nets = [{"net": net, "optimizer": "adamw", "batch": batch, "systems": systems} for net, batch in measured]
    plot = Image.open(io.BytesIO(bench.plot({"nets": nets})))
    assert plot.size == (480 * len({net for net, _ in measured}), 480)


def test_a_sweep_is_timed_with_each_number_of_workers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By a clock of its own: of two cores the third and fourth worker get nothing."""
    now, asked = [0.0], list[tuple[int, int]]()

    def sweep(base: Recipe, n: int, processes: int, seeds: int, url: str, *_: object) -> None:
        assert base.net == "cnn-tiny" and seeds == 1 and url.startswith("sqlite:///")
        asked.append((n, processes))
        now[0] += 30 * n / min(processes, 2)

    monkeypatch.setattr(sweeps, "sweep", sweep)
    monkeypatch.setattr("inkgrad.bench.sweep.time.perf_counter", lambda: now[0])
    command = ["bench", "sweep", "--trials", "6", "--out", str(tmp_path)]
    shown = CliRunner().invoke(cli.app, command, catch_exceptions=False).stdout
    assert asked == [(6, 1), (6, 2), (6, 4)]
    rows = [line for line in shown.splitlines() if line.startswith("| ")]
    assert rows[1:] == ["| 1 | 2.00 | 1.00 |", "| 2 | 4.00 | 2.00 |", "| 4 | 4.00 | 2.00 |"]
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".md", ".png"]


def test_a_network_that_is_not_there_is_named() -> None:
    with pytest.raises(Error, match=f"perceptron: no such network; there are {', '.join(nets.NETS)}"):
        CliRunner().invoke(cli.app, ["bench", "train", "perceptron"], catch_exceptions=False)
