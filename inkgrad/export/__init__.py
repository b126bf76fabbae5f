"""tinygrad callables of fixed shapes -> one model file that browsers run: capture, plan, WGSL and WebAssembly, file."""

import importlib.metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tinygrad import Tensor, dtypes

import inkgrad
from inkgrad.errors import Error
from inkgrad.export.capture import Function, capture
from inkgrad.export.modelfile import ModelFile
from inkgrad.export.wasm import compile_modules
from inkgrad.export.weights import narrow, widen

__all__ = ["Function", "export"]


def export(
    functions: dict[str, Function],
    selftest: dict[str, dict[str, NDArray[np.float32]]],
    card: dict[str, Any],
    moments: dict[str, NDArray[np.float64]] | None = None,
) -> ModelFile:
    """Compiles every function into a program of one model file.

    The file stores weights as int8 or float16 (weights.py, where it is said what moments are, here by weight). So that
    nothing changes between here and there, the functions' own weight tensors are rounded to what it stores first, in
    place; words of int8 and their factors are stored as they are. selftest holds inputs for some of the programs; their
    outputs are computed here and stored beside them.
    """
    weights: dict[str, Tensor] = {}
    for function in functions.values():
        for name, tensor in function.weights.items():
            if weights.setdefault(name, tensor) is not tensor:
                raise Error(f"two programs call different weights {name!r}; give each a name of its own")
    tensors: dict[str, NDArray[Any]] = {}
    words = [name for name, tensor in weights.items() if tensor.dtype == dtypes.int32]
    factors = [f"{name}.scale" for name in words]
    for name, tensor in weights.items():
        value = tensor.numpy()
        if name in words:
            tensors[name] = value[..., None].view(np.int8)
        elif name in factors:
            tensors[name] = value
        else:
            tensors |= narrow(name, value, (moments or {}).get(name))
            tensor.replace(Tensor(widen(tensors, name), device="CPU")).realize()
    programs = [capture(name, function) for name, function in functions.items()]
    tensors |= {name: np.frombuffer(module, np.uint8) for name, module in compile_modules(programs).items()}
    for name, inputs in selftest.items():
        outputs = functions[name].call(*(Tensor(inputs[k], device="CPU") for k in functions[name].inputs))
        arrays = {**inputs, **{k: tensor.numpy() for k, tensor in outputs.items()}}
        tensors |= {f"selftest.{name}.{k}": np.asarray(array, np.float32) for k, array in arrays.items()}
    made_with = {"inkgrad": inkgrad.__version__, "tinygrad": importlib.metadata.version("tinygrad")}
    return ModelFile(tensors, {p.name: p.to_json() for p in programs}, {**card, "made_with": made_with})
