"""The released model files."""

from pathlib import Path

from tinygrad import Tensor, nn
from tinygrad.nn.state import load_state_dict

from inkgrad.export import modelfile
from inkgrad.export.weights import widen
from inkgrad.nets import NETS

MODELS = {name: Path(__file__).parent.parent / "models" / f"{name}.safetensors" for name in NETS}


def python_doubt(name: str) -> nn.Linear:
    tensors = modelfile.read(MODELS[name]).tensors
    weights = {part: widen(tensors, f"doubt.{part}") for part in ("weight", "bias")}
    layer = nn.Linear(weights["weight"].shape[1], 1)
    load_state_dict(layer, {part: Tensor(array) for part, array in weights.items()}, verbose=False)
    return layer
