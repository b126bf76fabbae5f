"""The rasteriser against golden masks, its TypeScript twin, another rasteriser (Agg) and the laws of ink."""

import base64
import json
import math
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from inkgrad.fit import fit, visible
from inkgrad.ink import MASK, Drawing, Stroke, rasterize

ROOT = Path(__file__).parent.parent
Mask = npt.NDArray[np.uint8]

tame = st.floats(-100, 400)
wild = st.one_of(tame, st.floats())  # also NaN, infinities, 1e308 and denormals


def strokes(
    coordinate: st.SearchStrategy[float] = tame, erase: st.SearchStrategy[bool] | None = None
) -> st.SearchStrategy[Stroke]:
    points = st.lists(st.tuples(coordinate, coordinate), max_size=12)
    return st.builds(Stroke, points=points, width=st.floats(0, 60), erase=st.booleans() if erase is None else erase)


def drawings(coordinate: st.SearchStrategy[float] = tame) -> st.SearchStrategy[Drawing]:
    return st.builds(Drawing, strokes=st.lists(strokes(coordinate), max_size=4), size=st.sampled_from([280, 112, 97.3]))


@pytest.mark.parametrize("case", json.loads((ROOT / "golden/ink.json").read_text()), ids=lambda case: case["name"])
def test_golden(case: dict[str, Any]) -> None:
    mask = rasterize(Drawing.from_json(case["drawing"]), case["size"])
    assert [row.tobytes().hex(" ").replace("00", "..") for row in mask] == case["mask"]


@pytest.fixture(scope="module")
def typescript(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Drawing, int], Mask]]:
    """web/src/ink/raster.ts, its types stripped by tsc, in a node process that answers a line with a line."""
    out = tmp_path_factory.mktemp("ink")
    tsc = ["npx", "--no-install", "tsc", "--ignoreConfig", "--skipLibCheck", "--module", "esnext", "--target", "es2022"]
    subprocess.run([*tsc, "--outDir", out, "src/ink/fit.ts"], cwd=ROOT / "web", check=True)
    (out / "main.mjs").write_text("""
        import { createInterface } from 'node:readline';
        import { fit, visible } from './fit.js';
        import { rasterize } from './raster.js';
        for await (const line of createInterface({ input: process.stdin })) {
          const { drawing, size } = JSON.parse(line);
          const mask = size ? rasterize(drawing, size) : rasterize(fit(visible(drawing)));
          console.log(Buffer.from(mask).toString('base64'));
        }""")
    for name in ("raster", "fit"):  # node wants a file's whole name; the bundler, none
        (out / f"{name}.js").write_text((out / f"{name}.js").read_text().replace("'./raster'", "'./raster.js'"))
    (out / "package.json").write_text('{"type": "module"}')
    node = subprocess.Popen(["node", out / "main.mjs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert node.stdin and node.stdout
    to_node, from_node = node.stdin, node.stdout

    def ask(drawing: Drawing, size: int) -> Mask:
        """The drawing's mask; with size 0, that of the drawing as fitted."""
        strokes = [
            # JSON has neither NaN nor infinity: null stands for both, and is no finite number either.
            vars(stroke) | {"points": [[v if math.isfinite(v) else None for v in p] for p in stroke.points]}
            for stroke in drawing.strokes
        ]
        print(
            json.dumps({"drawing": {"size": drawing.size, "strokes": strokes}, "size": size}), file=to_node, flush=True
        )
        return np.frombuffer(base64.b64decode(from_node.readline()), np.uint8).reshape(size or MASK, -1)

    yield ask
    to_node.close()
    node.wait()


@given(drawing=drawings(wild), size=st.sampled_from([112, 28, 5]))
def test_typescript_gives_the_same_bytes(
    typescript: Callable[[Drawing, int], Mask], drawing: Drawing, size: int
) -> None:
    np.testing.assert_array_equal(typescript(drawing, size), rasterize(drawing, size))


@given(drawing=drawings(wild))
def test_typescript_fits_to_the_same_bytes(typescript: Callable[[Drawing, int], Mask], drawing: Drawing) -> None:
    np.testing.assert_array_equal(typescript(drawing, 0), rasterize(fit(visible(drawing))))


inside = st.tuples(st.floats(0, 112), st.floats(0, 112))


@given(a=inside, b=inside, width=st.floats(2, 60))
def test_a_segment_agrees_with_agg(a: tuple[float, float], b: tuple[float, float], width: float) -> None:
    """Agg integrates area where we measure distance: they differ by a shade along the edges, and nowhere else."""
    assume(math.dist(a, b) > 1)  # Agg drops a point that repeats the one before it
    figure = Figure(figsize=(1, 1), dpi=112, facecolor="black")
    canvas = FigureCanvasAgg(figure)
    line = Line2D(
        [a[0] / 112, b[0] / 112],
        [1 - a[1] / 112, 1 - b[1] / 112],  # y points up there
        color="white",
        linewidth=width * 72 / 112,  # in points, 1/72 of the figure's side
        solid_capstyle="round",
        snap=False,
        transform=figure.transFigure,
    )
    figure.add_artist(line)
    canvas.draw()  # type: ignore[no-untyped-call]
    agg = np.asarray(canvas.buffer_rgba())[..., 0].astype(int)  # type: ignore[no-untyped-call]
    difference = np.abs(agg - rasterize(Drawing([Stroke([a, b], width)], 112)))
    assert difference.max() <= 50
    assert difference.mean() <= 0.5


@given(stroke=strokes(erase=st.just(False)))
def test_a_polyline_is_the_union_of_its_segments(stroke: Stroke) -> None:
    segments = [Stroke(stroke.points[i : i + 2], stroke.width) for i in range(len(stroke.points))]
    np.testing.assert_array_equal(rasterize(Drawing([stroke])), rasterize(Drawing(segments)))


@given(drawing=drawings(), stroke=strokes(erase=st.just(False)))
def test_a_pen_never_lightens(drawing: Drawing, stroke: Stroke) -> None:
    after = rasterize(Drawing([*drawing.strokes, stroke], drawing.size))
    assert (after >= rasterize(drawing)).all()


@given(drawing=drawings(), stroke=strokes(erase=st.just(True)))
def test_an_eraser_never_darkens(drawing: Drawing, stroke: Stroke) -> None:
    after = rasterize(Drawing([*drawing.strokes, stroke], drawing.size))
    assert (after <= rasterize(drawing)).all()


@given(stroke=strokes(wild, erase=st.just(False)))
def test_an_eraser_two_pixels_wider_leaves_nothing(stroke: Stroke) -> None:
    rubber = Stroke(stroke.points, max(stroke.width, 2.5) + 2 * 2.5, erase=True)  # a mask pixel is 2.5 units
    assert not rasterize(Drawing([stroke, rubber])).any()


# Eighths of a unit on a canvas of two units a pixel: every shift by whole pixels is exact.
eighths = st.integers(-800, 2400).map(lambda n: n / 8)


@given(stroke=strokes(eighths), dx=st.integers(-30, 30), dy=st.integers(-30, 30))
def test_ink_moves_with_its_points(stroke: Stroke, dx: int, dy: int) -> None:
    moved = Stroke([(x + 2 * dx, y + 2 * dy) for x, y in stroke.points], stroke.width)
    a, b = (rasterize(Drawing([Stroke(s.points, s.width)], 224)) for s in (stroke, moved))
    y, x = (slice(max(d, 0), 112 + min(d, 0)) for d in (dy, dx))
    back_y, back_x = (slice(max(-d, 0), 112 + min(-d, 0)) for d in (dy, dx))
    np.testing.assert_array_equal(b[y, x], a[back_y, back_x])


@given(stroke=strokes(), at=st.integers(0, 12), bad=st.sampled_from([math.nan, math.inf, -math.inf]))
def test_points_that_are_not_finite_are_skipped(stroke: Stroke, at: int, bad: float) -> None:
    points = list(stroke.points)
    points.insert(at, (bad, 50))
    a, b = (rasterize(Drawing([Stroke(p, stroke.width)])) for p in (points, stroke.points))
    np.testing.assert_array_equal(a, b)


@given(point=st.tuples(st.floats(0, 280), st.floats(0, 280)), width=st.floats(0, 60))
def test_every_dot_can_be_seen(point: tuple[float, float], width: float) -> None:
    assert rasterize(Drawing([Stroke([point], width)])).max() >= 74  # a pixel's corner: 255 (1 − √½)
