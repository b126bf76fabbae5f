"""One model, one file: a standard .safetensors that holds weights, plans, code, card and self-test.

Metadata, each a JSON text: `format` (plain: inkgrad/1), `card`, `programs` {name: plan, see program.py}. Tensors: the
weights (see weights.py) under their own names, `wasm` and `wasm.relaxed` (U8, the modules of wasm.py; the second is for
engines that take it), and `selftest.<program>.<input or output>` (F32): one run that a backend must reproduce before it
is trusted.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.numpy
from numpy.typing import NDArray

from inkgrad.errors import Error

FORMAT = "inkgrad/1"


@dataclass(frozen=True)
class ModelFile:
    tensors: dict[str, NDArray[Any]]
    programs: dict[str, Any]
    card: dict[str, Any]

    @property
    def wasm(self) -> bytes:
        return self.tensors["wasm"].tobytes()

    def to_bytes(self) -> bytes:
        """The file's bytes: the same content gives the same bytes."""
        data = safetensors.numpy.save(self.tensors)
        # safetensors keeps metadata in a hash map, whose order changes from run to run: the header is ours, sorted.
        size = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + size])
        texts = {"card": _text(self.card), "format": FORMAT, "programs": _text(self.programs)}
        text = json.dumps({"__metadata__": texts, **header}, separators=(",", ":"), ensure_ascii=False).encode()
        text += b" " * (-len(text) % 8)
        return len(text).to_bytes(8, "little") + text + data[8 + size :]


def _text(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def read(path: Path) -> ModelFile:
    """Reads a model file. Raises Error where path is none."""
    try:
        data = path.read_bytes()
        tensors = safetensors.numpy.load(data)
        metadata = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")]).get("__metadata__", {})
    except OSError as error:
        raise Error(f"{path}: {error.strerror}; `inkgrad export` writes model files") from None
    except (safetensors.SafetensorError, ValueError, KeyError):  # KeyError: types that NumPy lacks, such as BF16
        raise Error(f"{path} is damaged or no inkgrad model file; fetch or export it again") from None
    if metadata.get("format") != FORMAT or "wasm" not in tensors:
        raise Error(f"{path} is no inkgrad model file (format {FORMAT}); `inkgrad export` writes them")
    try:
        programs, card = json.loads(metadata["programs"]), json.loads(metadata["card"])
    except (KeyError, ValueError):
        programs = card = None
    if not isinstance(programs, dict) or not isinstance(card, dict):
        raise Error(f"{path} is damaged: its programs or its card are missing; fetch or export it again")
    return ModelFile(tensors, programs, card)
