"""A model file's network for many pictures a call: the exporter's programs are of fixed shape, and so are these."""

from collections.abc import Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from tinygrad import Tensor
from tinygrad.nn.state import get_state_dict

from inkgrad.export import Function, export
from inkgrad.export.digits import read_net
from inkgrad.export.modelfile import ModelFile
from inkgrad.export.weights import widen


def batched(file: ModelFile, pictures: NDArray[np.uint8], sizes: Sequence[int]) -> ModelFile:
    """For each n of sizes a program: images [n, 28, 28] to logits [n, 10], with the weights of file.

    pictures [N, 28, 28], of N no smaller than the last of sizes, make its self-test.
    """
    net = read_net(file)
    names = [name for name in file.programs["classify"]["weights"] if not name.startswith("doubt.")]
    weights = {name: Tensor(widen(file.tensors, name), device="CPU").realize() for name in names}

    def classify(images: Tensor) -> dict[str, Tensor]:
        for name, tensor in get_state_dict(net).items():  # here, because the export makes its own of the weights
            turned = name.replace(".weight", ".transposed")
            tensor.replace(weights[name] if name in weights else weights[turned].transpose())
        x = (images.reshape(-1, 1, 28, 28) / 127.5 - 1).contiguous()  # once, not for every output of the first layer
        return {"logits": reduce(lambda x, layer: layer(x), net.layers, x)}

    functions = {f"classify{n}": Function(classify, {"images": (n, 28, 28)}, weights) for n in sizes}
    sample = pictures[: sizes[-1]].astype(np.float32)
    return export(functions, {f"classify{sizes[-1]}": {"images": sample}}, {"net": file.card["net"]})
