"""What tests export."""

from tinygrad import Tensor

from inkgrad.export import Function


def of_one(call: object, *shapes: tuple[int, ...], **weights: Tensor) -> Function:
    def named(*tensors: Tensor) -> dict[str, Tensor]:
        return {"y": call(*tensors)}  # type: ignore[operator]

    return Function(named, {f"x{i}": shape for i, shape in enumerate(shapes)}, weights)
