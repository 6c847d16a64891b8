"""The page in a browser, from disk: nothing runs over the edge, nothing is complained of."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from written import Report

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)
pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="needs Chromium")]

# The page measures itself and tells the page that frames it: what is wider than the frame, unless it scrolls by itself.
MEASURE = """<script>
const wide = [...document.querySelectorAll("body *")].filter(element =>
  !element.closest(".scroll, svg, .skip, .hidden") && element.getBoundingClientRect().right > innerWidth + 1);
const told = parent.document.documentElement;
told.setAttribute("data-page", document.documentElement.scrollWidth + " of " + innerWidth);
told.setAttribute("data-wide", wide.map(element => element.tagName + "." + element.className).join(" "));
told.setAttribute("data-contents", document.querySelector(".contents").open);
</script></body>"""


def framed(report: Report, name: str, width: int, folder: Path) -> str:
    """What the page tells of itself in a frame of a width, and what the browser said on its console."""
    page = html.escape(report.page(name).replace("</body>", MEASURE))
    frame = folder / "frame.html"
    style = f"border: 0; width: {width}px; height: 900px"
    frame.write_text(f'<!DOCTYPE html><meta charset="utf-8"><iframe style="{style}" srcdoc="{page}"></iframe>', "utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--window-size=1400,900"]
    options += ["--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={folder / 'profile'}", "--dump-dom"]
    command = [CHROMIUM, *options, frame.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    console = "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)
    told = re.search("<html[^>]*>", done.stdout)
    return f"{told[0] if told else ''} console: {console}"


@pytest.mark.parametrize(("width", "contents"), [(1280, "true"), (375, "false")])
@pytest.mark.parametrize("name", ["report.html", "report.en.html"])
def test_page_fits_its_window(report: Report, tmp_path: Path, name: str, width: int, contents: str) -> None:
    """Also at the width of a telephone, where the contents start closed."""
    told = framed(report, name, width, tmp_path)
    page = re.search(r'data-page="(\d+) of (\d+)"', told)
    assert page is not None
    assert int(page[1]) <= int(page[2]) <= width
    assert 'data-wide=""' in told
    assert f'data-contents="{contents}"' in told
    assert told.endswith("console: ")
