"""Training: what is learnt, what is left in the folder, and what a kill, a bad rate or a wrong folder may cost."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from safetensors.numpy import load_file
from tinygrad import Tensor, nn
from tinygrad.nn.state import get_state_dict

from inkgrad import hardware, nets, run
from inkgrad import recipe as recipes
from inkgrad import train as training
from inkgrad import trainer as steps
from inkgrad.errors import Error
from inkgrad.mnist import Mnist
from inkgrad.train import train
from inkgrad.unipen import Sample

Optimizer = Literal["adamw", "muon"]
# Small enough that a run is mostly compilation; the same batch and warps in all tests, so that it is compiled once.
RECIPE = replace(recipes.load("mlp", "quick"), width=0.125, steps=12, batch=64, evaluate_every=3)

FILES = "weights.safetensors", "checkpoint.safetensors"


def few(digits: Mnist) -> Mnist:
    return Mnist(digits.train_images[:10_640], digits.train_labels[:10_640], *(part[:500] for part in digits[2:]))


@pytest.fixture(scope="session")
def data(digits: Mnist) -> Mnist:
    return few(digits)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, data: Mnist) -> Path:
    """RECIPE's run, never interrupted."""
    out = tmp_path_factory.mktemp("runs") / "whole"
    reported: list[run.Metrics] = []
    assert train(RECIPE, out, data, report=reported.append) == run.read_metrics(out)[-1]
    assert reported == run.read_metrics(out)[:-1]
    return out


def results(out: Path) -> tuple[list[run.Metrics], dict[str, bytes]]:
    """What must not depend on interruptions: the metrics but for times, and every tensor of the last checkpoint."""
    timeless = [
        {key: value for key, value in line.items() if key not in ("seconds", "images_per_second")}
        for line in run.read_metrics(out)
    ]
    tensors = {f"{file}: {k}": v.tobytes() for file in FILES for k, v in load_file(out / file).items()}
    return timeless, tensors


def test_the_folder_of_a_finished_run(finished: Path, data: Mnist) -> None:
    names = {path.name for path in finished.iterdir()}
    assert names == {"recipe.toml", "data.sha256", "metrics.jsonl", "curve.png", *FILES}
    assert recipes.read(finished / "recipe.toml") == RECIPE
    *evaluations, test = map(json.loads, (finished / "metrics.jsonl").read_text().splitlines())
    assert [line["step"] for line in evaluations] == [3, 6, 9, 12]
    assert test["step"] == 12 and test["n"] == 500
    assert (finished / "curve.png").read_bytes().startswith(b"\x89PNG")

    net = training.load(finished)
    right = (net(Tensor(data.test_images).float()).numpy().argmax(1) == data.test_labels).mean()
    assert test["test_accuracy"] == right
    right = (net(Tensor(data.train_images[-10_000:]).float()).numpy().argmax(1) == data.train_labels[-10_000:]).mean()
    assert evaluations[-1]["validation_accuracy"] == right


def test_a_finished_run_is_neither_repeated_nor_overwritten(finished: Path, data: Mnist) -> None:
    before = {path: path.read_bytes() for path in finished.iterdir()}
    assert train(RECIPE, finished, data, resume=True) == run.read_metrics(finished)[-1]
    with pytest.raises(Error, match="holds a finished run: choose another folder"):
        train(RECIPE, finished, data)
    with pytest.raises(Error, match="not the recipe to resume with"):
        train(replace(RECIPE, seed=1), finished, data, resume=True)
    assert {path: path.read_bytes() for path in finished.iterdir()} == before


def test_a_kill_between_two_files_costs_nothing(
    finished: Path, data: Mnist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies when the metrics of step 6 are written and its checkpoint is not."""
    whole = run.save_tensors

    def dies(path: Path, tensors: dict[str, Tensor]) -> None:
        if int(tensors["step"].item()) == 6:
            raise KeyboardInterrupt
        whole(path, tensors)

    out = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(run, "save_tensors", dies)
        with pytest.raises(KeyboardInterrupt):
            train(RECIPE, out, data)
    assert run.read_metrics(out)[-1]["step"] == 6 and load_file(out / "checkpoint.safetensors")["step"] == [3]
    with pytest.raises(Error, match="holds an unfinished run: resume it or choose another folder"):
        train(RECIPE, out, data)
    train(RECIPE, out, data, resume=True)
    assert results(out) == results(finished)


def test_kill_9_at_any_moment(finished: Path, data: Mnist, tmp_path: Path) -> None:
    """A process of its own, killed whenever it happens to be past its first checkpoint; then resumed."""
    out = tmp_path / "run"
    (tmp_path / "recipe.toml").write_text(recipes.dump(RECIPE))
    code = (
        "import lowering, sys; from pathlib import Path; from inkgrad import mnist, recipe, train\n"
        "from test_train import few; lowering.keep()\n"
        "train.train(recipe.read(Path(sys.argv[1])), Path(sys.argv[2]), few(mnist.load()))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "recipe.toml", out],
        env={**os.environ, "PYTHONPATH": f"{Path(training.__file__).parents[1]}:{Path(__file__).parent}"},
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while not (out / "checkpoint.safetensors").exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    train(RECIPE, out, data, resume=True)
    assert results(out) == results(finished)


def test_a_loss_that_is_no_number_stops_and_keeps_the_last_checkpoint(
    data: Mnist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "rate", lambda recipe, step: 1e-3 if step < 3 else 1e30)
    out = tmp_path / "run"
    with pytest.raises(Error, match=r"(the loss is|is no longer finite).*: try a lower lr; .*kept"):
        train(RECIPE, out, data)
    saved = load_file(out / "checkpoint.safetensors")
    assert saved["step"] == [3] and all(np.isfinite(array).all() for array in saved.values())
    assert not run.is_finished(out)


def test_folders_that_are_no_runs(data: Mnist, tmp_path: Path) -> None:
    with pytest.raises(Error, match="no run: it has no recipe"):
        train(RECIPE, tmp_path, data, resume=True)
    with pytest.raises(Error, match="no finished run"):
        training.load(tmp_path)
    with pytest.raises(Error, match=r"no metrics\.jsonl"):
        run.last(tmp_path)
    (tmp_path / "diary.txt").write_text("mine")
    with pytest.raises(Error, match="holds other files: choose another folder"):
        train(RECIPE, tmp_path, data)
    with pytest.raises(Error, match="holds other files"):
        train(RECIPE, tmp_path / "diary.txt", data)
    assert [path.name for path in tmp_path.iterdir()] == ["diary.txt"]


def test_a_damaged_checkpoint(data: Mnist, tmp_path: Path) -> None:
    out, other = tmp_path / "run", Tensor.zeros(3).contiguous()
    run.open_folder(out, RECIPE, training.digests(data, (), ()), resume=False)
    (out / "checkpoint.safetensors").write_bytes(b"\x08\x00\x00\x00")
    with pytest.raises(Error, match=r"checkpoint\.safetensors: cannot be read .*: delete the run"):
        train(RECIPE, out, data, resume=True)
    run.save_tensors(out / "checkpoint.safetensors", {"net.layers.1.weight": other})
    with pytest.raises(Error, match=r"cannot be read .*: delete the run"):
        run.load_tensors(out / "checkpoint.safetensors", {"net.layers.1.weight": Tensor.zeros(2, 2)})


def test_a_run_goes_on_with_what_it_began_with(finished: Path, data: Mnist, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path / "run")
    assert train(RECIPE, tmp_path / "run", data, resume=True) == run.read_metrics(finished)[-1]
    sample = Sample(1, 0, [[(0.0, 0.0), (0.0, 9.0)]])
    mirrored = data._replace(train_labels=data.train_labels[::-1])
    for what, others, samples in ("images", mirrored, ()), ("strokes", data, [sample]):
        with pytest.raises(Error, match=f"begun with other {what}: give the same"):
            train(RECIPE, tmp_path / "run", others, samples, resume=True)
    begun, other = (training.digests(data, (), [steps.build(RECIPE)]) for _ in range(2))
    run.open_folder(tmp_path / "pupil", RECIPE, begun, resume=False)
    with pytest.raises(Error, match="begun with other teachers"):
        run.open_folder(tmp_path / "pupil", RECIPE, other, resume=True)


def test_strokes_of_writers_who_are_all_left_out(data: Mnist, tmp_path: Path) -> None:
    samples = [Sample(1, writer, [[(0.0, 0.0), (0.0, 9.0)]]) for writer in range(6)]
    with pytest.raises(Error, match="6 writers or fewer are all left out"):
        train(replace(RECIPE, strokes=2), tmp_path / "run", data, samples)
    assert not (tmp_path / "run").exists()


def test_a_teacher_has_not_seen_what_judges_its_pupil(finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path / "run")
    judged, final = replace(RECIPE, validation=True), replace(RECIPE, validation=False)
    training.teacher(tmp_path / "run", judged)
    (tmp_path / "run" / "recipe.toml").write_text(recipes.dump(final))
    training.teacher(tmp_path / "run", final)
    with pytest.raises(Error, match="was trained on validation too"):
        training.teacher(tmp_path / "run", judged)


def test_a_device_that_does_not_open_is_named_before_anything_is_begun(
    data: Mnist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Absent:
        DEFAULT = "CUDA"

        def __getitem__(self, name: str) -> None:
            raise AttributeError("failed to load library cuda\nand more")

    monkeypatch.setattr(hardware, "Device", Absent())
    with pytest.raises(Error, match=r"CUDA does not open \(failed to load library cuda\): name another with DEV"):
        train(RECIPE, tmp_path / "run", data)
    assert not [*tmp_path.iterdir()]


def test_a_batch_larger_than_the_data(data: Mnist, tmp_path: Path) -> None:
    with pytest.raises(Error, match="a batch of 641 images is more than the 640"):
        train(replace(RECIPE, batch=641), tmp_path / "run", data)
    with pytest.raises(Error, match="a batch of one image has no spread"):
        train(replace(RECIPE, batch=1, norm="batch"), tmp_path / "run", data)
    assert not (tmp_path / "run").exists()


def test_it_learns(data: Mnist, tmp_path: Path) -> None:
    """The 640 images that are kept, four times; with ema = 0 the average is the weights themselves."""
    out = tmp_path / "run"
    assert train(replace(RECIPE, steps=40, ema=0.0, evaluate_every=40), out, data)["test_accuracy"] > 0.7
    saved = load_file(out / "checkpoint.safetensors")
    for name, array in load_file(out / "weights.safetensors").items():
        assert np.array_equal(array, saved[f"net.{name}"]), name


def test_two_devices_learn_what_one_does(finished: Path, data: Mnist, tmp_path: Path) -> None:
    out = tmp_path / "run"
    train(replace(RECIPE, devices=2), out, data)
    one, two = ([line["loss"] for line in run.read_metrics(path)[:-1]] for path in (finished, out))
    assert two == pytest.approx(one, abs=1e-5)
    with pytest.raises(Error, match="3 devices cannot share a batch of 64 images evenly"):
        train(replace(RECIPE, devices=3), tmp_path / "other", data)


def test_a_teacher_teaches_on_two_devices_again_and_again(data: Mnist) -> None:
    """As it does in a sweep, seed by seed: its weights already lie on both the second time."""
    teacher = steps.build(RECIPE)
    for seed in range(2):
        recipe = replace(RECIPE, devices=2, distill=0.9, seed=seed)
        trainer = steps.Trainer(recipe, data.train_images[:64], data.train_labels[:64], [teacher])
        trainer.advance()
        assert np.isfinite(trainer.loss_sum.item())


def test_a_pupil_learns_its_teachers_answers(data: Mnist, tmp_path: Path) -> None:
    """A teacher that says 7 of everything, against the labels and what is no digit: the pupil says 7."""
    teacher = nets.Net(nets.flatten, nn.Linear(784, 10))
    for tensor, value in zip(get_state_dict(teacher).values(), (np.zeros((10, 784)), 30 * np.eye(10)[7]), strict=True):
        tensor.replace(Tensor(value.astype(np.float32))).realize()
    recipe = replace(RECIPE, steps=40, evaluate_every=40, distill=0.9, nondigits=64)
    with pytest.raises(Error, match=r"distils 0\.9: give --teacher"):
        train(recipe, tmp_path / "run", data)
    last = train(recipe, tmp_path / "run", data, teachers=[teacher])
    assert last["test_accuracy"] == pytest.approx((data.test_labels == 7).mean(), abs=0.02)
