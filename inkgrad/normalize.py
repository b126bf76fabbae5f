"""From a mask of ink to the 28×28 picture that MNIST would have made of it.

MNIST's own steps, read from the code that rebuilt the set (Yadav and Bottou, "Cold Case: the Lost MNIST Digits",
2019): take the box of the ink, scale its long side to 20 pixels by averaging areas, stretch the grey levels to 255, and
place the result so that the centre of mass falls on pixel 14 of 28. As one tinygrad function this serves training,
evaluation and, exported, the page, so that the three cannot drift apart.
"""

from tinygrad import Tensor, dtypes

SIDE = 28
BOX = 20
CENTRE = 14


def _ink(profile: Tensor) -> tuple[Tensor, Tensor]:
    """The first inked index of a profile [B, N] and the number of indices to the last one: two tensors [B, 1]."""
    n = profile.shape[1]
    index = Tensor.arange(n, dtype=dtypes.int32).cast(dtypes.float32)
    first = (profile > 0).where(index, float(n)).min(1, keepdim=True)
    end = (profile > 0).where(index + 1, 0.0).max(1, keepdim=True)
    return first, (end - first).relu()


def _areas(origin: Tensor, scale: Tensor, rows: int, n: int) -> Tensor:
    """A matrix [B, rows, n] that averages: row i covers the source interval [origin + i·scale, origin + (i + 1)·scale).

    origin and scale are [B, 1], in source pixels; the entries are the overlaps of that interval with each pixel, over
    scale, so a row inside the source sums to 1.
    """
    i = Tensor.arange(rows, dtype=dtypes.int32).cast(dtypes.float32).reshape(1, rows, 1)
    j = Tensor.arange(n, dtype=dtypes.int32).cast(dtypes.float32).reshape(1, 1, n)
    origin, scale = origin.reshape(-1, 1, 1), scale.reshape(-1, 1, 1)
    low = origin + i * scale
    return ((j + 1).minimum(low + scale) - j.maximum(low)).relu() / scale


def _shift(profile: Tensor, origin: Tensor, scale: Tensor) -> Tensor:
    """By how many whole pixels [B, 1] the 20-pixel box must move for its centre of mass to fall on pixel 14."""
    mass = (_areas(origin, scale, BOX, int(profile.shape[1])) * profile.unsqueeze(1)).sum(2)
    index = Tensor.arange(BOX, dtype=dtypes.int32).cast(dtypes.float32)
    centre = (mass * index).sum(1, keepdim=True) / mass.sum(1, keepdim=True).maximum(1e-6)
    # MNIST's centres lie in [13.5, 14.5). A symmetric digit's lies exactly on that edge, where the order of a sum would
    # decide: the margin takes the decision out of rounding's hands (the highest of the test set's centres is 14.49991).
    return (CENTRE - centre + 0.49999).floor()


def normalize(mask: Tensor) -> Tensor:
    """Masks of ink [B, N, N], coverage 0 … 255, to pictures [B, 28, 28], whole grey levels 0 (paper) … 255 (ink).

    Both float32, on mask's device. A mask without ink gives an empty picture.
    """
    n = int(mask.shape[1])
    # By rows and by columns, one after the other, [2B, N]: so every step but the last is done once for both.
    profiles = mask.stack(mask.transpose(1, 2), dim=1).sum(3).contiguous().flatten(0, 1)
    first, length = (t.contiguous() for t in _ink(profiles))
    side = length.reshape(-1, 2).max(1, keepdim=True).maximum(1).expand(-1, 2).reshape(-1, 1)
    scale = side / BOX
    # The box is made square about its centre, on whole pixels: what is already 20 pixels long then stays untouched.
    origin = first - ((side - length) / 2).floor()
    areas = _areas(origin - _shift(profiles, origin, scale) * scale, scale, SIDE, n).contiguous()
    vertical, horizontal = areas.reshape(-1, 2, SIDE, n).split([1, 1], dim=1)
    picture = vertical.squeeze(1) @ mask @ horizontal.squeeze(1).transpose(1, 2)
    brightest = picture.max((1, 2), keepdim=True).maximum(1e-6)
    # A tenth of MNIST's digits peak at 254, not 255: those are left as they are.
    stretch = (brightest < 254).where(255 / brightest, 1.0).contiguous()
    return (picture * stretch + 0.5).floor()
