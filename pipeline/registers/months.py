"""The programme month by month, as the extracts tell of it: a gap or a step shows what a delivery lacks."""

from __future__ import annotations

import calendar
import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING

from pipeline.account import MonthAccount
from pipeline.periods import earlier_rows, ends_or_open, join_periods
from pipeline.stays import months_between

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from pipeline.config import Population

_YEARS_BEFORE = 1  # that are shown, so that something can be seen of what comes before the intake


def programme_months(categories: ir.Table, population: Population) -> tuple[MonthAccount, ...]:
    """Stays in the programme on the first day of each month, and those that begin in it.

    Periods with breaks of at most `gap_days` are one stay. From January of the year before the intake to the end of
    follow-up; people are counted wherever they live.

    Parameters
    ----------
    categories : person_id, category, valid_from, valid_to
    """
    starts, ends = _by_day(categories, population)
    months = []
    january = dt.date(population.intake.first.year - _YEARS_BEFORE, 1, 1)
    for first in months_between(january, population.follow_up_to):
        last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
        stock = sum(n for day, n in starts.items() if day <= first) - sum(n for day, n in ends.items() if day <= first)
        inflow = sum(n for day, n in starts.items() if first <= day <= last)
        months.append(MonthAccount(f"{first:%Y-%m}", stock, inflow))
    return tuple(months)


def _by_day(categories: ir.Table, population: Population) -> tuple[Counter[dt.date], Counter[dt.date]]:
    """How many stays begin, and how many end, on each day."""
    inside = categories.filter(categories.category.isin(population.programme_categories))
    periods = inside.select("person_id", starts_on=inside.valid_from, ends_on=ends_or_open(inside.valid_to))
    before = earlier_rows(periods.starts_on, periods.ends_on)
    periods = periods.mutate(ended_on=periods.ends_on.max().over(before))
    continues = periods.starts_on.delta(periods.ended_on, unit="day") <= population.gap_days
    stays = join_periods(periods, continues.fill_null(False))
    counted = []
    for column in ("starts_on", "ends_on"):
        days = stays.group_by(day=stays[column]).aggregate(stays=stays.count()).to_pyarrow().to_pylist()
        counted.append(Counter({line["day"]: line["stays"] for line in days}))
    return counted[0], counted[1]
