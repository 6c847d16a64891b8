"""Periods of people as half-open intervals of days: joined into longer ones, and looked up by day.

Everything here is a function from Ibis tables to Ibis tables with a column `person_id`. Open ends are filled with a
far date, so that a day can be compared with every end.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import ibis

# Far dates stay inside what nanosecond time stamps can hold, so that any reader can read them.
BEGINNING = dt.date(1800, 1, 1)
OPEN = dt.date(2200, 1, 1)

Table = Any  # ibis.Table, whose type says nothing of its columns


def known(column: Any) -> Any:
    """Whether a value is there."""
    return column.notnull()


def ends_or_open(end: Any) -> Any:
    """The end of a period, a far date while it is ongoing."""
    return end.fill_null(ibis.literal(OPEN))


def earlier_rows(*order: Any) -> Any:
    """Window over the person's rows before this one in the given order."""
    return ibis.window(group_by="person_id", order_by=list(order), preceding=(None, 1))


def join_periods(periods: Table, continues: Any) -> Table:
    """Consecutive periods of a person as one, wherever `continues` says so.

    Parameters
    ----------
    periods : person_id, starts_on, ends_on (half-open), with whatever `continues` is computed from
    continues : boolean expression on `periods`: this period goes on from what came before it

    Returns
    -------
    person_id, starts_on, ends_on, one row per run of periods; runs of a person do not overlap when every period that
    begins before an earlier one has ended continues it
    """
    order = [periods.starts_on, periods.ends_on]
    so_far = ibis.window(group_by="person_id", order_by=order, preceding=(None, 0))
    numbered = periods.mutate(run=ibis.ifelse(continues, 0, 1).sum().over(so_far))
    joined = numbered.group_by("person_id", "run").aggregate(
        starts_on=numbered.starts_on.min(), ends_on=numbered.ends_on.max()
    )
    return joined.drop("run")


def without_overlap(periods: Table, *, join_adjacent: bool) -> Table:
    """Overlapping periods as one, so that at most one holds a day; adjacent ones (end = next start) on request."""
    periods = periods.filter(periods.ends_on > periods.starts_on)
    earlier = periods.mutate(ended_on=periods.ends_on.max().over(earlier_rows(periods.starts_on, periods.ends_on)))
    reaches = earlier.ended_on >= earlier.starts_on if join_adjacent else earlier.ended_on > earlier.starts_on
    return join_periods(earlier, reaches.fill_null(False))


def look_up(rows: Table, periods: Table, match: Callable[[Table, Table], list[Any]]) -> Table:
    """Rows with the columns of the person's period that matches, null where none does.

    `match` gives the conditions besides the person; at most one period may fulfil them, or rows would multiply.
    Columns of `periods` other than person_id must have names that `rows` does not have.
    """
    right = periods.rename(period_person_id="person_id")
    joined = rows.left_join(right, [rows.person_id == right.period_person_id, *match(rows, right)])
    return joined.drop("period_person_id")
