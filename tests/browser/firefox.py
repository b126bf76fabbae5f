"""Firefox by WebDriver BiDi (https://w3c.github.io/webdriver-bidi/), which it speaks itself: no driver between."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from browser.drawing import Points
from websockets.sync.client import ClientConnection, connect


class Firefox:
    """One tab. `said` is what its pages say on the console, warnings included."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.said: list[str] = []
        self.sent = 0
        self.send("session.new", capabilities={})
        self.send("session.subscribe", events=["log.entryAdded"])
        self.tab = self.send("browsingContext.getTree")["contexts"][0]["context"]

    def send(self, method: str, **params: Any) -> Any:
        self.sent += 1
        self.socket.send(json.dumps({"id": self.sent, "method": method, "params": params}))
        while True:
            message = json.loads(self.socket.recv(timeout=60))
            if message["type"] == "event":
                self.said.append(message["params"]["text"])
            elif message["type"] == "error":
                raise RuntimeError(message["message"])
            elif message["id"] == self.sent:
                return message["result"]

    def open(self, url: str) -> None:
        self.send("browsingContext.navigate", context=self.tab, url=url, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """The expression's value, by way of JSON."""
        result = self.send(
            "script.evaluate",
            expression=f"JSON.stringify({expression} ?? null)",
            target={"context": self.tab},
            awaitPromise=True,
        )
        return json.loads(result["result"]["value"])

    def wait_for(self, expression: str, value: object) -> None:
        end = time.monotonic() + 20
        while (last := self.evaluate(expression)) != value:
            assert time.monotonic() < end, f"{expression} is {last!r}, not {value!r}"
            time.sleep(0.05)

    def draw(self, paths: Sequence[Points]) -> None:
        """In canvas units of 280, with the mouse."""
        box = self.evaluate("document.querySelector('#pad').getBoundingClientRect()")
        scale = box["width"] / 280
        actions: list[dict[str, Any]] = []
        for path in paths:
            moves = [
                {"type": "pointerMove", "x": round(box["x"] + x * scale), "y": round(box["y"] + y * scale)}
                for x, y in path
            ]
            down, up = ({"type": kind, "button": 0} for kind in ("pointerDown", "pointerUp"))
            actions += [moves[0], down, *moves[1:], up]
        mouse = {"type": "pointer", "id": "mouse", "actions": actions}
        self.send("input.performActions", context=self.tab, actions=[mouse])


@contextmanager
def firefox(profile: Path) -> Iterator[Firefox]:
    command = [str(shutil.which("firefox-esr")), "--headless", "--no-remote", "--profile", str(profile)]
    process = subprocess.Popen(
        [*command, "--remote-debugging-port=0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HOME": str(profile)},  # root's Firefox refuses the home of another, such as a container's
    )
    try:
        listening, end = profile / "WebDriverBiDiServer.json", time.monotonic() + 60
        while not (listening.is_file() and listening.stat().st_size):
            assert process.poll() is None and time.monotonic() < end, "Firefox does not start"
            time.sleep(0.05)
        address = json.loads(listening.read_text())
        with connect(f"ws://{address['ws_host']}:{address['ws_port']}/session") as socket:
            yield Firefox(socket)
    finally:
        process.terminate()
        process.wait()
