"""The released model files, and the tinygrad networks with the weights that they hold."""

from pathlib import Path

import numpy as np
from tinygrad import Tensor, nn
from tinygrad.nn.state import load_state_dict

from inkgrad.export import modelfile
from inkgrad.nets import NETS, Net, fold_batchnorm

MODELS = {name: Path(__file__).parent.parent / "models" / f"{name}.safetensors" for name in NETS}


def python_net(name: str) -> Net:
    file = modelfile.read(MODELS[name])
    net = fold_batchnorm(NETS[name]())
    names = file.programs["classify"]["weights"]
    load_state_dict(net, {n: Tensor(file.tensors[n].astype(np.float32)) for n in names}, verbose=False)
    return net


def python_doubt(name: str) -> nn.Linear:
    tensors = modelfile.read(MODELS[name]).tensors
    weights = {n.removeprefix("doubt").strip("."): tensors[n] for n in tensors if n.startswith("doubt")}
    layer = nn.Linear(weights["weight"].shape[1], 1)
    load_state_dict(layer, {n: Tensor(array.astype(np.float32)) for n, array in weights.items()}, verbose=False)
    return layer
