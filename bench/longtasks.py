"""Tasks over 50 ms on the page's main thread while someone draws, on a CPU slowed down four times.

    python bench/longtasks.py [--model cnn] [--backend wasm] [--rate 4]

Draws ten figures of eight, 90 pointer events each at 60 Hz, in Chromium, once the model is ready. Prints how many tasks
took more than 50 ms (https://w3c.github.io/longtasks/), and the longest and the 99th percentile of those over 1 ms, in
milliseconds of the thread's own time, slowed down: what else the machine does does not count.
"""

import argparse
import json
import shutil
import time
from math import pi, sin

from playwright.sync_api import sync_playwright

from inkgrad.bench.host import running
from inkgrad.serve import server

DIGITS, EVENTS = 10, 90
LONG = 50  # milliseconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="cnn")
    parser.add_argument("--backend", default="wasm")
    parser.add_argument("--rate", type=float, default=4)
    options = parser.parse_args()
    with running(server(0)) as address, sync_playwright() as playwright:
        flags = ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.goto(f"{address}?model={options.model}&backend={options.backend}")
        page.locator(f"#prediction[data-backend={options.backend}]").wait_for(state="attached")
        # Before the clock runs: what Playwright has to put into the page for these is not the page's own.
        box = page.locator("#pad").bounding_box()
        assert box
        page.keyboard.press("c")
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": options.rate})
        browser.start_tracing(page=page, categories=["toplevel"])
        for _ in range(DIGITS):
            start = time.monotonic()
            for i in range(EVENTS):
                t = 2 * pi * i / (EVENTS - 1)
                page.mouse.move(
                    box["x"] + box["width"] * (0.5 + 0.2 * sin(2 * t)), box["y"] + box["height"] * (0.5 - 0.35 * sin(t))
                )
                if i == 0:
                    page.mouse.down()
                time.sleep(max(0.0, start + (i + 1) / 60 - time.monotonic()))
            page.mouse.up()
            page.keyboard.press("c")
        events = json.loads(browser.stop_tracing())["traceEvents"]
        browser.close()
    threads = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["name"] == "thread_name"}
    # The page's is the busiest: a browser has other renderers.
    busy: dict[tuple[int, int], list[float]] = {}
    for event in events:
        thread = event["pid"], event["tid"]
        if threads.get(thread) == "CrRendererMain" and event["name"].endswith("RunTask") and "tdur" in event:
            busy.setdefault(thread, []).append(event["tdur"] / 1000)
    tasks = sorted(ms for ms in max(busy.values(), key=sum) if ms > 1)
    result = {"events": DIGITS * EVENTS, "tasks": len(tasks), "long": sum(ms > LONG for ms in tasks)}
    print(json.dumps(vars(options) | result | {"p99": tasks[int(0.99 * len(tasks))], "longest": tasks[-1]}))


if __name__ == "__main__":
    main()
