"""What a system holds in memory, each in a browser of its own. Linux alone tells (/proc)."""

import re
from pathlib import Path

from playwright.sync_api import Browser

from inkgrad.bench.driver import Site, first
from inkgrad.bench.peers import System
from inkgrad.bench.report import Result


def memory(site: Site, net: str, system: System, images: int) -> Result:
    """Bytes, less those of a page with nothing.

    `heap`: what JavaScript holds, with its buffers, once loaded and collected; `loaded`: resident in the page's and the
    GPU's processes, then, WebAssembly's memory and shaders included; `peak`: the most that was, by the end of `images`
    pictures.
    """
    with site.launch() as browser:
        page = browser.new_page()
        page.goto(f"{site.address}nothing.html")
        nothing = _resident(browser)
    with site.launch() as browser:
        page = browser.new_page()
        first(page, site.url(net, system))
        inspector = page.context.new_cdp_session(page)
        inspector.send("HeapProfiler.collectGarbage")
        heap = inspector.send("Runtime.getHeapUsage")
        loaded = _resident(browser)["VmRSS"]
        page.evaluate("([images, batch]) => throughput(images, batch)", [images, min(images, system.batch)])
        peak = _resident(browser)["VmHWM"]
    return {
        "heap": heap["usedSize"] + heap["backingStorageSize"],
        "loaded": loaded - nothing["VmRSS"],
        "peak": peak - nothing["VmHWM"],
    }


def _resident(browser: Browser) -> dict[str, int]:
    """Bytes resident now (VmRSS) and at most so far (VmHWM), see proc_pid_status(5), of its page and its GPU.

    The page's renderer is the largest: a browser may keep another ready, of some 100 MB, for a page still to come.
    """
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]

    def size(kind: str, field: str) -> int:
        texts = [Path(f"/proc/{p['id']}/status").read_text() for p in processes if p["type"] == kind]
        return max(1024 * int(re.findall(rf"^{field}:\s+(\d+) kB", text, re.MULTILINE)[0]) for text in texts)

    return {field: size("renderer", field) + size("GPU", field) for field in ("VmRSS", "VmHWM")}
