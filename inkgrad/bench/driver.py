"""The bench's pages, served and open in Chromium, and what they are asked."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser, BrowserType, Page, sync_playwright
from playwright.sync_api import Error as BrowserError
from tinygrad import Tensor

from inkgrad.bench.batches import batched
from inkgrad.bench.host import serving
from inkgrad.bench.peers import System, layers
from inkgrad.errors import Error, first_line
from inkgrad.export.digits import read_net
from inkgrad.export.modelfile import ModelFile
from inkgrad.export.onnx import to_onnx
from inkgrad.export.wasm import compile_c

PICTURES = 1000  # that the pages have
CHECKED = 100  # of them, whose logits every system must agree on …
AGREE = 1e-2  # … to this
MANY = 100  # pictures a call of our other program, where there are so many: 20 and 500 are no faster
FLAGS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]
GPU = ["--enable-unsafe-webgpu", "--enable-features=Vulkan"]
SOFTWARE = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]


@dataclass(frozen=True)
class Site:
    """Chromium with WebGPU by `adapter`, and the address, with its last slash, of what lies in folder.

    launch gives more browsers that are the same.
    """

    folder: Path
    address: str
    browser: Browser
    adapter: str
    launch: Callable[[], Browser]

    def url(self, net: str, system: System) -> str:
        return f"{self.address}{system.page}.html?net={net}&backend={system.backend}"

    def add(self, net: str, file: ModelFile, pictures: NDArray[np.uint8]) -> tuple[NDArray[np.float32], int]:
        """Serves the network in every form that a system takes; the logits [CHECKED, 10] expected of it, its flops."""
        network = read_net(file)
        listed, values, flops = layers(network)
        many = batched(file, pictures[:MANY])
        ours = {"safetensors": file.to_bytes(), "many.safetensors": many.to_bytes()}
        ours |= {"plain.safetensors": _plain(file), "plain.many.safetensors": _plain(many)}
        forms = {**ours, "onnx": to_onnx(network, file.card), "json": listed, "bin": values}
        for suffix, content in forms.items():
            (self.folder / f"{net}.{suffix}").write_bytes(content)
        return network(Tensor(pictures[:CHECKED].astype(np.float32))).numpy(), flops


def _plain(file: ModelFile) -> bytes:
    """The file as an engine runs it that has no relaxed SIMD."""
    return replace(file, tensors={k: v for k, v in file.tensors.items() if k != "wasm.relaxed"}).to_bytes()


@contextmanager
def site(pages: Path, pictures: NDArray[np.uint8]) -> Iterator[Site]:
    """The pages built in pages / "dist". Raises Error where there are none, or no browser offers WebGPU."""
    if not (pages / "dist").is_dir():
        raise Error(f"{pages}: the bench's pages are not built; `make bench` installs the peers and builds them")
    with TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        shutil.copytree(pages / "dist", folder, dirs_exist_ok=True)
        (folder / "pictures.bin").write_bytes(pictures[:PICTURES].tobytes())
        (folder / "nothing.html").write_text("<!doctype html>")
        (folder / "matmul.wasm").write_bytes(compile_c((pages / "matmul.c").read_text("utf-8"), "+relaxed_simd"))
        with serving(folder) as address:
            launch, adapter = _with_webgpu(playwright.chromium, address)
            with launch() as browser:
                yield Site(folder, address, browser, adapter, launch)


def _with_webgpu(chromium: BrowserType, address: str) -> tuple[Callable[[], Browser], str]:
    """What starts Chromium, and the name of its WebGPU adapter: the machine's GPU or, failing that, one in software."""
    for flags in (GPU, SOFTWARE):
        launch = partial(chromium.launch, executable_path=shutil.which("chromium"), args=[*FLAGS, *flags])
        try:
            browser = launch()
        except BrowserError as error:
            raise Error(f"Chromium does not start: {first_line(error)}") from None
        with browser:
            page = browser.new_page()
            page.goto(f"{address}limits.html?backend=wasm")  # WebGPU wants a page of https or localhost
            adapter = page.evaluate("""async () => {
              const info = (await navigator.gpu?.requestAdapter())?.info;
              return info && `${info.vendor} ${info.architecture} ${info.device} ${info.description}`;
            }""")
        if adapter:
            return launch, " ".join(adapter.split())
    raise Error("Chromium offers no WebGPU adapter, not even in software")


def first(page: Page, url: str) -> float:
    """Milliseconds from navigation to the first logits. Raises Error, or the browser's, where there are none."""
    page.goto(url)
    return float(
        page.evaluate("""() => Promise.race([
          window.first ?? Promise.reject(new Error('the page does not start')),
          new Promise((_, reject) => setTimeout(() => reject(new Error('no answer in a minute')), 60_000)),
        ])""")
    )


def error_of_logits(page: Page, expected: NDArray[np.float32]) -> float:
    """The greatest difference from expected, of the first pictures' logits. Raises Error where it is no small one.

    Of the pictures together, and of the first five one by one: systems may take either another way.
    """
    script = "async ([from, to]) => [...await classify(await pictures(from, to))]"
    alone = [page.evaluate(script, [i, i + 1]) for i in range(5)]
    together = np.array(page.evaluate(script, [0, len(expected)]), np.float64).reshape(expected.shape)
    error = float(max(np.abs(together - expected).max(), np.abs(np.array(alone) - expected[:5]).max()))
    if not error <= AGREE:
        raise Error(f"its logits are off by {error:.2g}")
    return error
