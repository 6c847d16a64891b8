"""Stays in the programme: which breaks end them."""

from __future__ import annotations

import datetime as dt

import ibis
import pytest
from by_hand import Registers, configuration, day

from pipeline.stays import months_between, possible_index_dates, programme_stays


def stays(registers: Registers, **population: object) -> list[tuple[str, str, str | None]]:
    """Stays as (person, first day, day after the last or None)."""
    config = configuration(**population)
    tables = {name: ibis.memtable(registers.table(name)) for name in ("categories", "registrations")}
    found = programme_stays(tables, config.population, config.outcomes["work"]).to_pyarrow().to_pylist()
    end = {dt.date(2200, 1, 1): None}
    rows = [(r["person_id"], r["stay_from"].isoformat(), end.get(r["stay_to"], str(r["stay_to"]))) for r in found]
    return sorted(rows, key=str)


def periods(*rows: tuple[str, str, str | None]) -> Registers:
    registers = Registers()
    for code, start, end in rows:
        registers.category("a", code, start, end)
    return registers


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([("70", "01-10", "03-10")], [("01-10", "03-10")], id="one period"),
        pytest.param([("70", "01-10", None)], [("01-10", None)], id="ongoing"),
        pytest.param([("70", "01-10", "02-01"), ("79", "02-01", None)], [("01-10", None)], id="adjacent, two codes"),
        pytest.param(
            [("70", "01-10", "03-10"), ("70", "02-01", "02-15")], [("01-10", "03-10")], id="one inside another"
        ),
        pytest.param(
            [("70", "01-10", "02-01"), ("98", "02-01", "02-08"), ("70", "02-08", None)],
            [("01-10", None)],
            id="automatic category in the break",
        ),
        pytest.param(
            [("70", "01-10", "02-01"), ("98", "02-01", "02-15"), ("70", "02-15", None)],
            [("01-10", None)],
            id="break as long as the tolerance",
        ),
        pytest.param(
            [("70", "01-10", "02-01"), ("98", "02-01", "02-16"), ("70", "02-16", None)],
            [("01-10", "02-01"), ("02-16", None)],
            id="break a day longer than the tolerance",
        ),
        pytest.param(
            [("70", "01-10", "02-01"), ("70", "02-10", None)], [("01-10", None)], id="nothing known of the break"
        ),
        pytest.param(
            [("70", "01-10", "02-01"), ("11", "02-01", "02-03"), ("70", "02-03", None)],
            [("01-10", "02-01"), ("02-03", None)],
            id="openly unemployed in the break",
        ),
        pytest.param(
            [("70", "01-10", "02-01"), ("98", "02-01", "02-02"), ("33", "02-02", "02-05"), ("70", "02-05", None)],
            [("01-10", "02-01"), ("02-05", None)],
            id="work in the break, after an automatic category",
        ),
        pytest.param(
            [("70", "01-10", "02-01"), ("98", "02-01", "02-05"), ("70", "02-05", None), ("33", "02-05", "02-05")],
            [("01-10", None)],
            id="what starts as the break ends is not in it",
        ),
        pytest.param(
            [("11", "01-01", "01-10"), ("70", "01-10", "02-01"), ("98", "02-01", "02-05"), ("70", "02-05", None)],
            [("01-10", None)],
            id="what came before the first period is not in the break",
        ),
        pytest.param([("70", "01-10", "01-10"), ("11", "01-10", None)], [], id="no day at all"),
        pytest.param(
            [("70", "01-10", "02-01"), ("70", "02-01", "03-01"), ("98", "03-01", "03-04"), ("70", "03-04", "04-01")],
            [("01-10", "04-01")],
            id="three in a row",
        ),
    ],
)
def test_breaks(rows: list[tuple[str, str, str | None]], expected: list[tuple[str, str | None]]) -> None:
    whole = [("a", str(day(start)), end and str(day(end))) for start, end in expected]
    assert stays(periods(*rows)) == whole


def test_no_tolerance_joins_only_adjacent_periods() -> None:
    registers = periods(("70", "01-10", "02-01"), ("98", "02-01", "02-02"), ("70", "02-02", "03-01"))
    registers.category("a", "70", "2020-03-01")
    expected = [("a", "2020-01-10", "2020-02-01"), ("a", "2020-02-02", None)]
    assert stays(registers, gap_days=0) == expected


@pytest.mark.parametrize(("reason", "count"), [("1", 2), ("6", 1), (None, 1)])
def test_deregistration_for_work_in_the_break_ends_the_stay(reason: str | None, count: int) -> None:
    registers = periods(("70", "01-10", "02-01"), ("70", "02-08", None))
    registers.registered("a", "2019-01-01", "02-01", reason)
    registers.registered("a", "02-08")
    assert len(stays(registers)) == count


def test_people_do_not_touch_each_other() -> None:
    registers = periods(("70", "01-10", "02-01"))
    registers.category("b", "70", "02-01", "03-01")
    assert stays(registers) == [("a", "2020-01-10", "2020-02-01"), ("b", "2020-02-01", "2020-03-01")]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        pytest.param("2019-12-05", "04-02", ["02-01", "03-01", "04-01"], id="first days"),
        pytest.param("2019-12-05", "04-01", ["02-01", "03-01"], id="ends as the month begins"),
        pytest.param("02-20", "04-02", ["02-20", "03-01", "04-01"], id="begins within a month"),
        pytest.param("03-01", "03-02", ["03-01"], id="one day, the first"),
        pytest.param("02-20", "02-25", ["02-20"], id="within one month"),
        pytest.param("02-29", None, ["02-29", "03-01", "04-01"], id="the last day of a month, ongoing"),
        pytest.param("2019-10-01", "2019-12-01", [], id="before the months asked for"),
    ],
)
def test_possible_index_dates(start: str, end: str | None, expected: list[str]) -> None:
    config = configuration()
    registers = periods(("70", start, end))
    tables = {name: ibis.memtable(registers.table(name)) for name in ("categories", "registrations")}
    found = programme_stays(tables, config.population, config.outcomes["work"])
    months = months_between(config.population.intake.first, config.population.intake.last)
    dates = possible_index_dates(found, months).to_pyarrow()["index_date"].to_pylist()
    assert sorted(date.strftime("%m-%d") for date in dates) == expected


def test_months_between_crosses_years() -> None:
    months = months_between(dt.date(2020, 11, 15), dt.date(2021, 2, 1))
    assert [month.isoformat() for month in months] == ["2020-11-01", "2020-12-01", "2021-01-01", "2021-02-01"]
