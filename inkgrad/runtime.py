"""Runs a model file's own WebAssembly in Python, by wasmtime: what evaluate and predict measure is what a page runs."""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import wasmtime
from numpy.typing import NDArray

from inkgrad.errors import Error, first_line
from inkgrad.export.modelfile import ModelFile
from inkgrad.export.weights import in_arena

_PAGE = 65536


@dataclass(frozen=True)
class _Loaded:
    plan: dict[str, Any]
    base: int
    call: wasmtime.Func


class Runtime:
    """A loaded model file. run(program, inputs) is what the page's WebAssembly backend does.

    Raises Error where code, plans and weights do not go together.
    """

    def __init__(self, file: ModelFile) -> None:
        self._store = wasmtime.Store()
        self._programs: dict[str, _Loaded] = {}
        try:
            self._load(file)
        except (wasmtime.WasmtimeError, AssertionError, AttributeError, KeyError, TypeError) as error:
            why = f"{type(error).__name__}: {first_line(error)}"
            raise Error(f"the model file is damaged ({why}); fetch or export it again") from None

    def _load(self, file: ModelFile) -> None:
        instance = wasmtime.Instance(self._store, wasmtime.Module(self._store.engine, file.wasm), [])
        exports = instance.exports(self._store)
        memory, heap = exports["memory"], exports["__heap_base"]
        assert isinstance(memory, wasmtime.Memory) and isinstance(heap, wasmtime.Global)
        self._memory = memory
        end = int(heap.value(self._store))
        for name, plan in file.programs.items():
            base = -(-end // 256) * 256
            end = base + plan["arena"]
            call = exports[name]
            assert isinstance(call, wasmtime.Func)
            self._programs[name] = _Loaded(plan, base, call)
        memory.grow(self._store, max(0, -(-end // _PAGE) - memory.size(self._store)))
        for loaded in self._programs.values():
            for tensor, offset in loaded.plan["weights"].items():
                self._write(loaded.base + offset, in_arena(file.tensors, tensor, loaded.plan["weights"]))

    def _write(self, address: int, array: NDArray[Any]) -> None:
        self._memory.write(self._store, array.tobytes(), address)

    def run(self, program: str, inputs: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        """float32 arrays of the shapes that the plan names, in and out. Raises Error on a wrong name or shape."""
        loaded = self._programs[program]
        if inputs.keys() != loaded.plan["inputs"].keys():
            raise Error(f"program {program!r} takes {', '.join(loaded.plan['inputs'])}, not {', '.join(inputs)}")
        for name, port in loaded.plan["inputs"].items():
            if list(inputs[name].shape) != port["shape"]:
                raise Error(f"input {name!r} of {program!r} has shape {port['shape']}, not {list(inputs[name].shape)}")
            self._write(loaded.base + port["offset"], np.ascontiguousarray(inputs[name], dtype=np.float32))
        loaded.call(self._store, loaded.base)
        outputs = {}
        for name, port in loaded.plan["outputs"].items():
            start = loaded.base + port["offset"]
            raw = self._memory.read(self._store, start, start + 4 * prod(port["shape"]))
            outputs[name] = np.frombuffer(bytes(raw), np.float32).reshape(port["shape"])
        return outputs
