"""Stays in the ordinary programme, and the days from which people in it can be compared."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping, Sequence

import ibis
import pandas as pd

from pipeline.config import Outcome, Population
from pipeline.periods import Table, earlier_rows, ends_or_open, join_periods, known


def programme_stays(tables: Mapping[str, Table], population: Population, outcome: Outcome) -> Table:
    """Stays in the programme: periods in its categories, joined over short breaks that are no more than breaks.

    Two consecutive periods are one stay when the break between them is at most `gap_days` long and nothing starts in
    it but `gap_categories`, which are set automatically when a decision runs out. A deregistration for work or
    studies in the break ends the stay as well: `outcome` names its reasons.

    Returns
    -------
    person_id, stay_from, stay_to (half-open, a far date while ongoing); stays of a person do not overlap
    """
    rows = ibis.union(
        _category_rows(tables["categories"], population), _deregistrations(tables["registrations"], outcome)
    )
    # In the order of days, programme periods first: what starts on the day a period starts is not in the break before.
    before = earlier_rows(rows.starts_on, rows.in_programme.desc(), rows.ends_on)
    rows = rows.mutate(
        ended_on=ibis.ifelse(rows.in_programme, rows.ends_on, None).max().over(before),
        other_from=ibis.ifelse(rows.in_programme, None, rows.starts_on).max().over(before),
    )
    periods = rows.filter(rows.in_programme)
    short = periods.starts_on.delta(periods.ended_on, unit="day") <= population.gap_days
    empty = ~known(periods.other_from) | (periods.other_from < periods.ended_on)
    continues = (periods.starts_on <= periods.ended_on) | (short & empty)
    return join_periods(periods, continues.fill_null(False)).rename(stay_from="starts_on", stay_to="ends_on")


def _category_rows(categories: Table, population: Population) -> Table:
    rows = categories.select(
        "person_id",
        starts_on=categories.valid_from,
        ends_on=ends_or_open(categories.valid_to),
        in_programme=categories.category.isin(population.programme_categories),
        in_gap=categories.category.isin(population.gap_categories),
    )
    return rows.filter(~rows.in_gap, ~rows.in_programme | (rows.ends_on > rows.starts_on)).drop("in_gap")


def _deregistrations(registrations: Table, outcome: Outcome) -> Table:
    ended = registrations.filter(known(registrations.deregistered_on), registrations.reason.isin(outcome.reasons))
    return ended.select(
        "person_id",
        starts_on=ended.deregistered_on,
        ends_on=ended.deregistered_on,
        in_programme=ibis.literal(False),
    )


def months_between(first: dt.date, last: dt.date) -> list[dt.date]:
    """First days of the calendar months that `first` to `last` touches."""
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return [dt.date(first.year + (first.month - 1 + i) // 12, (first.month - 1 + i) % 12 + 1, 1) for i in range(count)]


def possible_index_dates(stays: Table, months: Sequence[dt.date]) -> Table:
    """A row for each calendar month a stay touches: its first day or, when the stay begins within it, the day it does.

    Returns
    -------
    person_id, stay_from, stay_to, index_date; two rows in a month in which one stay ends and another begins
    """
    last_days = [month.replace(day=calendar.monthrange(month.year, month.month)[1]) for month in months]
    calendar_months = ibis.memtable(pd.DataFrame({"first_day": months, "last_day": last_days}))
    calendar_months = calendar_months.mutate(
        first_day=calendar_months.first_day.cast("date"), last_day=calendar_months.last_day.cast("date")
    )
    touched = stays.inner_join(
        calendar_months,
        [stays.stay_from <= calendar_months.last_day, stays.stay_to > calendar_months.first_day],
    )
    index_date = ibis.greatest(touched.stay_from, touched.first_day)
    return touched.select("person_id", "stay_from", "stay_to", index_date=index_date)
