"""What the networks ought to compute: their ONNX, in ONNX Runtime, whose kernels are not ours."""

import onnxruntime

from inkgrad.export.onnx import to_onnx
from inkgrad.nets import Net


def session(net: Net) -> onnxruntime.InferenceSession:
    """net, in evaluation, BatchNorm unfolded: input `image` float32 [B, 28, 28], output `logits` [B, 10]."""
    return onnxruntime.InferenceSession(to_onnx(net, {}), providers=["CPUExecutionProvider"])
