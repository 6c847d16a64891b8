"""What each kind of column takes a text for."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ibis
import pyarrow as pa
import pytest

from pipeline import engine
from pipeline.registers import values
from pipeline.registers.contracts import LISA, Column

DATE = Column("day", "date", ("D",))
YEAR = Column("year", "year", ("Y",))
WHOLE = Column("number", "whole", ("N",))
AMOUNT = Column("amount", "amount", ("A",))
MUNICIPALITY = Column("municipality", "code", ("Kommun",), width=4)
REASON = Column("reason", "code", ("AVAKT_ORSAK",), codes="deregistration_reasons", width=1)
REGION = next(column for column in LISA.columns if column.name == "birth_region")
SEX = next(column for column in LISA.columns if column.name == "sex")


@pytest.fixture(scope="module")
def connection() -> ibis.BaseBackend:
    return engine.connect()


def judged(connection: ibis.BaseBackend, text: str | None, column: Column) -> tuple[Any, bool | None]:
    """The typed value of a text, and whether it is impossible in the column."""
    table = connection.create_table("given", pa.table({"text": pa.array([text], pa.string())}), overwrite=True)
    rows = table.select(**{column.name: table.text})
    value = values.typed_columns(rows, [column])[column.name].to_pyarrow().to_pylist()[0]
    return value, values.with_impossible(rows, column).impossible.to_pyarrow().to_pylist()[0]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2020-02-29", dt.date(2020, 2, 29)),
        ("20200229", dt.date(2020, 2, 29)),
        ("20200229.0", dt.date(2020, 2, 29)),
        (".A", None),
        ("2020-02-29 00:00:00", dt.date(2020, 2, 29)),
        ("2020-02-29T00:00:00.000", dt.date(2020, 2, 29)),
        ("1900-01-01", dt.date(1900, 1, 1)),
        ("0007-01-01", None),
        ("1989-01-01", None),
        ("9999-12-31", None),
        ("0000-00-00", None),
        ("00000000", None),
        ("2020-02-00", dt.date(2020, 2, 15)),
        ("20200200", dt.date(2020, 2, 15)),
        ("2020-00-00", dt.date(2020, 7, 1)),
        ("20200000", dt.date(2020, 7, 1)),
        (None, None),
    ],
)
def test_dates(connection: ibis.BaseBackend, text: str | None, day: dt.date | None) -> None:
    assert judged(connection, text, DATE) == (day, False)


@pytest.mark.parametrize(
    "text",
    ["2020-02-30", "20210229", "2020-13-01", "2020-1-3", "29/02/2020", "2020", "202002", "1850-01-01", "2150-01-01",
     "2020-02-29 13:45:00", "2020-02-29x", "igår", "2020-00-12", "2020-13-00", "202-002-01", "2020-2-29 ", "20-2-2020",
     "29-02-2020", "29022020", "43890", "2020-02-29.5"],
)  # fmt: skip
def test_impossible_dates(connection: ibis.BaseBackend, text: str) -> None:
    assert judged(connection, text, DATE) == (None, True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("9999-12-31", True), ("00070101", True), ("1989-01-01", True), ("0", True), ("2020-01-01", False), (None, False)],
)
def test_sentinels_are_told_from_blanks(connection: ibis.BaseBackend, text: str | None, expected: bool) -> None:
    table = connection.create_table("given", pa.table({"text": pa.array([text], pa.string())}), overwrite=True)
    assert values.stands_for_none(table.text, values.as_date(table.text)).to_pyarrow().to_pylist() == [expected]


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        (YEAR, "1985", 1985),
        (YEAR, "0000", None),
        (YEAR, "0", None),
        (WHOLE, "-3", -3),
        (WHOLE, "007", 7),
        (WHOLE, "1,0", 1),
        (YEAR, "1985.0", 1985),
        (AMOUNT, "12,5", 12.5),
        (AMOUNT, "12.5", 12.5),
        (AMOUNT, "-3", -3.0),
        (AMOUNT, None, None),
    ],
)
def test_numbers(connection: ibis.BaseBackend, column: Column, text: str | None, value: float | None) -> None:
    assert judged(connection, text, column) == (value, False)


@pytest.mark.parametrize(
    ("column", "text"),
    [(YEAR, "85"), (YEAR, "19850101"), (YEAR, "okänt"), (WHOLE, "1,5"), (WHOLE, "tre"), (WHOLE, "9" * 20),
     (AMOUNT, "1 000"), (AMOUNT, "1,000,5"), (AMOUNT, "12,"), (AMOUNT, "1e3"), (AMOUNT, "NaN"), (AMOUNT, "12kr")],
)  # fmt: skip
def test_text_in_columns_of_numbers(connection: ibis.BaseBackend, column: Column, text: str) -> None:
    assert judged(connection, text, column)[1] is True


@pytest.mark.parametrize(
    ("column", "text", "code"),
    [
        (MUNICIPALITY, "136", "0136"),
        (MUNICIPALITY, "1280", "1280"),
        (REASON, "1", "1"),
        (REASON, "01", "1"),
        (REASON, "12", "12"),
        (REASON, "7.0", "7"),
        (MUNICIPALITY, ".A", None),
        (REGION, "0", "00"),
        (REGION, "00", "00"),
        (REGION, "Övriga Europa", "Övriga Europa"),
    ],
)
def test_leading_zeros_are_restored(connection: ibis.BaseBackend, column: Column, text: str, code: str | None) -> None:
    assert judged(connection, text, column)[0] == code


@pytest.mark.parametrize(
    ("column", "text", "unknown", "group"),
    [
        (REGION, "7", False, "outside_europe"),
        (REGION, "asien", False, "outside_europe"),
        (REGION, "12", True, None),
        (REGION, None, False, None),
        (SEX, "2", False, "woman"),
        (SEX, "k", False, "woman"),
        (SEX, "3", True, None),
    ],
)
def test_codes_are_looked_up(
    connection: ibis.BaseBackend, column: Column, text: str | None, unknown: bool, group: str | None
) -> None:
    table = connection.create_table("given", pa.table({"text": pa.array([text], pa.string())}), overwrite=True)
    assert column.codes is not None
    found = table.select(
        unknown=values.unknown_code(table.text, column),
        group=values.grouped(values.code(table.text, column), column.codes),
    )
    assert found.to_pyarrow().to_pylist() == [{"unknown": unknown, "group": group}]


def test_faults_are_counted_in_words() -> None:
    assert values.describe_impossible(DATE, 1)[0] == "1 impossible date."
    assert values.describe_impossible(AMOUNT, 3)[0] == "3 texts in a column of numbers."
