"""Cleaning rules for rows: what is set aside, ends that are moved, and what is only counted, each under its name.

Every function takes a table of typed rows and gives it back with `rule` (the rule that sets a row aside, null for rows
that are used), `noted` (the rule that a used row met all the same) and `copies` (how many delivered rows were alike).
Which of several rows is used depends on what they hold and on their delivery, never on their order.

- `no_person`, `no_start`, `no_code`: the row lacks what it cannot be used without
- `end_before_start`: the period ends before it starts (AF's typed periods cannot be deleted)
- `empty_period`: a category period that ends the day it starts was never in force
- `reused_number`, `changed_number`, `wrong_number`: the person's number is flagged (`pipeline.registers.people`)
- `after_death`: the period starts after the person's death
- `code_not_in_force`: the code was not in use on the day the period starts
- `exact_duplicate`: the same row again
- `earlier_delivery`: a later delivery holds a period of the same start (and code), or the same year, otherwise
- `same_start`: several periods of a person start the same day. Of the same code the one with the latest known end
  counts (a later delivery knows the end that an earlier one left open); of different codes the longest, open ones
  first, then the lowest code
- `overlap`: a category period goes on after the next has begun; its end is moved there, since a new category closes the
  one before. Registrations are only counted
- `repeated_year`: several LISA rows for a person and year; the one with most values counts, then the first in order
- `implausible_birth_year`: no age between 0 and 120 in that year; the year of birth counts as unknown
"""

from __future__ import annotations

from collections import Counter
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

from pipeline.registers import values
from pipeline.registers.rules import Cleaning

if TYPE_CHECKING:
    import ibis.expr.types as ir

OLDEST = 120
MARKED = "marked"  # column that says which used rows were changed, or only counted
DELIVERY = "delivery"  # number of the delivery a row came with, later ones higher; there when there are several
OFF = "code_not_in_force"
FLAGS = ("reused_number", "changed_number", "wrong_number")
_WORKING = ("rule", "noted", "copies", MARKED, DELIVERY)


def clean_periods(
    table: ir.Table,
    start: str,
    end: str,
    code: str | None,
    *,
    half_open: bool,
    codes: str | None = None,
    people: ir.Table | None = None,
    cleaning: Cleaning | None = None,
) -> ir.Table:
    """Judge periods of people: `person_id`, a start, an end (null: still open) and, where there is one, a code.

    `half_open` periods last up to their end, not through it: a period that ends the day it starts is empty, and one
    that goes on after the next has begun is cut: its end is moved there. Overlaps are `marked`, either way. `codes`
    is the code list of the code, which may say from when to when a code was in use. `people` has what is known of their
    numbers and deaths (`pipeline.registers.people.flagged`), None when nothing is.
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
    if code is not None and codes is not None:
        table = table.mutate(**{OFF: ~values.in_force(table[code], table[start], codes)})
    judged = _merged(_with_rules(table, wrong, people, cleaning or Cleaning(), start))
    judged = _same_start(_earlier_delivery(judged, [start, *([code] if code else [])]), start, end, code)
    following = judged[start].lead().over(ibis.window(group_by=["person_id", judged.rule.isnull()], order_by=start))
    judged = judged.mutate(following=following)
    cut = judged.rule.isnull() & judged.following.notnull() & (judged[end].isnull() | (judged[end] > judged.following))
    judged = judged.mutate(marked=cut)
    if half_open:
        judged = judged.mutate(**{end: ibis.ifelse(judged.marked, judged.following, judged[end])})
    return judged.drop("following")


def clean_years(table: ir.Table, *, people: ir.Table | None = None, cleaning: Cleaning | None = None) -> ir.Table:
    """Judge LISA rows: one for each person and year; years of birth that cannot be are `marked`."""
    import ibis

    wrong = [(table.person_id.isnull(), "no_person")]
    judged = _earlier_delivery(_merged(_with_rules(table, wrong, people, cleaning or Cleaning(), None)), ["year"])
    values = [name for name in judged.columns if name not in ("person_id", "year", *_WORKING)]
    known = reduce(add, (judged[name].notnull().cast("int64") for name in values))
    order = [ibis.desc(known), *(ibis.asc(name, nulls_first=True) for name in values)]
    place = ibis.row_number().over(ibis.window(group_by=["person_id", "year", "rule"], order_by=order))
    judged = judged.mutate(place=place)
    judged = judged.mutate(rule=_first(judged.rule, judged.place > 0, "repeated_year")).drop("place")
    cut = (judged.birth_year > judged.year) | (judged.birth_year < judged.year - OLDEST)
    judged = judged.mutate(marked=cut.fill_null(False))
    return judged.mutate(birth_year=ibis.ifelse(judged.marked, ibis.null("int32"), judged.birth_year))


def rows_by_rule(judged: ir.Table) -> dict[str, int]:
    """Delivered rows by the rule that sets them aside, with `exact_duplicate`; used rows that are noted or marked."""
    counts = judged.group_by("rule", "noted").aggregate(
        rows=judged.copies.sum(), kept=judged.count(), marked=judged.marked.cast("int64").sum()
    )
    found: Counter[str] = Counter({"exact_duplicate": 0, MARKED: 0})
    for row in counts.to_pyarrow().to_pylist():
        if row["rule"] is None:
            found.update({"exact_duplicate": row["rows"] - row["kept"], MARKED: row["marked"]})
            found.update({row["noted"]: row["kept"]} if row["noted"] else {})
        else:
            found[row["rule"]] += row["rows"]
    return dict(found)


def without_working_columns(judged: ir.Table) -> ir.Table:
    """The rows that are used, as they were typed."""
    return judged.filter(judged.rule.isnull()).drop(*(name for name in _WORKING if name in judged.columns))


def _with_rules(
    table: ir.Table,
    wrong: list[tuple[ir.BooleanValue, str]],
    people: ir.Table | None,
    cleaning: Cleaning,
    start: str | None,
) -> ir.Table:
    """Rows with the first rule that sets them aside, and with the first that is only noted."""
    import ibis

    joined = table = table.mutate(rule=ibis.cases(*wrong))
    met = []
    if people is not None:
        about = people.rename({f"person_{name}": name for name in people.columns})
        joined = table.left_join(about, table.person_id == about.person_person_id)
        met = [(joined[f"person_{flag}"].fill_null(False), flag) for flag in FLAGS]
        if start is not None:
            met.append(((joined[start] > joined.person_died_on).fill_null(False), "after_death"))
    if OFF in table.columns:
        met.append((joined[OFF].fill_null(False), OFF))
    aside = [pair for pair in met if getattr(cleaning, pair[1]) != "keep"]
    noted = [pair for pair in met if getattr(cleaning, pair[1]) == "keep"]
    return joined.select(
        *(name for name in table.columns if name not in ("rule", OFF)),
        rule=ibis.cases((joined.rule.notnull(), joined.rule), *aside),
        noted=ibis.cases(*noted) if noted else ibis.null("string"),
    )


def _earlier_delivery(judged: ir.Table, same: list[str]) -> ir.Table:
    """Set aside, by `earlier_delivery`, rows whose person and `same` columns a later delivery holds too."""
    import ibis

    if DELIVERY not in judged.columns:
        return judged
    latest = judged[DELIVERY].max().over(ibis.window(group_by=["person_id", *same, "rule"]))
    judged = judged.mutate(latest=latest)
    return judged.mutate(rule=_first(judged.rule, judged[DELIVERY] < judged.latest, "earlier_delivery")).drop("latest")


def _merged(table: ir.Table) -> ir.Table:
    """Rows that are alike as one, with their number and, of several, the latest delivery they came with."""
    alike = [name for name in table.columns if name != DELIVERY]
    latest = {DELIVERY: table[DELIVERY].max()} if DELIVERY in table.columns else {}
    return table.group_by(alike).aggregate(copies=table.count(), **latest)


def _same_start(judged: ir.Table, start: str, end: str, code: str | None) -> ir.Table:
    import ibis

    person_day = ["person_id", start, "rule"]
    others = [name for name in judged.columns if name not in (*person_day, end, code, *_WORKING)]
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
