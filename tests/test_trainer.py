"""The training step: its loss, its updates, its rates and its order; what a run makes of it is tested with train.py."""

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tinygrad import Context, Tensor
from tinygrad.nn.state import get_state_dict

from inkgrad import recipe as recipes
from inkgrad import trainer as steps
from inkgrad.mnist import Mnist
from inkgrad.nets import NETS
from inkgrad.recipe import Recipe
from inkgrad.trainer import Trainer

Optimizer = Literal["adamw", "muon"]
RECIPE = replace(recipes.load("mlp", "quick"), width=0.125, steps=12, batch=64)


@pytest.mark.parametrize("smoothing", [0.0, 0.03])
def test_the_loss_is_the_cross_entropy(smoothing: float) -> None:
    """In float64 with NumPy, from the definition: a digit's label, smoothed; a tenth for each where there is none."""
    logits, labels = np.random.default_rng(0).uniform(-9, 9, (44, 10)), np.arange(44) % 11
    targets = np.stack(
        [np.full(10, 0.1) if k == 10 else np.eye(10)[k] * (1 - smoothing) + smoothing / 10 for k in labels]
    )
    made = steps._targets(Tensor(labels.astype(np.uint8)), smoothing)
    assert np.abs(made.numpy() - targets).max() < 1e-6
    log_p = logits - logits.max(1, keepdims=True)
    log_p -= np.log(np.exp(log_p).sum(1, keepdims=True))
    loss = steps._cross_entropy(Tensor(logits.astype(np.float32)), made).item()
    assert loss == pytest.approx(-(targets * log_p).sum(1).mean(), abs=1e-4)


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_the_first_update_is_as_large_as_it_should_be(optimizer: Optimizer) -> None:
    """AdamW's is ± lr everywhere, Muon's by design 0.2 lr in root mean square (± 30 %: Newton and Schulz)."""
    net = NETS["cnn-tiny"]()
    parts = steps._optimizers(net, replace(RECIPE, optimizer=optimizer, weight_decay=0.0))
    weights = {name: tensor for name, tensor in get_state_dict(net).items() if tensor.is_param}
    before = {name: tensor.numpy() for name, tensor in weights.items()}
    rng = np.random.default_rng(0)
    with Context(TRAINING=1):
        for tensor in weights.values():
            tensor.grad = Tensor(rng.normal(0, 1, tensor.shape).astype(np.float32))
        for part, scale in parts:
            part.lr.assign(Tensor([1e-3 * scale])).realize()
            part.step()
    for name, tensor in weights.items():
        size = np.sqrt(np.square(tensor.numpy() - before[name]).mean()) / 1e-3
        muon = optimizer == "muon" and tensor.ndim >= 2 and tensor.shape[0] != 10
        assert size == pytest.approx(0.2, rel=0.3) if muon else size == pytest.approx(1, rel=0.01), name


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_a_checkpoint_holds_all_that_training_changes(net: str, optimizer: Optimizer) -> None:
    made = NETS[net]()
    parts = steps._optimizers(made, replace(RECIPE, optimizer=optimizer))
    state = steps._state({"net": made, "optimizer": [part for part, _ in parts]})
    assert len({id(tensor) for tensor in state.values()}) == len(state)
    everything = {id(tensor) for tensor in get_state_dict([made, [part for part, _ in parts]]).values()}
    assert {id(tensor) for tensor in state.values()} == everything
    # Each weight belongs to one optimiser, and BatchNorm's statistics are carried along.
    owned = [id(tensor) for part, _ in parts for tensor in (*part.params, *part.buffers)]
    assert sorted(owned) == sorted(id(tensor) for tensor in get_state_dict(made).values())


RECIPES = st.builds(
    lambda steps, batch, warmup, seed: replace(RECIPE, steps=steps, batch=batch, warmup=warmup, seed=seed, lr=0.1),
    st.integers(1, 400),
    st.integers(1, 50),
    st.floats(0, 0.99),
    st.integers(0, 2**32 - 1),
)


@given(RECIPES)
def test_the_rate_rises_to_the_peak_and_falls_towards_nothing(recipe: Recipe) -> None:
    rates = [steps.rate(recipe, step) for step in range(recipe.steps)]
    top = int(np.argmax(rates))
    assert all(np.diff(rates[: top + 1]) > 0) and all(np.diff(rates[top:]) < 0)
    assert min(rates) > 0 and max(rates) <= recipe.lr * (1 + 1e-9)
    assert abs(top - recipe.warmup * recipe.steps) <= 1
    assert steps.rate(recipe, recipe.steps) == pytest.approx(0, abs=1e-12)


@given(RECIPES, st.integers(50, 300))
def test_each_epoch_takes_each_image_once(recipe: Recipe, n: int) -> None:
    order = steps._order(recipe, n)
    assert order.shape == (recipe.steps, recipe.batch) and order.dtype == np.int32
    assert order.min() >= 0 and order.max() < n
    per_epoch = n // recipe.batch
    for start in range(0, recipe.steps, per_epoch):
        epoch = order[start : start + per_epoch].ravel()
        assert len(np.unique(epoch)) == len(epoch)


def test_after_a_reset_a_seed_gives_what_it_gives_alone(digits: Mnist) -> None:
    """Bit for bit, and other seeds give something else."""

    def trained(trainer: Trainer) -> dict[str, bytes]:
        for _ in range(RECIPE.steps):
            trainer.advance()
        return {name: tensor.numpy().tobytes() for name, tensor in trainer.state.items()}

    images, labels = digits.train_images[:640].copy(), digits.train_labels[:640].copy()
    trainer = Trainer(replace(RECIPE, seed=7), images, labels)
    seven = trained(trainer)
    trainer.reset(0)
    assert trained(trainer) != seven
    trainer.reset(7)
    assert trained(trainer) == seven
