"""The bench of training, without PyTorch: what is timed, and in which order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from inkgrad import cli, nets
from inkgrad.bench import train as bench
from inkgrad.errors import Error


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


def test_a_network_that_is_not_there_is_named() -> None:
    with pytest.raises(Error, match=f"perceptron: no such network; there are {', '.join(nets.NETS)}"):
        CliRunner().invoke(cli.app, ["bench", "train", "perceptron"], catch_exceptions=False)
