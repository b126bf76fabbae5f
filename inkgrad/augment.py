"""Warps: rotation, scale, shear, shift and elastic distortion, one gather on the training device; thickness; cut-outs.

The distortions are those of Simard, Steinkraus and Platt, "Best Practices for Convolutional Neural Networks Applied to
Visual Document Analysis" (ICDAR 2003); cut-outs those of DeVries and Taylor, "Improved Regularization of Convolutional
Neural Networks with Cutout" (2017), here of every size.
"""

import functools
import math
from typing import cast

import numpy as np
from tinygrad import Tensor, dtypes

from inkgrad.recipe import Augment

SIZE = 28
CENTRE = (SIZE - 1) / 2
SIGMA = 5.0  # px, of the Gaussian that smooths the elastic field
# A Gaussian of σ needs no more than one noise value each σ px: 8 × 8 of them, from −4 to 31.
LATTICE = 8
HEAD = 11  # values that an image takes before those of the lattice
NOISE = HEAD + 2 * LATTICE**2  # uniform values in −1…1 that one image takes


def augment(images: Tensor, noise: Tensor, limits: Augment) -> Tensor:
    """Warp grey images [B, 28, 28], 0…255, each by its own row of `noise` [B, NOISE], uniform in −1…1.

    Every pixel of the result (float32, same shape) is looked up in the image, bilinearly, at a place that an affine
    map about the centre and the elastic field decide; outside the image is paper. Then strokes grow or shrink by up to
    a pixel on either side, and half the images lose what a square covers. Zero noise changes nothing, exactly.
    """
    warped = _warp(images, *_sources(noise, limits))
    if limits.thickness:
        warped = _thickened(warped.contiguous(), noise[:, 7] * limits.thickness)
    if limits.cutout:
        warped = _cut(warped, noise[:, 8] * limits.cutout, *(noise[:, i] * (SIZE / 2) for i in (9, 10)))
    return warped


def _thickened(images: Tensor, more: Tensor) -> Tensor:
    """Each image with as much more ink about its strokes, [B] in −1…1: at 1 every pixel is the darkest of its nine."""
    more = more.reshape(-1, 1, 1)
    return images + more.relu() * (_darkest(images) - images) - (-more).relu() * (images + _darkest(-images))


def _darkest(images: Tensor) -> Tensor:
    return cast(Tensor, images.unsqueeze(1).max_pool2d((3, 3), 1, padding=1)).squeeze(1)


def _cut(images: Tensor, side: Tensor, y: Tensor, x: Tensor) -> Tensor:
    """Each image without what a square covers, of side [B] about row y [B] and column x [B], in px from the centre."""
    place = Tensor.arange(SIZE).float() - CENTRE
    in_rows, in_columns = ((place - at.reshape(-1, 1)).abs() < side.reshape(-1, 1) / 2 for at in (y, x))
    return (in_rows.unsqueeze(2) & in_columns.unsqueeze(1)).where(0, images)


def _warp(images: Tensor, y: Tensor, x: Tensor) -> Tensor:
    """images, looked up bilinearly at row y and column x, both [B, 28, 28], in px."""
    top, left = y.floor(), x.floor()
    down, right = y - top, x - left
    pixels = images.flatten(1).float()

    def at(row: Tensor, column: Tensor) -> Tensor:
        inside = (row >= 0) & (row < SIZE) & (column >= 0) & (column < SIZE)
        index = inside.where(row * SIZE + column, 0).cast(dtypes.int32)
        return inside.where(pixels.gather(1, index.flatten(1)).reshape(index.shape), 0)

    upper = at(top, left) * (1 - right) + at(top, left + 1) * right
    lower = at(top + 1, left) * (1 - right) + at(top + 1, left + 1) * right
    return upper * (1 - down) + lower * down


def noise(seed: Tensor | int, step: Tensor, batch: int) -> Tensor:
    """The noise of one training step, [batch, NOISE], uniform in −1…1: a hash of (seed, step, place in the tensor).

    `step` is int32 [1], `seed` uint32 [1] or a number. Whole-number arithmetic, so the same bits on every device and
    with nothing to upload: two small uploads a step cost the host more than a step of the mlp costs an H100.
    """
    place = Tensor.arange(batch * NOISE).cast(dtypes.uint32)
    bits = _mix(_mix(place) ^ _mix(_mix(step.cast(dtypes.uint32)) ^ seed))
    return ((bits >> 8).float() / (1 << 23) - 1).reshape(batch, NOISE).contiguous()


def _mix(x: Tensor) -> Tensor:
    """A permutation of the 32-bit words that shows no pattern: lowbias32, Wellons, "Prospecting for Hash Functions"."""
    x = (x ^ (x >> 16)) * 0x7FEB352D
    x = (x ^ (x >> 15)) * 0x846CA68B
    return x ^ (x >> 16)


def _sources(noise: Tensor, limits: Augment) -> tuple[Tensor, Tensor]:
    """Where each pixel comes from: row and column, both [B, 28, 28], in px."""
    angle, wide, high, shear, right, down = (noise[:, i].reshape(-1, 1, 1) for i in range(6))
    angle, shear = angle * math.radians(limits.rotate), shear * limits.shear
    # source = rotation · shear · scale⁻¹ · (x, y); 1 − 2 sin² for cos, because tinygrad's is not exactly 1 at 0.
    cos, sin = 1 - 2 * (angle / 2).sin().square(), angle.sin()
    wide, high = 1 / (1 + wide * limits.scale), 1 / (1 + high * limits.scale)
    # Contiguous: few values an image, not to be worked out again for each of its pixels.
    xx, xy, yx, yy = (
        t.contiguous() for t in (cos * wide, (cos * shear - sin) * high, sin * wide, (sin * shear + cos) * high)
    )
    u = Tensor.arange(SIZE).float() - CENTRE
    v = u.reshape(1, SIZE, 1)
    x = xx * u + xy * v + (right * limits.shift + CENTRE)
    y = yx * u + yy * v + (down * limits.shift + CENTRE)
    if limits.elastic:
        spread = _spread(noise.device)
        lattice = noise[:, HEAD:].reshape(-1, 2, LATTICE, LATTICE) * limits.elastic
        field = spread @ lattice @ spread.T * noise[:, 6].reshape(-1, 1, 1, 1)
        x, y = x + field[:, 0], y + field[:, 1]
    return y.contiguous(), x.contiguous()


@functools.cache  # a tensor that is there: as an expression it would be worked out again for each image
def _spread(device: str) -> Tensor:
    """[28, LATTICE]: spreads values on the lattice over the pixels by a Gaussian.

    Its scale gives the field, in both directions, the variance that white noise on every pixel has after a Gaussian
    filter of unit sum: 1 / (4πσ²) of the noise's.
    """
    distance = np.arange(SIZE)[:, None] / SIGMA - (np.arange(LATTICE) - 0.8)
    spread = np.exp(-0.5 * distance**2) / math.sqrt(2 * math.pi * SIGMA)
    return Tensor(spread.astype(np.float32), device=device).realize()
