"""What is fitted to a trained net: the temperature on digits that it has not seen, where there are any."""

from dataclasses import replace

import pytest
from released import MODELS
from strokes import DIGITS

from inkgrad import finish, mnist
from inkgrad.export import modelfile
from inkgrad.export.digits import read_net
from inkgrad.unipen import Sample

WRITTEN = [Sample(digit, 0, strokes) for digit, strokes in DIGITS.items()]


def test_what_training_saw_has_no_say_in_the_temperature(digits: mnist.Mnist, monkeypatch: pytest.MonkeyPatch) -> None:
    """MNIST's last training images are labelled wrongly: fitted on them the temperature is as high as can be."""
    for name in ("HELD_OUT", "MNIST", "INK", "NEAR", "SURFACES"):
        monkeypatch.setattr(finish, name, 250)
    net = read_net(modelfile.read(MODELS["cnn-tiny"]))
    data = digits._replace(train_labels=(digits.train_labels + 1) % 10)

    def temperature(left_out: list[Sample], seen: bool) -> float:
        return finish.finish(net, data, WRITTEN, left_out, seen)[1]["temperature"]

    assert temperature(WRITTEN, seen=True) < 1
    assert temperature(WRITTEN, seen=False) == temperature([], seen=True) == 10


def test_fewer_images_than_are_usually_held_out(digits: mnist.Mnist, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MNIST", "INK", "NEAR", "SURFACES"):
        monkeypatch.setattr(finish, name, 250)
    net = read_net(modelfile.read(MODELS["cnn-tiny"]))
    few = digits._replace(train_images=digits.train_images[-250:], train_labels=digits.train_labels[-250:])
    misread = [replace(sample, label=(sample.label + 1) % 10) for sample in WRITTEN]
    assert finish.finish(net, few, WRITTEN, misread, seen=True)[1]["temperature"] == 10
