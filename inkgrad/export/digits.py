"""The exporter's first customer: a digit net with its normalisation."""

from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from tinygrad import Tensor, nn
from tinygrad.nn.state import get_state_dict, load_state_dict

from inkgrad.doubt import evidence, judge
from inkgrad.export import Function, export
from inkgrad.export.modelfile import ModelFile
from inkgrad.export.weights import widen
from inkgrad.ink import MASK
from inkgrad.layers import channels_last
from inkgrad.nets import ACTIVATIONS, NETS, Layer, Net, build, fold_batchnorm, pool, scaled
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


class _Convolution:
    """A convolution whose weight lies [height, width, in, out], for maps that lie channels last.

    Again SIMD adds to neighbouring outputs at once, and a window's row is one run of memory. On WebAssembly the cnn
    takes 0.77 to 0.82 of the time, cnn-small 0.81, cnn-tiny 0.70 (medians of 150 to 200 interleaved pairs in V8, CPU
    time, two busy cores). Maps are views [B, C, H, W] all the same.
    """

    def __init__(self, layer: nn.Conv2d) -> None:
        self.hwio, self.bias = layer.weight.permute(2, 3, 1, 0).contiguous(), layer.bias

    def __call__(self, x: Tensor) -> Tensor:
        return x.conv2d(self.hwio.permute(3, 2, 0, 1), self.bias)


def _activation(layer: Layer) -> Layer:
    """It realises what it gives (see nets.py): with channels last."""
    return lambda x: layer(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2) if x.ndim == 4 else layer(x)


def _laid_out(layer: Layer, following: Layer | None) -> Layer:
    match layer:
        case nn.Linear():
            return _Product(layer)
        case nn.Conv2d():
            return _Convolution(layer)
    if layer is pool and isinstance(following, nn.Conv2d):
        return lambda x: channels_last(pool(x))
    return _activation(layer) if layer in ACTIVATIONS.values() else layer


def laid_out(net: Net) -> Net:
    """The same net, its weights and maps laid out for SIMD. BatchNorm must be folded: it knows no other layout."""
    return Net(*map(_laid_out, net.layers, [*net.layers[1:], None]))


# The axes of such weights in the order of nets.py.
AXES = {".transposed": (1, 0), ".hwio": (3, 2, 0, 1)}


def digit_functions(net: Net, doubt: nn.Linear) -> dict[str, Function]:
    """normalize: mask [112, 112] -> image [28, 28]; classify: image -> logits [10], and the log-odds [1] of any digit.

    explain: image -> what each activation gives, the maps [channels, height, width] or the vectors [n] of a layer.
    BatchNorm is folded away.
    """
    layers = fold_batchnorm(net).layers
    folded = laid_out(Net(*layers))
    weights = get_state_dict(folded) | get_state_dict(doubt, "doubt.")
    Tensor.realize(*(tensor.replace(tensor.to("CPU").contiguous()) for tensor in weights.values()))

    def classify(image: Tensor) -> dict[str, Tensor]:
        logits, *seen = evidence(folded, image)
        return {"logits": logits[0], "digit": judge(doubt, *seen)[0]}

    def explain(image: Tensor) -> dict[str, Tensor]:
        pairs = zip(layers[:-1], folded.hidden(image), strict=True)
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
    features = int(made.features(Tensor.zeros(1, SIDE, SIDE)).shape[1])
    functions = digit_functions(made, nn.Linear(features + 1, 1))
    return {name: functions[name] for name in ("normalize", "classify")}


def export_digits(net: Net, doubt: nn.Linear, pictures: NDArray[np.uint8], card: dict[str, Any]) -> ModelFile:
    """The model file of a trained net. pictures [N, 28, 28] are digits: weights are rounded so that what the net makes
    of these changes little, and the first is the file's self-test."""
    selftest = {"classify": {"image": pictures[0].astype(np.float32)}}
    return export(digit_functions(net, doubt), selftest, card, moments(net, pictures))


def moments(net: Net, pictures: NDArray[np.uint8]) -> dict[str, NDArray[np.float64]]:
    """For the weight of each product of the net laid out, the mean of x xᵀ: x is what one output reads of a picture."""
    net, x = fold_batchnorm(net), Tensor(pictures).float()
    found = {}
    for i, (layer, read) in enumerate(zip(net.layers, [scaled(x), *net.hidden(x)], strict=True)):
        if isinstance(layer, nn.Linear):
            found[f"layers.{i}.transposed"] = _moments(read.numpy())
        if isinstance(layer, nn.Conv2d):
            windows = sliding_window_view(read.numpy(), layer.kernel_size, (2, 3))
            found[f"layers.{i}.hwio"] = _moments(windows.transpose(0, 2, 3, 4, 5, 1))
    return found


def _moments(x: NDArray[np.float32]) -> NDArray[np.float64]:
    """Of x [N, …, k], or of windows [N, H, W, K, K, C] that are read as vectors of K · K · C."""
    k = prod(x.shape[3:] or x.shape[1:])
    # In parts, because all windows together are gigabytes.
    total = np.zeros((k, k))
    for part in np.array_split(x, -(-len(x) // 25)):
        flat = part.reshape(-1, k)
        total += flat.T @ flat
    return total * k / x.size


def read_net(file: ModelFile) -> Net:
    """The network of a digit model file, BatchNorm folded, with the weights that the file holds widened to float32."""
    net = fold_batchnorm(build(**{key: file.card["recipe"][key] for key in ("net", "width", "activation", "norm")}))
    names = file.programs["classify"]["weights"]
    weights = {name: Tensor(widen(file.tensors, name)) for name in names}
    for name in names:
        if (layout := Path(name).suffix) in AXES:
            weights[name.removesuffix(layout) + ".weight"] = weights.pop(name).permute(AXES[layout])
    load_state_dict(net, weights, verbose=False)
    return net
