"""The exporter's first customer: a digit net with its normalisation."""

from collections.abc import Mapping
from math import prod
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from tinygrad import Tensor, nn
from tinygrad.nn.state import get_state_dict, load_state_dict

from inkgrad.doubt import evidence, judge
from inkgrad.errors import Error
from inkgrad.export import Function, export
from inkgrad.export.modelfile import ModelFile
from inkgrad.export.weights import BIG, narrow, widen
from inkgrad.ink import MASK
from inkgrad.layers import channels_last
from inkgrad.nets import ACTIVATIONS, NETS, Layer, Net, build, fold_batchnorm, pool, scaled
from inkgrad.normalize import SIDE, normalize

Moments = Mapping[str, NDArray[np.float64]]
Tensors = Mapping[str, NDArray[Any]]
NONE: Mapping[str, Any] = MappingProxyType({})


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
    """It realises what it gives (see nets.py): with channels last, or a vector of the fourths that `_Words` gives."""
    return lambda x: layer(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2) if x.ndim == 4 else layer(x).flatten(1)


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


class _Words:
    """A linear layer that computes with its weight as a file stores it, int8, four of them to a word.

    What a picture has it read is a quarter as much. Where other work has emptied the cache, as between two frames of a
    page, the mlp takes 0.36 of the time on WebAssembly, and 0.94 where nothing has (medians of 150 and 750 calls in V8,
    in turn, two cores); less since what is lower in a word counts as its fraction (weights.py, bench/README.md). Word
    [i, j] holds what input i adds to the outputs j, j + n/4, j + n/2 and j + 3n/4, so that SIMD unpacks neighbours
    alike; an activation is to follow, and to join these fourths.
    """

    def __init__(self, product: _Product, fixed: NDArray[np.int8], scale: NDArray[np.float32]) -> None:
        assert product.bias is not None
        words = Tensor(fixed.view(np.int32)[..., 0])
        self.int8, self.bias = {"fixed": words, "fixed.scale": Tensor(scale)}, product.bias

    def __call__(self, x: Tensor) -> Tensor:
        left = 24 - 8 * Tensor.arange(4).reshape(4, 1, 1)
        integers = (self.int8["fixed"] << left).float()  # and their fractions
        x = (x * (self.int8["fixed.scale"] / 2**24)).reshape(-1, 1, 1, x.shape[-1])
        return (x @ integers).squeeze(2) + self.bias.reshape(4, -1)


def in_words(net: Net, moments: Moments, stored: Tensors) -> Net:
    """The same net, laid out, with its large linear layers in words; but the last, which no activation follows.

    moments are those of what a layer reads, by its name (`layers.1`), as far as they are known: see weights.py. Of
    words that are stored already, by their names in a file, nothing is rounded.
    """
    layers = list(net.layers)
    for i, layer in enumerate(layers[:-1]):
        if isinstance(layer, _Product) and layer.transposed.numel() >= BIG and layer.transposed.shape[1] % 4 == 0:
            name = f"layers.{i}.int8.fixed"
            words = stored if name in stored else narrow(name, layer.transposed.numpy(), moments.get(f"layers.{i}"))
            layers[i] = _Words(layer, words[name], words[f"{name}.scale"])
    return Net(*layers)


# The axes of such weights, as files store them, in the order of nets.py, where the first two of fixed are one.
AXES = {".transposed": (1, 0), ".hwio": (3, 2, 0, 1), ".int8.fixed": (2, 1, 0)}


def digit_functions(net: Net, doubt: nn.Linear, moments: Moments = NONE, stored: Tensors = NONE) -> dict[str, Function]:
    """normalize: mask [112, 112] -> image [28, 28]; classify: image -> logits [10], and the log-odds [1] of any digit.

    explain: image -> what each activation gives, the maps [channels, height, width] or the vectors [n] of a layer.
    BatchNorm is folded away. moments and stored as `in_words` takes them.
    """
    layers = fold_batchnorm(net).layers
    folded = in_words(laid_out(Net(*layers)), moments, stored)
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
        "classify": Function(classify, {"image": (SIDE, SIDE)}, weights, fallback=True),
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


def export_digits(
    net: Net, doubt: nn.Linear, pictures: NDArray[np.uint8], card: dict[str, Any], stored: Tensors = NONE
) -> ModelFile:
    """The model file of a trained net. pictures [N, 28, 28] are digits: weights are rounded so that what the net makes
    of these changes little, and the first is the file's self-test. stored are the tensors of the file that the net is
    read from, if it is: weights stay as they are there."""
    selftest = {"classify": {"image": pictures[0].astype(np.float32)}}
    found = moments(net, pictures)
    functions = digit_functions(net, doubt, found, stored)
    layers = {name: name.rpartition(".")[0] for name in functions["classify"].weights}
    return export(functions, selftest, card, {name: found[of] for name, of in layers.items() if of in found})


def moments(net: Net, pictures: NDArray[np.uint8]) -> dict[str, NDArray[np.float64]]:
    """For each product of the net, BatchNorm folded, the mean of x xᵀ: x is what one output reads of a picture."""
    net, x = fold_batchnorm(net), Tensor(pictures).float()
    found = {}
    for i, (layer, read) in enumerate(zip(net.layers, [scaled(x), *net.hidden(x)], strict=True)):
        if isinstance(layer, nn.Linear):
            found[f"layers.{i}"] = _moments(read.numpy())
        if isinstance(layer, nn.Conv2d):
            windows = sliding_window_view(read.numpy(), layer.kernel_size, (2, 3))
            found[f"layers.{i}"] = _moments(windows.transpose(0, 2, 3, 4, 5, 1))
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
    """The network of a digit model file, BatchNorm folded, with the weights that the file holds widened to float32.

    Raises Error where the file is of something else.
    """
    if "recipe" not in file.card or "classify" not in file.programs:
        raise Error("the model file holds no network of inkgrad's: its card has no recipe")
    net = fold_batchnorm(build(**{key: file.card["recipe"][key] for key in ("net", "width", "activation", "norm")}))
    names = file.programs["classify"]["weights"]
    weights = {name: Tensor(widen(file.tensors, name)) for name in names if not name.endswith(".scale")}
    for layout, axes in AXES.items():
        for name in [name for name in weights if name.endswith(layout)]:
            own = name.removesuffix(layout) + ".weight"
            weights[own] = weights.pop(name).permute(axes).reshape(get_state_dict(net)[own].shape)
    if missing := get_state_dict(net).keys() - weights.keys():
        raise Error(f"the model file is of another inkgrad: it has no {min(missing)}; export it again, from its run")
    load_state_dict(net, weights, verbose=False)
    return net


def read_doubt(file: ModelFile) -> nn.Linear:
    """The layer for `doubt.odds` of a digit model file. Raises Error where it has none."""
    if "doubt.weight" not in file.tensors:
        raise Error("the model file is of another inkgrad: it has no doubt.weight; export it again, from its run")
    weights = {part: widen(file.tensors, f"doubt.{part}") for part in ("weight", "bias")}
    layer = nn.Linear(weights["weight"].shape[1], 1)
    load_state_dict(layer, {part: Tensor(array) for part, array in weights.items()}, verbose=False)
    return layer
