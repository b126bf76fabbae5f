"""The ONNX export: what other tools are given. That random nets agree with ONNX Runtime: test_nets.py."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from released import MODELS
from tinygrad import Tensor
from tinygrad.nn.state import get_state_dict
from typer.testing import CliRunner

from inkgrad import cli, finish, mnist, recipe, run
from inkgrad.export import modelfile
from inkgrad.export.digits import read_net
from inkgrad.export.onnx import to_onnx
from inkgrad.nets import NETS, Net
from inkgrad.runtime import Runtime


@pytest.mark.parametrize("name", NETS)
def test_the_model_file_and_its_onnx_agree_on_1000_test_images(name: str, digits: mnist.Mnist) -> None:
    images = digits.test_images[:1000].astype(np.float32)
    file = modelfile.read(MODELS[name])
    session = onnxruntime.InferenceSession(to_onnx(read_net(file), file.card), providers=["CPUExecutionProvider"])
    (expected,) = session.run(["logits"], {"image": images})
    runtime = Runtime(file)
    logits = np.stack([runtime.run("classify", {"image": image})["logits"] for image in images])
    assert (logits.argmax(1) == expected.argmax(1)).all()
    assert np.abs(logits - expected).max() <= 1e-3


def test_export_writes_it_beside_the_model_file(
    digits: mnist.Mnist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the folder of a run that learnt nothing, with 600 pictures for MNIST and 100 of what is no digit."""
    for name, array, n in zip(mnist.FILES, digits, (600, 600, 20, 20), strict=True):
        shape = b"".join(side.to_bytes(4, "big") for side in (n, *array.shape[1:]))
        (tmp_path / name).write_bytes(bytes((0, 0, 8, array.ndim)) + shape + array[:n].tobytes())
    run.open_folder(tmp_path / "run", recipe.load("cnn-tiny", "quick"), {}, resume=False)
    run.write_metrics(tmp_path / "run", [{"device": "CPU", "seconds": 1.0, "test_accuracy": 0.1}])
    run.save_tensors(tmp_path / "run" / "weights.safetensors", get_state_dict(NETS["cnn-tiny"]()))
    for name, n in (("INK", 80), ("NEAR", 20), ("SURFACES", 20)):
        monkeypatch.setattr(finish, name, n)
    out = tmp_path / "out" / "tiny.safetensors"
    words = ["export", str(tmp_path / "run"), "--onnx", "--path", str(tmp_path), "--out", str(out)]
    assert CliRunner().invoke(cli.app, words).exit_code == 0
    assert {path.name for path in out.parent.iterdir()} == {
        "tiny.safetensors",
        "tiny.md",
        "tiny-errors.png",
        "tiny.onnx",
    }
    assert "](tiny-errors.png)" in out.with_suffix(".md").read_text()
    file = modelfile.read(out)
    assert out.with_suffix(".onnx").read_bytes() == to_onnx(read_net(file), file.card)
    # From the model file itself, which needs no run: the same, to the byte.
    again = ["export", str(out), "--path", str(tmp_path), "--out", str(tmp_path / "again.safetensors")]
    assert CliRunner().invoke(cli.app, again).exit_code == 0
    assert (tmp_path / "again.safetensors").read_bytes() == out.read_bytes()


def test_the_checker_finds_nothing_and_infers_the_shapes(random_net: Net) -> None:
    model = onnx.load_from_string(to_onnx(random_net, {"net": "cnn", "licence": "MIT", "recipe": {}}))
    onnx.checker.check_model(model, full_check=True)
    assert model.producer_name == "inkgrad" and model.graph.name == "cnn"
    assert {entry.key: entry.value for entry in model.metadata_props} == {"licence": "MIT"}
    # Without the shape that it declares, the output's is inferred from the nodes: for any batch.
    (logits,) = model.graph.output
    logits.type.tensor_type.ClearField("shape")
    (inferred,) = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph.output
    assert [d.dim_param or d.dim_value for d in inferred.type.tensor_type.shape.dim] == ["B", 10]


def test_a_layer_that_it_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match=r"layer 0, .*tanh.* has no ONNX"):
        to_onnx(Net(Tensor.tanh), {})


def test_without_the_package_it_says_at_once_how_to_get_it(tmp_path: Path) -> None:
    code = "import sys; sys.modules['onnx'] = None; from inkgrad.cli import main; main()"
    command = [sys.executable, "-c", code, "export", str(tmp_path / "run"), "--onnx"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr == "inkgrad: this needs the package onnx: pip install 'inkgrad[onnx]'\n"
