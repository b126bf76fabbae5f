"""The warps against Pillow's, and what must hold for every image."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter
from tinygrad import Tensor, TinyJit

from inkgrad.augment import HEAD, LATTICE, NOISE, SIGMA, augment, noise
from inkgrad.mnist import Mnist
from inkgrad.recipe import Augment

Array = npt.NDArray[np.float32]
AFFINE = Augment(rotate=25.0, scale=0.2, shear=0.3, shift=3.0, elastic=0.0, thickness=0.0, cutout=0.0)
B = 8


@pytest.fixture(scope="module")
def warp() -> Callable[[Array, Array, float], Array]:
    """`augment` compiled once for 8 images: affine (elastic = 0), and all there is."""

    def compiled(limits: Augment) -> Callable[[Tensor, Tensor], Tensor]:
        return TinyJit(lambda images, u: augment(images, u, limits).realize())

    kinds = {
        elastic: compiled(Augment(25.0, 0.2, 0.3, 3.0, elastic, elastic / 36, elastic / 3)) for elastic in (0.0, 36.0)
    }

    def run(images: Array, u: Array, elastic: float = 0.0) -> Array:
        return kinds[elastic](Tensor(images).realize(), Tensor(u).realize()).numpy()

    return run


def framed(rng: np.random.Generator) -> Array:
    """Images with a border of paper two pixels wide, where Pillow and we agree on what lies outside: nothing."""
    images = np.zeros((B, 28, 28), np.float32)
    images[:, 2:-2, 2:-2] = rng.uniform(0, 255, (B, 24, 24))
    return images


def pillow(image: Array, u: Array, limits: Augment) -> Array:
    """The same map by Pillow: matrix rotation · shear · scale⁻¹ about the centre, then a shift; bilinear."""
    angle = math.radians(limits.rotate) * u[0]
    rotation = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    shear = np.array([[1, limits.shear * u[3]], [0, 1]])
    scale = np.diag([1 / (1 + limits.scale * u[1]), 1 / (1 + limits.scale * u[2])])
    matrix = rotation @ shear @ scale
    # Pillow maps positions whose origin is the image's corner: the centre is (14, 14).
    offset = np.array([14, 14]) - matrix @ np.array([14, 14]) + limits.shift * u[4:6]
    data = (*matrix[0], offset[0], *matrix[1], offset[1])
    warped = Image.fromarray(image, "F").transform((28, 28), Image.Transform.AFFINE, data, Image.Resampling.BILINEAR)
    return np.asarray(warped)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_agrees_with_pillow(warp: Callable[..., Array], seed: int) -> None:
    rng = np.random.default_rng(seed)
    images, u = framed(rng), rng.uniform(-1, 1, (B, NOISE)).astype(np.float32)
    expected = np.stack([pillow(image, row.astype(np.float64), AFFINE) for image, row in zip(images, u, strict=True)])
    # Grey levels of 255, float32 against Pillow's float64 positions: 2e-3 is 1e-5 px.
    assert np.abs(warp(images, u) - expected).max() < 2e-3


@pytest.mark.parametrize("elastic", [0.0, 36.0])
def test_without_noise_nothing_changes(warp: Callable[..., Array], elastic: float) -> None:
    images = np.random.default_rng(0).uniform(0, 255, (B, 28, 28)).astype(np.float32)
    assert np.array_equal(warp(images, np.zeros((B, NOISE), np.float32), elastic), images)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 36.0]))
def test_each_image_by_its_own_noise_and_within_its_range(
    warp: Callable[..., Array], seed: int, elastic: float
) -> None:
    rng = np.random.default_rng(seed)
    images, u = framed(rng), rng.uniform(-1, 1, (B, NOISE)).astype(np.float32)
    out = warp(images, u, elastic)
    assert out.min() >= 0 and out.max() <= images.max() + 1e-3
    order = rng.permutation(B)
    assert np.array_equal(warp(images[order], u[order], elastic), out[order])


def test_the_elastic_field_is_simards() -> None:
    """Its spread against uniform noise on every pixel, smoothed by a Gaussian: α / √3 / √(4πσ²) for each direction.

    A picture that holds its own column (row) number shows where each pixel came from.
    """
    n, alpha = 512, 10.0
    rng = np.random.default_rng(1)
    u = np.zeros((n, NOISE), np.float32)
    u[:, 6] = 1  # the amplitude, else drawn too
    u[:, HEAD:] = rng.uniform(-1, 1, (n, NOISE - HEAD))
    ramp = np.tile(np.arange(28, dtype=np.float32), (n, 28, 1))
    limits = Augment(0.0, 0.0, 0.0, 0.0, alpha, 0.0, 0.0)
    for picture, axis in (ramp, 2), (ramp.transpose(0, 2, 1).copy(), 1):
        moved = augment(Tensor(picture), Tensor(u), limits).numpy() - picture
        inner = moved[:, 6:-6, 6:-6]  # beyond, what lies outside the image shows
        assert inner.std() == pytest.approx(alpha / math.sqrt(3) / math.sqrt(4 * math.pi * SIGMA**2), rel=0.1)
        # Smooth: neighbours d px apart agree as a Gaussian of √2 σ says, exp(−d² / 4σ²).
        first, second = np.take(inner, range(11), axis), np.take(inner, range(5, 16), axis)
        assert np.corrcoef(first.ravel(), second.ravel())[0, 1] == pytest.approx(math.exp(-0.25), abs=0.05)
    assert NOISE == HEAD + 2 * LATTICE**2


@pytest.mark.parametrize(("noise", "extreme"), [(1.0, ImageFilter.MaxFilter(3)), (-1.0, ImageFilter.MinFilter(3))])
def test_strokes_grow_and_shrink_as_pillows(noise: float, extreme: ImageFilter.Filter) -> None:
    """At most to the largest and the smallest of nine neighbours; half as much noise, half the way."""
    images = framed(np.random.default_rng(2)).round()
    expected = np.stack([np.asarray(Image.fromarray(image.astype(np.uint8)).filter(extreme)) for image in images])
    u = np.zeros((B, NOISE), np.float32)
    for share in (1.0, 0.5):
        u[:, 7] = noise * share
        grown = augment(Tensor(images), Tensor(u), Augment(0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0)).numpy()
        assert np.abs(grown - (images + share * (expected - images))).max() < 1e-3


def test_a_square_of_paper_covers_half_the_pictures() -> None:
    """Which pixels: those whose centres Pillow's rectangle holds, wherever it lies; none where the side is negative."""
    n, limits = 64, Augment(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 20.0)
    u = np.random.default_rng(3).uniform(-1, 1, (n, NOISE)).astype(np.float32)
    u[:, :8] = 0
    cut = augment(Tensor.full((n, 28, 28), 255.0), Tensor(u), limits).numpy() == 0
    assert cut[u[:, 8] > 0.2].any((1, 2)).mean() > 0.9 and not cut[u[:, 8] < 0].any()
    for covered, (side, y, x) in zip(cut, u[:, 8:11] * (20, 14, 14), strict=True):
        picture = Image.new("1", (28, 28))
        edges = (
            [math.ceil(13.5 + at - side / 2) for at in (x, y)],
            [math.ceil(13.5 + at + side / 2) - 1 for at in (x, y)],
        )
        if edges[0][0] <= edges[1][0] and edges[0][1] <= edges[1][1]:
            ImageDraw.Draw(picture).rectangle((*edges[0], *edges[1]), 1)
        assert np.array_equal(covered, np.asarray(picture))


def test_the_noise_is_uniform_and_new_each_step_and_seed() -> None:
    draws = [noise(seed, Tensor([step]).int(), 64).numpy() for seed, step in ((0, 0), (0, 1), (1, 0))]
    assert np.array_equal(draws[0], noise(0, Tensor([0]).int(), 64).numpy())
    for draw in draws:
        assert -1 <= draw.min() < -0.99 and 0.99 < draw.max() < 1
        counts, _ = np.histogram(draw, 16, (-1, 1))
        expected = draw.size / 16
        assert ((counts - expected) ** 2 / expected).sum() < 37.7  # χ², 15 degrees of freedom: one in a thousand
    together = np.stack(
        [*(draw.ravel() for draw in draws), np.roll(draws[0].ravel(), 1), np.roll(draws[0].ravel(), NOISE)]
    )
    assert np.abs(np.corrcoef(together) - np.eye(5)).max() < 0.04  # 3.7 σ


def test_real_digits_stay_in_the_picture(digits: Mnist) -> None:
    """The release recipes' limits move hardly any ink out of the frame."""
    images = digits.train_images[:256].astype(np.float32)
    limits = Augment(12.6, 0.13, 0.25, 2.8, 36.0, 0.0, 0.0)
    out = augment(Tensor(images), noise(0, Tensor([0]).int(), 256), limits).numpy()
    assert np.median(out.sum((1, 2)) / images.sum((1, 2))) == pytest.approx(1, abs=0.05)
    assert np.quantile(out.sum((1, 2)) / images.sum((1, 2)), 0.01) > 0.7
