"""Tables: cells as readers see them, CSV with one number per column, Excel with the same bytes each time."""

from __future__ import annotations

import csv
import io
import time

import openpyxl
import pytest

from pipeline.reporting.tables import Column, Label, Table, cell, to_csv
from pipeline.reporting.words import Words
from pipeline.reporting.words.numbers import MINUS, NBSP
from pipeline.reporting.workbook import to_xlsx

SV, EN, SOURCE = Words("sv"), Words("en"), "Källa: registren"
SHARE = Column("share", "Andel", "percent", interval=True)
POINTS = Column("gap", "Skillnad", "points", interval=True)
RATIO = Column("ratio", "Kvot", "ratio", interval=True, stars=True, decimals=3)


@pytest.fixture
def table() -> Table:
    rows = (
        {"who": Label("women", "Kvinnor"), "n": 16729, "share": 0.2345, "share_lower": 0.21, "share_upper": 0.26},
        {"who": Label("men", "Män"), "n": None, "share": None, "share_lower": None, "share_upper": None},
    )
    return Table("people", "Personer", (Column("who", "Grupp"), Column("n", "Antal", "count"), SHARE), rows, ("Not.",))


@pytest.mark.parametrize(
    ("column", "row", "sv"),
    [
        (SHARE, {"share": 0.2345, "share_lower": 0.21, "share_upper": 0.26}, f"23,5{NBSP}% (21,0–26,0)"),
        (SHARE, {"share": 0.2345}, f"23,5{NBSP}%"),
        (SHARE, {}, ".."),
        (
            POINTS,
            {"gap": -0.012, "gap_lower": -0.034, "gap_upper": 0.01},
            f"{MINUS}1,2 ({MINUS}3,4 till 1,0)",
        ),
        (
            RATIO,
            {"ratio": 1.571, "ratio_lower": 1.47, "ratio_upper": 1.68, "ratio_p": 0.001},
            "1,571** (1,470–1,680)",
        ),
        (Column("p", "p", "p"), {"p": 0.00001}, f"<{NBSP}0,001"),
        (Column("share", "Andel", "percent", decimals=0), {"share": 0.003}, f"0,3{NBSP}%"),
        (Column("days", "Dagar", "time", decimals=1), {"days": 20.0}, "20"),
        (Column("n", "Antal", "count"), {"n": Label("18040", f"18{NBSP}040")}, f"18{NBSP}040"),
    ],
)
def test_cells(column: Column, row: dict[str, object], sv: str) -> None:
    assert cell(SV, column, row, {}) == sv


def test_a_number_that_does_not_exist_is_said_in_words() -> None:
    assert cell(SV, Column("median", "Median", "time"), {"median": None}, {"median": "uppnås inte"}) == "uppnås inte"


def test_withheld_cells_are_explained(table: Table) -> None:
    assert table.has_withheld
    assert not Table("x", "x", table.columns, table.rows[:1]).has_withheld


def test_csv_holds_raw_numbers_and_codes(table: Table) -> None:
    rows = list(csv.reader(io.StringIO(to_csv(table))))
    assert rows == [
        ["who", "n", "share", "share_lower", "share_upper"],
        ["women", "16729", "0.2345", "0.21", "0.26"],
        ["men", "", "", "", ""],
    ]


def test_excel_has_a_sheet_per_language_and_numbers_as_numbers(table: Table) -> None:
    book = openpyxl.load_workbook(io.BytesIO(to_xlsx([(SV, table, SOURCE), (EN, table, SOURCE)])))
    assert book.sheetnames == ["Svenska", "English"]
    rows = list(book["Svenska"].iter_rows(values_only=True))
    assert rows[0][0] == "Personer"
    assert rows[1] == ("Grupp", "Antal", "Andel", "Andel, undre gräns", "Andel, övre gräns")
    assert rows[2] == ("Kvinnor", 16729, 0.2345, 0.21, 0.26)
    assert rows[3][:3] == ("Män", "..", "..")
    assert rows[4][0] == "Not."


def test_excel_bytes_do_not_depend_on_the_clock(table: Table) -> None:
    first = to_xlsx([(SV, table, SOURCE)])
    time.sleep(2.1)  # zip entries know time to two seconds
    assert to_xlsx([(SV, table, SOURCE)]) == first
