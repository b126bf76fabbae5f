"""The exporter: what its WebAssembly computes, and that its bytes are reproducible."""

import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attention import Attention, attention_oracle
from functions import of_one
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from oracle import session
from released import MODELS
from safetensors.numpy import save
from tinygrad import Tensor, nn
from tinygrad.nn.state import get_state_dict

from inkgrad import mnist
from inkgrad import recipe as recipes
from inkgrad.errors import Error
from inkgrad.export import Function, export, modelfile
from inkgrad.export.digits import export_digits, laid_out, moments, read_doubt, read_net, untrained
from inkgrad.export.modelfile import ModelFile
from inkgrad.export.wasm import compile_c
from inkgrad.ink import MASK
from inkgrad.nets import NETS, Net, flatten, fold_batchnorm, relu, scaled
from inkgrad.normalize import SIDE, normalize
from inkgrad.runtime import Runtime

Floats = NDArray[np.float32]


def run(function: Function, *inputs: Floats) -> dict[str, Floats]:
    """Through a file's bytes and WebAssembly, as anybody would."""
    file = export({"f": function}, {}, {})
    return Runtime(file).run("f", dict(zip(function.inputs, inputs, strict=True)))


def doubt_of(net: Net) -> nn.Linear:
    """A layer with random weights that reads the net's features and one number more."""
    Tensor.manual_seed(5)
    return nn.Linear(int(net.features(Tensor.zeros(1, 28, 28)).shape[1]) + 1, 1)


VARIANTS = "wasm", "wasm.relaxed"
MADD = bytes.fromhex("fd8502")  # f32x4.relaxed_madd, of the WebAssembly specification, 3.0


def variant(file: ModelFile, name: str) -> ModelFile:
    """The file as an engine runs it that takes this module."""
    return replace(file, tensors={**file.tensors, "wasm": file.tensors[name]})


def test_digit_nets_are_read_as_written_and_agree_with_onnx_runtime(
    random_net: Net, digits: mnist.Mnist, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    images = digits.test_images[:100].astype(np.float32)
    (before,) = session(random_net).run(None, {"image": images})
    card = {"name": "ñ", "recipe": asdict(recipes.load(request.node.callspec.params["random_net"], "quick"))}
    written = export_digits(random_net, doubt_of(random_net), digits.test_images[:1], card)
    (path := tmp_path / "m.safetensors").write_bytes(written.to_bytes())
    file = modelfile.read(path)
    assert file.card["name"] == "ñ" and file.programs == written.programs
    assert all((file.tensors[name] == tensor).all() for name, tensor in written.tensors.items())
    (expected,) = session(read_net(file)).run(None, {"image": images})  # with the weights that the file stores
    for module in VARIANTS:
        runtime = Runtime(variant(file, module))
        for name, output in runtime.run("classify", {"image": file.tensors["selftest.classify.image"]}).items():
            assert output.shape == ((10,) if name == "logits" else (1,))
            assert np.abs(output - file.tensors[f"selftest.classify.{name}"]).max() <= 1e-3
        outputs = [runtime.run("classify", {"image": image}) for image in images]
        logits = np.stack([output["logits"] for output in outputs])
        assert np.abs(logits - expected).max() <= 1e-5 * np.abs(expected).max()
        assert np.sqrt(np.square(logits - before).mean()) <= 0.02 * before.std()


def test_moments_are_of_what_the_outputs_read(random_net: Net, digits: mnist.Mnist) -> None:
    """An output is xᵀw, so the mean of its square is wᵀ M w, whose parts must be in one order."""
    pictures = digits.test_images[:30]
    net = fold_batchnorm(random_net)
    found, laid = moments(random_net, pictures), laid_out(net)
    grey = Tensor(pictures).float()
    for i, (layer, read) in enumerate(zip(net.layers, [scaled(grey), *net.hidden(grey)], strict=True)):
        if isinstance(layer, nn.Conv2d | nn.Linear):
            assert layer.bias is not None
            out = layer(read) - layer.bias.reshape(1, -1, *[1] * (read.ndim - 2))
            (weight,) = (w.numpy().astype(np.float64) for w in get_state_dict(laid.layers[i]).values() if w.ndim > 1)
            weight = weight.reshape(-1, weight.shape[-1])
            power = np.einsum("kn,kl,ln->n", weight, found.pop(f"layers.{i}"), weight)
            np.testing.assert_allclose(power, out.square().transpose(0, 1).flatten(1).mean(1).numpy(), rtol=1e-3)
    assert not found


@pytest.mark.parametrize("name", MODELS)
def test_a_file_that_is_made_again_from_itself_is_the_same(name: str, digits: mnist.Mnist) -> None:
    """What is stored is stored as it is, by whatever pictures it is rounded: a released file needs no run to come by
    today's kernels."""
    file = modelfile.read(MODELS[name])
    again = export_digits(read_net(file), read_doubt(file), digits.test_images[:50], file.card, file.tensors)
    assert again.tensors.keys() == file.tensors.keys() and again.programs == file.programs
    for key, tensor in again.tensors.items():
        if not key.startswith("selftest."):
            np.testing.assert_array_equal(tensor, file.tensors[key], key)


def test_a_file_of_other_tensors_is_refused() -> None:
    """Words of an older inkgrad, say, which other numbers are in."""
    file = modelfile.read(MODELS["mlp"])
    tensors = {name.replace("int8.fixed", "int8.words"): tensor for name, tensor in file.tensors.items()}
    plan = file.programs["classify"]
    weights = {name.replace("int8.fixed", "int8.words"): at for name, at in plan["weights"].items()}
    with pytest.raises(Error, match=r"has no layers\.1\.weight; export it again"):
        read_net(replace(file, tensors=tensors, programs={"classify": plan | {"weights": weights}}))
    with pytest.raises(Error, match=r"has no doubt\.weight; export it again"):
        read_doubt(replace(file, tensors={}))


@given(st.integers(1, 3), st.integers(0, 2**32 - 1))
@settings(max_examples=5)
def test_words_hold_the_int8_of_a_large_layer(fourth: int, seed: int) -> None:
    """A layer of 16 · fourth outputs before a small one, against its weight as the file stores it, widened."""
    rng = np.random.default_rng(seed)
    outputs = 16 * fourth
    net = Net(flatten, nn.Linear(SIDE * SIDE, outputs), relu, nn.Linear(outputs, 3))
    for tensor in get_state_dict(net).values():
        tensor.replace(Tensor(rng.normal(0, 0.1, tensor.shape).astype(np.float32))).realize()
    images = rng.integers(0, 256, (5, SIDE, SIDE)).astype(np.uint8)
    file = export_digits(net, doubt_of(net), images, {})
    plan, words = file.programs["classify"], file.tensors["layers.1.int8.fixed"]
    assert words.shape == (SIDE * SIDE, outputs // 4, 4) and words.dtype == np.int8
    assert plan["arena"] < 2 * words.size  # as float32 they alone would be 4 times
    lower = np.tril([[256.0 ** (p - q) for p in range(4)] for q in range(4)], -1)  # as a fraction of what is higher
    weight = words + words.view(np.uint8) @ lower.T
    weight *= file.tensors["layers.1.int8.fixed.scale"][:, None, None]
    weight = weight.transpose(0, 2, 1).reshape(-1, outputs)
    assert np.abs(weight - get_state_dict(net)["layers.1.weight"].numpy().T).max() <= 0.05
    bias = file.tensors["layers.1.bias"].astype(np.float64)
    for module in VARIANTS:
        runtime = Runtime(variant(file, module))
        for image in images:
            seen = runtime.run("explain", {"image": image.astype(np.float32)})["layer1"]
            exact = np.maximum((image.ravel() / 127.5 - 1) @ weight + bias, 0)
            np.testing.assert_allclose(seen, exact, atol=1e-4)


@pytest.mark.parametrize("name", NETS)
def test_the_layers_that_explain_lead_to_the_logits(name: str) -> None:
    file = modelfile.read(MODELS[name])
    runtime, image = Runtime(file), file.tensors["selftest.classify.image"]
    seen = runtime.run("explain", {"image": image})
    last = seen[max(seen)]
    if last.ndim == 3:  # maps are pooled before the last layer reads them
        side = last.shape[1] // 2
        last = last[:, : 2 * side, : 2 * side].reshape(-1, side, 2, side, 2).max((2, 4))
    head = read_net(file).layers[-1]
    assert isinstance(head, nn.Linear) and head.bias is not None
    weight, bias = (tensor.numpy().astype(np.float64) for tensor in (head.weight, head.bias))
    logits = runtime.run("classify", {"image": image})["logits"]
    np.testing.assert_allclose(weight @ last.ravel() + bias, logits, atol=1e-4)


def test_exports_a_network_that_is_no_digit_net() -> None:
    block = Attention(16)
    weights = get_state_dict(block)
    Tensor.realize(*weights.values())
    x = np.random.default_rng(3).normal(size=(12, 16)).astype(np.float32)
    result = run(of_one(block, (12, 16), **weights), x)["y"]
    exact = {name: tensor.numpy().astype(np.float64) for name, tensor in weights.items()}
    assert np.abs(result - attention_oracle(exact, x.astype(np.float64))).max() <= 1e-5


def test_several_inputs_and_outputs_of_every_rank() -> None:
    def call(a: Tensor, b: Tensor) -> dict[str, Tensor]:
        return {"sum": (a + b).sum(), "outer": a.reshape(-1, 1) * b, "longest": a.maximum(b).argmax()}

    rng = np.random.default_rng(5)
    a, b = rng.normal(size=(2, 7)).astype(np.float32)
    result = run(Function(call, {"a": (7,), "b": (7,)}, {}), a, b)
    assert result["sum"].shape == () and abs(result["sum"] - (a + b).astype(np.float64).sum()) <= 1e-5
    assert (result["outer"] == a[:, None] * b).all()
    assert result["longest"] == np.maximum(a, b).argmax()


EXTREMES = [
    0.0,
    -0.0,
    0.5,
    -0.5,
    1.5,
    127.0,
    127.5,
    127.99999,
    128.0,
    1e9,
    -125.5,
    -126.0,
    -126.5,
    -1e9,
    np.inf,
    -np.inf,
]


@pytest.fixture(scope="module")
def powers() -> Runtime:
    return Runtime(export({"f": of_one(lambda x: x.exp2(), (64 + len(EXTREMES),))}, {}, {}))


@settings(max_examples=50)
@given(st.lists(st.floats(-126, 127, width=32), min_size=64, max_size=64))
def test_exp2_is_exact_to_a_few_ulp(powers: Runtime, values: list[float]) -> None:
    x = np.array([*values, *EXTREMES], np.float32)
    result = powers.run("f", {"x0": x})["y"]
    with np.errstate(over="ignore"):
        exact = np.exp2(x.astype(np.float64))
        expected = np.where(exact < 2.0**-126, 0, exact).astype(np.float32)
    assert np.isnan(powers.run("f", {"x0": np.full_like(x, np.nan)})["y"]).all()
    assert (np.isinf(result) == np.isinf(expected)).all()
    finite = np.isfinite(expected)
    assert (np.abs(result[finite] - expected[finite]) <= 4 * np.spacing(expected[finite])).all()


def test_normalize_agrees_with_itself_uncompiled(digits: mnist.Mnist) -> None:
    masks = np.zeros((20, MASK, MASK), np.float32)
    masks[:, 30:114, 20:104] = np.repeat(np.repeat(digits.test_images[:20], 3, 1), 3, 2)[:, :82]  # cut at the edge
    runtime = Runtime(export({"normalize": untrained("cnn-tiny")["normalize"]}, {}, {}))
    results = np.stack([runtime.run("normalize", {"mask": mask})["image"] for mask in masks])
    assert np.abs(results - normalize(Tensor(masks)).numpy()).max() <= 1


@pytest.mark.parametrize("name", MODELS)
def test_relaxed_simd_fuses_products_and_leaves_pictures_as_they_are(name: str, digits: mnist.Mnist) -> None:
    file = modelfile.read(MODELS[name])
    plain, relaxed = (file.tensors[module].tobytes().count(MADD) for module in VARIANTS)
    assert plain == 0 < relaxed
    runtimes = [Runtime(variant(file, module)) for module in VARIANTS]
    for image in digits.test_images[:50]:
        mask = np.pad(np.kron(image, np.ones((4, 4), np.float32)), (MASK - 112) // 2)
        pictures = [runtime.run("normalize", {"mask": mask})["image"].tobytes() for runtime in runtimes]
        assert pictures[0] == pictures[1]


def test_without_zig_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ziglang", None)
    with pytest.raises(Error, match=r"needs the package ziglang: pip install 'inkgrad\[export\]'"):
        compile_c("")


SCRIPT = """
import hashlib, numpy as np
from tinygrad import Tensor, nn
from tinygrad.nn.state import get_state_dict
from inkgrad.export import Function, export
Tensor.manual_seed(3)
first = [nn.Conv2d(1, 4, 3), Tensor.silu]
layers = [*first, Tensor.max_pool2d, lambda x: x.flatten(1), nn.Linear(36, 150), nn.Linear(150, 3)]
weights = get_state_dict(layers)
Tensor.realize(*weights.values())
functions = {
  "all": Function(lambda x: {"y": x.sequential(layers), "most": x.max()}, {"x": (1, 1, 8, 8)}, weights),
  "first": Function(lambda x: {"y": x.sequential(first)}, {"x": (1, 1, 8, 8)}, {k: weights[k] for k in [*weights][:2]}),
}
image = np.arange(64, dtype=np.float32).reshape(1, 1, 8, 8)
moments = {"4.weight": np.cov(np.random.default_rng(0).normal(size=(150, 300)))}
file = export(functions, {"all": {"x": image}, "first": {"x": image}}, {"b": 1, "a": 2}, moments)
print(hashlib.sha256(file.to_bytes()).hexdigest())
"""


def test_the_same_weights_give_the_same_bytes() -> None:
    def digest(seed: str) -> str:
        command = [sys.executable, "-c", SCRIPT]
        done = subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode().strip()

    assert digest("1") == digest("2") != hashlib.sha256(b"").hexdigest()


def test_the_readmes_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    example = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert example
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(example[1], names)
    x = np.random.default_rng(0).normal(size=(1, 16)).astype(np.float32)
    y = Runtime(modelfile.read(tmp_path / "layer.safetensors")).run("layer", {"x": x})["y"]
    # Weights lie in the file as float16.
    np.testing.assert_allclose(y, np.maximum(x @ names["w"].numpy(), 0), atol=0.02)


def of_bfloat16() -> bytes:
    header = json.dumps({"x": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(2)


@pytest.mark.parametrize("content", [b"", b"no model", b"\xff" * 100, b"\2\0\0\0\0\0\0\0{}", of_bfloat16()])
def test_a_file_that_is_no_model_is_one_clear_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(content)
    with pytest.raises(Error, match=r"m\.safetensors"):
        modelfile.read(path)


def test_a_model_file_without_plans_or_with_damaged_code_is_one_clear_line(tmp_path: Path) -> None:
    file = modelfile.read(MODELS["cnn-tiny"])
    with pytest.raises(Error, match="model file is damaged"):
        Runtime(replace(file, tensors={**file.tensors, "wasm": file.tensors["wasm"][:100]}))
    classify = file.programs["classify"]
    for programs in (
        {"another": classify},  # which the code has not
        {"classify": {**classify, "weights": {**classify["weights"], "lost": 0}}},
        {"classify": {key: value for key, value in classify.items() if key != "arena"}},
        {"classify": None},
    ):
        with pytest.raises(Error, match="model file is damaged"):
            Runtime(replace(file, programs=programs))
    with pytest.raises(Error, match="holds no network"):
        read_net(replace(file, card={}))
    path = tmp_path / "x.safetensors"
    for programs in {}, {"programs": "[]", "card": "{}"}, {"programs": "{}", "card": "null"}:
        path.write_bytes(save({"wasm": file.tensors["wasm"]}, {"format": modelfile.FORMAT, **programs}))
        with pytest.raises(Error, match="its programs or its card are missing"):
            modelfile.read(path)


def test_refuses_a_weight_that_float16_cannot_hold() -> None:
    weight = Tensor(np.array([1e6], np.float32)).realize()
    with pytest.raises(Error, match="'w' is not finite as float16"):
        export({"f": of_one(lambda x: x * weight, (1,), w=weight)}, {}, {})


def test_the_runtime_names_a_wrong_input() -> None:
    function = of_one(lambda x: x + 1, (3,))
    runtime = Runtime(export({"f": function}, {}, {}))
    with pytest.raises(Error, match="takes x0, not x"):
        runtime.run("f", {"x": np.zeros(3, np.float32)})
    with pytest.raises(Error, match=r"shape \[3\], not \[4\]"):
        runtime.run("f", {"x0": np.zeros(4, np.float32)})
