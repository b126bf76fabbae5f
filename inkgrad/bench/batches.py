"""A model file's network for many pictures a call: the exporter's programs are of fixed shape, and so are these."""

from dataclasses import replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from tinygrad import Tensor
from tinygrad.nn.state import get_state_dict

from inkgrad.export import Function, export
from inkgrad.export.digits import laid_out, read_net
from inkgrad.export.modelfile import ModelFile
from inkgrad.nets import scaled


def batched(file: ModelFile, pictures: NDArray[np.uint8]) -> ModelFile:
    """Of one program, classify: image [n, 28, 28] to logits [n, 10], with the weights of file.

    pictures [n, 28, 28] are its self-test.
    """
    net = laid_out(read_net(file))
    weights = get_state_dict(net)
    Tensor.realize(*(tensor.replace(tensor.to("CPU").contiguous()) for tensor in weights.values()))

    def classify(image: Tensor) -> dict[str, Tensor]:
        x = scaled(image).contiguous()  # once, not for every output of the first layer
        return {"logits": reduce(lambda x, layer: layer(x), net.layers, x)}

    # In float32: to round what is rounded would move it, and in words many pictures would take 1.2 times as long.
    stored = {name: tensor.numpy() for name, tensor in weights.items()}
    made = export({"classify": Function(classify, {"image": pictures.shape}, weights)}, {}, {"net": file.card["net"]})
    image = pictures.astype(np.float32)
    example = {"selftest.classify.image": image, "selftest.classify.logits": read_net(file)(Tensor(image)).numpy()}
    return replace(made, tensors={**made.tensors, **stored, **example})
