"""Tables for other documents: one workbook with everything, LaTeX and Markdown."""

from __future__ import annotations

import re

import openpyxl
import pytest
from written import Report

from pipeline.reporting.material import Material
from pipeline.reporting.sections import build
from pipeline.reporting.tables import Column, Label, Table, cell, to_csv
from pipeline.reporting.tabletext import LONG, to_latex, to_markdown
from pipeline.reporting.words import Words
from pipeline.reporting.words.numbers import MINUS, NBSP
from pipeline.reporting.workbook import sheet_names

SV = Words("sv")


@pytest.fixture
def table() -> Table:
    columns = (
        Column("who", "Grupp"),
        Column("share", "Andel", "percent", interval=True, group="Deltagare & andra"),
        Column("gap", "Skillnad", "points", interval=True, group="Deltagare & andra"),
        Column("ratio", "Kvot", "ratio", stars=True),
    )
    rows = (
        {
            "who": Label("women", "Kvinnor_1"), "share": 0.2345, "share_lower": 0.21, "share_upper": 0.26,
            "gap": -0.012, "gap_lower": -0.034, "gap_upper": 0.01, "ratio": 1.57, "ratio_p": 0.004,
        },
        {"who": "Män", "share": None, "gap": None, "ratio": None},
    )  # fmt: skip
    return Table("people", "Andelar, 95 %", columns, rows, ("En not.",))


def test_latex_compiles_by_its_own_rules(table: Table) -> None:
    text = to_latex(SV, table, "Källa: A_B")
    assert r"\caption{Andelar, 95 \%}\label{tab:people}" in text
    assert r" & \multicolumn{2}{c}{Deltagare \& andra} &  \\" in text
    assert r"\cmidrule(lr){2-3}" in text
    assert r"Kvinnor\_1 & 23,5~\% (21,0--26,0) & $-$1,2 ($-$3,4 till 1,0) & 1,57** \\" in text
    assert r"Män & .. & .. & .. \\" in text
    assert r"Källa: A\_B" in text
    assert text.count("{") == text.count("}")
    opened, closed = (re.findall(rf"\\{word}{{(\w+)}}", text) for word in ("begin", "end"))
    assert opened == closed[::-1] == ["table", "tabular"]


def test_a_long_table_runs_over_pages(table: Table) -> None:
    many = Table("people", "Andelar", table.columns, table.rows * LONG)
    text = to_latex(SV, many)
    assert r"\begin{longtable}{lrrr}" in text
    assert r"\endhead" in text
    assert r"\begin{table}" not in text


def test_markdown_escapes_what_it_would_read_as_its_own(table: Table) -> None:
    lines = to_markdown(SV, table, "Källa: A").splitlines()
    assert lines[0] == "**Andelar, 95 %**"
    assert lines[2] == "| Grupp | Deltagare & andra: Andel | Deltagare & andra: Skillnad | Kvot |"
    assert lines[3] == "| --- | ---: | ---: | ---: |"
    assert lines[4] == (rf"| Kvinnor\_1 | 23,5{NBSP}% (21,0–26,0) | {MINUS}1,2 ({MINUS}3,4 till 1,0) | 1,57\*\* |")
    assert lines[-1].startswith("En not. Två punkter")


def test_sheets_have_names_that_excel_takes() -> None:
    long = "hazard_ratio_over_time_work_or_studies"
    names = sheet_names(["flow", long, f"{long}_too"])
    assert names == ["flow", "hazard_ratio_over_time_work_or_", "hazard_ratio_over_time_work_o_2"]
    assert max(map(len, names)) <= 31


def test_the_workbook_has_a_sheet_for_every_table_with_numbers_and_notes(report: Report, material: Material) -> None:
    document, words = build(material), material.words
    file = "tables.xlsx" if words.language == "sv" else "tables.en.xlsx"
    book = openpyxl.load_workbook(report.folder / file)
    tables = document.tables()
    assert book.sheetnames[1:] == sheet_names([table.name for table in tables])
    contents = book[book.sheetnames[0]]
    listed = [row[:3] for row in contents.iter_rows(values_only=True) if isinstance(row[0], int)]
    assert listed == [
        (i, t.caption, name) for i, (t, name) in enumerate(zip(tables, book.sheetnames[1:], strict=True), 1)
    ]
    for table, name in zip(tables, book.sheetnames[1:], strict=True):
        rows = list(book[name].iter_rows(values_only=True))
        assert rows[0][0] == table.caption
        keys = [key for column in table.columns for key in column.keys]
        points = {key for column in table.columns if column.kind == "points" for key in column.keys}
        for row, line in zip(table.rows, rows[2:], strict=False):
            for key, value in zip(keys, line, strict=False):
                if isinstance(row.get(key), float):
                    assert value == pytest.approx(row[key] * (100 if key in points else 1))
        assert [note for note in table.notes if (note,) not in [line[:1] for line in rows]] == []


def test_intervals_stand_in_every_format(table: Table) -> None:
    """Beside each estimate: as columns of their own in data, in brackets in text."""
    assert "share_lower,share_upper" in to_csv(table)
    told = cell(SV, table.columns[1], table.rows[0], {})
    assert told.endswith("(21,0–26,0)")
    assert "(21,0--26,0)" in to_latex(SV, table)
    assert "(21,0–26,0)" in to_markdown(SV, table)
