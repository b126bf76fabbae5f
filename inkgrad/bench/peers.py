"""Who is compared, and the same network in the form that each takes."""

import json
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import numpy as np
from tinygrad import nn
from tinygrad.nn.state import get_state_dict

from inkgrad import nets
from inkgrad.layers import Conv2d
from inkgrad.nets import Net


@dataclass(frozen=True)
class System:
    """A page of bench/ and what stands behind the `?` of its address."""

    name: str
    kind: Literal["WebAssembly", "WebGPU"]
    page: str
    backend: str
    batch: int  # pictures it is given at once where many are to be read: more took no peer further, and some too far


OURS = "inkgrad"
SYSTEMS = (
    System(OURS, "WebAssembly", "inkgrad", "wasm", 1000),
    System("inkgrad without relaxed SIMD", "WebAssembly", "inkgrad", "plain", 1000),
    System("onnxruntime-web, 1 thread", "WebAssembly", "ort-wasm", "1", 500),
    System("onnxruntime-web, threads", "WebAssembly", "ort-wasm", "threads", 500),
    System("tfjs, 1 thread", "WebAssembly", "tfjs-wasm", "wasm", 500),
    System("jax-js", "WebAssembly", "jax", "wasm", 500),
    System(OURS, "WebGPU", "inkgrad", "webgpu", 1000),
    System("onnxruntime-web", "WebGPU", "ort-webgpu", "webgpu", 500),
    System("tfjs", "WebGPU", "tfjs-webgpu", "webgpu", 500),
    System("jax-js", "WebGPU", "jax", "webgpu", 500),
    System("tinygrad's exporter, its pattern", "WebGPU", "exporter", "webgpu", 1),
)
# No network: what no system can be faster than.
LIMITS = (System("limit", "WebAssembly", "limits", "wasm", 1), System("limit", "WebGPU", "limits", "webgpu", 1))
PRODUCT = 100 * 2 * 64**3  # floating point operations of one call of bench/matmul.c

OPS = {nets.silu: "silu", nets.relu: "relu", nets.pool: "pool", nets.flatten: "flatten"}


def layers(net: Net) -> tuple[bytes, bytes, int]:
    """A net, BatchNorm folded, for peers that are given it layer by layer.

    Its layers as JSON, as `Layer` in bench/src/page.ts has them; their weights and biases, float32, one after another;
    and the floating point operations of its products for one picture. Raises ValueError for a layer of another kind.
    """
    listed: list[dict[str, Any]] = []
    values: list[bytes] = []
    state = get_state_dict(net)
    shape: tuple[int, ...] = (1, 28, 28)
    flops = 0
    for i, layer in enumerate(net.layers):
        if isinstance(layer, nn.Linear | Conv2d):
            weight = state[f"layers.{i}.weight"].numpy()
            values += [weight.tobytes(), state[f"layers.{i}.bias"].numpy().astype(np.float32).tobytes()]
            shape = (len(weight), *(side - weight.shape[-1] + 1 for side in shape[1:]))
            flops += 2 * weight.size * prod(shape[1:])
            listed.append({"op": "conv" if weight.ndim == 4 else "linear", "shape": list(weight.shape)})
        elif layer in OPS:
            listed.append({"op": OPS[layer], "shape": list(shape) if layer is nets.flatten else []})
            if layer is nets.pool:
                shape = (shape[0], shape[1] // 2, shape[2] // 2)
            if layer is nets.flatten:
                shape = (prod(shape),)
        else:
            raise ValueError(f"layer {i}, {layer}, is known to no peer: fold BatchNorm, or give it a name in peers.py")
    return json.dumps(listed).encode(), b"".join(values), flops
