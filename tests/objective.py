"""Objectives for workers, which are processes of their own: by the name of this module they find them."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

import optuna

from inkgrad.errors import Error


@dataclass(frozen=True)
class Slow:
    """A tenth of a second, but the first call of each `stuck` trial does not end. Each leaves a line in `log`."""

    log: Path
    stuck: tuple[int, ...]

    def __call__(self, trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", 0, 1)
        hangs = trial.number in self.stuck and all(call[0] != trial.number for call in self.calls())
        with open(self.log, "a") as log:
            log.write(f"{trial.number} {os.getpid()} {x}\n")
        trial.report(x, 0)
        time.sleep(600 if hangs else 0.1)
        return x

    def calls(self) -> list[tuple[int, int, float]]:
        """Trial, process and x of every call, in their order."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [(int(number), int(pid), float(x)) for number, pid, x in map(str.split, lines)]


def broken(trial: optuna.Trial) -> float:
    raise Error("the data are not there")
