"""Chromium without a window, steered over a pipe by its own protocol (Chrome DevTools Protocol), with no network."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)
needs_chromium = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="needs Chromium")]
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run",
    "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND", "--hide-scrollbars",
)  # fmt: skip
# Put two open files where the browser looks for them, and become the browser.
AS_THIRD_AND_FOURTH = """
import os, sys
for given, wanted in zip([os.dup(int(number)) for number in sys.argv[1:3]], (3, 4)):
    os.dup2(given, wanted)
    os.set_inheritable(wanted, True)
os.execv(sys.argv[3], sys.argv[3:])
"""
PATIENCE = 60.0
# What is wider than the window, unless it scrolls by itself; parts of drawings are measured by their drawing.
OVERFLOWING = """[...document.querySelectorAll("body *")].filter(element =>
  !element.closest(".scroll, svg, .skip, .hidden") && element.getBoundingClientRect().right > innerWidth + 1
).map(element => element.tagName + "." + element.className)"""
COMPLAINTS = ("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled")


@dataclass
class Page:
    """One open tab: what it asked the network for, and what it complained of."""

    browser: Browser
    session: str
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def call(self, method: str, **given: Any) -> dict[str, Any]:
        """A command of the protocol and its answer."""
        return self.browser.call(method, self, **given)

    def run(self, script: str) -> Any:
        """The value of a script, awaited where it promises one; as after a click, so that it may use the clipboard."""
        given = {"expression": script, "awaitPromise": True, "returnByValue": True, "userGesture": True}
        answer = self.call("Runtime.evaluate", **given)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def resize(self, width: int, height: int = 900, *, media: str = "") -> None:
        """Give the window a width in CSS pixels, and show it as on paper when `media` is print."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500
        )
        self.call("Emulation.setEmulatedMedia", media=media)

    def open(self, path: Path) -> None:
        """Open a file from disk and wait until it is there with all its parts."""
        self.call("Page.navigate", url=path.as_uri())
        self.browser.until(lambda: self.run("document.readyState") == "complete")

    def pdf(self) -> bytes:
        """The page printed with its own paper size."""
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"])

    def heard(self, message: dict[str, Any]) -> None:
        """Note what happened in the tab."""
        method, params = message["method"], message["params"]
        if method == "Network.requestWillBeSent":
            self.asked.append(params["request"]["url"])
        elif method in COMPLAINTS:
            self.complaints.append(f"{method}: {json.dumps(params, ensure_ascii=False)[:300]}")


@dataclass
class Browser:
    """A running browser and the two ends of its pipe."""

    process: subprocess.Popen[bytes]
    to: int
    back: int
    pages: dict[str, Page] = field(default_factory=dict)
    _last: int = 0
    _rest: bytes = b""

    def call(self, method: str, page: Page | None = None, **given: Any) -> dict[str, Any]:
        """Send a command and read until its answer comes; what happens meanwhile goes to its page."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": given}
        if page is not None:
            message["sessionId"] = page.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            heard = self._read()
            if heard.get("id") == self._last:
                assert "error" not in heard, f"{method}: {heard['error']}"
                result: dict[str, Any] = heard["result"]
                return result

    def page(self) -> Page:
        """A new tab that reports requests and complaints and is cut off from the network."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self.pages[session] = Page(self, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.call(f"{domain}.enable")
        page.call("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0)
        page.call("Emulation.setFocusEmulationEnabled", enabled=True)
        return page

    def until(self, holds: Any) -> None:
        """Wait for something to become true."""
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, "the browser did not get there in time"
            time.sleep(0.02)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            assert select.select([self.back], [], [], PATIENCE)[0], "the browser does not answer"
            got = os.read(self.back, 1 << 20)
            assert got, "the browser went away"
            self._rest += got
        text, self._rest = self._rest.split(b"\0", 1)
        message: dict[str, Any] = json.loads(text)
        page = self.pages.get(message.get("sessionId", ""))
        if page is not None and "method" in message:
            page.heard(message)
        return message


@contextmanager
def running(profile: Path) -> Iterator[Browser]:
    """A browser with a profile of its own; it reads commands from its third file and answers on its fourth."""
    theirs, ours = os.pipe()
    back, answers = os.pipe()
    command = [sys.executable, "-c", AS_THIRD_AND_FOURTH, str(theirs), str(answers), CHROMIUM, *OPTIONS]
    command += [f"--user-data-dir={profile}", "about:blank"]
    quiet = {"stderr": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    process = subprocess.Popen(command, pass_fds=(theirs, answers), **quiet)
    os.close(theirs)
    os.close(answers)
    try:
        yield Browser(process, ours, back)
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)
        os.close(ours)
        os.close(back)
