"""Kernel options: what is chosen computes the same and, timed again, is no slower; what is wrong is never chosen."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from tinygrad import Tensor

from inkgrad.bench import gpu, webgpu
from inkgrad.export import Function, export
from inkgrad.export import tune as tuning
from inkgrad.export.capture import TARGETS, TUNED, Untuned, kernels
from inkgrad.export.digits import untrained
from inkgrad.export.tiles import Options
from inkgrad.export.tune import GAIN, V8, Engine, tune
from inkgrad.export.weights import widen
from inkgrad.nets import NETS
from inkgrad.runtime import Runtime

WEIGHT = np.random.default_rng(0).normal(size=(64, 96)).astype(np.float32)


def product() -> Function:
    weight = Tensor(WEIGHT, device="CPU").realize()
    return Function(lambda x: {"y": weight @ x}, {"x": (96,)}, {"w": weight})


def test_options_are_found_and_the_export_with_them_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    (kernel,) = kernels(product())
    monkeypatch.setattr(tuning, "BEAM", 1)
    monkeypatch.setattr(tuning, "ROUNDS", 2)
    options = tune(kernel, V8)
    assert options is not None and kernel.c(options) != kernel.c(None)
    monkeypatch.setitem(TUNED["wasm"], kernel.key, options)
    x = np.random.default_rng(1).normal(size=96).astype(np.float32)
    file = export({"f": product()}, {}, {})
    y = Runtime(file).run("f", {"x": x})["y"]
    assert np.abs(y - widen(file.tensors, "w").astype(np.float64) @ x).max() <= 1e-4


def test_a_key_names_what_a_kernel_computes() -> None:
    (a,), (b,) = kernels(product()), kernels(product())
    (other,) = kernels(Function(lambda x: {"y": x.sum()}, {"x": (96,)}, {}))
    assert a.key == b.key != other.key


def test_a_wrong_candidate_is_never_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    (kernel,) = kernels(product())
    compile_c = Untuned.c

    def broken(self: Untuned, options: Options | None) -> tuple[str, str] | None:
        compiled = compile_c(self, options)
        assert compiled is not None
        source, name = compiled
        return (source if options is None else source.replace("0.0f", "1.0f")), name

    monkeypatch.setattr(Untuned, "c", broken)
    heuristic, wrong = V8.time(kernel, [None, []])
    assert math.isfinite(heuristic) and wrong == math.inf


def test_options_that_do_not_apply_are_passed_over() -> None:
    (kernel,) = kernels(product())
    assert V8.time(kernel, [None, [["UPCAST", 7, 4]]])[1] == math.inf


@pytest.mark.parametrize("target", TARGETS)
def test_what_the_search_chooses_is_no_slower_than_the_rule_or_tinygrads_own(target: str) -> None:
    (kernel,) = kernels(product())

    def time(_: Untuned, candidates: Sequence[Options | None]) -> list[float]:
        return [crc32(json.dumps(options).encode()) / 2**32 for options in candidates]

    options = tune(kernel, Engine(target, time))
    chosen, rule, own = time(kernel, [options, TARGETS[target][1](kernel.ast), None])
    assert chosen <= rule / GAIN and chosen <= own / GAIN


def test_what_was_fast_by_chance_is_not_chosen() -> None:
    (kernel,) = kernels(product())
    rule = TARGETS["fallback"][1](kernel.ast)

    def time(_: Untuned, candidates: Sequence[Options | None]) -> list[float]:
        return [2.0, 1.0, 1.0] if len(candidates) == 3 else [1 / (1 + i) for i in range(len(candidates))]

    assert tune(kernel, Engine("fallback", time)) == rule is not None


def test_kernels_for_webgpu_are_timed_by_the_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "SCRIPTS", tmp_path)
    (tmp_path / "options.js").write_text(
        """const { sizes, candidates } = JSON.parse(require('fs').readFileSync(process.argv[2]));
        const medians = candidates.map(({ wgsl, name, workgroups }) =>
          wgsl.includes(`fn ${name}(`) && sizes.length === 3 ? workgroups[0] : null);
        console.log(JSON.stringify({ fallback: true, medians }));"""
    )
    (kernel,) = kernels(product())
    engine = webgpu.engine()
    one, four, never = engine.time(kernel, [[], [["UPCAST", 0, 4]], [["UPCAST", 7, 4]]])
    assert engine.target == "fallback" and (one, four, never) == (0.064, 0.016, math.inf)


def test_what_no_kernel_has_any_more_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (kernel,) = kernels(product())
    monkeypatch.setattr(tuning, "TABLE", table := tmp_path / "tuned.json")
    before = {"wasm": {kernel.key: None, "of code that has changed": None}, "gpu": {"another's": None}}
    table.write_text(json.dumps(before))
    assert tuning.prune([product()], V8) == {kernel.key: None}
    assert json.loads(table.read_text()) == before | {"wasm": {kernel.key: None}}


def test_the_table_is_of_the_kernels_there_are() -> None:
    functions = [untrained(net)["classify"] for net in NETS]
    functions.append(untrained("cnn-tiny")["normalize"])  # the same in all
    keys = {kernel.key for function in functions for kernel in kernels(function)}
    assert set(TUNED["wasm"]) == keys and set(TUNED["gpu"]) <= keys, "run inkgrad tune"
    assert set(TUNED["fallback"]) <= keys, "run inkgrad tune --webgpu"
