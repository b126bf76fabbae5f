"""The same net as ONNX, for everybody else's tools: its layers one by one, its weights by their names here."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper
from tinygrad import nn
from tinygrad.nn.state import get_state_dict

import inkgrad
from inkgrad import nets
from inkgrad.layers import Conv2d
from inkgrad.nets import Net

ABOUT = "name", "shape", "input", "temperature", "data", "licence"  # of the card: what holds for these logits alone


def to_onnx(net: Net, card: dict[str, Any]) -> bytes:
    """net, in evaluation: input `image` float32 [B, 28, 28], 0 (paper) … 255 (ink); output `logits` float32 [B, 10].

    The weights are net's own, as float32; those of a model file come with `digits.read_net`. Raises ValueError where a
    layer is none of those that nets.py is made of.
    """
    nodes: list[NodeProto] = []
    constants: list[TensorProto] = []
    state = get_state_dict(net)

    def node(op: str, *inputs: str, **attributes: Any) -> str:
        output = f"{op}{len(nodes)}"
        nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def constant(name: str, value: NDArray[Any]) -> str:
        constants.append(numpy_helper.from_array(value, name))
        return name

    def weights(i: int, *names: str) -> list[str]:
        return [constant(name, state[name].numpy()) for name in (f"layers.{i}.{name}" for name in names)]

    x = node("Unsqueeze", "image", constant("channel", np.array([1], np.int64)))
    x = node("Div", x, constant("half", np.array(127.5, np.float32)))
    x = node("Sub", x, constant("one", np.array(1, np.float32)))
    for i, layer in enumerate(net.layers):
        if isinstance(layer, nn.Linear):
            x = node("Gemm", x, *weights(i, "weight", "bias"), transB=1)
        elif isinstance(layer, Conv2d):
            x = node("Conv", x, *weights(i, "weight", "bias"))
        elif isinstance(layer, nn.BatchNorm):
            x = node(
                "BatchNormalization", x, *weights(i, "weight", "bias", "running_mean", "running_var"), epsilon=layer.eps
            )
        elif layer is nets.silu:
            x = node("Mul", x, node("Sigmoid", x))
        elif layer is nets.relu:
            x = node("Relu", x)
        elif layer is nets.tanh:
            x = node("Tanh", x)
        elif layer is nets.pool:
            x = node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
        elif layer is nets.flatten:
            x = node("Flatten", x)
        else:
            raise ValueError(f"layer {i}, {layer}, has no ONNX: give it one in export/onnx.py")
    nodes[-1].output[0] = "logits"
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["B", 28, 28])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["B", 10])
    opset = helper.make_opsetid("", 17)
    model = helper.make_model(
        helper.make_graph(nodes, card.get("net", "net"), [image], [logits], constants),
        producer_name="inkgrad",
        producer_version=inkgrad.__version__,
        opset_imports=[opset],
        ir_version=helper.find_min_ir_version_for([opset]),  # onnx's own newest is one that other tools do not know yet
    )
    helper.set_model_props(model, {key: str(card[key]) for key in ABOUT if key in card})
    return bytes(model.SerializeToString())
