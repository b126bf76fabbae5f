"""Sweeps to HYPERPARAMETERS.md: tables and figures between marks, and around them what people wrote, left alone.

What a sweep found travels with the code as sweeps/NET.jsonl: a line on the sweep, then a line a trial. The report is
made of these files; a storage only renews them.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import distribution_to_json

from inkgrad import atomic, trials
from inkgrad.errors import Error
from inkgrad.figures import figures, name, text

TEXT, FOLDER = Path("HYPERPARAMETERS.md"), Path("sweeps")
HIDDEN = "net", "seed", "validation", "evaluate_every"  # keys of a recipe that no trial's figures depend on
BEST = 5  # of TPE's trials: the others are in the file
MARKS = "<!-- inkgrad report: {} -->", "<!-- end of inkgrad report: {} -->"


@dataclass(frozen=True)
class Sweep:
    """About: net, recipe (the base's keys, those of its tables with a dot), seeds, strokes, space (Optuna's JSON).

    Trials, the finished ones by number: number, state, value, params and what `sweep.summary` gives.
    """

    about: dict[str, Any]
    trials: list[dict[str, Any]]

    def changes(self, trial: dict[str, Any]) -> dict[str, Any]:
        """The parameters in which a trial differs from the base."""
        return {key: value for key, value in trial["params"].items() if value != self.about["recipe"][key]}

    def is_designed(self, trial: dict[str, Any]) -> bool:
        """Whether it differs in one thing at most, or in warps alone, as TPE's do not."""
        changes = self.changes(trial)
        return len(changes) < 2 or all(key.startswith("augment.") for key in changes)

    def complete(self) -> list[dict[str, Any]]:
        return [trial for trial in self.trials if trial["state"] == "COMPLETE"]


def collect(url: str) -> list[Sweep]:
    """The sweeps in a storage. Raises Error where it cannot be opened, or is a file that is not there."""
    file = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite:///") and not file.exists():  # which opening would make
        raise Error(f"{file}: no such storage: name the one that inkgrad sweep was given")
    storage = trials.open_storage(url)
    studies = [optuna.load_study(study_name=name, storage=storage) for name in optuna.get_all_study_names(storage)]
    ours = (study for study in studies if "recipe" in study.user_attrs)  # others may share the database
    return [_of_study(study) for study in ours if trials.finished(study)]


def save(sweep: Sweep) -> None:
    lines = [json.dumps(line, sort_keys=True) for line in (sweep.about, *sweep.trials)]
    atomic.write_bytes(FOLDER / f"{sweep.about['net']}.jsonl", "".join(f"{line}\n" for line in lines).encode())


def read() -> list[Sweep]:
    """The sweeps in FOLDER, by name. Raises Error where one cannot be read."""
    found = []
    for path in sorted(FOLDER.glob("*.jsonl")):
        try:
            about, *lines = map(json.loads, path.read_text("utf-8").splitlines())
        except (OSError, ValueError) as error:
            raise Error(f"{path}: cannot be read ({error}): write it again with --storage") from None
        found.append(Sweep(about, lines))
    return found


def write(sweeps: list[Sweep]) -> None:
    """Write each sweep's figures, and its section of TEXT. The same sweeps give the same bytes."""
    page = TEXT.read_text("utf-8") if TEXT.exists() else "# Hyper-parameters\n"
    for sweep in sweeps:
        parts = [section(sweep)]
        for kind, (svg, caption) in figures(sweep.complete(), sweep.changes, sweep.about["space"]).items():
            path = FOLDER / f"{sweep.about['net']}-{kind}.svg"
            atomic.write_bytes(path, svg)
            parts.append(f"{caption}:\n\n![{caption}]({path.as_posix()})")
        page = renewed(page, sweep.about["net"], "\n\n".join(parts))
    atomic.write_bytes(TEXT, page.encode())


def renewed(page: str, net: str, content: str) -> str:
    """The page with content between the marks of `net`; at its end, under a heading, where there are none."""
    begin, end = (mark.format(net) for mark in MARKS)
    block = f"{begin}\n\n{content}\n\n{end}"
    if begin not in page:
        return f"{page.rstrip()}\n\n## {net}\n\n{block}\n"
    pattern = f"{re.escape(begin)}.*?{re.escape(end)}"
    if not re.search(pattern, page, re.DOTALL):
        raise Error(f"{TEXT}: {begin} has no {end} after it: put it back where the generated part ends")
    return re.sub(pattern, lambda _: block, page, count=1, flags=re.DOTALL)


def section(sweep: Sweep) -> str:
    """What was done, in words, and the table of trials."""
    about, complete = sweep.about, sweep.complete()
    designed = [trial for trial in complete if sweep.is_designed(trial)]
    searched = sorted((t for t in complete if not sweep.is_designed(t)), key=lambda trial: -trial["value"])
    diverged = [trial for trial in sweep.trials if trial.get("diverged")]
    pruned = len(sweep.trials) - len(complete) - len(diverged)
    base = ", ".join(f"{name(key)} {text(value)}" for key, value in about["recipe"].items() if key not in HIDDEN)
    devices = "; ".join(sorted({trial["device"] for trial in complete}))
    head = [
        "differs from the base in",
        "validation",
        "loss",
        "s",
        "images/s",
        *(["strokes"] if about["strokes"] else []),
    ]
    rows = [_row(sweep, trial) for trial in (*designed, *searched[:BEST])]
    lines = [
        f"{len(sweep.trials)} trials of {about['seeds']} seeds each, on {devices}: {len(designed)} by design, "
        f"{len(searched)} chosen by TPE (the best {len(searched[:BEST])} are last), {pruned} pruned, "
        f"{len(diverged)} diverged{_list(sweep, diverged)}. Base: {base}.",
        "",
        "Validation: mean accuracy on the last 10,000 training images, ± standard deviation over the seeds; loss: the "
        "training loss at the end; s: seconds a run. The test set was not there.",
        "",
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
        *rows,
    ]
    return "\n".join(lines)


def _row(sweep: Sweep, trial: dict[str, Any]) -> str:
    cells = [
        _change(sweep, trial) or "(the base)",
        f"{trial['value']:.2%}" + (f" ± {100 * trial['sd']:.2f}" if sweep.about["seeds"] > 1 else ""),
        f"{trial['loss']:.4f}",
        f"{trial['seconds']:.0f}",
        f"{trial['images_per_second']:,.0f}",
    ]
    if sweep.about["strokes"]:
        cells.append(f"{trial['strokes_accuracy']:.2%}")
    return "| " + " | ".join(cells) + " |"


def _change(sweep: Sweep, trial: dict[str, Any]) -> str:
    return ", ".join(f"{name(key)} {text(value)}" for key, value in sweep.changes(trial).items())


def _list(sweep: Sweep, some: list[dict[str, Any]]) -> str:
    return f" ({'; '.join(_change(sweep, trial) for trial in some if sweep.is_designed(trial))})" if some else ""


def _of_study(study: optuna.Study) -> Sweep:
    finished = trials.finished(study)
    recipe = tomllib.loads(study.user_attrs["recipe"])
    space = {key: d for trial in finished for key, d in trial.distributions.items()}
    about = {
        "net": study.study_name,
        "recipe": dict(_flat(recipe)),
        "seeds": study.user_attrs["seeds"],
        "strokes": study.user_attrs["strokes"],
        "space": {key: distribution_to_json(distribution) for key, distribution in space.items()},
    }
    lines = [
        {
            "number": trial.number,
            "state": trial.state.name,
            "value": trial.value,
            "params": trial.params,
            **trial.user_attrs,
        }
        for trial in finished
    ]
    return Sweep(about, lines)


def _flat(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{key}.")
        else:
            yield prefix + key, value
