"""From picture to pieces: golden vectors, the TypeScript twin, Pillow's drawings and photographs, broken files."""

import base64
import hashlib
import io
import json
import subprocess
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from notes import SIZE, note, photograph
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, ImageOps
from strokes import DIGITS

from inkgrad import picture
from inkgrad.errors import Error
from inkgrad.mnist import Mnist
from inkgrad.pieces import Piece, components, cuts, mask, pieces

ROOT = Path(__file__).parent.parent
Bytes = NDArray[np.uint8]

shapes = st.tuples(st.integers(1, 12), st.integers(1, 12))
# Sparse, so that there are several pieces; of every level, so that edges are soft.
inks = arrays(np.uint8, shapes, elements=st.one_of(st.just(0), st.integers(0, 255)))


def unhex(rows: list[str]) -> Bytes:
    return np.array([[int(byte.replace("..", "0"), 16) for byte in row.split()] for row in rows], np.uint8)


@pytest.mark.parametrize("case", json.loads((ROOT / "golden/picture.json").read_text()), ids=lambda case: case["name"])
def test_golden(case: dict[str, Any]) -> None:
    ink = picture.ink(unhex(case["grey"]))
    np.testing.assert_array_equal(ink, unhex(case["ink"]))
    found = pieces(ink)
    assert [list(piece.box) for piece in found] == [piece["box"] for piece in case["pieces"]]
    assert [[list(part.box) for part in cuts(piece)] for piece in found] == [p["cuts"] for p in case["pieces"]]
    assert [hashlib.sha256(mask(ink, [piece]).tobytes()).hexdigest() for piece in found] == case["sha256 of masks"]


@pytest.fixture(scope="module")
def typescript(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Bytes], dict[str, Any]]]:
    """web/src/ink/picture.ts and pieces.ts in a node process that answers a line with a line."""
    out = tmp_path_factory.mktemp("picture")
    sources = [f"src/ink/{name}.ts" for name in ("picture", "pieces")]
    bundle = ["node_modules/.bin/rolldown", *sources, "--format", "esm", "--dir", str(out)]
    subprocess.run(bundle, cwd=ROOT / "web", check=True, capture_output=True)
    (out / "main.mjs").write_text("""
        import { createInterface } from 'node:readline';
        import { inkOf } from './picture.js';
        import { maskOf, pieces } from './pieces.js';
        for await (const line of createInterface({ input: process.stdin })) {
          const { width, rgba } = JSON.parse(line);
          const data = Buffer.from(rgba, 'base64');
          const picture = inkOf({ width, height: data.length / 4 / width, data });
          const found = pieces(picture);
          const text = (bytes) => Buffer.from(bytes).toString('base64');
          const masks = found.map((piece) => text(maskOf(picture, [piece])));
          const boxes = found.map(({ box: { x0, y0, x1, y1 } }) => [x0, y0, x1, y1]);
          console.log(JSON.stringify({ ink: text(picture.ink), boxes, masks }));
        }""")
    (out / "package.json").write_text('{"type": "module"}')
    node = subprocess.Popen(["node", out / "main.mjs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert node.stdin and node.stdout
    to_node, from_node = node.stdin, node.stdout

    def ask(rgba: Bytes) -> dict[str, Any]:
        text = base64.b64encode(rgba.tobytes()).decode()
        print(json.dumps({"width": rgba.shape[1], "rgba": text}), file=to_node, flush=True)
        answer: dict[str, Any] = json.loads(from_node.readline())
        return answer

    yield ask
    to_node.close()
    node.wait()


def same(typescript: Callable[[Bytes], dict[str, Any]], image: Image.Image) -> int:
    """Checks that both languages make the same of an image; how many pieces that is."""
    ink = picture.ink(np.asarray(image.convert("L")))
    found = pieces(ink)
    answer = typescript(np.asarray(image.convert("RGBA")))
    assert base64.b64decode(answer["ink"]) == ink.tobytes()
    assert answer["boxes"] == [list(piece.box) for piece in found]
    assert [base64.b64decode(m) for m in answer["masks"]] == [mask(ink, [piece]).tobytes() for piece in found]
    return len(found)


@given(levels=arrays(np.uint8, shapes.map(lambda shape: (*shape, 3))))
def test_typescript_sees_the_same_in_any_pixels(
    typescript: Callable[[Bytes], dict[str, Any]], levels: NDArray[np.uint8]
) -> None:
    same(typescript, Image.fromarray(levels))


def test_typescript_sees_the_same_in_photographs(typescript: Callable[[Bytes], dict[str, Any]]) -> None:
    rng = np.random.default_rng(1)
    for digits in ((4, 7), (8, 0, 3)):
        photo = photograph(note([[np.array(line) for line in DIGITS[d]] for d in digits], rng, ruled=True), rng)
        for image in (photo, ImageOps.invert(photo), photo.resize((333, 222))):
            assert same(typescript, image) >= len(digits)


@given(ink=inks)
def test_components_are_what_floods_fill(ink: Bytes) -> None:
    """Pillow's flood fill is 4-connected: on the ink at double scale, thickened by a pixel, that is 8-connected."""
    height, width = ink.shape
    double = np.zeros((2 * height + 1, 2 * width + 1), bool)
    for y, x in zip(*np.nonzero(ink), strict=True):
        double[2 * y : 2 * y + 3, 2 * x : 2 * x + 3] = True
    sheet = Image.fromarray(double.astype(np.uint8)).copy()
    labels = np.zeros(ink.shape, int)
    found = components(ink)
    for i, piece in enumerate(found):
        for y, x0, x1 in piece.runs:
            assert not labels[y, x0:x1].any()
            labels[y, x0:x1] = i + 1
        y, x0, _ = piece.runs[0]
        assert sheet.getpixel((2 * int(x0) + 1, 2 * int(y) + 1)) == 1, "another piece's flood came here"
        ImageDraw.floodfill(sheet, (2 * int(x0) + 1, 2 * int(y) + 1), i + 2)
    filled = np.asarray(sheet)[1::2, 1::2].astype(int)
    np.testing.assert_array_equal(labels, np.maximum(filled - 1, 0))


@given(ink=inks)
def test_the_slices_of_a_cut_piece_are_the_whole_piece(ink: Bytes) -> None:
    for piece in components(ink):
        slices = cuts(piece)
        whole = Piece(np.concatenate([part.runs for part in slices]))
        np.testing.assert_array_equal(mask(ink, [whole]), mask(ink, [piece]))
        assert sum(part.area for part in slices) == piece.area
        assert all(a.box[2] == b.box[0] for a, b in pairwise(slices))


def test_the_mask_of_a_digit_of_mnist_is_its_pixels_enlarged(digits: Mnist) -> None:
    """A box of 20 pixels becomes one of 80: each pixel four by four, so that normalisation gives it back."""
    as_they_are = 0
    for image in digits.test_images[:100]:
        ys, xs = np.nonzero(image)
        enlarged = image[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1].repeat(4, 0).repeat(4, 1)
        top, left = ((112 - n) // 2 for n in enlarged.shape)
        expected = np.pad(enlarged, ((top, 112 - top - enlarged.shape[0]), (left, 112 - left - enlarged.shape[1])))
        made = mask(image, components(image))
        as_they_are += np.array_equal(made, expected)
        assert made.sum() >= 0.9 * expected.sum()  # thin strokes are thickened, within the same box
        assert np.ptp(np.nonzero(made), 1).max() in range(74, 80)
    assert as_they_are > 50


NUMBER = "40718"


def printed(number: str) -> Image.Image:
    """In Pillow's own font, black on white, every digit one piece."""
    page = Image.new("L", (640, 240), 255)
    ImageDraw.Draw(page).text((320, 120), " ".join(number), 0, ImageFont.load_default(size=110), anchor="mm")
    return page


def lit(page: Image.Image) -> Image.Image:
    """Under a lamp on the left: a third of the light is left on the right."""
    light = np.linspace(1, 0.33, page.width)
    return Image.fromarray((np.asarray(page) * 0.9 * light + 10).astype(np.uint8))


def compressed(page: Image.Image) -> Image.Image:
    file = io.BytesIO()
    page.save(file, "JPEG", quality=40)
    return Image.open(file)


def tilted(page: Image.Image) -> Image.Image:
    return page.rotate(4, Image.Resampling.BICUBIC, fillcolor=255)


def underlined(page: Image.Image) -> Image.Image:
    """Twice, once not quite straight."""
    page = page.copy()
    for start, end in ((195, 195), (205, 212)):
        ImageDraw.Draw(page).line((60, start, 580, end), 0, 4)
    return page


@pytest.mark.parametrize(
    "change",
    [
        lambda page: page,
        underlined,
        lambda page: lit(compressed(underlined(page))),
        lit,
        ImageOps.invert,
        tilted,
        compressed,
        lambda page: ImageOps.invert(lit(compressed(tilted(page)))),
        lambda page: lit(tilted(page)).resize((200, 75), Image.Resampling.BOX),
        lambda page: page.resize((2560, 960)),
    ],
)
def test_a_printed_number_keeps_its_pieces(
    change: Callable[[Image.Image], Image.Image], typescript: Callable[[Bytes], dict[str, Any]]
) -> None:
    image = change(printed(NUMBER)).convert("L")
    boxes = [piece.box for piece in pieces(picture.ink(np.asarray(image)))]
    assert same(typescript, image) == len(boxes) == len(NUMBER)
    scale = image.width / 640
    for box, original in zip(boxes, pieces(picture.ink(np.asarray(printed(NUMBER)))), strict=True):
        np.testing.assert_allclose(np.array(box) / scale, original.box, atol=22)  # the tilt: 320 px · sin 4°


def test_blank_paper_in_bad_light_is_blank() -> None:
    rng = np.random.default_rng(3)
    for _ in range(10):
        photo = photograph(Image.new("RGB", SIZE, (240, 235, 225)), rng)
        assert pieces(picture.ink(np.asarray(photo.convert("L")))) == []


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I"])
def test_every_kind_of_pixels_is_read(tmp_path: Path, mode: str) -> None:
    image = printed("7").crop((220, 30, 420, 210))
    # Pillow makes no picture of 16 bits from one of 8.
    deep = Image.fromarray(np.asarray(image).astype(np.uint16) * 128)
    image = deep if mode.startswith("I") else image.convert(mode)
    path = tmp_path / {"CMYK": "seven.jpg", "I": "seven.pgm"}.get(mode, "seven.png")
    image.save(path)
    assert Image.open(path).mode == mode
    ink, scale = picture.read(path)
    assert len(pieces(ink)) == 1 and scale == 1


def test_levels_that_are_no_integers_are_refused(tmp_path: Path) -> None:
    """Pillow would cut 0 … 1 down to 0."""
    Image.fromarray(np.eye(50, dtype=np.float32)).save(tmp_path / "f.tiff")
    with pytest.raises(Error, match="levels that are no integers"):
        picture.read(tmp_path / "f.tiff")


def test_a_second_picture_in_a_jpeg_is_no_animation(tmp_path: Path) -> None:
    """Telephones keep a depth map or a larger picture there (MPO)."""
    page = printed(NUMBER)
    page.save(tmp_path / "depth.jpg", "MPO", save_all=True, append_images=[page.resize((64, 24))])
    assert len(pieces(picture.read(tmp_path / "depth.jpg")[0])) == len(NUMBER)


def test_a_picture_is_turned_upright_and_scaled_down(tmp_path: Path) -> None:
    page = printed(NUMBER).resize((2560, 960))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: turn by a quarter to the right
    page.rotate(90, expand=True).save(tmp_path / "turned.jpg", exif=exif)
    ink, scale = picture.read(tmp_path / "turned.jpg")
    assert ink.shape == (375, 1000) and scale == 2.56 and len(pieces(ink)) == len(NUMBER)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF"])
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, format: str, data: st.DataObject
) -> None:
    """Cut off and overwritten at random: ink or an Error, nothing else."""
    file = io.BytesIO()
    printed("3").resize((64, 24)).save(file, format)
    damaged = bytearray(file.getvalue())
    for at, byte in data.draw(st.lists(st.tuples(st.integers(0, len(damaged) - 1), st.integers(0, 255)), max_size=8)):
        damaged[at] = byte
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(damaged[: data.draw(st.integers(1, len(damaged)))])
    try:
        ink, _ = picture.read(path)
        assert ink.dtype == np.uint8 and max(ink.shape) <= picture.LONG
    except Error as error:
        assert str(path) in str(error) and "\n" not in str(error)
