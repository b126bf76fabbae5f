"""The bench without its peers: statistics, tables, and the network as peers are given it."""

import json
import statistics
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from gzip import decompress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from oracle import session
from released import MODELS
from tinygrad import nn
from tinygrad.nn.state import get_state_dict
from typer.testing import CliRunner

from inkgrad import cli, mnist
from inkgrad.bench import browser, host
from inkgrad.bench.batches import batched
from inkgrad.bench.page import opened
from inkgrad.bench.peers import OURS, SYSTEMS, layers
from inkgrad.bench.report import markdown, plot, ratio, summary
from inkgrad.errors import Error
from inkgrad.export import modelfile
from inkgrad.export.digits import read_net
from inkgrad.export.weights import widen
from inkgrad.nets import Net, fold_batchnorm
from inkgrad.runtime import Runtime

TIMES = st.lists(st.lists(st.floats(0.01, 1e4), min_size=2, max_size=5), min_size=2, max_size=6)


@given(TIMES)
def test_summary_agrees_with_the_standard_library(rounds: list[list[float]]) -> None:
    times = [time for one in rounds for time in one]
    result = summary(rounds)
    assert result["n"] == len(times)
    assert result["median"] == pytest.approx(statistics.median(times))
    assert result["p95"] == pytest.approx(statistics.quantiles(times, n=100, method="inclusive")[94])


@given(TIMES, st.floats(0.1, 10), st.data())
def test_a_ratio_is_the_same_however_busy_the_machine_was(
    rounds: list[list[float]], k: float, data: st.DataObject
) -> None:
    busy = data.draw(st.lists(st.floats(1, 100), min_size=len(rounds), max_size=len(rounds)))
    ours = [[time * load for time in one] for one, load in zip(rounds, busy, strict=True)]
    theirs = [[time * k for time in one] for one in ours]
    result = ratio(theirs, ours)
    assert [result["low"], result["median"], result["high"]] == pytest.approx([k] * 3)
    assert result["n"] == len(rounds)


def convolve(x: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    windows = sliding_window_view(x, weight.shape[2:], (2, 3))
    return np.asarray(np.einsum("bchwij,ocij->bohw", windows, weight, optimize=True))


def test_the_layers_compute_what_the_network_does(random_net: Net) -> None:
    net = fold_batchnorm(random_net)
    listed, content, flops = layers(net)
    values = np.frombuffer(content, np.float32)
    images = np.random.default_rng(2).integers(0, 256, (3, 28, 28)).astype(np.float32)
    x = images[:, None] / np.float32(127.5) - 1
    products = 0

    def take(count: int) -> NDArray[np.float32]:
        nonlocal values
        taken, values = values[:count], values[count:]
        return taken

    for layer in json.loads(listed):
        if layer["op"] in ("conv", "linear"):
            weight = take(int(np.prod(layer["shape"]))).reshape(layer["shape"])
            x = convolve(x, weight) if layer["op"] == "conv" else x @ weight.T
            products += x[0].size * weight[0].size
            x = x + take(len(weight)).reshape(-1, *[1] * (x.ndim - 2))
        elif layer["op"] == "silu":
            x = x / (1 + np.exp(-x))
        elif layer["op"] == "relu":
            x = np.maximum(x, 0)
        elif layer["op"] == "pool":
            x = sliding_window_view(x, (2, 2), (2, 3))[:, :, ::2, ::2].max((4, 5))
        else:
            assert list(x.shape[1:]) == layer["shape"]
            x = x.reshape(len(x), -1)
    assert not len(values) and flops == 2 * products
    (expected,) = session(net).run(None, {"image": images})
    assert np.abs(x - expected).max() <= 1e-4 * np.abs(x).max()


@pytest.mark.parametrize("name", ["mlp", "cnn-tiny"])  # weights stored as int8, as float16
def test_a_batch_is_read_as_its_pictures_one_by_one(name: str, digits: mnist.Mnist) -> None:
    file = modelfile.read(Path(f"models/{name}.safetensors"))
    pictures = digits.test_images[:2]
    many, own = batched(file, pictures), get_state_dict(read_net(file))
    for name in many.programs["classify"]["weights"]:  # the same numbers, laid out in one way or another
        weight = own[name if name in own else name.rpartition(".")[0] + ".weight"].numpy()
        assert (np.sort(widen(many.tensors, name), axis=None) == np.sort(weight, axis=None)).all()
    images = pictures.astype(np.float32)
    logits = Runtime(many).run("classify", {"image": images})["logits"]
    alone = Runtime(file)
    expected = np.stack([alone.run("classify", {"image": image})["logits"] for image in images])
    assert np.abs(logits - expected).max() <= 1e-4


def test_batchnorm_is_refused() -> None:
    with pytest.raises(ValueError, match="fold BatchNorm"):
        layers(Net(nn.BatchNorm(1)))


def measured() -> dict[str, Any]:
    """As `browser.measure` gives it, with made-up figures."""
    times = [[1.0, 2.0], [3.0, 4.0]]
    sizes = {"raw": 3000, "gzip": 2000, "brotli": 1000}
    system = {
        "latency": summary(times),
        "ratio": ratio(times, times),
        "throughput": summary([[100.0]]),
        "first": {"localhost": summary([[50.0]]), "4G": summary([[500.0]])},
        "bytes": {"code": sizes, "weights": sizes},
        "memory": {"heap": 5e6, "loaded": 60e6, "peak": 70e6},
    }
    systems = [{"name": s.name, "kind": s.kind, **system} for s in SYSTEMS]
    systems[-1] = {"name": "broken", "kind": "WebGPU", "error": "it gives a | up"}
    settings = {"calls": 4, "rounds": 2, "images": 1000, "batches": 1, "navigations": 1}
    return {
        "command": "inkgrad bench m.safetensors",
        "machine": {"cpu": "abacus", "adapter": "beads", "browser": "Chromium 1"},
        "versions": {"inkgrad": "0"},
        "settings": settings,
        "net": "m",
        "flops": 1,
        "limits": {"WebAssembly": {"median": 0.1, "gflops": 20.0}, "WebGPU": summary(times)},
        "systems": systems,
    }


def test_the_table_has_a_row_for_each_system_and_for_the_limit() -> None:
    text = markdown(measured())
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == len(SYSTEMS) + 2 * 3  # two heads of two rows, two limits
    assert {row.count("|") for row in rows} == {8}
    assert text.count(f"| {OURS} | 2.5, 3.85 | 1.00 (1.00–1.00) | 100 | 2, 2 | 50, 500 | 5, 60, 70 |") == 2
    assert "| broken | it gives a / up |" in text


def test_the_plot_is_a_picture() -> None:
    assert plot(measured()).startswith(b"\x89PNG")


def test_files_come_compressed_to_an_isolated_page(tmp_path: Path) -> None:
    (tmp_path / "page.js").write_text("let x;" * 1000)
    with host.serving(tmp_path) as address:
        with urllib.request.urlopen(f"{address}page.js?net=mlp") as response:
            assert decompress(response.read()) == (tmp_path / "page.js").read_bytes()
        assert response.headers["Content-Type"] == "text/javascript"
        assert response.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
        with pytest.raises(HTTPError, match="404"):
            urllib.request.urlopen(f"{address}missing.js")


def test_sizes_add_up(tmp_path: Path) -> None:
    (tmp_path / "zeros").write_bytes(bytes(100_000))
    (tmp_path / "noise").write_bytes(np.random.default_rng(0).bytes(100_000))
    zeros, noise = (host.sizes([tmp_path / name]) for name in ("zeros", "noise"))
    assert zeros["raw"] == noise["raw"] == 100_000
    assert zeros["brotli"] < zeros["gzip"] < 200 and 100_000 < noise["gzip"] < 100_100
    both = host.sizes([tmp_path / "zeros", tmp_path / "noise"])
    assert both == {kind: zeros[kind] + noise[kind] for kind in both}


def test_pages_that_are_not_built_are_one_clear_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(browser, "BENCH", tmp_path)
    result = CliRunner().invoke(cli.app, ["bench", "--out", str(tmp_path)])
    assert isinstance(result.exception, Error) and "make bench" in str(result.exception)
    assert not list(tmp_path.iterdir())


def test_the_built_page_is_measured_with_the_file_that_is_named() -> None:
    file = MODELS["cnn-tiny"].read_bytes()
    entries = "performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('.safetensors'))"

    def loaded() -> object:
        with opened(file) as page:
            return page.evaluate(f"{entries}.map(({{ decodedBodySize }}) => decodedBodySize)")

    with ThreadPoolExecutor(1) as thread:  # the browser tests' Playwright may hold this one, and a thread has one
        assert thread.submit(loaded).result() == [len(file)]
