"""What was published is in the page, the Word document and the files, with the numbers of results.json.

The expected numbers are taken from results.json here, not by the code that makes the tables.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser

import docx
import openpyxl
import pytest
from docx.oxml.ns import qn
from docx.table import Table as WordTable
from docx.text.paragraph import Paragraph
from written import Report

from pipeline.results import Results, read_results

MAIN = "work_or_studies"
Expected = Iterator[tuple[str, str, float | None, float, int]]  # row, column, number, factor and decimals as shown


def description(results: Results) -> Expected:
    for row in results.description:
        name = row.variable if row.level is None else f"{row.variable}.{row.level}"
        yield name, "count", row.count, 1, 0
        if row.share is not None and row.share >= 0.01:
            yield name, "share", row.share, 100, 0


def balance(results: Results) -> Expected:
    for side, rows in (("before", results.balance.before), ("after", results.balance.after)):
        for row in rows:
            name, share = ".".join([row.variable, *([row.level] if row.level else [])]), row.variance_ratio is None
            yield name, f"participants_{side}", row.participants, 1, -1 if share else 1
            yield name, f"smd_{side}", row.smd, 1, 2


def everyone(results: Results) -> Expected:
    for model in ("full", "backward"):
        for term in results.outcomes[MAIN].models[model].terms:
            yield term.term, model, term.hazard_ratio, 1, 3
            yield term.term, f"{model}_lower", term.lower, 1, 3


def side_by_side(results: Results) -> Expected:
    main = results.outcomes[MAIN]
    groups = {name: main.subgroups[name].models for name in ("women", "men", "participants_only", "controls_only")}
    for name, models in {"everyone": main.models, **groups}.items():
        for term in models["backward"].terms:
            yield term.term, name, term.hazard_ratio, 1, 3
            yield term.term, f"{name}_upper", term.upper, 1, 3


def destinations(results: Results) -> Expected:
    for row in results.outcomes[MAIN].destinations:
        yield row.destination, f"{row.group}_people", row.people, 1, 0
        yield row.destination, f"{row.group}_incidence", row.incidence, 100, 1


def kinds(results: Results) -> Expected:
    for row in results.outcomes[MAIN].kinds_over_time:
        yield f"{row.kind}.{row.day:g}", row.group, row.incidence, 100, 1
        yield f"{row.kind}.{row.day:g}", f"{row.group}_lower", row.lower, 100, 1


def flow(results: Results) -> Expected:
    for step in results.flow:
        if step.step in ("in_extract", "eligible", "matched"):
            yield step.step, "participants", step.participants, 1, 0
            yield step.step, "controls", step.controls, 1, 0


def shares(results: Results) -> Expected:
    for share in results.outcomes[MAIN].at:
        yield f"{share.day:g}", "participants", share.participants, 100, 1
        yield f"{share.day:g}", "difference", share.difference, 100, 1
        yield f"{share.day:g}", "difference_upper", share.upper, 100, 1


TABLES: dict[str, tuple[str, Callable[[Results], Expected]]] = {
    "Table 2, participants at start": ("description", description),
    "Table 4, balance": ("balance", balance),
    "Table 5, everyone in words": (f"regression_{MAIN}", everyone),
    "Table 6, everyone and groups": (f"regressions_backward_{MAIN}", side_by_side),
    "destinations": (f"destinations_{MAIN}", destinations),
    "kinds of destination over time": (f"kinds_{MAIN}", kinds),
    "flow": ("flow", flow),
    "shares at 6 to 24 months": (f"shares_{MAIN}", shares),
}
FIGURES = {
    "Figure 1, main outcome": f"curves_{MAIN}",
    "Figure 2, sex and birthplace": f"subgroup_curves_{MAIN}",
    "Figure 3, narrow outcome": "curves_deregistered",
    "Figure 4, return": "curves_return",
    "destinations": f"destinations_{MAIN}",
    "kinds of destination over time": f"kinds_{MAIN}",
    "effect over time": f"hazard_ratio_over_time_{MAIN}",
    "subgroups": f"subgroups_{MAIN}",
    "love plot": "balance",
}
LANGUAGES = {"sv": "", "en": ".en"}


class TablesOfPage(HTMLParser):
    """The tables of a page: caption and rows of texts by id."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.captions: dict[str, str] = {}
        self.rows: dict[str, list[list[str]]] = {}
        self.name, self.inside = "", ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = str(dict(attrs).get("id", ""))
        if tag == "figure" and found.startswith("table-"):
            self.name = found.removeprefix("table-")
            self.captions[self.name], self.rows[self.name] = "", []
        if tag in ("caption", "tbody"):
            self.inside = tag
        if self.inside == "tbody" and tag == "tr":
            self.rows[self.name].append([])
        if self.inside == "tbody" and tag in ("td", "th"):
            self.rows[self.name][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == self.inside:
            self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside == "caption":
            self.captions[self.name] += data
        elif self.inside == "tbody" and self.rows[self.name] and self.rows[self.name][-1]:
            self.rows[self.name][-1][-1] += data


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def word_tables(report: Report, suffix: str) -> dict[str, list[list[str]]]:
    """The tables of the Word document by their captions, heads left out."""
    word, caption, found = docx.Document(str(report.folder / f"report{suffix}.docx")), "", {}
    for element in word.element.body:
        if element.tag == qn("w:p"):
            paragraph = Paragraph(element, word)
            caption = paragraph.text if paragraph.style.name == "Caption" else caption
        elif element.tag == qn("w:tbl") and caption:
            rows = [row for row in element.findall(qn("w:tr")) if row.find(f".//{qn('w:tblHeader')}") is None]
            texts = [[plain(c.text) for c in row.cells] for row in WordTable(element, word).rows]
            found[caption], caption = texts[len(texts) - len(rows) :], ""
    return found


@pytest.fixture(scope="module")
def shown(report: Report) -> Results:
    return read_results(report.folder / "results.json")


@pytest.fixture(scope="module")
def pages(report: Report) -> dict[str, TablesOfPage]:
    return {name: TablesOfPage(report.page(f"report{suffix}.html")) for name, suffix in LANGUAGES.items()}


@pytest.fixture(scope="module")
def words(report: Report) -> dict[str, dict[str, list[list[str]]]]:
    return {name: word_tables(report, suffix) for name, suffix in LANGUAGES.items()}


def csv_rows(report: Report, name: str) -> dict[str, dict[str, str]]:
    text = (report.folder / f"tables/{name}.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    keys = 2 if name.startswith("kinds_") else 1  # a row a kind and a time
    return {".".join(list(row.values())[:keys]): row for row in rows}


@pytest.mark.parametrize("what", TABLES)
def test_files_hold_the_numbers_of_the_results(what: str, report: Report, shown: Results) -> None:
    name, expected = TABLES[what]
    rows, checked = csv_rows(report, name), 0
    for row, column, number, _, decimals in expected(shown):
        factor = 100 if decimals == -1 else 1  # the balance table gives shares in per cent
        if row not in rows:  # of a yes-or-no variable only the yes is told
            continue
        told = rows[row][column]
        assert told == "" if number is None else float(told) == pytest.approx(factor * number, rel=1e-9), (row, column)
        checked += 1
    assert checked >= 6


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("what", TABLES)
def test_page_and_word_show_them_as_their_readers_write_them(
    what: str, language: str, report: Report, shown: Results, pages: dict[str, TablesOfPage],
    words: dict[str, dict[str, list[list[str]]]],
) -> None:  # fmt: skip
    name, expected = TABLES[what]
    caption = plain(pages[language].captions[name])
    page = [[plain(text) for text in row] for row in pages[language].rows[name]]
    assert words[language][caption] == page
    lines = dict(zip(csv_rows(report, name), page, strict=True))
    for row, column, number, factor, decimals in expected(shown):
        if row not in lines or number is None:
            continue
        value = 100 * number if decimals == -1 else factor * number
        # Halves go away from zero, as readers round; a hair's breadth more than any float falls short of its half.
        text = f"{abs(value) * (1 + 1e-12):,.{abs(decimals)}f}"
        if language == "sv":
            text = text.replace(",", " ").replace(".", ",")
        assert any(text in cell for cell in lines[row][1:]), (row, column, text, lines[row])


@pytest.mark.parametrize("what", TABLES)
def test_the_workbook_has_them_too(what: str, report: Report) -> None:
    name, _ = TABLES[what]
    sheet = openpyxl.load_workbook(report.folder / "tables.xlsx")[name[:31]]
    told = list(sheet.iter_rows(min_row=3, values_only=True))
    raw = list(csv_rows(report, name).values())
    for row, line in zip(raw, told, strict=False):
        for text, value in zip(row.values(), line, strict=False):
            if isinstance(value, float) and text:
                assert value == pytest.approx(float(text)) or value == pytest.approx(100 * float(text))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("what", FIGURES)
def test_figures_are_in_page_word_and_files(what: str, language: str, report: Report) -> None:
    name, suffix = FIGURES[what], LANGUAGES[language]
    page = report.page(f"report{suffix}.html")
    drawn = page.split(f'id="figure-{name}"')[1].split("</figure>")[0]
    assert "<svg" in drawn
    word = docx.Document(str(report.folder / f"report{suffix}.docx"))
    pictures = {e.get("name"): e.get("descr") for e in word.element.body.iter(qn("wp:docPr"))}
    assert pictures[name] == report.index()[name][language]["alternative"]
    for ending in ("svg", "png", "pdf"):
        assert (report.folder / f"figures/{name}{suffix}.{ending}").stat().st_size > 1000


@pytest.mark.parametrize(("name", "outcome"), [(f"curves_{n}", n) for n in (MAIN, "deregistered", "return")])
def test_curves_drawn_are_those_of_the_results(name: str, outcome: str, report: Report, shown: Results) -> None:
    text = (report.folder / f"figures/{name}.csv").read_text(encoding="utf-8")
    drawn = [(r["group"], float(r["day"]), float(r["cumulative_incidence"])) for r in csv.DictReader(io.StringIO(text))]
    points = [p for p in shown.outcomes[outcome].curves if p.cumulative_incidence is not None]
    assert drawn == [(p.group, p.day, pytest.approx(p.cumulative_incidence)) for p in points]
