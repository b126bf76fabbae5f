"""tinygrad -> Program: all that the export needs of tinygrad's internals, with renderers.py, tiles.py and threads.py.

tinygrad schedules a callable on its CPU device without running it; each scheduled kernel is then lowered to WGSL, for a
GPU and for WebGPU in software, and to C. No GPU, no Dawn and no compiler take part. tests/test_canary.py names what
moved when tinygrad is raised.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tinygrad import Tensor, dtypes
from tinygrad.codegen import to_program
from tinygrad.codegen.opt import KernelOptError, Opt, OptOps
from tinygrad.codegen.opt.postrange import Scheduler
from tinygrad.codegen.opt.search import get_kernel_actions
from tinygrad.renderer import Renderer
from tinygrad.uop.ops import Ops, UOp

from inkgrad.export.program import ALIGN, Array, Dispatch, Kernel, PlanError, Program, Range, Shader, Workgroups
from inkgrad.export.renderers import WGSL, C
from inkgrad.export.threads import threads
from inkgrad.export.tiles import Options, tiles
from inkgrad.layers import whole


@dataclass(frozen=True)
class Function:
    """What is exported: a callable of tensors with fixed shapes that returns named tensors, and the weights it reads.

    inputs maps names, in the order of call's parameters, to shapes. weights maps names to the very tensors that call
    uses; a tensor that call reads and that is neither is an error. All float32, but weights may be int32: words of four
    int8 each, the lowest byte first, for which weights has the factors too, float32, under the same name and ".scale".
    fallback: whether to carry kernels for WebGPU in software too, three times as long as those for a GPU.
    """

    call: Callable[..., dict[str, Tensor]]
    inputs: dict[str, tuple[int, ...]]
    weights: dict[str, Tensor]
    fallback: bool = False


TABLE = Path(__file__).with_name("tuned.json")
# By what a kernel is for, and its `key`; None: tinygrad's own heuristic. What has no entry goes by rules.
TUNED: dict[str, dict[str, Options | None]] = json.loads(TABLE.read_text("utf-8"))
# What a kernel is for: the language that it is lowered to, and the rule.
TARGETS: dict[str, tuple[Renderer, Callable[[UOp], Options | None]]] = {
    "wasm": (C, lambda ast: tiles(ast, C)),
    "gpu": (WGSL, threads),
    "fallback": (WGSL, lambda ast: tiles(ast, WGSL)),
}


@dataclass(frozen=True)
class Untuned:
    """A scheduled kernel, before its options."""

    call: UOp

    @property
    def ast(self) -> UOp:
        return self.call.src[0]

    @property
    def key(self) -> str:
        return key(self.ast)

    @property
    def sizes(self) -> list[int]:
        """The bytes of its arguments, of which it writes the first."""
        info = to_program(self.ast, C).arg
        assert info.outs == (info.globals[0],), "a kernel writes its first argument"
        return [self.call.src[1 + i].nbytes() for i in info.globals]

    def program(self, options: Options | None, renderer: Renderer) -> UOp | None:
        """Lowered with these options, tinygrad's own where None; None where they do not apply."""
        ast = self.ast
        if options is not None:
            ast = ast.replace(arg=replace(ast.arg, opts_to_apply=_opts(options)))
        try:
            return to_program(ast, renderer)
        except KernelOptError:  # loops that `more` and `tiles` see may have been joined by then
            return None

    def c(self, options: Options | None) -> tuple[str, str] | None:
        """The C function with these options, tinygrad's own where None, and its name; None where they do not apply."""
        program = self.program(options, C)
        return None if program is None else (program.src[2].arg, program.arg.function_name)

    def shader(self, options: Options | None) -> tuple[Shader, str] | None:
        """The same in WGSL."""
        program = self.program(options, WGSL)
        return None if program is None else (_shader(program), program.arg.function_name)

    def lowered(self, target: str) -> UOp:
        """As it is exported for a target: with the table's options, or the rule's, or tinygrad's own."""
        renderer, rule = TARGETS[target]
        options = TUNED[target][self.key] if self.key in TUNED[target] else rule(self.ast)
        program = self.program(options, renderer)
        return to_program(self.ast, renderer) if program is None else program

    def more(self, options: Options, most: int, renderer: Renderer) -> list[Options]:
        """options with one more, in every way that unrolls no more than `most` iterations into one; none where they do
        not apply themselves."""
        scheduler = Scheduler(self.ast, renderer)
        scheduler.convert_loop_to_global()
        try:
            for opt in _opts(options):
                scheduler.apply_opt(opt)
        except KernelOptError:
            return []
        wider = get_kernel_actions(scheduler, include_0=False, max_up=most).values()
        return [[[opt.op.name, opt.axis, opt.arg] for opt in one.applied_opts] for one in wider]


def key(ast: UOp) -> str:
    """What a kernel computes, whatever its options: 16 hexadecimal digits, the same in every process."""
    return str(ast.key.hex()[:16])


def _opts(options: Options) -> tuple[Opt, ...]:
    return tuple(Opt(OptOps[name], axis, amount) for name, axis, amount in options)


def _round_up(size: int, unit: int = ALIGN) -> int:
    return (size + unit - 1) // unit * unit


class _Arena:
    """Places whole buffers one after the other; a scheduled tensor's bytes are then a Range."""

    def __init__(self) -> None:
        self.size = 0
        self.offsets: dict[UOp, int] = {}

    def place(self, buffer: UOp) -> int:
        if buffer not in self.offsets:
            self.offsets[buffer] = self.size
            self.size += _round_up(buffer.max_numel() * buffer.dtype.itemsize)
        return self.offsets[buffer]

    def array(self, tensor: Tensor) -> Array:
        return Array(self.place(tensor.uop.base), tuple(int(n) for n in tensor.shape))


def _named(kernels: dict[str, Kernel], wgsl: UOp, fallback: UOp, c: UOp) -> Kernel:
    """The kernel under its WGSL name or, where a different kernel has that name already, under the first free one."""
    for i in range(len(kernels) + 1):
        name = wgsl.arg.function_name + (f"_{i}" if i else "")
        gpu, cpu, code = (re.sub(rf"\b{p.arg.function_name}\b", name, p.src[2].arg) for p in (wgsl, fallback, c))
        kernel = Kernel(name, gpu, code, Shader(cpu, _workgroups(fallback)) if cpu != gpu else None)
        if kernels.setdefault(name, kernel) == kernel:
            return kernel
    raise AssertionError("unreachable: one of n + 1 names is free among n")


def _shader(program: UOp) -> Shader:
    return Shader(program.src[2].arg, _workgroups(program))


def _workgroups(program: UOp) -> Workgroups:
    x, y, z = (*program.arg.global_size, 1, 1)[:3]
    return x, y, z


def _view(argument: UOp) -> tuple[UOp, int]:
    """The buffer behind a kernel's argument and the byte at which the argument begins in it."""
    view = argument.contiguous_view()
    if view is None or view[0].op is not Ops.BUFFER:
        raise PlanError("an argument is no contiguous part of a buffer")
    buffer, offset = view
    return buffer, offset


def _scheduled(function: Function) -> tuple[dict[str, Tensor], dict[str, Tensor], list[UOp]]:
    """The function's arguments and results by name, and what makes these of those, in order."""
    arguments = {k: Tensor.empty(*shape, dtype=dtypes.float32, device="CPU") for k, shape in function.inputs.items()}
    Tensor.realize(*arguments.values())
    results = {k: whole(tensor.cast(dtypes.float32)) for k, tensor in function.call(*arguments.values()).items()}
    return arguments, results, [*Tensor.schedule_linear(*results.values()).src]


def kernels(function: Function) -> list[Untuned]:
    """The kernels of a function, each once."""
    _, _, calls = _scheduled(function)
    return list({kernel.key: kernel for kernel in map(Untuned, calls)}.values())


def capture(name: str, function: Function) -> Program:
    """Schedules function on the CPU device, without running it, and returns its validated plan.

    Raises PlanError where the schedule holds anything but kernels over inputs, weights and temporaries.
    """
    for k, tensor in function.weights.items():
        if tensor.dtype not in (dtypes.float32, dtypes.int32) or not tensor.uop.is_realized:
            raise PlanError(f"program {name!r}: the weight {k!r} must be a realised float32 tensor, or int32 words")
        if tensor.dtype == dtypes.int32 and f"{k}.scale" not in function.weights:
            raise PlanError(f"program {name!r}: the words {k!r} need factors, a weight {f'{k}.scale'!r}")
    arguments, results, scheduled = _scheduled(function)

    arena = _Arena()
    inputs = {k: arena.array(tensor) for k, tensor in arguments.items()}
    outputs = {k: arena.array(tensor) for k, tensor in results.items()}
    weights = {k: arena.array(tensor) for k, tensor in function.weights.items()}
    known = set(arena.offsets)

    kernels: dict[str, Kernel] = {}
    dispatches: list[Dispatch] = []
    made: set[UOp] = set()  # temporaries, known from the first kernel that writes them
    for step, call in enumerate(scheduled):
        ast = call.src[0]
        if call.op is not Ops.CALL or ast.op is not Ops.SINK:
            raise PlanError(
                f"program {name!r}: step {step} is a {ast.op.name.lower()}, not a kernel: realise such tensors before"
                " the export and pass them as weights"
            )
        untuned = Untuned(call)
        wgsl, c = untuned.lowered("gpu"), untuned.lowered("wasm")
        fallback = untuned.lowered("fallback") if function.fallback else wgsl
        info = wgsl.arg
        for other in (fallback, c):
            assert (info.globals, info.outs) == (other.arg.globals, other.arg.outs), "all take the same arguments"
        kernel = _named(kernels, wgsl, fallback, c)
        if info.vars:
            raise PlanError(
                f"program {name!r}: kernel {kernel.name} has a symbolic size; give every input a fixed shape"
            )
        bindings = []
        made |= {_view(call.src[1 + i])[0] for i in info.outs}
        for i in info.globals:
            buffer, offset = _view(call.src[1 + i])
            if buffer not in known and buffer not in made:
                raise PlanError(
                    f"program {name!r}: kernel {kernel.name} reads a tensor of {buffer.max_numel()} {buffer.dtype.name}"
                    " that is neither input nor weight: pass it in weights"
                )
            bindings.append(Range(arena.place(buffer) + offset, _round_up(call.src[1 + i].nbytes(), 4)))
        writes = frozenset(position for position, i in enumerate(info.globals) if i in info.outs)
        dispatches.append(Dispatch(kernel.name, _workgroups(wgsl), tuple(bindings), writes))
    if not dispatches:
        raise PlanError(f"program {name!r} computes nothing: its outputs are inputs or weights")
    return Program(name, arena.size, inputs, outputs, weights, tuple(kernels.values()), tuple(dispatches))
