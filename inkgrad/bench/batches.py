"""A model file's network for many pictures a call: the exporter's programs are of fixed shape, and so are these."""

from functools import reduce

import numpy as np
from numpy.typing import NDArray
from tinygrad import Tensor
from tinygrad.nn.state import get_state_dict

from inkgrad.export import Function, export
from inkgrad.export.digits import read_net
from inkgrad.export.modelfile import ModelFile
from inkgrad.export.weights import widen


def batched(file: ModelFile, pictures: NDArray[np.uint8]) -> ModelFile:
    """Of one program, classify: image [n, 28, 28] to logits [n, 10], with the weights of file.

    pictures [n, 28, 28] are its self-test.
    """
    net = read_net(file)
    names = [name for name in file.programs["classify"]["weights"] if not name.startswith("doubt.")]
    weights = {name: Tensor(widen(file.tensors, name), device="CPU").realize() for name in names}

    def classify(image: Tensor) -> dict[str, Tensor]:
        for name, tensor in get_state_dict(net).items():  # here, because the export makes its own of the weights
            turned = name.replace(".weight", ".transposed")
            tensor.replace(weights[name] if name in weights else weights[turned].transpose())
        x = (image.reshape(-1, 1, 28, 28) / 127.5 - 1).contiguous()  # once, not for every output of the first layer
        return {"logits": reduce(lambda x, layer: layer(x), net.layers, x)}

    function = Function(classify, {"image": pictures.shape}, weights)
    return export(
        {"classify": function}, {"classify": {"image": pictures.astype(np.float32)}}, {"net": file.card["net"]}
    )
