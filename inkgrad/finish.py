"""What is fitted to a trained net: its doubt, its temperature, and when it is not sure.

The last two on validation, of which a release run leaves out the strokes alone.
"""

from collections.abc import Sequence

import numpy as np
from tinygrad import nn

from inkgrad import doubt, nondigits, strokes
from inkgrad.batched import batched
from inkgrad.calibration import fit_temperature
from inkgrad.mnist import Mnist
from inkgrad.nets import Net
from inkgrad.train import HELD_OUT
from inkgrad.unipen import Sample

# Pictures that the doubt is fitted on: MNIST's first, two of each pen stroke sample, and what is no digit.
MNIST, DRAWN, INK, NEAR, SURFACES = 50_000, 2, 16_000, 8_000, 12_000


def finish(
    net: Net, data: Mnist, samples: Sequence[Sample], left_out: Sequence[Sample], seen: bool
) -> tuple[nn.Linear, dict[str, float]]:
    """The layer for `doubt.odds`, and the card's "temperature" and "sure".

    The doubt is fitted on training images and samples; both numbers on MNIST's last 10,000 training images (of fewer
    than 20,000 the second half) and on left_out, of writers whom no training saw. The temperature on these alone where
    the net has seen those images: of what it was trained on it is surer than it should be. A digit is sure where its
    log-odds are "sure" or more.
    """
    held_out = min(HELD_OUT, len(data.train_images) // 2)
    drawn, _ = strokes.pictures(samples, DRAWN, seed=0)
    digits = np.concatenate([data.train_images[:-held_out][:MNIST], drawn])
    ink = nondigits.pictures(samples, INK, seed=0)
    near = nondigits.pictures(samples, NEAR, seed=1, kinds={nondigits.lookalike: 1})
    layer = doubt.fit(net, digits, np.concatenate([ink, near, nondigits.surfaces(SURFACES, seed=0)]))
    images, labels = data.train_images[-held_out:], data.train_labels[-held_out:]
    if left_out:
        images = np.concatenate([images, strokes.as_drawn(left_out)])
        labels = np.concatenate([labels, np.array([sample.label for sample in left_out], np.uint8)])
    both = batched(lambda batch: doubt.odds(net, layer, batch.float()))(images)
    logits, odds = both[:, :10], both[:, 10]
    kept = [doubt.threshold(part) for part in np.split(odds, [held_out]) if len(part)]
    new = slice(held_out if seen and left_out else 0, None)
    return layer, {"temperature": round(fit_temperature(logits[new], labels[new]), 4), "sure": round(min(kept), 4)}
