"""The plan of a program: one flat memory, the arena, and the kernels that run over it in order.

Inputs, outputs, weights and temporaries are ranges of the arena. WebGPU binds those ranges of one storage buffer and
WebAssembly adds them to a base address, so one plan serves both.
"""

from dataclasses import dataclass
from math import prod
from typing import Any

from inkgrad.errors import Error

ALIGN = 256  # minStorageBufferOffsetAlignment, bytes: what every WebGPU device accepts
MAX_BINDINGS = 8  # maxStorageBuffersPerShaderStage, likewise
MAX_WORKGROUPS = 65535  # maxComputeWorkgroupsPerDimension, likewise


class PlanError(Error):
    """A plan that a backend could not run as meant; the message names the program and the culprit."""


@dataclass(frozen=True)
class Range:
    """Bytes [offset, offset + size) of the arena."""

    offset: int
    size: int

    def overlaps(self, other: "Range") -> bool:
        return self.offset < other.offset + other.size and other.offset < self.offset + self.size

    def holds(self, other: "Range") -> bool:
        return self.offset <= other.offset and other.offset + other.size <= self.offset + self.size


@dataclass(frozen=True)
class Array:
    """A named float32 array at an offset (bytes) of the arena."""

    offset: int
    shape: tuple[int, ...]

    @property
    def range(self) -> Range:
        return Range(self.offset, 4 * prod(self.shape))


Workgroups = tuple[int, int, int]


@dataclass(frozen=True)
class Shader:
    """A WGSL module, and how many of its workgroups a dispatch launches."""

    wgsl: str
    workgroups: Workgroups


@dataclass(frozen=True)
class Kernel:
    """One kernel in both languages: WGSL modules with entry point `name`, and a C function `name`.

    fallback, of the same arguments, is for WebGPU in software, a "fallback adapter"; None where wgsl serves there too.
    """

    name: str
    wgsl: str
    c: str
    fallback: Shader | None


@dataclass(frozen=True)
class Dispatch:
    """One launch. bindings[i] is the kernel's i-th argument; writes lists the arguments that it writes."""

    kernel: str
    workgroups: Workgroups
    bindings: tuple[Range, ...]
    writes: frozenset[int]


@dataclass(frozen=True)
class Program:
    """A validated plan. Raises PlanError on construction when any backend could misread it."""

    name: str
    arena: int
    inputs: dict[str, Array]
    outputs: dict[str, Array]
    weights: dict[str, Array]
    kernels: tuple[Kernel, ...]
    dispatches: tuple[Dispatch, ...]

    def __post_init__(self) -> None:
        names = {kernel.name for kernel in self.kernels}
        if len(names) != len(self.kernels):
            raise PlanError(f"program {self.name!r}: two kernels share a name")
        named = {**self.inputs, **self.weights, **self.outputs}
        for name, array in named.items():
            self._check_range(repr(name), array.range)
        written = [array.range for array in (*self.inputs.values(), *self.weights.values())]
        for kernel in self.kernels:
            if kernel.fallback:
                self._check_workgroups(f"the fallback of {kernel.name}", kernel.fallback.workgroups)
        for step, dispatch in enumerate(self.dispatches):
            self._check_dispatch(f"dispatch {step} ({dispatch.kernel})", dispatch, names, written)
            written += [dispatch.bindings[i] for i in dispatch.writes]
        for name, array in self.outputs.items():
            if not any(range.holds(array.range) for range in written):
                raise PlanError(f"program {self.name!r}: nothing writes the output {name!r}")

    def _check_range(self, what: str, range: Range) -> None:
        if range.offset % ALIGN:
            raise PlanError(f"program {self.name!r}: {what} begins at byte {range.offset}, no multiple of {ALIGN}")
        if range.offset < 0 or range.size <= 0 or range.offset + range.size > self.arena:
            raise PlanError(f"program {self.name!r}: {what} leaves the arena of {self.arena} bytes")

    def _check_workgroups(self, what: str, workgroups: Workgroups) -> None:
        if not all(1 <= n <= MAX_WORKGROUPS for n in workgroups):
            raise PlanError(f"program {self.name!r}: {what} launches {workgroups} workgroups")

    def _check_dispatch(self, what: str, dispatch: Dispatch, kernels: set[str], written: list[Range]) -> None:
        if dispatch.kernel not in kernels:
            raise PlanError(f"program {self.name!r}: {what} runs a kernel that is not in the plan")
        self._check_workgroups(what, dispatch.workgroups)
        if len(dispatch.bindings) > MAX_BINDINGS:
            raise PlanError(
                f"program {self.name!r}: {what} binds {len(dispatch.bindings)} buffers; WebGPU promises {MAX_BINDINGS}"
            )
        for i, binding in enumerate(dispatch.bindings):
            self._check_range(f"argument {i} of {what}", binding)
            # All arguments are bound writable, because ranges of one buffer cannot be bound read-only beside writable.
            for j in range(i):
                if binding.overlaps(dispatch.bindings[j]):
                    raise PlanError(f"program {self.name!r}: arguments {j} and {i} of {what} overlap")
            if i not in dispatch.writes and not any(known.holds(binding) for known in written):
                raise PlanError(
                    f"program {self.name!r}: {what} reads {binding.size} bytes that nothing wrote (argument {i}):"
                    " realise that tensor and pass it as a weight or an input"
                )

    def to_json(self) -> dict[str, Any]:
        """The plan as the model file carries it; the WebAssembly code travels apart."""

        def arrays(named: dict[str, Array]) -> dict[str, Any]:
            return {k: {"offset": a.offset, "shape": list(a.shape), "dtype": "float32"} for k, a in named.items()}

        return {
            "arena": self.arena,
            "inputs": arrays(self.inputs),
            "outputs": arrays(self.outputs),
            "weights": {name: array.offset for name, array in self.weights.items()},
            "kernels": {kernel.name: kernel.wgsl for kernel in self.kernels},
            "fallback": {
                kernel.name: {"wgsl": kernel.fallback.wgsl, "workgroups": list(kernel.fallback.workgroups)}
                for kernel in self.kernels
                if kernel.fallback
            },
            "dispatches": [
                {
                    "kernel": d.kernel,
                    "workgroups": list(d.workgroups),
                    "bindings": [[range.offset, range.size] for range in d.bindings],
                }
                for d in self.dispatches
            ],
        }
