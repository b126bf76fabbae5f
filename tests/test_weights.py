"""How weights are stored: what rounding costs at most, and which of them it is."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from released import MODELS

from inkgrad.errors import Error
from inkgrad.export import modelfile
from inkgrad.export.weights import BIG, FINEST, LEVELS, in_arena, narrow, widen

FINITE = st.floats(-(2.0**100), 2.0**100, width=32)


@given(arrays(np.float32, (3, 4), elements=FINITE), st.sampled_from([(3, BIG), (3, 2, BIG // 2), (3, 1, BIG, 1)]))
def test_int8_errs_by_half_a_step_of_its_row(corner: NDArray[np.float32], shape: tuple[int, ...]) -> None:
    weight = np.resize(corner.T, (BIG, 3)).T.reshape(shape)
    tensors = narrow("w", weight)
    step, largest = tensors["w.scale"].astype(np.float64), np.abs(weight).reshape(3, -1).max(1)
    assert tensors["w"].dtype == np.int8 and tensors["w"].shape == shape
    assert tensors["w.scale"].dtype == np.float32 and tensors["w.scale"].shape == (3,)
    error = np.abs(widen(tensors, "w").astype(np.float64) - weight).reshape(3, -1).max(1)
    assert (error <= step / 2 * (1 + 1e-4)).all()
    assert np.abs(tensors["w"]).max() <= LEVELS
    assert (step <= np.maximum(np.maximum(largest, FINEST * largest.max()) / LEVELS * (1 + 1e-6), 3e-38)).all()


@given(arrays(np.float32, (3, 2, 2, 4), elements=FINITE))
def test_where_outputs_come_last_each_has_its_factor(weight: NDArray[np.float32]) -> None:
    weight = np.tile(weight, (1, BIG // 4, 1, 1))
    columns, rows = narrow("w.hwio", weight), narrow("w", np.moveaxis(weight, -1, 0))
    assert columns["w.hwio.scale"].shape == (1, 1, 1, 4)
    assert (columns["w.hwio.scale"].ravel() == rows["w.scale"]).all()
    assert (widen(columns, "w.hwio") == np.moveaxis(widen(rows, "w"), 0, -1)).all()


@given(arrays(np.float32, (3, 8), elements=FINITE), st.booleans())
def test_what_is_lower_in_a_word_costs_no_precision(weight: NDArray[np.float32], together: bool) -> None:
    weight = np.tile(weight, (1, BIG // 8))
    tensors = narrow("w.fixed", weight, np.eye(3) if together else None)
    assert tensors["w.fixed"].dtype == np.int8 and tensors["w.fixed"].shape == (3, BIG // 4, 4)
    found = widen(tensors, "w.fixed").astype(np.float64).transpose(0, 2, 1).reshape(weight.shape)
    step = tensors["w.fixed.scale"].astype(np.float64)[:, None]
    assert (np.abs(found - weight) <= step / 2 * (1 + 1e-4)).all()


def test_int8_is_loaded_as_it_is_where_its_factors_are_read_too() -> None:
    tensors = narrow("w", np.random.default_rng(0).normal(size=(8, BIG)).astype(np.float32)) | {
        "b": np.ones(2, np.float16)
    }
    names = ["w", "w.scale", "b"]
    floats, raw = ({n: in_arena(tensors, n, of) for n in of} for of in (["w", "b"], names))
    assert (floats["w"] == widen(tensors, "w")).all() and floats["w"].dtype == np.float32
    assert (raw["w"] == tensors["w"]).all() and raw["w"].dtype == np.int8
    assert (raw["w.scale"] == tensors["w.scale"]).all()
    assert floats["b"].dtype == raw["b"].dtype == np.float32


def moments_of(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(x.T @ x / len(x))


@pytest.mark.parametrize("name", ["w.transposed", "w.hwio"])
@given(st.integers(0, 2**32 - 1), st.integers(1, 8))
@settings(max_examples=25)
def test_with_moments_outputs_err_less(name: str, seed: int, directions: int) -> None:
    """Of x that vary in few directions and a little in all: as what a layer reads does."""
    rng = np.random.default_rng(seed)
    weight = rng.normal(size=(4, 4, 16, 32) if name == "w.hwio" else (256, 32)).astype(np.float32)
    x = rng.normal(size=(500, directions)) @ rng.normal(size=(directions, 256)) + 0.1 * rng.normal(size=(500, 256))

    def error(tensors: Mapping[str, NDArray[Any]]) -> float:
        assert np.abs(tensors[name]).max() <= LEVELS
        return float(np.square(x @ (widen(tensors, name) - weight).reshape(256, 32)).mean())

    plain, together = narrow(name, weight), narrow(name, weight, moments_of(x))
    assert (plain[f"{name}.scale"] == together[f"{name}.scale"]).all()
    assert error(together) < 0.5 * error(plain)


@given(
    arrays(np.float32, (128, 32), elements=st.floats(-1, 1, width=32)),
    st.sampled_from([0, 1e-9, 1, 1e9, np.inf, np.nan]),
)
def test_where_inputs_do_not_go_together_each_weight_is_rounded_by_itself(
    weight: NDArray[np.float32], power: float
) -> None:
    plain, together = narrow("w", weight), narrow("w", weight, np.diag(np.full(128, power)))
    assert all((plain[name] == together[name]).all() for name in plain)


@pytest.mark.parametrize("name", MODELS)
def test_released_files_read_mnist_as_float32_does(name: str) -> None:
    """To 0.02 points, through the file: both were measured when it was made."""
    card = modelfile.read(MODELS[name]).card
    assert abs(card["mnist"]["accuracy"] - card["training"]["test_accuracy"]) < 0.0002 + 1e-9


@given(arrays(np.float32, (2, 5), elements=st.floats(-60_000, 60_000, width=32)))
def test_few_weights_are_float16(weight: NDArray[np.float32]) -> None:
    for stored in (weight, weight[0], np.resize(weight, BIG)):
        tensors = narrow("w", stored)
        assert tensors.keys() == {"w"} and tensors["w"].dtype == np.float16
        assert (widen(tensors, "w") == stored.astype(np.float16)).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("size", [2, BIG])
def test_refuses_what_is_not_finite(value: float, size: int) -> None:
    weight = np.ones((2, size), np.float32)
    weight[1, 1] = value
    with pytest.raises(Error, match="'w' is not finite"):
        narrow("w", weight)
