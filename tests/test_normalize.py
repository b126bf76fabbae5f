"""normalize.py against MNIST itself, which is its own oracle: what is normalised already must stay as it is."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from released import MODELS
from tinygrad import Tensor, TinyJit

from inkgrad import mnist
from inkgrad.export import modelfile
from inkgrad.ink import MASK
from inkgrad.normalize import normalize
from inkgrad.runtime import Runtime

BATCH = 500


@TinyJit
def _normalize(masks: Tensor) -> Tensor:
    return normalize(masks).realize()


def normalized(masks: NDArray[np.float32]) -> NDArray[np.float32]:
    padded = np.zeros((-(-len(masks) // BATCH) * BATCH, *masks.shape[1:]), np.float32)
    padded[: len(masks)] = masks
    parts = [_normalize(Tensor(padded[i : i + BATCH]).realize()).numpy() for i in range(0, len(padded), BATCH)]
    return np.concatenate(parts)[: len(masks)]


def at(images: NDArray[np.uint8], top: int, left: int) -> NDArray[np.float32]:
    """28×28 pictures laid into empty masks, their corner at (top, left)."""
    masks = np.zeros((len(images), MASK, MASK), np.float32)
    masks[:, top : top + 28, left : left + 28] = images
    return masks


def test_returns_mnist_unchanged(digits: mnist.Mnist) -> None:
    images = digits.test_images
    change = np.abs(normalized(at(images, 42, 42)) - images).max((1, 2))
    assert (change <= 1).mean() >= 0.999
    assert (change == 0).mean() >= 0.999


def test_the_released_program_returns_mnist_unchanged(digits: mnist.Mnist) -> None:
    """As WebAssembly, from a model file; tests/browser/test_exported.py does the same in Chromium and on WebGPU."""
    runtime = Runtime(modelfile.read(MODELS["cnn-tiny"]))
    change = np.zeros(len(digits.test_images))
    for i, image in enumerate(digits.test_images):
        change[i] = np.abs(runtime.run("normalize", {"mask": at(image[None], 42, 42)[0]})["image"] - image).max()
    assert (change <= 1).mean() >= 0.999
    assert (change == 0).mean() >= 0.999


@settings(max_examples=20)
@given(st.integers(0, MASK - 28), st.integers(0, MASK - 28))
def test_does_not_depend_on_the_place(top: int, left: int) -> None:
    images = mnist.load().test_images[:BATCH]
    assert (normalized(at(images, top, left)) == normalized(at(images, 42, 42))).all()


def test_does_not_depend_on_the_size(digits: mnist.Mnist) -> None:
    """Enlarging each pixel to k × k is undone exactly by averaging areas, up to where an odd box is centred."""
    images = digits.test_images[:BATCH]
    whole = normalized(at(images, 42, 42))
    for k in (2, 3):
        blown = np.repeat(np.repeat(images[:, 4:24, 4:24], k, 1), k, 2)
        masks = np.zeros((len(images), MASK, MASK), np.float32)
        masks[:, : 20 * k, : 20 * k] = blown
        inside = (images[:, 4:24, 4:24].sum((1, 2)) == images.sum((1, 2), dtype=np.int64)).nonzero()[0]
        assert len(inside) > 100
        assert np.median(np.abs(normalized(masks)[inside] - whole[inside]).max((1, 2))) <= 1


def test_an_empty_mask_gives_an_empty_picture() -> None:
    assert (normalized(np.zeros((1, MASK, MASK), np.float32)) == 0).all()


def test_any_dot_is_centred_whole_and_black() -> None:
    rng = np.random.default_rng(1)
    masks = np.zeros((BATCH, MASK, MASK), np.float32)
    for mask, (y, x) in zip(masks, rng.integers(0, MASK, (BATCH, 2)), strict=True):
        mask[y, x] = 200
    pictures = normalized(masks)
    assert (pictures.max((1, 2)) == 255).all()
    assert (pictures == pictures[0]).all()
