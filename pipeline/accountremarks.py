"""What in an account of data nothing stops for, and what all the same may make a result wrong: lines for a terminal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from pipeline.account import Account
from pipeline.config import Population
from pipeline.disclosure.policy import Policy
from pipeline.registers.usable import delivered_rows

MUCH = 0.1  # of rows or people: more is told
_EXPECTED = ("exact_duplicate", "earlier_delivery")  # rules that meet many rows wherever deliveries are appended
_PEOPLE = ("age_out_of_range", "several_starts")  # rules of participants that meet few of them
_MONTH = 30.5  # days
_MONTHS_WITHOUT = 2  # at the end of follow-up: nothing happens in a register so seldom


def worth_a_look(account: Account, population: Population | None, policy: Policy) -> Iterator[str]:
    """What nothing stops for, and what all the same may make a result wrong; a line each, without small counts."""
    yield from _rows(account, policy)
    yield from _columns(account, policy)
    yield from _people(account, policy)
    if population is not None:
        yield from _years(account, population)
        yield from _days(account, population)


def _rows(account: Account, policy: Policy) -> Iterator[str]:
    rows = delivered_rows(account)
    for rule in account.rules:
        judged = rule.unit == "rows" and rule.effect == "set_aside" and rule.rule not in _EXPECTED
        if judged and _much(rule.rows, rows[rule.source], policy):
            yield f"{rule.source}: {rule.rule} sets {_share(rule.rows, rows[rule.source], policy)} of the rows aside"


def _columns(account: Account, policy: Policy) -> Iterator[str]:
    for file in account.files:
        for name, delivered in file.columns.items():
            if file.rows and file.blank.get(name) == file.rows:
                yield f"{file.file}: {delivered} has no value in any row"
            unknown = file.unknown.get(name, 0)
            if _much(unknown, file.rows, policy):
                share = _share(unknown, file.rows, policy)
                yield f"{file.file}: {share} of the rows have a code in {delivered} that no list has"
        coded = file.rows - file.blank.get("disability", file.rows)
        if coded > file.rows / 2 and not policy.small(coded):
            yield (
                f"{file.file}: {_share(coded, file.rows, policy)} of the rows have a value in "
                f"{file.columns['disability']}, and any value counts as a disability: does one of them mean none?"
            )


def _people(account: Account, policy: Policy) -> Iterator[str]:
    linkage = account.linkage
    if not linkage:
        return
    participants = linkage["people_in_participants"]
    for source in ("registrations", "categories", "background"):
        lost = participants - linkage[f"participants_in_{source}"]
        if _much(lost, participants, policy):
            yield f"{_share(lost, participants, policy)} of the participants are not in {source}"
    for rule in account.rules:
        if rule.rule in _PEOPLE and _much(rule.rows, participants, policy):
            yield f"{_share(rule.rows, participants, policy)} of the participants meet the rule {rule.rule}"
    for name in ("sex", "birth_year", "birth_region"):
        several = linkage[f"people_with_several_values_of_{name}"]
        if _much(several, linkage["people_in_background"], policy):
            yield f"background: {policy.told(several)} people have several values of {name} in different years"
    lost = linkage["people_at_af_without_background"]
    if _much(lost, linkage["people_in_registrations"], policy):
        yield f"{policy.told(lost)} people at AF are in no year of LISA"


def _years(account: Account, population: Population) -> Iterator[str]:
    """Years of LISA that the intake asks for and that no file describes."""
    there = {file.year for file in account.files if file.source == "background"}
    if population.background_year == "fixed":
        wanted = {population.fixed_background_year}
    else:
        wanted = set(range(population.intake.first.year - 1, population.intake.last.year))
    missing = sorted(year for year in wanted - there if year is not None)
    if missing:
        years = ", ".join(map(str, missing))
        yield f"LISA has no file for {years}: an earlier year describes those who start the year after"


def _days(account: Account, population: Population) -> Iterator[str]:
    """Months at the end of follow-up of which AF's registers tell nothing; in them nobody seems to reach an outcome."""
    if account.months and not any(month.stock or month.inflow for month in account.months):
        codes = ", ".join(population.programme_categories)
        yield f"nobody is in the programme: no period has a code of population.programme_categories ({codes})"
    for source in ("registrations", "categories"):
        days = [last for file in account.files if file.source == source for _, last in file.dates.values()]
        if not days:
            continue
        months = int((population.follow_up_to - dt.date.fromisoformat(max(days))).days / _MONTH)
        if months >= _MONTHS_WITHOUT:
            yield (
                f"{source}: no day is later than {months} months before population.follow_up_to "
                f"({population.follow_up_to}); what happens after an extract was made is not in it"
            )


def _much(part: int, of: int, policy: Policy) -> bool:
    return part > MUCH * of and not policy.small(part)


def _share(part: int, of: int, policy: Policy) -> str:
    return f"{policy.share(part / of, of) or 0:.0%}"
