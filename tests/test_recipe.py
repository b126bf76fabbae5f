"""Recipes: those that come with inkgrad, and every way in which a file can be none."""

import math
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkgrad import recipe
from inkgrad.errors import Error
from inkgrad.nets import ACTIVATIONS, NETS, NORMS
from inkgrad.recipe import Augment, Recipe

QUICK = recipe.load("mlp", "quick")
TEXT = recipe.dump(QUICK)


def floats(least: float, below: float | None = None) -> st.SearchStrategy[float]:
    return st.floats(least, below, exclude_max=below is not None, allow_nan=False, allow_infinity=False)


RECIPES = st.builds(
    Recipe,
    net=st.sampled_from([*NETS]),
    width=floats(0.01),
    activation=st.sampled_from([*ACTIVATIONS]),
    norm=st.sampled_from([*NORMS]),
    seed=st.integers(0, 2**32 - 1),
    steps=st.integers(1),
    batch=st.integers(1),
    optimizer=st.sampled_from(["adamw", "muon"]),
    lr=floats(1e-300),
    warmup=floats(0, 1),
    weight_decay=floats(0),
    ema=floats(0, 1),
    label_smoothing=floats(0, 1),
    validation=st.booleans(),
    strokes=st.integers(0),
    nondigits=st.integers(0),
    distill=floats(0, 1),
    devices=st.integers(1),
    evaluate_every=st.integers(1),
    augment=st.builds(
        Augment,
        rotate=floats(0),
        scale=floats(0, 1),
        shear=floats(0),
        shift=floats(0),
        elastic=floats(0),
        thickness=floats(0, 1),
        cutout=floats(0, 28),
    ),
)


@given(RECIPES)
def test_what_is_dumped_is_read_back(given: Recipe) -> None:
    assert recipe.parse(recipe.dump(given), "x.toml") == given


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("name", ["quick", "release"])
def test_every_network_has_a_quick_and_a_release_recipe(net: str, name: str) -> None:
    assert recipe.load(net, name).net == net


def test_the_networks_are_those_of_nets() -> None:
    assert list(get_args(Recipe.__annotations__["net"])) == list(NETS)


def line(key: str, value: str) -> str:
    """TEXT with the line of `key` replaced by `key = value`, or without it where value is empty."""
    lines = TEXT.splitlines()
    (place,) = (i for i, text in enumerate(lines) if text.startswith(f"{key} = "))
    lines[place] = f"{key} = {value}" if value else ""
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TEXT.replace("seed =", "sead ="), "unknown key sead: the keys are net, width"),
        (TEXT + "blur = 1", r"unknown key augment\.blur: the keys are rotate"),
        (line("steps", ""), "steps is missing"),
        (line("shear", ""), r"augment\.shear is missing"),
        (TEXT.partition("[augment]")[0], "augment is missing"),
        (TEXT.partition("[augment]")[0] + "augment = 3", "augment must be a table, not 3"),
        (line("net", '"lenet"'), "net must be one of mlp, cnn, cnn-small, cnn-tiny, not 'lenet'"),
        (line("net", "3"), "net must be one of"),
        (line("optimizer", '["adamw"]'), "optimizer must be one of adamw, muon, not"),
        (line("steps", "1.5"), r"steps must be int, not 1\.5"),
        (line("steps", "true"), "steps must be int, not True"),
        (line("steps", "0"), "steps must be more than 0, not 0"),
        (line("lr", '"0.1"'), "lr must be float, not '0.1'"),
        (line("lr", "-0.1"), r"lr must be more than 0, not -0\.1"),
        (line("lr", "nan"), "lr must be more than 0, not nan"),
        (line("lr", "inf"), "lr must be more than 0, not inf"),
        (line("validation", "1"), "validation must be bool, not 1"),
        (line("warmup", "1"), r"warmup must be 0 or more and less than 1, not 1\.0"),
        (line("ema", "1.1"), "ema must be 0 or more and less than 1"),
        (line("seed", "-1"), "seed must be"),
        (line("rotate", "-3"), r"augment\.rotate must be 0 or more, not -3\.0"),
        ("steps = ", "not TOML: "),
    ],
)
def test_a_file_that_is_no_recipe(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(Error, match=message) as error:
        recipe.read(path)
    assert str(error.value).startswith(f"{path}: ") and "\n" not in str(error.value)


@given(st.text())
def test_any_text_is_a_recipe_or_an_error(text: str) -> None:
    with pytest.raises(Error):
        recipe.parse(text, "x.toml")


def test_a_whole_number_is_a_float_too() -> None:
    assert recipe.parse(line("rotate", "7"), "x.toml") == replace(QUICK, augment=replace(QUICK.augment, rotate=7.0))
    assert isinstance(recipe.parse(line("rotate", "7"), "x.toml").augment.rotate, float)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(Error, match="cannot be read as a recipe"):
        recipe.read(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(Error, match="cannot be read as a recipe"):
        recipe.read(tmp_path / "latin.toml")


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(Error, match=r"no recipe mlp-slow: there are .*mlp-quick, mlp-release"):
        recipe.load("mlp", "slow")


def test_floats_survive_exactly() -> None:
    assert recipe.parse(recipe.dump(replace(QUICK, lr=math.pi * 1e-7)), "x.toml").lr == math.pi * 1e-7
