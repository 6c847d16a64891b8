"""The page in a browser, from disk and without a network: as wide as its window, at rest, usable by all."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import OVERFLOWING, Browser, Page, needs_chromium, running
from written import ROOT, Report

from pipeline.results import read_results

pytestmark = needs_chromium
PAGES = ["report.html", "report.en.html"]
PAPER = round((210 - 2 * 16) / 25.4 * 96)  # what is printed on: A4 between the margins of style.css, in CSS pixels


def axe() -> Path | None:
    """The accessibility checker: the file that AXE_CORE names, or where `npm install axe-core` puts it."""
    named = os.environ.get("AXE_CORE")
    places = [Path(named)] if named else [ROOT / "node_modules/axe-core/axe.min.js"]
    return next((place for place in places if place.is_file()), None)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with running(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module", params=PAGES)
def page(request: pytest.FixtureRequest, browser: Browser, report: Report) -> Page:
    opened = browser.page()
    opened.resize(1280)
    opened.open(report.folder / request.param)
    return opened


@pytest.mark.parametrize(("width", "contents"), [(1280, True), (375, False)])
@pytest.mark.parametrize("name", PAGES)
def test_page_fits_its_window(browser: Browser, report: Report, name: str, width: int, contents: bool) -> None:
    """Also at the width of a telephone, where the contents start closed; and nothing in it goes over the edge."""
    page = browser.page()
    page.resize(width)
    page.open(report.folder / name)
    for part in ("", "document.querySelectorAll('details').forEach(part => { part.open = true; });"):
        assert page.run(f"{part} innerWidth") == width
        assert page.run("document.documentElement.scrollWidth") <= width
        assert page.run(OVERFLOWING) == []
        if not part:
            assert page.run("document.querySelector('.contents').open") is contents


def test_page_asks_nobody_and_complains_of_nothing(page: Page, report: Report) -> None:
    page.run("document.querySelectorAll('details').forEach(part => { part.open = true; }); scrollTo(0, 1e6)")
    assert [url for url in page.asked if not url.startswith("data:")] == page.asked[:1]
    assert page.asked[0].startswith(report.folder.as_uri())
    assert page.complaints == []


@pytest.mark.skipif(axe() is None, reason="needs axe-core: npm install axe-core, or AXE_CORE=path/to/axe.min.js")
@pytest.mark.parametrize("width", [1280, 375])
def test_accessibility_checker_finds_nothing(page: Page, width: int) -> None:
    checker = axe()
    assert checker is not None
    page.resize(width)
    page.run(checker.read_text(encoding="utf-8"))
    page.run("document.querySelectorAll('details').forEach(part => { part.open = true; });")
    found = page.run("axe.run(document, {resultTypes: ['violations']})")
    page.resize(1280)
    assert len(found["passes"]) > 20
    assert [_told(violation) for violation in found["violations"]] == []


def _told(violation: dict[str, Any]) -> str:
    return f"{violation['id']}: {violation['help']}: " + "; ".join(n["html"][:150] for n in violation["nodes"][:5])


def test_nothing_runs_off_the_paper(page: Page, tmp_path: Path) -> None:
    """Folded parts are printed too, in A4, and no word lies outside the margins."""
    page.resize(PAPER, media="print")
    assert page.run("document.documentElement.scrollWidth") <= PAPER
    assert page.run(OVERFLOWING.replace(".scroll, ", "")) == []
    page.resize(1280)
    printed = tmp_path / "page.pdf"
    printed.write_bytes(page.pdf())
    if not shutil.which("pdftotext"):
        pytest.skip("needs pdftotext to look at the printed pages")
    told = subprocess.run(["pdftotext", "-bbox", printed, "-"], capture_output=True, text=True, check=True).stdout
    sizes = re.findall(r'<page width="([\d.]+)" height="([\d.]+)"', told)
    assert {(round(float(width)), round(float(height))) for width, height in sizes} == {(595, 842)}
    edges = [(float(left), float(right)) for left, right in re.findall(r'<word xMin="(.*?)".*?xMax="(.*?)"', told)]
    margin = 16 / 25.4 * 72
    assert len(edges) > 2000
    assert min(left for left, _ in edges) > margin - 1
    assert max(right for _, right in edges) < 594.96 - margin + 1


def test_button_puts_numbers_on_the_clipboard(page: Page) -> None:
    """Those of a table with the page's decimal mark, a tab between cells; and it says so."""
    page.call("Page.bringToFront")
    page.browser.call("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    button = "document.querySelector('#table-shares_work_or_studies button.copy')"
    page.run(f"{button}.focus()")
    for kind in ("keyDown", "keyUp"):
        page.call("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13, text="\r")
    page.browser.until(lambda: page.run(f"{button}.nextElementSibling.textContent") != "")
    rows = [line.split("\t") for line in page.run("navigator.clipboard.readText()").splitlines()]
    lines = "[...document.querySelectorAll('#table-shares_work_or_studies tr')]"
    shown = page.run(f"{lines}.map(row => [...row.cells].map(cell => cell.innerText))")
    assert rows == [[cell.strip() for cell in row] for row in shown]
    assert len(rows) == 5


def test_pointer_reads_values_off_a_curve(page: Page, report: Report) -> None:
    figure = "document.querySelector('#figure-curves_work_or_studies')"
    place = page.run(
        f"""(() => {{ const drawing = {figure}.querySelector('.drawing.wide'); drawing.scrollIntoView();
        const box = drawing.querySelector('[id$="patch_2"]').getBoundingClientRect();
        return [box.left + box.width / 2, box.top + box.height / 2]; }})()"""
    )
    page.call("Input.dispatchMouseEvent", type="mouseMoved", x=place[0], y=place[1])
    day = int(page.run(f"{figure}.querySelector('input').value"))
    curves = read_results(report.folder / "results.json").outcomes["work_or_studies"].curves
    half = max(point.day for point in curves) * 1.01 / 2
    assert abs(day - half) < 5
    known = [p for p in curves if p.group == "participants" and p.day <= day and p.cumulative_incidence is not None]
    told = page.run(f"{figure}.querySelector('output').value")
    assert re.sub(r"\D", "", f"{known[-1].cumulative_incidence:.1%}") in re.sub(r"[^\d ]", "", told)
    assert page.run(f"getComputedStyle({figure}.querySelector('.guide')).left") != "auto"
