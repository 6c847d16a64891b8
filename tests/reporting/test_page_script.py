"""What the page can do: numbers to copy beside every figure and table, and curves to read values off."""

from __future__ import annotations

import csv
import json
import re
import subprocess
from pathlib import Path

import pytest
from browser import CHROMIUM
from written import Report

from pipeline.results import read_results

FIGURE = re.compile(r'<figure id="figure-([^"]+)">.*?</figure>', re.DOTALL)
NUMBERS = re.compile(r'<script type="application/json" class="numbers">(.*?)</script>', re.DOTALL)
# The slider is set as keys and pointer set it; what the page then tells is kept where the test can see it.
READ = """<script>
const figure = document.querySelector("#figure-curves_work_or_studies"), slider = figure.querySelector(".reader input");
slider.value = 365;
slider.dispatchEvent(new Event("input"));
const root = document.documentElement, guides = [...figure.querySelectorAll(".guide")];
root.setAttribute("data-told", slider.getAttribute("aria-valuetext"));
root.setAttribute("data-guide", guides.map(guide => guide.style.left).join(""));
</script></body>"""


def shown(value: object) -> str:
    """A value as a CSV file has it."""
    if value is None:
        return ""
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def test_every_figure_carries_the_numbers_of_its_file(report: Report) -> None:
    figures = {match[1]: match[0] for match in FIGURE.finditer(report.page())}
    assert len(figures) >= 6
    for name, text in figures.items():
        found = NUMBERS.search(text)
        assert found is not None
        embedded = json.loads(found[1])
        with (report.folder / f"figures/{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            beside = list(csv.reader(file))
        assert embedded[0] == beside[0]
        assert [[shown(value) for value in row] for row in embedded] == beside


def test_every_figure_and_table_has_a_button_that_copies(report: Report) -> None:
    page = report.page()
    assert page.count('<button type="button" class="copy" hidden') == page.count("<figure ")


def test_the_script_asks_nobody(report: Report) -> None:
    scripts = re.findall(r"<script>(.*?)</script>", report.page(), re.DOTALL)
    assert len(scripts) == 1
    assert not re.search(r"https?:|fetch\(|XMLHttpRequest|import\(|WebSocket", scripts[0])


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="needs Chromium")
def test_curves_tell_their_values_at_a_time(report: Report, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(report.page("report.en.html").replace("</body>", READ), encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom"]
    options += ["--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={tmp_path / 'profile'}"]
    done = subprocess.run([CHROMIUM, *options, page.as_uri()], capture_output=True, text=True, timeout=120, check=True)
    assert "CONSOLE" not in done.stderr
    told = re.search('data-told="([^"]*)" data-guide="([^"]*)"', done.stdout)
    assert told is not None
    assert re.fullmatch(r"[\d.]+px", told[2])
    share = next(s for s in read_results(report.folder / "results.json").outcomes["work_or_studies"].at if s.day == 365)
    assert share.participants is not None
    assert share.controls is not None
    assert told[1].startswith(f"365 days: Participants {share.participants:.1%} (")
    assert f"Matched comparison group {share.controls:.1%} (" in told[1]
