"""Cleaning rules: rows that are set aside, ends that are moved, and what is only counted, each under its name.

Every function takes a table of typed rows and gives it back with `rule` (the rule that sets a row aside, null for rows
that are used) and `copies` (how many delivered rows were alike). Which of several rows is used depends on what they
hold, never on their order.

- `no_person`, `no_start`, `no_code`: the row lacks what it cannot be used without
- `end_before_start`: the period ends before it starts (AF's typed periods cannot be deleted)
- `empty_period`: a category period that ends the day it starts was never in force
- `exact_duplicate`: the same row again
- `same_start`: several periods of a person start the same day. Of the same code the one with the latest known end
  counts (a later delivery knows the end that an earlier one left open); of different codes the longest, open ones
  first, then the lowest code
- `overlap`: a category period goes on after the next has begun; its end is moved there, since a new category closes the
  one before. Registrations are only counted
- `repeated_year`: several LISA rows for a person and year; the one with most values counts, then the first in order
- `implausible_birth_year`: no age between 0 and 120 in that year; the year of birth counts as unknown
"""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir

OLDEST = 120
MARKED = "marked"  # column that says which used rows were changed, or only counted


def clean_periods(table: ir.Table, start: str, end: str, code: str | None, *, half_open: bool) -> ir.Table:
    """Judge periods of people: `person_id`, a start, an end (null: still open) and, where there is one, a code.

    `half_open` periods last up to their end, not through it: a period that ends the day it starts is empty, and one
    that goes on after the next has begun is cut: its end is moved there. Overlaps are `marked`, either way.
    """
    import ibis

    wrong = [
        (table.person_id.isnull(), "no_person"),
        (table[start].isnull(), "no_start"),
        (table[end] < table[start], "end_before_start"),
    ]
    if code is not None:
        wrong.append((table[code].isnull(), "no_code"))
    if half_open:
        wrong.append((table[end] == table[start], "empty_period"))
    judged = _same_start(_merged(table.mutate(rule=ibis.cases(*wrong))), start, end, code)
    following = judged[start].lead().over(ibis.window(group_by=["person_id", judged.rule.isnull()], order_by=start))
    judged = judged.mutate(following=following)
    cut = judged.rule.isnull() & judged.following.notnull() & (judged[end].isnull() | (judged[end] > judged.following))
    judged = judged.mutate(marked=cut)
    if half_open:
        judged = judged.mutate(**{end: ibis.ifelse(judged.marked, judged.following, judged[end])})
    return judged.drop("following")


def clean_years(table: ir.Table) -> ir.Table:
    """Judge LISA rows: one for each person and year; years of birth that cannot be are `marked`."""
    import ibis

    judged = _merged(table.mutate(rule=ibis.cases((table.person_id.isnull(), "no_person"))))
    values = [name for name in judged.columns if name not in ("person_id", "year", "rule", "copies")]
    known = reduce(add, (judged[name].notnull().cast("int64") for name in values))
    order = [ibis.desc(known), *(ibis.asc(name, nulls_first=True) for name in values)]
    place = ibis.row_number().over(ibis.window(group_by=["person_id", "year", "rule"], order_by=order))
    judged = judged.mutate(place=place)
    judged = judged.mutate(rule=_first(judged.rule, judged.place > 0, "repeated_year")).drop("place")
    cut = (judged.birth_year > judged.year) | (judged.birth_year < judged.year - OLDEST)
    judged = judged.mutate(marked=cut.fill_null(False))
    return judged.mutate(birth_year=ibis.ifelse(judged.marked, ibis.null("int32"), judged.birth_year))


def rows_by_rule(judged: ir.Table) -> dict[str, int]:
    """Delivered rows by the rule that sets them aside, with `exact_duplicate`; and used rows that are marked."""
    counts = judged.group_by("rule").aggregate(
        rows=judged.copies.sum(), kept=judged.count(), marked=judged.marked.cast("int64").sum()
    )
    found: dict[str, int] = {"exact_duplicate": 0, MARKED: 0}
    for row in counts.to_pyarrow().to_pylist():
        if row["rule"] is None:
            found |= {"exact_duplicate": row["rows"] - row["kept"], MARKED: row["marked"]}
        else:
            found[row["rule"]] = row["rows"]
    return found


def _merged(table: ir.Table) -> ir.Table:
    """Rows that are alike as one, with their number."""
    return table.group_by(table.columns).aggregate(copies=table.count())


def _same_start(judged: ir.Table, start: str, end: str, code: str | None) -> ir.Table:
    import ibis

    person_day = ["person_id", start, "rule"]
    others = [name for name in judged.columns if name not in (*person_day, end, code, "copies")]
    rest = [ibis.desc(name, nulls_first=False) for name in others]
    latest_known = [ibis.desc(end, nulls_first=False), *rest]
    judged = _only_first(judged, [*person_day, *([code] if code else [])], latest_known)
    if code is None:
        return judged
    return _only_first(judged, person_day, [ibis.desc(end, nulls_first=True), ibis.asc(code, nulls_first=False), *rest])


def _only_first(judged: ir.Table, group: list[str], order: list[ir.Value]) -> ir.Table:
    """Set aside, by `same_start`, all but the first of each group of rows in use."""
    import ibis

    judged = judged.mutate(place=ibis.row_number().over(ibis.window(group_by=group, order_by=order)))
    return judged.mutate(rule=_first(judged.rule, judged.place > 0, "same_start")).drop("place")


def _first(rule: ir.StringValue, condition: ir.BooleanValue, name: str) -> ir.StringValue:
    """The rule a row has met already, otherwise `name` where the condition holds."""
    import ibis

    return ibis.ifelse(rule.isnull() & condition, ibis.literal(name), rule)
