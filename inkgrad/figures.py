"""The figures of a sweep, as SVG: the same trials give the same bytes."""

import io
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import matplotlib
import optuna
from matplotlib.figure import Figure
from optuna.distributions import json_to_distribution
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.trial import create_trial

Trial = dict[str, Any]  # a line of sweeps/NET.jsonl
CURVES = ["lr", "batch", "optimizer", "ema"]  # whose learning curves are drawn
BUDGET = ["batch", "steps"]
MNIST, STROKES = "tab:blue", "tab:orange"


class Drawn(NamedTuple):
    svg: bytes
    caption: str


def figures(
    trials: Sequence[Trial], changes: Callable[[Trial], dict[str, Any]], space: dict[str, str]
) -> dict[str, Drawn]:
    """The figures of complete trials, by name; those that there are enough trials for.

    changes gives the parameters in which a trial differs from the base; space is Optuna's JSON of each parameter.
    """
    alone: dict[str, list[Trial]] = {}
    for key in space:
        of_key = [trial for trial in trials if changes(trial).keys() <= {key}]
        if len(of_key) > 1:
            alone[key] = sorted(of_key, key=lambda trial: trial["params"][key])
    warped = [trial for trial in trials if all(key.startswith("augment.") for key in changes(trial))]
    budgets = {key: alone[key] for key in BUDGET if key in alone}
    curves = {key: alone[key] for key in CURVES if key in alone}
    found = {}
    if curves:
        found["curves"] = Drawn(_curves(curves), "Learning curves, one thing changed at a time")
    if alone:
        found["factors"] = Drawn(_factors(alone, changes), "One thing changed at a time; a ring is the base")
    if budgets:
        found["budget"] = Drawn(_budget(budgets), "Batch against steps: what they cost, and what they give")
    if len(warped) > 1:
        found["warps"] = Drawn(_warps(warped, changes), "What warps do to MNIST and to strokes")
    if len(trials) > 1:
        found["importance"] = Drawn(_importance(trials, space), "What decides whether a trial is in the best tenth")
    return found


def _curves(alone: dict[str, list[Trial]]) -> bytes:
    figure = Figure(figsize=(3 * len(alone), 5), layout="constrained")
    axes = figure.subplots(2, len(alone), sharey="row", squeeze=False)
    for (key, trials), upper, lower in zip(alone.items(), *axes, strict=True):
        for trial in trials:
            steps, losses, accuracies = zip(*trial["curve"], strict=True)
            images = [step * trial["params"]["batch"] for step in steps]
            upper.plot(images, losses, label=text(trial["params"][key]))
            lower.plot(images, [_error(accuracy) for accuracy in accuracies])
        upper.set(title=name(key), yscale="log")
        upper.legend(loc="upper right", fontsize="small")
        lower.set(xlabel="images seen", yscale="log")
    axes[0, 0].set_ylabel("training loss")
    axes[1, 0].set_ylabel("validation error, %")
    return _svg(figure)


def _factors(alone: dict[str, list[Trial]], changes: Callable[[Trial], dict[str, Any]]) -> bytes:
    columns = 4
    rows = math.ceil(len(alone) / columns)
    figure = Figure(figsize=(3 * columns, 2.4 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, sharey=True, squeeze=False)
    for axis in axes.flat[len(alone) :]:
        axis.remove()
    for (key, trials), axis in zip(alone.items(), axes.flat, strict=False):
        # Values at equal distances: most are steps of a scale, some are names.
        axis.set_xticks(range(len(trials)), [text(trial["params"][key]) for trial in trials], fontsize="small")
        errors, sd = [_error(trial["value"]) for trial in trials], [100 * trial["sd"] for trial in trials]
        axis.errorbar(range(len(trials)), errors, sd, marker="o", color=MNIST, label="MNIST")
        if _has_strokes(trials):
            axis.plot([_error(trial["strokes_accuracy"]) for trial in trials], "s-", color=STROKES, label="strokes")
        base = [i for i, trial in enumerate(trials) if not changes(trial)]
        axis.plot(base, [errors[i] for i in base], "o", ms=11, mfc="none", color="black")
        axis.set(title=name(key), xmargin=0.15)
    for axis in axes[:, 0]:
        axis.set_ylabel("validation error, %")
    axes[0, 0].legend(loc="upper right", fontsize="small")
    return _svg(figure)


def _budget(alone: dict[str, list[Trial]]) -> bytes:
    figure = Figure(figsize=(6, 4), layout="constrained")
    axis = figure.subplots()
    for key, trials in alone.items():
        seconds, errors = [trial["seconds"] for trial in trials], [_error(trial["value"]) for trial in trials]
        axis.errorbar(seconds, errors, [100 * trial["sd"] for trial in trials], marker="o", label=key)
        for trial, *point in zip(trials, seconds, errors, strict=True):
            axis.annotate(text(trial["params"][key]), (point[0], point[1]), (4, 4), textcoords="offset points")
    axis.set(xlabel="seconds a run", ylabel="validation error, %", xscale="log")
    axis.legend(loc="upper right")
    return _svg(figure)


def _warps(trials: Sequence[Trial], changes: Callable[[Trial], dict[str, Any]]) -> bytes:
    figure = Figure(figsize=(8, 1 + 0.3 * len(trials)), layout="constrained")
    axis = figure.subplots()
    for i, trial in enumerate(trials):
        axis.errorbar(_error(trial["value"]), i, xerr=100 * trial["sd"], marker="o", color=MNIST)
        if "strokes_accuracy" in trial:
            axis.plot(_error(trial["strokes_accuracy"]), i, "s", color=STROKES)
    labels = [", ".join(f"{name(k)} {text(v)}" for k, v in changes(trial).items()) or "(the base)" for trial in trials]
    axis.set_yticks(range(len(trials)), labels, fontsize="small")
    axis.set(xlabel="error, %: ● MNIST's validation images" + ", ■ strokes of unseen writers" * _has_strokes(trials))
    axis.invert_yaxis()
    return _svg(figure)


def _importance(trials: Sequence[Trial], space: dict[str, str]) -> bytes:
    """Watanabe et al., "PED-ANOVA: Efficiently Quantifying Hyperparameter Importance in Arbitrary Subspaces" (2023)."""
    distributions = {key: json_to_distribution(text) for key, text in space.items()}
    study = optuna.create_study(direction="maximize")
    study.add_trials(
        [create_trial(params=t["params"], distributions=distributions, value=t["value"]) for t in trials]
    )  # fmt: skip
    found = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
    # Optuna goes through sets: equal shares come in another order, and last bits differ, from one process to the next.
    importance = dict(sorted(((key, round(share, 6)) for key, share in found.items()), key=lambda x: (-x[1], x[0])))
    figure = Figure(figsize=(6, 4), layout="constrained")
    axis = figure.subplots()
    axis.barh([name(key) for key in importance], [*importance.values()], color=MNIST)
    axis.invert_yaxis()
    axis.set(xlabel="share of what decides (PED-ANOVA)")
    return _svg(figure)


def _has_strokes(trials: Sequence[Trial]) -> bool:
    return all("strokes_accuracy" in trial for trial in trials)


def _error(accuracy: float) -> float:
    return 100 * (1 - accuracy)


def name(key: str) -> str:
    """A recipe's key for people."""
    return key.removeprefix("augment.").replace("_", " ")


def text(value: Any) -> str:
    """A recipe's value for people."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _svg(figure: Figure) -> bytes:
    image = io.BytesIO()
    # Text stays text, and nothing depends on the day or on chance.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "inkgrad"}):
        figure.savefig(image, format="svg", metadata={"Date": None, "Creator": None})
    return image.getvalue()
