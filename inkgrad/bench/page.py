"""The built page, drawn on as people draw, in Chromium on WebAssembly: how long after the pen the answer stands, and
how long the page is busy at a stretch."""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import pi, sin

import numpy as np
from playwright.sync_api import Page, sync_playwright

from inkgrad.bench.host import running
from inkgrad.bench.report import Result, summary
from inkgrad.progress import Progress
from inkgrad.serve import server

DIGITS, STROKES = 20, 500
FIGURES, EVENTS = 4, 90  # figures of eight, and the pointer's moves in each
SLOW = 4  # times: a phone of the lower middle class, as Chromium's developer tools have it
LONG = 50  # ms: what https://w3c.github.io/longtasks/ calls a long task
SIZE = 280  # of the pad, in its own units

Points = Sequence[tuple[float, float]]

# Milliseconds of each answer: since the oldest event that it is the first to follow took place (`event`; moves wait
# for the next frame, 17 ms at most), and since the page was told of it (`told`); until the bars stand (a mutation
# observer is called right after), or are painted (an observer of what is to be seen hears of it once the frame is).
# `inks`: from the oldest event of those whose ink a frame shows, until it is painted (and messages come).
# `ups`: since the page was told that the pen is up.
WATCH = """() => {
  [window.answers, window.inks, window.ups] = [[], [], []];
  const bars = document.querySelector('#bars');
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => inks.push(performance.now() - data);
  let event, drawn, up;
  function note({ type, buttons, timeStamp }) {
    const told = performance.now();
    if (type === 'pointerup') up = told;
    if (type === 'pointerup' || buttons) event ??= { took: timeStamp, told };
    if (!buttons || drawn) return;
    drawn = timeStamp;
    requestAnimationFrame(() => {
      port2.postMessage(drawn);
      drawn = undefined;
    });
  }
  for (const kind of ['down', 'move', 'up']) addEventListener(`pointer${kind}`, note, { capture: true });
  new MutationObserver(() => {
    if (!event) return;
    const now = performance.now();
    if (up) ups.push(now - up);
    const { took, told } = event;
    event = up = undefined;
    new IntersectionObserver((_, observer) => {
      observer.disconnect();
      answers.push({ event: now - took, told: now - told, painted: performance.now() - took });
    }).observe(bars);
  }).observe(document.querySelector('#prediction'), { attributeFilter: ['data-sequence'] });
}"""
UPS = "async (count) => { while (ups.length < count) await new Promise(requestAnimationFrame); return ups; }"


@contextmanager
def opened(model: bytes) -> Iterator[Page]:
    """The page, ready, with this model file in the place of its own."""
    with running(server(0)) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.route("**/*.safetensors", lambda route: route.fulfill(body=model))
        page.goto(f"{address}?backend=wasm")
        page.locator("#prediction[data-backend=wasm]").wait_for(state="attached")
        page.evaluate(WATCH)
        yield page
        browser.close()


def pointer(model: bytes, times: int) -> dict[str, Result]:
    """Milliseconds from a pointer's event to the bars, on a CPU so many times as slow: `event`, `told`, `painted`; and
    to its own `ink`."""
    with opened(model) as page:
        slow_down(page, times)
        for _ in range(FIGURES):
            draw_figure(page)
        answers, inks = page.evaluate("[answers, inks]")
    bars = {name: summary([[answer[name] for answer in answers]]) for name in ("event", "told", "painted")}
    return bars | {"ink": summary([inks])}


def busy(model: bytes) -> Result:
    """Of the tasks while FIGURES are drawn: how many, how many of them LONG, the 99th percentile and the longest."""
    with opened(model) as page:
        page.set_viewport_size({"width": 390, "height": 844})
        slow_down(page)
        ms = [task for _ in range(FIGURES) for task in tasks(page)]
    return {"n": len(ms), "long": sum(task > LONG for task in ms), "p99": np.quantile(ms, 0.99), "longest": max(ms)}


def tasks(page: Page) -> list[float]:
    """Milliseconds of each task of over 1 ms of the page's main thread, while a figure of eight is drawn.

    They are of the thread's own time, which a slow-down lengthens and what else the machine does does not.
    """
    browser = page.context.browser
    assert browser
    page.locator("#pad").bounding_box()  # what Playwright first puts into the page for that is not the page's own
    browser.start_tracing(page=page, categories=["toplevel"])
    draw_figure(page)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    names = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["name"] == "thread_name"}
    threads: dict[tuple[int, int], list[float]] = {}
    for event in events:
        thread = event["pid"], event["tid"]
        if names.get(thread) == "CrRendererMain" and event["name"].endswith("RunTask") and "tdur" in event:
            threads.setdefault(thread, []).append(event["tdur"] / 1000)
    return [ms for ms in max(threads.values(), key=sum) if ms > 1]  # the busiest: a browser has other renderers


def slow_down(page: Page, times: int = SLOW) -> None:
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": times})


def draw_figure(page: Page) -> None:
    """A figure of eight, at the pace of a hand, and clears it away."""
    turns = [2 * pi * i / (EVENTS - 1) for i in range(EVENTS)]
    draw(page, [(SIZE * (0.5 + 0.2 * sin(2 * t)), SIZE * (0.5 - 0.35 * sin(t))) for t in turns], 1000 / 60)
    page.keyboard.press("c")


def draw(page: Page, path: Points, wait: float = 0) -> None:
    """A stroke, by the mouse, `wait` ms between two of its points."""
    box = page.locator("#pad").bounding_box()
    assert box
    for i, (x, y) in enumerate(path):
        page.mouse.move(box["x"] + x * box["width"] / SIZE, box["y"] + y * box["height"] / SIZE)
        if i == 0:
            page.mouse.down()
        if wait:
            page.wait_for_timeout(wait)
    page.mouse.up()


def pen_up(model: bytes, strokes: Sequence[Points], progress: Progress, what: str) -> list[float]:
    """Milliseconds from each pen-up to the answer, as stroke after stroke comes to the drawing."""
    times: list[float] = []
    with opened(model) as page:
        for i in progress(range(len(strokes)), what):
            draw(page, strokes[i])
            times = page.evaluate(UPS, i + 1)
    return times


def row_of_digits() -> list[Points]:
    """Ones, and sevens between them, from left to right."""
    step = SIZE / (DIGITS + 1)
    shapes = [[(0.0, 110.0), (0.0, 140.0), (0.0, 170.0)], [(-4.0, 110.0), (4.0, 110.0), (0.0, 170.0)]]
    return [[(step * (i + 1) + x, y) for x, y in shapes[i % 2]] for i in range(DIGITS)]


def scribble() -> list[Points]:
    """Short strokes all over the pad."""
    rng = np.random.default_rng(0)
    starts = rng.uniform(30, SIZE - 30, (STROKES, 1, 2))
    return [[(float(x), float(y)) for x, y in stroke] for stroke in starts + rng.uniform(-20, 20, (STROKES, 3, 2))]
