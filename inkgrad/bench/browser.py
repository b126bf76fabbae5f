"""Measures peers in a real browser: a page for each system, asked in turns, so that a busy spell hits them all."""

import json
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Page, Response

import inkgrad
from inkgrad.bench.driver import Site, error_of_logits, first, site
from inkgrad.bench.host import sizes
from inkgrad.bench.memory import memory
from inkgrad.bench.peers import LIMITS, OURS, PRODUCT, SYSTEMS, System
from inkgrad.bench.report import BENCH, Result, ratio, summary
from inkgrad.errors import Error, first_line
from inkgrad.export.modelfile import ModelFile
from inkgrad.hardware import processor
from inkgrad.progress import Progress

ROUNDS, BATCHES, NAVIGATIONS = 20, 10, 3
MEASURED = 1000  # pictures that are read to find the most memory held
WARM = 10  # rounds before: engines optimise what has run often
# "Fast 4G" of Chromium's developer tools: ms, bytes/s.
FOUR_G = {"offline": False, "latency": 165, "downloadThroughput": 1.0125e6, "uploadThroughput": 1.6875e5}
WEIGHTS = {".safetensors", ".onnx", ".bin", ".json"}

T = TypeVar("T")


def measure(
    net: str, file: ModelFile, pictures: NDArray[np.uint8], calls: int, images: int, progress: Progress
) -> Result:
    """All figures of the network in file. pictures [n, 28, 28], n ≥ 1000, are what is read.

    Each system is called `calls` times with one picture and BATCHES times with `images`, many at once. Raises Error
    where the pages are not built, no browser offers WebGPU, or our own system fails. A peer that does not start, or
    gives other logits, has that as its result.
    """
    with site(BENCH, pictures) as at:
        figures = _Bench(at, progress).net(net, file, pictures, calls // ROUNDS, images)
        adapter, version = at.adapter, at.browser.version
    packages = json.loads((BENCH / "package-lock.json").read_text("utf-8"))["packages"]
    peers = {name.removeprefix("node_modules/"): package["version"] for name, package in packages.items() if name}
    asked = json.loads((BENCH / "package.json").read_text("utf-8"))["dependencies"]
    return {
        "machine": {"cpu": processor(), "adapter": adapter, "browser": f"Chromium {version}"},
        "versions": {"inkgrad": inkgrad.__version__, **{name: peers[name] for name in asked}},
        "settings": {
            "calls": calls // ROUNDS * ROUNDS,
            "rounds": ROUNDS,
            "images": images,
            "batches": BATCHES,
            "navigations": NAVIGATIONS,
        },
        "net": net,
        **figures,
    }


@dataclass(frozen=True)
class _Bench:
    site: Site
    progress: Progress

    def net(self, net: str, file: ModelFile, pictures: NDArray[np.uint8], calls: int, images: int) -> Result:
        expected, flops = self.site.add(net, file, pictures)
        pages, results = self.open(net, expected)
        present = [system for system in SYSTEMS if system in pages]

        def call(system: System) -> list[float]:
            return list(pages[system].evaluate("(calls) => latency(calls)", calls))

        def many(system: System) -> float:
            script = "([images, batch]) => throughput(images, batch)"
            return 1000 * images / float(pages[system].evaluate(script, [images, min(images, system.batch)]))

        in_turns(self.progress, WARM, [*present, *LIMITS], call, f"{net}: warming up")
        times = in_turns(self.progress, ROUNDS, [*present, *LIMITS], call, f"{net}: one picture")
        rates = in_turns(self.progress, BATCHES, present, many, f"{net}: many pictures")
        for page in pages.values():
            page.close()

        def start(system: System, through: dict[str, Any] | None = None) -> tuple[float, list[str]]:
            return self.start(self.site.url(net, system), through)

        def start_over_4g(system: System) -> tuple[float, list[str]]:
            return start(system, FOUR_G)

        starts = {
            "localhost": in_turns(self.progress, NAVIGATIONS, present, start, f"{net}: first prediction"),
            "4G": in_turns(self.progress, NAVIGATIONS, present, start_over_4g, f"{net}: first prediction, 4G"),
        }

        def held(system: System) -> Result:
            return memory(self.site, net, system, min(images, MEASURED))

        memories = in_turns(self.progress, 1, present, held, f"{net}: memory")
        ours = {system.kind: system for system in SYSTEMS if system.name == OURS}
        for system in present:
            results[system] |= {
                "latency": summary(times[system]),
                "ratio": ratio(times[system], times[ours[system.kind]]),
                "throughput": summary([rates[system]]),
                "first": {where: summary([[ms for ms, _ in of[system]]]) for where, of in starts.items()},
                "memory": memories[system][0],
                "bytes": self.bytes(starts["localhost"][system][0][1]),
            }
        products, trips = (summary(times[limit]) for limit in LIMITS)
        rate = PRODUCT / products["median"]  # operations a millisecond
        return {
            "flops": flops,
            "limits": {"WebAssembly": {"median": flops / rate, "gflops": rate / 1e6}, "WebGPU": trips},
            "systems": list(results.values()),
        }

    def open(self, net: str, expected: NDArray[np.float32]) -> tuple[dict[System, Page], dict[System, Result]]:
        """A page for each system that gives the expected logits, and why the others have none."""
        pages: dict[System, Page] = {}
        results: dict[System, Result] = {system: {"name": system.name, "kind": system.kind} for system in SYSTEMS}
        for system in (*SYSTEMS, *LIMITS):
            page = self.site.browser.new_page()
            try:
                first(page, self.site.url(net, system))
                if system in results:
                    results[system]["error of logits"] = error_of_logits(page, expected)
                pages[system] = page
            except (BrowserError, Error) as error:
                line = first_line(error).removeprefix("Page.evaluate: ")
                if system.name in (OURS, LIMITS[0].name):
                    raise Error(f"{net}: {system.name} on {system.kind}: {line}") from None
                results[system]["error"] = line
                page.close()
        return pages, results

    def start(self, url: str, network: dict[str, Any] | None) -> tuple[float, list[str]]:
        """Milliseconds from navigation to the first logits, with nothing in the cache, and the addresses fetched."""
        with self.site.browser.new_context() as context:
            page = context.new_page()
            if network:
                context.new_cdp_session(page).send("Network.emulateNetworkConditions", network)
            fetched: list[str] = []

            def note(response: Response) -> None:
                if response.url.startswith(self.site.address):
                    fetched.append(response.url)

            page.on("response", note)
            return first(page, url), fetched

    def bytes(self, urls: Iterable[str]) -> dict[str, dict[str, int]]:
        """Of what was fetched: the page's code, and the network's weights; ours come with their kernels."""
        files = {self.site.folder / url.removeprefix(self.site.address).partition("?")[0] for url in urls}
        weights = {file for file in files if file.suffix in WEIGHTS}
        return {"code": sizes(sorted(files - weights)), "weights": sizes(sorted(weights))}


def in_turns(
    progress: Progress, rounds: int, systems: Sequence[System], ask: Callable[[System], T], what: str
) -> dict[System, list[T]]:
    """Asks every system once a round, in an order that changes from round to round."""
    answers: dict[System, list[T]] = {system: [] for system in systems}
    for number in progress(range(rounds), what):
        for system in random.Random(number).sample(systems, len(systems)):
            answers[system].append(ask(system))
    return answers
