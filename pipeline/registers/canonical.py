"""The canonical tables of an evaluation, made from the typed rows of its registers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.account import Effect, RuleAccount
from pipeline.engine import read_parquet
from pipeline.registers import cleaning, values

if TYPE_CHECKING:
    import ibis.expr.types as ir

# Keys that each table is sorted by.
KEYS: Mapping[str, tuple[str, ...]] = {
    "persons": ("person_id",),
    "registrations": ("person_id", "registered_on"),
    "categories": ("person_id", "valid_from"),
    "background": ("person_id", "year"),
    "disabilities": ("person_id", "valid_from"),
    "participants": ("person_id", "started_on"),
}
# Start, end and code of the sources that hold periods.
_PERIODS: Mapping[str, tuple[str, str, str | None]] = {
    "registrations": ("registered_on", "deregistered_on", None),
    "categories": ("valid_from", "valid_to", "category"),
    "participants": ("started_on", "ended_on", None),
}
_OF_PERIODS = ("no_person", "no_start", "end_before_start", "exact_duplicate", "same_start")
_SET_ASIDE: Mapping[str, tuple[str, ...]] = {
    "registrations": _OF_PERIODS,
    "categories": (*_OF_PERIODS, "no_code", "empty_period"),
    "background": ("no_person", "exact_duplicate", "repeated_year"),
    "participants": _OF_PERIODS,
}
_NOT_SET_ASIDE: Mapping[str, tuple[str, Effect]] = {
    "registrations": ("overlap", "counted"),
    "categories": ("overlap", "changed"),
    "background": ("implausible_birth_year", "changed"),
    "participants": ("overlap", "counted"),
}


@dataclass(frozen=True, slots=True)
class Judged:
    """The typed rows of a source after its cleaning rules, and how many rows each rule met."""

    used: ir.Table
    rules: tuple[RuleAccount, ...]


def judge(source: str, rows: ir.Table, path: Path) -> Judged:
    """Apply a source's cleaning rules; the judged rows are kept at `path`, so that they are worked out once."""
    if source == "background":
        judged = cleaning.clean_years(rows)
    else:
        start, end, code = _PERIODS[source]
        judged = cleaning.clean_periods(rows, start, end, code, half_open=code is not None)
    connection = rows.get_backend()
    connection.to_parquet(judged, str(path))
    kept = read_parquet(connection, path)
    counts = cleaning.rows_by_rule(kept)
    rules = [RuleAccount(source, rule, "set_aside", counts.get(rule, 0)) for rule in _SET_ASIDE[source]]
    rules.append(RuleAccount(source, *_NOT_SET_ASIDE[source], counts[cleaning.MARKED]))
    return Judged(kept.filter(kept.rule.isnull()).drop("rule", "copies", cleaning.MARKED), tuple(rules))


def canonical_tables(used: Mapping[str, ir.Table]) -> dict[str, ir.Table]:
    """The six canonical tables; `used` holds the rows in use of each source."""
    periods = used["categories"]
    return {
        "persons": persons(used),
        "registrations": used["registrations"].select("person_id", "registered_on", "deregistered_on", "reason"),
        "categories": periods.select("person_id", "category", "valid_from", "valid_to"),
        "background": background(used["background"]),
        "disabilities": periods.filter(periods.disability.notnull()).select(
            "person_id", "valid_from", "valid_to", code="disability"
        ).relocate("code", after="person_id"),
        "participants": used["participants"].select("person_id", "started_on", "ended_on", "origin", "end_reason"),
    }  # fmt: skip


def persons(used: Mapping[str, ir.Table]) -> ir.Table:
    """Everyone in any register, with what the latest LISA year says of them; nulls for those LISA does not have."""
    import ibis

    lisa = used["background"]
    latest = lisa.group_by("person_id").aggregate(
        **{name: lisa[name].argmax(lisa.year, where=lisa[name].notnull()) for name in _LASTING}
    )
    everyone = ibis.union(*(table.select("person_id") for table in used.values()), distinct=True)
    known = everyone.left_join(latest, "person_id")
    return known.select(
        "person_id",
        sex=values.grouped(known.sex, "sexes"),
        birth_year=known.birth_year,
        birth_region=values.grouped(known.birth_region, "birth_regions").fill_null("unknown"),
        immigration_year=known.immigration_year,
    )


_LASTING = ("sex", "birth_year", "birth_region", "immigration_year")


def background(lisa: ir.Table) -> ir.Table:
    """What changes from year to year, in the words of the evaluation."""
    sickness = _any(lisa.sickness_pay > 0, lisa.sickness_compensation > 0, lisa.activity_compensation > 0)
    assistance = _any(lisa.assistance_flag == 1, lisa.assistance > 0)
    return lisa.select(
        "person_id",
        "year",
        education=values.grouped(lisa.education, "education_levels").fill_null("unknown"),
        family_type=lisa.family_type,
        has_children=values.grouped(lisa.family_type, "family_types", "has_children") == "yes",
        is_single=values.grouped(lisa.family_type, "family_types", "is_single") == "yes",
        sickness_benefit=sickness,
        social_assistance=assistance,
        municipality=lisa.municipality,
    )


def _any(*signs: ir.BooleanValue) -> ir.BooleanValue:
    """Whether one of the signs is there; a blank beside a known one counts as none, only blanks as unknown."""
    import ibis

    known = ibis.or_(*(sign.notnull() for sign in signs))
    return ibis.ifelse(known, ibis.or_(*(sign.fill_null(False) for sign in signs)), ibis.null("boolean"))


def linkage(used: Mapping[str, ir.Table]) -> dict[str, int]:
    """People in each source, participants found in the others, and whom LISA does not have or describes in two ways."""
    import ibis

    people = {source: table.select("person_id").distinct() for source, table in used.items()}
    participants = people["participants"]
    counts = {f"people_in_{source}": table.count() for source, table in people.items()}
    for source in ("registrations", "categories", "background"):
        counts[f"participants_in_{source}"] = participants.semi_join(people[source], "person_id").count()
    at_af = ibis.union(people["registrations"], people["categories"], distinct=True)
    counts["people_at_af_without_background"] = at_af.anti_join(people["background"], "person_id").count()
    starts = used["participants"].group_by("person_id").aggregate(starts=lambda table: table.count())
    counts["participants_with_several_starts"] = starts.filter(starts.starts > 1).count()
    lisa = used["background"]
    for name in _LASTING:
        values_of = lisa.group_by("person_id").aggregate(least=lisa[name].min(), most=lisa[name].max())
        counts[f"people_with_several_values_of_{name}"] = values_of.filter(values_of.least != values_of.most).count()
    rows = ibis.union(
        *(count.name("people").as_table().mutate(name=ibis.literal(name)) for name, count in counts.items())
    )
    found = {row["name"]: row["people"] for row in rows.to_pyarrow().to_pylist()}
    return {name: found[name] for name in counts}
