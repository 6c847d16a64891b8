"""Each cleaning rule on rows made by hand: what is used, what is set aside, and that row order decides nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import engine
from pipeline.registers import cleaning

Period = tuple[str | None, str | None, str | None, str | None, str | None]
CONNECTION = engine.connect()


def day(text: str | None) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(f"2020-{text}")


def periods(rows: Sequence[Period]) -> ibis.Table:
    """person, first day, end (month-day of 2020), category, disability."""
    columns = {
        "person_id": pa.array([row[0] for row in rows], pa.string()),
        "valid_from": pa.array([day(row[1]) for row in rows], pa.date32()),
        "valid_to": pa.array([day(row[2]) for row in rows], pa.date32()),
        "category": pa.array([row[3] for row in rows], pa.string()),
        "disability": pa.array([row[4] for row in rows], pa.string()),
    }
    return CONNECTION.create_table("periods", pa.table(columns), overwrite=True, temp=True)


@cache
def judging(half_open: bool) -> str:
    """The rules as SQL over the table of periods: the same for all rows, so made once."""
    code = "category" if half_open else None
    judged = cleaning.clean_periods(CONNECTION.table("periods"), "valid_from", "valid_to", code, half_open=half_open)
    return str(CONNECTION.compile(judged))


def clean(rows: Sequence[Period], *, half_open: bool = True) -> tuple[list[Period], dict[str, int]]:
    """Rows in use, in order, and the rows that each rule met (rules that met none left out)."""
    periods(rows)
    CONNECTION.raw_sql(f"CREATE OR REPLACE TEMP TABLE judged AS {judging(half_open)}")
    used = CONNECTION.raw_sql(
        """SELECT person_id, strftime(valid_from, '%m-%d'), strftime(valid_to, '%m-%d'), category, disability
        FROM judged WHERE rule IS NULL ORDER BY person_id, valid_from, category, valid_to"""
    ).fetchall()
    met = cleaning.rows_by_rule(CONNECTION.table("judged"))
    return used, {rule: number for rule, number in met.items() if number}


FIRST: Period = ("a", "01-01", "02-01", "11", None)
NEXT: Period = ("a", "02-01", None, "70", None)


@pytest.mark.parametrize(
    ("spoilt", "rule"),
    [
        ((None, "03-01", "04-01", "70", None), "no_person"),
        (("a", None, "04-01", "70", None), "no_start"),
        (("a", "03-01", "02-28", "70", None), "end_before_start"),
        (("a", "01-10", "01-10", "33", None), "empty_period"),
        (("a", "01-10", "01-20", None, "21"), "no_code"),
        (FIRST, "exact_duplicate"),
    ],
)
def test_rows_are_set_aside_by_name(spoilt: Period, rule: str) -> None:
    used, met = clean([FIRST, NEXT, spoilt])
    assert used == [FIRST, NEXT]
    assert met == {rule: 1}


def test_three_rows_alike_are_two_duplicates() -> None:
    assert clean([FIRST, FIRST, FIRST]) == ([FIRST], {"exact_duplicate": 2})


def test_a_bad_row_delivered_twice_is_two_bad_rows() -> None:
    bad: Period = ("a", "03-01", "02-28", "70", None)
    assert clean([FIRST, bad, bad]) == ([FIRST], {"end_before_start": 2})


def test_a_later_delivery_knows_the_end() -> None:
    used, met = clean([("a", "01-01", None, "70", None), ("a", "01-01", "05-01", "70", None)])
    assert used == [("a", "01-01", "05-01", "70", None)]
    assert met == {"same_start": 1}


def test_of_different_categories_from_one_day_the_longest_counts() -> None:
    assert clean([("a", "01-01", "01-05", "11", None), ("a", "01-01", "03-01", "70", None)]) == (
        [("a", "01-01", "03-01", "70", None)],
        {"same_start": 1},
    )
    assert clean([("a", "01-01", "03-01", "11", None), ("a", "01-01", None, "70", None)]) == (
        [("a", "01-01", None, "70", None)],
        {"same_start": 1},
    )


def test_of_equal_length_the_lowest_code_counts() -> None:
    used, met = clean([("a", "01-01", "03-01", "70", None), ("a", "01-01", "03-01", "11", None)])
    assert used == [("a", "01-01", "03-01", "11", None)]
    assert met == {"same_start": 1}


def test_a_known_disability_code_goes_before_none() -> None:
    used, _ = clean([("a", "01-01", "03-01", "70", None), ("a", "01-01", "03-01", "70", "21")])
    assert used == [("a", "01-01", "03-01", "70", "21")]


def test_a_category_closes_the_one_before() -> None:
    used, met = clean([("a", "01-01", "06-01", "11", None), ("a", "03-01", "04-01", "70", None)])
    assert used == [("a", "01-01", "03-01", "11", None), ("a", "03-01", "04-01", "70", None)]
    assert met == {cleaning.MARKED: 1}


def test_an_open_category_is_closed_by_the_next() -> None:
    used, met = clean([("a", "01-01", None, "11", None), ("a", "03-01", None, "70", None)])
    assert used == [("a", "01-01", "03-01", "11", None), ("a", "03-01", None, "70", None)]
    assert met == {cleaning.MARKED: 1}


def test_a_row_set_aside_closes_nothing() -> None:
    used, met = clean([("a", "01-01", "06-01", "11", None), ("a", "03-01", "02-01", "70", None)])
    assert used == [("a", "01-01", "06-01", "11", None)]
    assert met == {"end_before_start": 1}


def test_people_do_not_close_each_other() -> None:
    rows: list[Period] = [("a", "01-01", "06-01", "11", None), ("b", "03-01", "04-01", "70", None)]
    assert clean(rows) == (rows, {})


def test_registrations_may_end_on_their_first_day_and_overlap() -> None:
    rows: list[Period] = [("a", "01-01", "01-01", "7", None), ("a", "02-01", "06-01", "1", None),
                          ("a", "03-01", "04-01", "2", None)]  # fmt: skip
    assert clean(rows, half_open=False) == (rows, {cleaning.MARKED: 1})


def test_registrations_of_one_day_are_one_with_the_latest_known_end() -> None:
    rows: list[Period] = [("a", "01-01", None, None, None), ("a", "01-01", "02-01", "6", None),
                          ("a", "01-01", "03-01", "1", None)]  # fmt: skip
    assert clean(rows, half_open=False) == ([("a", "01-01", "03-01", "1", None)], {"same_start": 2})


DAYS = st.sampled_from([None, "01-01", "01-02", "01-05", "02-01"])
PERIODS = st.tuples(
    st.sampled_from(["a", "b", None]),
    DAYS,
    DAYS,
    st.sampled_from(["11", "70", "33", None]),
    st.sampled_from([None, "21"]),
)


@settings(max_examples=25, derandomize=True, deadline=None)
@given(rows=st.lists(PERIODS, max_size=8), random=st.randoms(use_true_random=False))
def test_the_order_of_rows_decides_nothing(rows: list[Period], random: Any) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert clean(shuffled) == clean(rows)


@settings(max_examples=25, derandomize=True, deadline=None)
@given(rows=st.lists(PERIODS, max_size=8))
def test_used_categories_follow_each_other_and_every_row_is_accounted_for(rows: list[Period]) -> None:
    used, met = clean(rows)
    for earlier, later in pairwise(used):
        if earlier[0] == later[0]:
            assert earlier[2] is not None
            assert earlier[1] < earlier[2] <= later[1]  # type: ignore[operator]
    assert len(used) + sum(number for rule, number in met.items() if rule != cleaning.MARKED) == len(rows)


def years(rows: Sequence[tuple[str | None, int, int | None, str | None]]) -> tuple[list[tuple], dict[str, int]]:
    columns = {
        "person_id": pa.array([row[0] for row in rows], pa.string()),
        "year": pa.array([row[1] for row in rows], pa.int32()),
        "birth_year": pa.array([row[2] for row in rows], pa.int32()),
        "education": pa.array([row[3] for row in rows], pa.string()),
    }
    table = CONNECTION.create_table("years", pa.table(columns), overwrite=True, temp=True)
    judged = cleaning.clean_years(table)
    used = judged.filter(judged.rule.isnull()).select(table.columns).order_by("person_id", "year")
    met = cleaning.rows_by_rule(judged)
    return [tuple(row.values()) for row in used.to_pyarrow().to_pylist()], {r: n for r, n in met.items() if n}


def test_one_row_for_each_person_and_year() -> None:
    rows = [("a", 2019, 1980, "3"), ("a", 2019, 1980, None), ("a", 2020, 1980, "3"), ("a", 2020, 1980, "3")]
    assert years(rows) == (
        [("a", 2019, 1980, "3"), ("a", 2020, 1980, "3")],
        {"repeated_year": 1, "exact_duplicate": 1},
    )


def test_of_equally_full_rows_the_first_in_order_counts() -> None:
    rows = [("a", 2019, 1981, "3"), ("a", 2019, 1980, "5")]
    assert years(rows) == years(rows[::-1]) == ([("a", 2019, 1980, "5")], {"repeated_year": 1})


@pytest.mark.parametrize(("birth_year", "kept"), [(2020, None), (2019, 2019), (1899, 1899), (1898, None)])
def test_a_year_of_birth_that_cannot_be_is_unknown(birth_year: int, kept: int | None) -> None:
    met = {} if kept else {cleaning.MARKED: 1}
    assert years([("a", 2019, birth_year, "3")]) == ([("a", 2019, kept, "3")], met)


def test_rows_of_nobody_are_set_aside() -> None:
    assert years([(None, 2019, 1980, "3")]) == ([], {"no_person": 1})
