"""The command line: what it prints, and that every bad input is one clear line and exit 1."""

import gzip
import json
import os
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from subprocess import PIPE, CompletedProcess
from subprocess import run as run_process
from unittest.mock import patch

import numpy as np
import pytest
from PIL import Image
from released import MODELS

from inkgrad import atomic, evaluate, mnist, trials
from inkgrad.cli import main
from inkgrad.errors import Error, needs

COMMANDS = ("data", "train", "sweep", "report", "export", "evaluate", "predict", "tune", "bench", "serve")
BENCHES = ("bench browser", "bench growth", "bench train")


def inkgrad(*words: str | Path, cwd: Path | None = None) -> CompletedProcess[str]:
    """The command, in this process: a new one takes longer to import tinygrad than most of these take."""
    command, code = ["inkgrad", *map(str, words)], 0
    with (
        redirect_stdout(StringIO()) as out,
        redirect_stderr(StringIO()) as err,
        chdir(cwd or "."),
        patch.object(sys, "argv", command),
        patch.dict(os.environ, COLUMNS="100"),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else end.code is not None
    return CompletedProcess(command, code, out.getvalue(), err.getvalue())


def refused(*words: str | Path, cwd: Path | None = None) -> str:
    """The one line on stderr of a command that fails with exit 1."""
    done = inkgrad(*words, cwd=cwd)
    assert done.returncode == 1, done
    assert done.stdout == "" and done.stderr.count("\n") == 1 and done.stderr.startswith("inkgrad: "), done
    return done.stderr


@pytest.mark.parametrize("command", [*COMMANDS, *BENCHES])
def test_help_has_an_example(command: str) -> None:
    done = inkgrad(*command.split(), "--help")
    assert done.returncode == 0 and f"inkgrad {command}" in done.stdout.split("Example")[1]


@pytest.mark.parametrize(
    "words",
    [
        ["dance"],
        ["evaluate"],
        ["serve", "--port", "many"],
        ["train"],
        ["train", "--resume", "runs/x", "--seed", "1"],
        ["evaluate", "x", "--unseen"],
        ["data", "strokes", "--path", "x"],
    ],
)
def test_wrong_usage_is_exit_2(words: list[str]) -> None:
    assert inkgrad(*words).returncode == 2


def test_data_says_where_it_is() -> None:
    done = inkgrad("data")
    assert done.returncode == 0 and "60,000 training and 10,000 test images" in done.stdout


def test_data_strokes_reads_a_given_file(tmp_path: Path) -> None:
    for which in ["strokes"], []:
        done = inkgrad("data", *which, "--strokes", ones(tmp_path))
        assert done.returncode == 0 and "ones.tra: 2 digits by 1 writers" in done.stdout
        assert "no-such" in refused("data", *which, "--strokes", tmp_path / "no-such.tra")
    both = inkgrad("data", "--path", mnist.fetch(), "--strokes", ones(tmp_path)).stdout
    assert "2 digits by 1 writers" in both and "60,000 training" in both
    assert "hold no 0, 2, 3" in refused("data", "--show", tmp_path / "sheet.png", "--strokes", ones(tmp_path))
    assert not (tmp_path / "sheet.png").exists()


def ones(folder: Path) -> Path:
    """A UNIPEN file of two straight ones by one writer."""
    path = folder / "ones.tra"
    stroke = "\n".join(f" {200 + i} {400 - 20 * i}" for i in range(15))
    path.write_text(f'.SEGMENT DIGIT 0 ? "1"\n.COMMENT 1 7 1\n.PEN_DOWN\n{stroke}\n.PEN_UP\n.DT 100\n' * 2)
    return path


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    assert "no-such" in refused("evaluate", tmp_path / "no-such.safetensors")
    assert "no-such" in refused("predict", tmp_path / "no-such.png", "--model", MODELS["mlp"])
    assert "no-such" in refused("export", tmp_path / "no-such")
    assert "no-such: no run" in refused("train", "--resume", tmp_path / "no-such")
    assert "no recipe mlp-no-such" in refused("train", "mlp", "--recipe", "no-such", cwd=tmp_path)
    assert "no recipe no-such-quick" in refused("sweep", "no-such", cwd=tmp_path)
    assert "nowhere" in refused("sweep", "mlp", "--storage", "nowhere://x", cwd=tmp_path)
    assert "cannot be opened" in refused("report", "--storage", "postgresql://me@there:port/db", cwd=tmp_path)
    assert "no such storage" in refused("report", "--storage", "sqlite:///typo.db", cwd=tmp_path)
    assert "nothing to report" in refused("report", cwd=tmp_path)
    assert "no-such" in refused("bench", "gpu", tmp_path / "no-such.safetensors")
    assert "no-such" in refused("evaluate", MODELS["mlp"], "--strokes", tmp_path / "no-such.tra")


def test_what_names_no_file_is_not_written() -> None:
    with pytest.raises(Error, match="names no file"):
        atomic.write_bytes(Path("."), b"")


def test_a_sweep_that_has_finished_no_trial_hides_none_of_another(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/runs/sweep.db"  # what report reads where none is named
    (tmp_path / "runs").mkdir()
    trials.open_storage(url)
    assert "nothing to report" in refused("report", cwd=tmp_path)
    assert "holds no finished trial" in refused("report", "--storage", url, cwd=tmp_path)


def test_what_is_no_plain_file_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Error, match="no plain file"):
        atomic.write_bytes(tmp_path / "pipe", b"")
    assert (tmp_path / "pipe").is_fifo()


def test_output_that_nobody_takes() -> None:
    command = [sys.executable, "-c", "from inkgrad.cli import main; main()", "data", "--help"]
    with open("/dev/full", "w") as full:
        done = run_process(command, stdout=full, stderr=PIPE, text=True)
    assert (done.returncode, done.stderr) == (1, "inkgrad: the output: No space left on device\n")
    reader, writer = os.pipe()
    os.close(reader)
    done = run_process(command, stdout=writer, stderr=PIPE, text=True)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


def test_devices_that_cannot_share_a_batch_are_refused(tmp_path: Path) -> None:
    assert "7 devices cannot share" in refused("train", "mlp", "--devices", "7", cwd=tmp_path)
    assert not [*tmp_path.iterdir()]


def test_a_missing_package_is_named_with_the_extra_that_brings_it() -> None:
    with (
        pytest.raises(Error, match=r"needs the package no_such_package: pip install 'inkgrad\[sweep\]'"),
        needs("sweep"),
    ):
        __import__("no_such_package.part")


@pytest.fixture(scope="module")
def seven(tmp_path_factory: pytest.TempPathFactory, digits: mnist.Mnist) -> tuple[Path, int]:
    folder = tmp_path_factory.mktemp("pictures")
    picture = Image.fromarray(digits.test_images[0]).resize((140, 140), Image.Resampling.BICUBIC)
    canvas = Image.new("L", (200, 300), 0)
    canvas.paste(picture, (20, 90))
    canvas.save(folder / "light-on-dark.png")
    Image.eval(canvas, lambda grey: 235 - grey // 2).save(folder / "dark-on-light.jpg", quality=80)
    return folder, int(digits.test_labels[0])


@pytest.mark.parametrize("name", ["light-on-dark.png", "dark-on-light.jpg"])
def test_predict_reads_a_picture(seven: tuple[Path, int], name: str) -> None:
    folder, digit = seven
    done = inkgrad("predict", folder / name, "--model", MODELS["cnn-tiny"], "--json")
    answer = json.loads(done.stdout)
    assert answer["text"] == str(digit)
    assert [d["digit"] for d in answer["digits"]] == [digit]
    assert abs(sum(answer["digits"][0]["probabilities"]) - 1) < 1e-4


def test_what_is_no_picture_of_ink_is_one_clear_line(tmp_path: Path) -> None:
    def said(name: str) -> str:
        line = refused("predict", tmp_path / name, "--model", MODELS["mlp"])
        assert name in line
        return line

    (tmp_path / "text.png").write_text("no picture")
    assert "no picture that can be read" in said("text.png")
    blank = Image.new("L", (50, 50), 255)
    blank.save(tmp_path / "blank.png")
    assert "blank" in said("blank.png")
    Image.new("1", (20_000, 20_000)).save(tmp_path / "huge.png")
    assert "more than 50,000,000 pixels" in said("huge.png")
    blank.save(tmp_path / "moving.gif", save_all=True, append_images=[Image.new("L", (50, 50), 0)])
    assert "several frames" in said("moving.gif")
    (tmp_path / "broken.png").write_bytes((tmp_path / "blank.png").read_bytes()[:-40])
    assert "truncated" in said("broken.png")


def test_evaluate_reports_mnist_and_strokes_as_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the smallest model: the figures of its card, and strokes that read as what they are labelled."""
    monkeypatch.setattr(evaluate, "NUMBERS", 30)
    plot = tmp_path / "reliability.png"
    clothes = clothes_in(tmp_path)
    words = ("--strokes", ones(tmp_path), "--others", clothes, "--plot", plot, "--json")
    done = inkgrad("evaluate", MODELS["cnn-tiny"], *words)
    report = json.loads(done.stdout)
    assert report["mnist"]["n"] == 10_000
    assert report["mnist"]["accuracy"] == pytest.approx(1 - report["mnist"]["errors"] / 10_000)
    assert report["mnist"]["accuracy"] >= 0.986
    assert report["strokes"]["accuracy"] == 1 and report["strokes"]["n"] == 6
    confusion = np.array(report["strokes"]["confusion"])
    assert confusion.shape == (10, 10) and confusion[1, 1] == 6 == confusion.sum()
    assert report["strokes"]["spread"] == {"widths": 0, "sizes": 0, "places": 0}
    assert report["numbers"]["n"] == 30 and list(report["numbers"]["by_length"]) == list("123456")
    assert report["numbers"]["accuracy"] == pytest.approx(np.mean(list(report["numbers"]["by_length"].values())))
    assert 0.99 <= report["mnist"]["kept"] <= 1
    told = report["others"]["clothes"]
    assert told["n"] == 40 and told["auroc"] >= 0.9 and told["refused"] > 1 - report["mnist"]["kept"]
    with Image.open(plot) as diagram:
        assert diagram.format == "PNG"


def clothes_in(folder: Path) -> Path:
    """An IDX file of forty pictures of noise, in a folder of its own."""
    path = folder / "clothes" / "some-images-idx3-ubyte.gz"
    path.parent.mkdir(exist_ok=True)
    pixels = np.random.default_rng(2).integers(0, 256, (40, 28, 28), np.uint8)
    path.write_bytes(gzip.compress(bytes((0, 0, 8, 3)) + np.array([40, 28, 28], ">i4").tobytes() + pixels.tobytes()))
    return path


def test_what_is_no_digit_is_named_where_it_cannot_be_read(tmp_path: Path) -> None:
    def said(name: str, content: bytes | None = None) -> str:
        if content is not None:
            (tmp_path / name).write_bytes(content)
        line = refused("evaluate", MODELS["cnn-tiny"], "--others", tmp_path / name)
        assert name in line
        return line

    assert "No such file" in said("none.ttf")
    assert "No such file" in said("none-images.gz")
    assert "no font that can be read" in said("text.woff2", b"no font")
    assert "give a font" in said("text.txt", b"no font")
    assert "give a font or an IDX file" in said("raw-images.gz", b"no gzip")
    assert "damaged" in said("short-images-idx3-ubyte", bytes((0, 0, 8, 3, 0, 0, 0, 9, 0, 0, 0, 28, 0, 0, 0, 28)))
