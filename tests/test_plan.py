"""What capture and a plan refuse, each naming the culprit."""

from dataclasses import replace

import numpy as np
import pytest
from functions import of_one
from hypothesis import given
from hypothesis import strategies as st
from tinygrad import Tensor, dtypes

from inkgrad.export.capture import capture
from inkgrad.export.program import Dispatch, PlanError, Program, Range, Shader


def test_refuses_a_tensor_that_is_neither_input_nor_weight() -> None:
    hidden = Tensor(np.ones(7, np.float32)).contiguous().realize()
    with pytest.raises(PlanError, match="reads a tensor of 7 float"):
        capture("f", of_one(lambda x: x + hidden, (7,)))


def test_refuses_what_is_no_kernel() -> None:
    with pytest.raises(PlanError, match="step 0 is a copy, not a kernel"):
        capture("f", of_one(lambda x: x + Tensor([1.0, 2.0, 3.0]), (3,)))


def test_refuses_an_unrealised_or_wide_weight() -> None:
    with pytest.raises(PlanError, match="'w' must be a realised float32 tensor, or int32 words"):
        capture("f", of_one(lambda x: x, (3,), w=Tensor.ones(3).contiguous().half().realize()))


def test_refuses_words_without_factors() -> None:
    with pytest.raises(PlanError, match=r"the words 'w' need factors, a weight 'w\.scale'"):
        capture("f", of_one(lambda x: x, (3,), w=Tensor.ones(3, dtype=dtypes.int32).contiguous().realize()))


def test_refuses_a_program_that_computes_nothing() -> None:
    with pytest.raises(PlanError, match="computes nothing"):
        capture("f", of_one(lambda x: x, (3,)))


def test_refuses_more_than_eight_storage_buffers() -> None:
    with pytest.raises(PlanError, match=r"dispatch 0 \(.*\) binds 10 buffers"):
        capture("f", of_one(lambda *tensors: sum(tensors[1:], tensors[0]), *[(4,)] * 9))


@pytest.fixture(scope="module")
def plan() -> Program:
    weight = Tensor(np.ones((8, 8), np.float32)).realize()
    return capture("f", of_one(lambda x: (x @ weight).relu().contiguous() @ weight, (8, 8), w=weight))


def changed(plan: Program, step: int, **fields: object) -> Program:
    dispatches = list(plan.dispatches)
    dispatches[step] = replace(dispatches[step], **fields)  # type: ignore[arg-type]
    return replace(plan, dispatches=tuple(dispatches))


def with_binding(dispatch: Dispatch, i: int, binding: Range) -> tuple[Range, ...]:
    return (*dispatch.bindings[:i], binding, *dispatch.bindings[i + 1 :])


def test_the_plan_refuses_what_webgpu_would(plan: Program) -> None:
    first, second = plan.dispatches
    output = first.bindings[0]
    with pytest.raises(PlanError, match=r"argument 1 of dispatch 0 \(.*\) begins at byte 4, no multiple of 256"):
        changed(plan, 0, bindings=with_binding(first, 1, Range(4, 16)))
    with pytest.raises(PlanError, match=r"arguments 0 and 1 of dispatch 0 \(.*\) overlap"):
        changed(plan, 0, bindings=with_binding(first, 1, output))
    with pytest.raises(PlanError, match=r"argument 0 of dispatch 1 \(.*\) leaves the arena"):
        changed(plan, 1, bindings=with_binding(second, 0, Range(plan.arena, 256)))
    with pytest.raises(PlanError, match=r"dispatch 0 \(.*\) launches \(70000, 1, 1\) workgroups"):
        changed(plan, 0, workgroups=(70000, 1, 1))
    with pytest.raises(PlanError, match=r"the fallback of .* launches \(0, 1, 1\) workgroups"):
        replace(plan, kernels=(replace(plan.kernels[0], fallback=Shader("", (0, 1, 1))), *plan.kernels[1:]))
    with pytest.raises(PlanError, match="kernel that is not in the plan"):
        changed(plan, 0, kernel="missing")
    with pytest.raises(PlanError, match="reads 256 bytes that nothing wrote"):
        replace(plan, dispatches=(second,))
    with pytest.raises(PlanError, match="nothing writes the output 'y'"):
        replace(plan, dispatches=(first,))
    with pytest.raises(PlanError, match="two kernels share a name"):
        replace(plan, kernels=(*plan.kernels, replace(plan.kernels[0], c="")))


@given(st.tuples(*[st.integers(0, 9)] * 4))
def test_ranges_overlap_where_they_share_a_byte(corners: tuple[int, int, int, int]) -> None:
    a, b = Range(corners[0], corners[1]), Range(corners[2], corners[3])
    shared = set(range(a.offset, a.offset + a.size)) & set(range(b.offset, b.offset + b.size))
    assert a.overlaps(b) == bool(shared) or not (a.size and b.size)
    assert (
        a.holds(b) == (set(range(b.offset, b.offset + b.size)) <= set(range(a.offset, a.offset + a.size))) or not b.size
    )
