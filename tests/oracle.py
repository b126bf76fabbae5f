"""The networks in ONNX, built node by node, so that ONNX Runtime can say what they ought to compute."""

from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper
from tinygrad import Tensor, nn

from inkgrad import nets


class _Graph:
    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self.value = "image"

    def add(self, op: str, *constants: NDArray[np.generic], **attributes: Any) -> None:
        names = [f"c{len(self.constants) + i}" for i in range(len(constants))]
        self.constants += [numpy_helper.from_array(c, name) for c, name in zip(constants, names, strict=True)]
        self.apply(op, self.value, *names, **attributes)

    def apply(self, op: str, *inputs: str, **attributes: Any) -> None:
        self.value = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [self.value], **attributes))


def _array(tensor: Tensor | None) -> NDArray[np.generic]:
    assert tensor is not None
    return tensor.numpy()


def session(net: nets.Net) -> onnxruntime.InferenceSession:
    """net, in evaluation, BatchNorm unfolded: input `image` float32 [B, 28, 28], one output [B, 10]."""
    graph = _Graph()
    graph.add("Reshape", np.array([-1, 1, 28, 28], np.int64))
    graph.add("Div", np.array(127.5, np.float32))
    graph.add("Sub", np.array(1, np.float32))
    for layer in net.layers:
        if isinstance(layer, nn.Linear):
            graph.add("Gemm", _array(layer.weight), _array(layer.bias), transB=1)
        elif isinstance(layer, nn.Conv2d):
            graph.add("Conv", _array(layer.weight), _array(layer.bias))
        elif isinstance(layer, nn.BatchNorm):
            state = (layer.weight, layer.bias, layer.running_mean, layer.running_var)
            graph.add("BatchNormalization", *map(_array, state), epsilon=layer.eps)
        elif layer is nets.silu:
            before = graph.value
            graph.add("Sigmoid")
            graph.apply("Mul", before, graph.value)
        elif layer is nets.relu:
            graph.add("Relu")
        elif layer is nets.pool:
            graph.add("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
        elif layer is nets.flatten:
            graph.add("Flatten")
        else:
            raise AssertionError(f"no ONNX for {layer}")
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["B", 28, 28])
    logits = helper.make_tensor_value_info(graph.value, TensorProto.FLOAT, ["B", 10])
    model = helper.make_model(
        helper.make_graph(graph.nodes, "net", [image], [logits], graph.constants),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=10,
    )
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
