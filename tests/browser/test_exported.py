"""What the exported programs compute in Chromium, on both backends, against Python."""

import json

import numpy as np
import pytest
from attention import Attention, attention_oracle
from numpy.typing import NDArray
from playwright.sync_api import Page
from released import MODELS
from strokes import drawings
from tinygrad import Tensor
from tinygrad.nn.state import get_state_dict

from inkgrad import mnist
from inkgrad.export import Function, export, modelfile
from inkgrad.export.digits import read_net
from inkgrad.ink import MASK, rasterize
from inkgrad.nets import NETS
from inkgrad.normalize import normalize

BACKENDS = ("wasm", "webgpu")
PAGE = "?backend=wasm"  # itself it need not compile the cnn for WebGPU: 3 s

# Runs one program on each of the inputs that lie end to end in what `/inputs` gives.
RUN = """async ({ url, backend, program, input, output, size }) => {
  const { loadModel } = await import('/inkgrad.js');
  const model = await loadModel(url, { backend });
  if (model.status.backend !== backend) throw new Error(model.status.reason);
  const floats = new Float32Array(await (await fetch('/inputs')).arrayBuffer());
  const batch = Array.from({ length: floats.length / size }, (_, i) => ({
    [input]: floats.subarray(i * size, (i + 1) * size),
  }));
  const results = await model.active.runAll(program, batch);
  model.destroy();
  return JSON.stringify(results.map((outputs) => Array.from(outputs[output])));
}"""


def in_page(
    page: Page, url: str, backend: str, program: str, ports: tuple[str, str], inputs: NDArray[np.float32]
) -> NDArray[np.float64]:
    page.route("**/inputs", lambda route: route.fulfill(body=inputs.astype("<f4").tobytes()))
    names = {"url": url, "backend": backend, "program": program, "input": ports[0], "output": ports[1]}
    return np.array(json.loads(page.evaluate(RUN, {**names, "size": int(np.prod(inputs.shape[1:]))})))


@pytest.mark.parametrize("name", NETS)
def test_classify_equals_python_on_1000_test_images(page: Page, site: str, name: str, digits: mnist.Mnist) -> None:
    images = digits.test_images[:1000].astype(np.float32)
    expected = read_net(modelfile.read(MODELS[name]))(Tensor(images)).numpy()
    page.goto(site + PAGE)
    for backend in BACKENDS:
        logits = in_page(page, f"./models/{name}.safetensors", backend, "classify", ("image", "logits"), images)
        assert (logits.argmax(1) == expected.argmax(1)).all(), backend
        assert np.abs(logits - expected).max() <= 1e-3, backend


def test_normalize_equals_python_on_200_drawings(page: Page, site: str) -> None:
    masks = np.stack([rasterize(drawing, MASK) for drawing in drawings(200)]).astype(np.float32)
    expected = normalize(Tensor(masks)).numpy()
    assert (expected.max((1, 2)) >= 254).all()
    page.goto(site + PAGE)
    for backend in BACKENDS:
        pictures = in_page(page, "./models/cnn-tiny.safetensors", backend, "normalize", ("mask", "image"), masks)
        assert np.abs(pictures.reshape(expected.shape) - expected).max() <= 1, backend


@pytest.mark.parametrize("name", NETS)
def test_the_kernels_for_a_gpu_equal_python(page: Page, site: str, name: str, digits: mnist.Mnist) -> None:
    """Ten pictures, because SwiftShader, which has kernels of its own in the files, takes up to 0.2 s for one."""
    page.add_init_script("Object.defineProperty(GPUAdapterInfo.prototype, 'isFallbackAdapter', { value: false })")
    page.goto(site + PAGE)
    url, net = f"./models/{name}.safetensors", read_net(modelfile.read(MODELS[name]))
    images = digits.test_images[:10].astype(np.float32)
    logits = in_page(page, url, "webgpu", "classify", ("image", "logits"), images)
    assert np.abs(logits - net(Tensor(images)).numpy()).max() <= 1e-3


# The greatest change that a program makes to each of the pictures that `/pictures` gives, `batch` pictures at a time.
CHANGES = """async ({ url, backend, batch }) => {
  const { loadModel } = await import('/inkgrad.js');
  const model = await loadModel(url, { backend });
  if (model.status.backend !== backend) throw new Error(model.status.reason);
  const pixels = new Uint8Array(await (await fetch('/pictures')).arrayBuffer());
  const changes = new Array(pixels.length / 784).fill(0);
  for (let start = 0; start < pixels.length; start += 784 * batch) {
    const before = Float32Array.from(pixels.subarray(start, start + 784 * batch));
    const { after } = await model.active.run('normalize', { before });
    after.forEach((grey, i) => {
      const picture = Math.floor((start + i) / 784);
      changes[picture] = Math.max(changes[picture], Math.abs(grey - before[i]));
    });
  }
  model.destroy();
  return changes;
}"""


def test_normalize_returns_mnist_unchanged(page: Page, site: str, digits: mnist.Mnist) -> None:
    """All 10,000 test images, 500 at once: one of the page's own masks takes WebGPU in software 17 ms."""
    images, batch = digits.test_images, 500
    function = Function(lambda before: {"after": normalize(before)}, {"before": (batch, 28, 28)}, {})
    file = export({"normalize": function}, {"normalize": {"before": images[:batch].astype(np.float32)}}, {})
    page.route("**/normalize.safetensors", lambda route: route.fulfill(body=file.to_bytes()))
    page.route("**/pictures", lambda route: route.fulfill(body=images.tobytes()))
    page.goto(site + PAGE)
    for backend in BACKENDS:
        options = {"url": "./normalize.safetensors", "backend": backend, "batch": batch}
        change = np.array(page.evaluate(CHANGES, options))
        assert change.shape == (10_000,)
        assert (change <= 1).mean() >= 0.999, backend
        assert (change == 0).mean() >= 0.999, backend


def test_a_network_that_is_no_digit_net(page: Page, site: str) -> None:
    block = Attention(16)
    weights = get_state_dict(block)
    Tensor.realize(*weights.values())
    x = np.random.default_rng(3).normal(size=(5, 12, 16)).astype(np.float32)
    file = export(
        {"attend": Function(lambda x: {"y": block(x)}, {"x": (12, 16)}, weights)}, {"attend": {"x": x[0]}}, {}
    )
    exact = {name: tensor.numpy().astype(np.float64) for name, tensor in weights.items()}
    page.route("**/attention.safetensors", lambda route: route.fulfill(body=file.to_bytes()))
    page.goto(site + PAGE)
    for backend in BACKENDS:
        y = in_page(page, "./attention.safetensors", backend, "attend", ("x", "y"), x).reshape(x.shape)
        for got, one in zip(y, x, strict=True):
            assert np.abs(got - attention_oracle(exact, one.astype(np.float64))).max() <= 1e-5, backend
