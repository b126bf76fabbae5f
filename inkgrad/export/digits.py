"""The exporter's first customer: a digit net with its normalisation."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from tinygrad import Tensor, nn
from tinygrad.nn.state import get_state_dict, load_state_dict

from inkgrad.doubt import evidence
from inkgrad.export import Function, export
from inkgrad.export.modelfile import ModelFile
from inkgrad.export.weights import widen
from inkgrad.ink import MASK
from inkgrad.nets import ACTIVATIONS, NETS, Net, build, fold_batchnorm
from inkgrad.normalize import SIDE, normalize


class _Product:
    """A linear layer whose weight lies [in, out]: what one input adds to neighbouring outputs lies side by side.

    So SIMD reads it at once; [out, in] has it add up one output at a time. On WebAssembly the mlp takes 0.61 of the
    time (10th percentiles of 1,200 interleaved calls in V8, two busy cores).
    """

    def __init__(self, layer: nn.Linear) -> None:
        self.transposed, self.bias = layer.weight.transpose().contiguous(), layer.bias

    def __call__(self, x: Tensor) -> Tensor:
        return x.linear(self.transposed, self.bias)


def digit_functions(net: Net, doubt: nn.Linear) -> dict[str, Function]:
    """normalize: mask [112, 112] -> image [28, 28]; classify: image -> logits [10], and the log-odds [1] of any digit.

    explain: image -> what each activation gives, the maps [channels, height, width] or the vectors [n] of a layer.
    BatchNorm is folded away.
    """
    layers = fold_batchnorm(net).layers
    folded = Net(*(_Product(layer) if isinstance(layer, nn.Linear) else layer for layer in layers))
    weights = get_state_dict(folded) | get_state_dict(doubt, "doubt.")
    Tensor.realize(*(tensor.replace(tensor.to("CPU").contiguous()) for tensor in weights.values()))

    def classify(image: Tensor) -> dict[str, Tensor]:
        logits, seen = evidence(folded, image)
        return {"logits": logits[0], "digit": doubt(seen)[0]}

    def explain(image: Tensor) -> dict[str, Tensor]:
        pairs = zip(folded.layers[:-1], folded.hidden(image), strict=True)
        seen = [x[0] for layer, x in pairs if layer in ACTIVATIONS.values()]
        return {f"layer{i}": x for i, x in enumerate(seen, 1)}

    last = f"layers.{len(folded.layers) - 1}."
    hidden = {name: tensor for name, tensor in get_state_dict(folded).items() if not name.startswith(last)}
    return {
        "normalize": Function(lambda mask: {"image": normalize(mask.unsqueeze(0))[0]}, {"mask": (MASK, MASK)}, {}),
        "classify": Function(classify, {"image": (SIDE, SIDE)}, weights),
        "explain": Function(explain, {"image": (SIDE, SIDE)}, hidden),
    }


def untrained(net: str) -> dict[str, Function]:
    """The functions that read, of a network of NETS with whatever weights: their kernels do not depend on them.

    Without explain: it runs only while someone looks on, and tinygrad's own options are fast enough for that.
    """
    made = NETS[net]()
    features = int(evidence(made, Tensor.zeros(1, SIDE, SIDE))[1].shape[1])
    functions = digit_functions(made, nn.Linear(features, 1))
    return {name: functions[name] for name in ("normalize", "classify")}


def export_digits(net: Net, doubt: nn.Linear, sample: NDArray[np.uint8], card: dict[str, Any]) -> ModelFile:
    """The model file of a trained net. sample is a picture [28, 28] of a digit, the file's self-test."""
    return export(digit_functions(net, doubt), {"classify": {"image": sample.astype(np.float32)}}, card)


def read_net(file: ModelFile) -> Net:
    """The network of a digit model file, BatchNorm folded, with the weights that the file holds widened to float32."""
    net = fold_batchnorm(build(**{key: file.card["recipe"][key] for key in ("net", "width", "activation", "norm")}))
    names = file.programs["classify"]["weights"]
    weights = {name: Tensor(widen(file.tensors, name)) for name in names}
    for name in [name for name in names if name.endswith(".transposed")]:
        weights[name.replace(".transposed", ".weight")] = weights.pop(name).transpose()
    load_state_dict(net, weights, verbose=False)
    return net
