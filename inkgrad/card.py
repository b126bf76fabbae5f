"""A model's card: what it is, what made it and how well it reads, filled in by the program that measured it."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from tinygrad.nn.state import get_parameters

from inkgrad.evaluate import told_apart
from inkgrad.failures import confused
from inkgrad.nets import Net, shape
from inkgrad.run import last, recipe_of

# Of a run's last line; the accuracies are of float32 weights.
TRAINING = "device", "seconds", "test_accuracy", "strokes_accuracy"
# What a file's card has beside what `of_run` gives: what it is made with, and what `evaluate` measures.
MEASURED = "made_with", "mnist", "strokes", "numbers", "fonts", "others"


def of_run(net: Net, run: Path, images: int, fitted: dict[str, float]) -> dict[str, Any]:
    """The card of a trained net, before it is evaluated, from its run folder, how many images it was trained on, and
    what `finish` fitted."""
    recipe, measured = asdict(recipe_of(run)), last(run)
    return {
        "name": f"inkgrad {recipe['net']}",
        "net": recipe["net"],
        "shape": shape(net),
        "weights": sum(int(tensor.numel()) for tensor in get_parameters(net) if tensor.is_param),
        "data": f"MNIST, {images:,} training images"
        + (f"; PenDigits' pen strokes, {recipe['strokes']} pictures of each sample" if recipe["strokes"] else "")
        + (f"; {recipe['nondigits']:,} pictures of what is no digit" if recipe["nondigits"] else "")
        + ("; the answers of a teacher" if recipe["distill"] else ""),
        "input": "28×28 grey levels, 0 (paper) to 255 (ink), placed as MNIST places digits",
        **fitted,
        "recipe": recipe,
        "training": {key: measured[key] for key in TRAINING if key in measured},
        "licence": "MIT",
    }


def markdown(card: dict[str, Any], command: str, picture: str) -> str:
    """The card for people. command is what reproduces its figures, picture the file of what it gets wrong."""
    recipe = card["recipe"]
    settings = {k: v for k, v in recipe.items() if not isinstance(v, dict)}
    rows = [*settings.items(), *((f"augment: {k}", v) for k, v in recipe["augment"].items())]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    made_with = ", ".join(f"{tool} {version}" for tool, version in card["made_with"].items())
    strokes = others = ""
    mistakes = f"Most often, of MNIST's test digits: {confused(card['mnist'])}"
    surely = f"{card['mnist']['kept']:.1%} of MNIST's test digits"
    if "strokes" in card:
        count, numbers = f"{card['strokes']['writers']} writers that no training saw", card["numbers"]
        strokes = f"""- **Pen strokes of {count}:** {_figures(card["strokes"])}.
- **Whole numbers** of 1 to {len(numbers["by_length"])} of their digits: {numbers["accuracy"]:.2%} of
  {numbers["n"]} read exactly, in {numbers["digits"]:.2%} the digits counted right.
"""
        surely += f" and {card['strokes']['kept']:.1%} of strokes"
        mistakes += f"; of strokes: {confused(card['strokes'])}"
    if recipe["validation"]:
        fitted_on = "validation"
    elif "strokes" in card:
        fitted_on = "these very strokes, the only digits that training did not see"
    else:
        fitted_on = "training images, of which it is surer than it should be: for want of strokes to fit it on"
    for name, figures in card.get("others", {}).items():
        others += f"- **Told from {name}** (n = {figures['n']:,}): {told_apart(figures)}; not sure of"
        others += f" {figures['refused']:.1%}.\n"
    return f"""# {card["name"]}

{card["shape"]} (C: convolution, L: linear, BN: BatchNorm, folded into the product before it, P: max pool of 2 × 2);
{card["weights"]:,} weights, stored as int8 or float16.

- **Reads** one handwritten digit: {card["input"]}. Its file also holds the normalisation from a mask of ink.
- **MNIST test set, through this file:** {_figures(card["mnist"])};
  as trained, in float32: {card["training"]["test_accuracy"]:.2%}.
{strokes}- Measured by `{command}`.
- **Calibration:** probabilities are softmax(logits / {card["temperature"]}); the temperature was fitted on
  {fitted_on}.
- **Trained on** {card["data"]}; {card["training"]["seconds"]:.0f} s on {card["training"]["device"]}; recipe below.
  The test set was read once, after training, and chose nothing.
- **Not for** letters or pictures of anything else. It is not sure where the log-odds of a digit are below
  {card["sure"]}, and is sure of {surely}.
{others}- **Licence** {card["licence"]}. Made with {made_with}.

## What it gets wrong

{mistakes}. Each as the network sees it, truth → answer:

![Digits that are read wrong]({picture})

## Recipe

| recipe | |
|---|---|
{table}
"""


def _figures(score: dict[str, Any]) -> str:
    return (
        f"{score['accuracy']:.2%} ({score['errors']} errors in {score['n']:,}), calibration error {score['ece']:.2%},"
        f" negative log-likelihood {score['nll']:.4f}"
    )
