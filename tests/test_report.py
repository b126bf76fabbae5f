"""The report: what it says of the trials, what it leaves alone, and that it is the same each time."""

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.trial import TrialState, create_trial

from inkgrad import figures, report, space
from inkgrad import recipe as recipes
from inkgrad.errors import Error

BASE = replace(recipes.load("mlp", "quick"), validation=True)


def designed() -> list[space.Params]:
    """Of the design what concerns the rate, the batch and the warps: each key more is a second of drawing."""
    base, *others = space.design(BASE, fixed=())
    drawn = {"lr", "batch", *space.WARPS}
    return [base, *(params for params in others if {key for key in params if params[key] != base[key]} <= drawn)]


def result(value: float) -> dict[str, Any]:
    curve = [[10, 2.0, value / 2], [20, 1.0, value]]
    seeds = [value - 0.001, value + 0.001]
    scalars = {
        "sd": 0.001,
        "loss": 0.25,
        "seconds": 12.0,
        "images_per_second": 3456.0,
        "strokes_accuracy": value - 0.05,
    }
    return {"validation": seeds, "curve": curve, "device": "CPU", **scalars}


@pytest.fixture
def storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A sweep of these, as a storage holds it: a design, something of TPE's, a trial pruned and one not begun."""
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path}/sweep.db"
    study = optuna.create_study(storage=url, study_name="mlp", direction="maximize")
    for key, value in {"recipe": recipes.dump(BASE), "seeds": 2, "strokes": True}.items():
        study.set_user_attr(key, value)
    distributions = space.distributions(BASE, fixed=())
    design = designed()
    explored = [{**params, "lr": 0.0031, "weight_decay": 0.01} for params in design[:8]]
    for i, params in enumerate([*design, *explored]):
        value = 0.97 + i / 10_000
        study.add_trial(create_trial(params=params, distributions=distributions, value=value, user_attrs=result(value)))
    study.add_trial(
        create_trial(
            state=TrialState.PRUNED,
            params={**design[0], "lr": 0.016},
            distributions=distributions,
            user_attrs={"diverged": True},
        )
    )
    study.add_trial(create_trial(state=TrialState.WAITING))
    # Somebody else's.
    optuna.create_study(study_name="other", storage=url).add_trial(create_trial(value=1.0))
    return url


def files() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in (report.TEXT, *sorted(report.FOLDER.iterdir()))}


def test_the_report(storage: str) -> None:
    report.TEXT.write_text("# Mine\n\nWhy so.\n")
    for sweep in report.collect(storage):
        report.save(sweep)
    report.write(report.read())
    before = files()
    text = before["HYPERPARAMETERS.md"].decode()

    # Each trial but TPE's lesser ones has a row of its figures.
    rows = [line.split(" | ") for line in text.splitlines() if "% ± " in line]
    design = designed()
    assert len(rows) == len(design) + report.BEST
    assert rows[0] == ["| (the base)", "97.00% ± 0.10", "0.2500", "12", "3,456", "92.00% |"]
    for i, row in enumerate(rows[: len(design)]):
        assert row[1] == f"{0.97 + i / 10_000:.2%} ± 0.10"
    assert [float(row[1][:5]) for row in rows[-report.BEST :]] == sorted([float(row[1][:5]) for row in rows])[:-6:-1]
    assert f"{len(design) + 9} trials of 2 seeds" in text and "0 pruned, 1 diverged (lr 0.016)" in text

    # Every picture is there, and is one.
    pictures = re.findall(r"\]\((.*?\.svg)\)", text)
    assert {*pictures, "sweeps/mlp.jsonl", "HYPERPARAMETERS.md"} == before.keys() and len(pictures) == 5
    assert all(ET.fromstring(before[path]).tag.endswith("svg") for path in pictures)

    # What is written by hand stays, wherever it is; the same trials give the same bytes, from the files alone too.
    edited = text.replace("Why so.", "Why so!") + "\nAnd more.\n"
    report.TEXT.write_text(edited)
    for path in pictures:
        Path(path).unlink()
    report.write(report.read())
    assert files() == {**before, "HYPERPARAMETERS.md": edited.encode()}
    for sweep in report.collect(storage):
        report.save(sweep)
    assert files() == {**before, "HYPERPARAMETERS.md": edited.encode()}


def test_what_lies_here_is_what_it_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """In any process: Optuna goes through sets, whose order differs from one to the next."""
    monkeypatch.chdir(Path(report.__file__).parents[1])
    page = report.TEXT.read_text("utf-8")
    for sweep in report.read():
        assert report.section(sweep) in page
        kept = report.FOLDER / f"{sweep.about['net']}-importance.svg"
        assert figures._importance(sweep.complete(), sweep.about["space"]) == kept.read_bytes()


def test_a_sweep_just_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One trial: a table of one row, and no figure."""
    monkeypatch.chdir(tmp_path)
    recipe = {key: value for key, value in space.flat(BASE).items() if key != "strokes"}
    about = {"net": "mlp", "recipe": recipe, "seeds": 1, "strokes": False, "space": {}}
    trial = {"number": 0, "state": "COMPLETE", "value": 0.9, "params": recipe, **result(0.9)}
    report.save(report.Sweep(about, [trial]))
    report.write(report.read())
    assert "(the base) | 90.00%" in report.TEXT.read_text() and "svg" not in report.TEXT.read_text()


def test_a_storage_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(Error, match="no such storage"):
        report.collect(f"sqlite:///{tmp_path}/typo.db")
    assert not [*tmp_path.iterdir()]


def test_what_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    report.FOLDER.mkdir()
    (report.FOLDER / "mlp.jsonl").write_text(json.dumps({"net": "mlp"}) + "\n{")
    with pytest.raises(Error, match=r"mlp\.jsonl: cannot be read"):
        report.read()


page = st.text(st.characters(exclude_characters="<"), max_size=50)


@given(page, page, page, page)
def test_only_what_is_between_the_marks_changes(before: str, old: str, after: str, new: str) -> None:
    begin, end = (mark.format("cnn") for mark in report.MARKS)
    changed = report.renewed(f"{before}{begin}{old}{end}{after}", "cnn", new)
    assert changed == f"{before}{begin}\n\n{new}\n\n{end}{after}"
    assert report.renewed(changed, "cnn", new) == changed
    added = report.renewed(before, "cnn", new)
    assert added.startswith(before.rstrip()) and report.renewed(added, "cnn", new) == added
    with pytest.raises(Error, match="put it back"):
        report.renewed(f"{before}{begin}{old}", "cnn", new)
