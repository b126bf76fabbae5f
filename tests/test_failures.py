"""The picture of what is read wrong: every one is there, and is what the network saw."""

import io
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from released import MODELS

from inkgrad import failures, mnist
from inkgrad.bands import arrange
from inkgrad.evaluate import SEED, evaluate
from inkgrad.export import modelfile
from inkgrad.fit import fit, visible
from inkgrad.ink import rasterize
from inkgrad.normalize import SIDE
from inkgrad.runtime import Runtime
from inkgrad.unipen import Sample

# A one, whatever it is called.
ONE = [[(200.0, 400.0), (205.0, 250.0), (210.0, 100.0)]]


def test_of_many_errors_each_digit_is_shown() -> None:
    wrong = [[i, i % 10, (i + 1) % 10] for i in range(2 * failures.SHOWN + 7)]
    shown = failures._shown(wrong)
    assert len(shown) <= failures.SHOWN and {truth for _, truth, _ in shown} == {*range(10)}
    assert failures._shown([]) == [] and failures._shown(wrong[:50]) == sorted(wrong[:50], key=lambda each: each[1:])


def test_the_sheet_shows_each_error_of_the_report(digits: mnist.Mnist, monkeypatch: pytest.MonkeyPatch) -> None:
    """cnn-tiny, on test images of which every ninth is labelled one too high, and on ones said to be sevens."""
    file = modelfile.read(MODELS["cnn-tiny"])
    images, labels = digits.test_images[:90], digits.test_labels[:90].copy()
    labels[::9] = (labels[::9] + 1) % 10
    samples = [Sample(7, 1, ONE)]
    monkeypatch.setattr("inkgrad.evaluate.NUMBERS", 6)
    report = evaluate(file, images, labels, samples)
    runtime = Runtime(file)
    answers = [runtime.run("classify", {"image": image.astype(np.float32)})["logits"].argmax() for image in images]
    wrong = [
        [i, label, answer] for i, (label, answer) in enumerate(zip(labels, answers, strict=True)) if label != answer
    ]
    assert report["mnist"]["wrong"] == wrong and len(wrong) == report["mnist"]["errors"] >= 10
    assert report["strokes"]["wrong"] == [[0, 7, 1], [1, 7, 1], [2, 7, 1]]
    pairs = Counter(f"{label} → {answer}" for _, label, answer in wrong)
    assert [part.split(" (")[0] for part in failures.confused(report["mnist"]).split(", ")] == [
        pair for pair, _ in pairs.most_common(3)
    ]

    png = failures.sheet(replace(file, card={**file.card, **report}), images, samples)
    assert png == failures.sheet(replace(file, card={**file.card, **report}), images, samples)
    page = np.asarray(Image.open(io.BytesIO(png)))
    side, step = SIDE * failures.PIXEL, SIDE * failures.PIXEL + 2

    def seen(top: int, column: int) -> np.ndarray:
        cell = page[top + failures.LINE : top + failures.LINE + side, column * step : column * step + side]
        return 255 - cell[:: failures.PIXEL, :: failures.PIXEL]

    for column, (index, _, _) in enumerate(sorted(wrong, key=lambda each: each[1:])[: failures.COLUMNS]):
        assert (seen(0, column) == images[index]).all()
    below = page.shape[0] - 2 * failures.LINE - side
    for column, drawing in enumerate(arrange(samples, SEED)[0]):
        mask = rasterize(fit(visible(drawing))).astype(np.float32)
        assert (seen(below, column) == runtime.run("normalize", {"mask": mask})["image"]).all()
