"""Cleaning rules for people: flagged numbers, deaths, participants who cannot be evaluated; each counted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from pipeline.account import Effect, RuleAccount
from pipeline.registers import values
from pipeline.registers.cleaning import FLAGS
from pipeline.registers.rules import Cleaning

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from pipeline.config import Intake, Population

# What the account says of a rule, by its setting.
EFFECTS: Mapping[str, Effect] = {
    "set_aside": "set_aside", "stop": "set_aside", "change": "changed", "keep": "counted",
    "first": "counted", "last": "counted",
}  # fmt: skip


def flagged(
    background: ir.Table, registrations: ir.Table, delivered: Iterable[str], cleaning: Cleaning
) -> ir.Table | None:
    """People whose number is flagged or who died: person_id, a boolean for each of `FLAGS`, died_on (or null).

    Parameters
    ----------
    background, registrations : typed rows
    delivered : our names of the columns that any of LISA's files has

    None when no column or reason of deregistration could say so.
    """
    import ibis

    if not {*FLAGS, "died_on"} & set(delivered) and not cleaning.death_reasons:
        return None
    found = background.select(
        "person_id",
        "died_on",
        **{flag: (values.grouped(background[flag].upper(), "flags") == "yes").fill_null(False) for flag in FLAGS},
    )
    if cleaning.death_reasons:
        ended = registrations.filter(registrations.reason.isin(cleaning.death_reasons))
        by_reason = ended.select(
            "person_id", died_on=ended.deregistered_on, **{flag: ibis.literal(False) for flag in FLAGS}
        )
        found = ibis.union(found, by_reason.select(*found.columns))
    people = found.group_by("person_id").aggregate(
        died_on=found.died_on.min(), **{flag: found[flag].any() for flag in FLAGS}
    )
    something = ibis.or_(people.died_on.notnull(), *(people[flag] for flag in FLAGS))
    return people.filter(people.person_id.notnull() & something)


def without_usable_start(participants: ir.Table) -> ir.Table:
    """person_id of participants all of whose judged rows are set aside."""
    named = participants.filter(participants.person_id.notnull())
    kept = named.group_by("person_id").aggregate(used=named.rule.isnull().any())
    return kept.filter(~kept.used).select("person_id")


def set_aside_elsewhere(registrations: ir.Table, participants: ir.Table) -> int:
    """How many people other than participants have registrations, but none that can be used; both are judged rows."""
    named = registrations.filter(registrations.person_id.notnull()).anti_join(participants, "person_id")
    kept = named.group_by("person_id").aggregate(used=named.rule.isnull().any())
    return int(kept.filter(~kept.used).count().to_pyarrow().as_py())


def people_rules(
    used: Mapping[str, ir.Table], persons: ir.Table, cleaning: Cleaning, population: Population | None
) -> tuple[RuleAccount, ...]:
    """How many people (starts, for `outside_intake`) each rule meets; participants by their start that counts.

    Parameters
    ----------
    used : rows in use of each source
    persons : the canonical table
    population : None when only the extracts are checked, without what is asked of them
    """
    starts = used["participants"]
    counts: dict[tuple[str, str], ir.Scalar] = {("background", "death"): persons.died_on.count()}
    if population is not None:
        inside = _inside(starts, population.intake)
        counts["participants", "outside_intake"] = starts.filter(~inside).count()
        starts = starts.filter(inside)
    by_person = starts.group_by("person_id").aggregate(starts=starts.count(), started_on=starts.started_on.min())
    counts["participants", "several_starts"] = by_person.filter(by_person.starts > 1).count()
    everyone = used["participants"].select("person_id").distinct()
    nowhere = everyone.anti_join(used["registrations"], "person_id").anti_join(used["categories"], "person_id")
    counts["participants", "not_in_af_register"] = nowhere.count()
    compared = {"participants": by_person.select("person_id", year=by_person.started_on.year())}
    if population is not None:
        compared["categories"] = _in_programme(used["categories"], population).anti_join(everyone, "person_id")
    for source, people in compared.items():
        counts[source, "no_background_year"] = _without_year(people, used["background"], population).nunique()
    dated = by_person.inner_join(persons.select("person_id", "birth_year"), "person_id")
    age = dated.started_on.year() - dated.birth_year
    outside = (age < cleaning.ages.least) | (age > cleaning.ages.most)
    counts["participants", "age_out_of_range"] = dated.filter(outside.fill_null(False)).count()
    return tuple(
        RuleAccount(
            source,
            rule,
            EFFECTS[getattr(cleaning, rule)],
            int(count.to_pyarrow().as_py()),
            "rows" if rule == "outside_intake" else "people",
        )
        for (source, rule), count in counts.items()
    )


def _inside(starts: ir.Table, intake: Intake) -> ir.BooleanValue:
    import ibis

    return starts.started_on.between(ibis.literal(intake.first), ibis.literal(intake.last))


def _in_programme(categories: ir.Table, population: Population) -> ir.Table:
    """person_id and year: in which years of the intake people are in a category of the programme."""
    import ibis

    intake = population.intake
    periods = categories.filter(categories.category.isin(population.programme_categories))
    parts = []
    for year in range(intake.first.year, intake.last.year + 1):
        first, last = max(intake.first, dt.date(year, 1, 1)), min(intake.last, dt.date(year, 12, 31))
        lasts = periods.valid_to.isnull() | (periods.valid_to > ibis.literal(first))
        parts.append(
            periods.filter((periods.valid_from <= ibis.literal(last)) & lasts).select(
                "person_id", year=ibis.literal(year, "int32")
            )
        )
    return ibis.union(*parts, distinct=True)


def _without_year(people: ir.Table, background: ir.Table, population: Population | None) -> ir.StringColumn:
    """person_id of people who lack the LISA row that is asked for in a year, but have one of an earlier year.

    Asked for is the latest delivered year before that year, or the fixed one.

    Parameters
    ----------
    people : person_id and year, several of a person or one
    """
    import ibis

    if population is not None and population.background_year == "fixed":
        asked = people.mutate(asked=ibis.literal(population.fixed_background_year, "int32"))
    else:
        years = background.select(delivered="year").distinct()
        before = people.inner_join(years, [people.year > years.delivered])
        asked = before.group_by("person_id", "year").aggregate(asked=before.delivered.max())
    rows = background.select(lisa_person="person_id", lisa_year="year")
    joined = asked.inner_join(rows, [asked.person_id == rows.lisa_person, rows.lisa_year <= asked.asked])
    latest = joined.group_by("person_id", "asked").aggregate(latest=joined.lisa_year.max())
    return latest.filter(latest.latest < latest.asked).person_id
