"""The canonical tables of an evaluation, made from the typed rows of its registers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.account import Effect, RuleAccount
from pipeline.engine import kept
from pipeline.registers import cleaning, values
from pipeline.registers.codes import CATEGORIES
from pipeline.registers.people import EFFECTS, without_usable_start
from pipeline.registers.rules import Cleaning

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
_OF_ROWS = (*cleaning.FLAGS, "exact_duplicate", "earlier_delivery")
_OF_PERIODS = ("no_person", "no_start", "end_before_start", *_OF_ROWS, "after_death", "same_start")
_RULES: Mapping[str, tuple[str, ...]] = {
    "registrations": (*_OF_PERIODS, "no_usable_start"),
    "categories": (*_OF_PERIODS, "no_code", "empty_period", "code_not_in_force", "no_usable_start"),
    "background": ("no_person", *_OF_ROWS, "repeated_year", "no_usable_start"),
    "participants": _OF_PERIODS,
}
# The rule whose rows are marked: used rows that are changed, or only counted.
_MARKED: Mapping[str, tuple[str, Effect]] = {
    "registrations": ("overlap", "counted"),
    "categories": ("overlap", "changed"),
    "background": ("implausible_birth_year", "changed"),
    "participants": ("overlap", "counted"),
}


@dataclass(frozen=True, slots=True)
class Judged:
    """The typed rows of a source, judged, and how many rows each rule met."""

    rows: ir.Table
    rules: tuple[RuleAccount, ...]

    @property
    def used(self) -> ir.Table:
        """The rows that are used."""
        return cleaning.without_working_columns(self.rows)


def judge(source: str, rows: ir.Table, path: Path, people: ir.Table | None, settings: Cleaning) -> Judged:
    """Apply a source's cleaning rules; the judged rows are kept at `path`, so that they are worked out once.

    `people` has what is known of their numbers and deaths (`pipeline.registers.people.flagged`).
    """
    if source == "background":
        judged = cleaning.clean_years(rows, people=people, cleaning=settings)
    else:
        start, end, code = _PERIODS[source]
        judged = cleaning.clean_periods(
            rows,
            start,
            end,
            code,
            half_open=code is not None,
            codes=CATEGORIES if code is not None else None,
            people=people,
            cleaning=settings,
        )
    judged = kept(judged, path)
    counts = cleaning.rows_by_rule(judged)
    rules = [
        RuleAccount(source, rule, EFFECTS[getattr(settings, rule)], counts.get(rule, 0)) for rule in _RULES[source]
    ]
    rules.append(RuleAccount(source, *_MARKED[source], counts[cleaning.MARKED]))
    return Judged(judged, tuple(rules))


def leave_out(judged: Mapping[str, Judged], settings: Cleaning) -> tuple[dict[str, ir.Table], dict[str, int], int]:
    """Rows in use of each source without participants none of whose starts can be used, who are no controls either.

    Returns
    -------
    the rows; how many of each source were left out (or, where the setting keeps them, counted); and how many people
    these participants are
    """
    used = {source: result.used for source, result in judged.items()}
    lost = without_usable_start(judged["participants"].rows)
    number = int(lost.count().to_pyarrow().as_py())
    if not number:
        return used, {}, 0
    others = [source for source in used if source != "participants"]
    rows = {source: int(used[source].semi_join(lost, "person_id").count().to_pyarrow().as_py()) for source in others}
    if settings.no_usable_start != "keep":
        used |= {source: used[source].anti_join(lost, "person_id") for source in others}
    return used, rows, number


def canonical_tables(used: Mapping[str, ir.Table], people: ir.Table | None) -> dict[str, ir.Table]:
    """The six canonical tables; `used` holds the rows in use of each source, `people` numbers and deaths."""
    periods = used["categories"]
    return {
        "persons": persons(used, people),
        "registrations": used["registrations"].select("person_id", "registered_on", "deregistered_on", "reason"),
        "categories": periods.select("person_id", "category", "valid_from", "valid_to"),
        "background": background(used["background"]),
        "disabilities": periods.filter(periods.disability.notnull()).select(
            "person_id", "valid_from", "valid_to", code="disability"
        ).relocate("code", after="person_id"),
        "participants": used["participants"].select("person_id", "started_on", "ended_on", "origin", "end_reason"),
    }  # fmt: skip


def persons(used: Mapping[str, ir.Table], people: ir.Table | None) -> ir.Table:
    """Everyone in any register, with what the latest LISA year says of them; nulls for those LISA does not have."""
    import ibis

    lisa = used["background"]
    latest = lisa.group_by("person_id").aggregate(
        **{name: lisa[name].argmax(lisa.year, where=lisa[name].notnull()) for name in _LASTING}
    )
    everyone = ibis.union(*(table.select("person_id") for table in used.values()), distinct=True)
    known = everyone.left_join(latest, "person_id").drop("person_id_right")
    if people is None:
        known = known.mutate(died_on=ibis.null("date"))
    else:
        deaths = people.select(dead_id="person_id", died_on="died_on")
        known = known.left_join(deaths, known.person_id == deaths.dead_id)
    return known.select(
        "person_id",
        sex=values.grouped(known.sex, "sexes"),
        birth_year=known.birth_year,
        birth_region=values.grouped(known.birth_region, "birth_regions").fill_null("unknown"),
        immigration_year=known.immigration_year,
        died_on=known.died_on,
    )


_LASTING = ("sex", "birth_year", "birth_region", "immigration_year")
_LISTS = {"sex": "sexes", "birth_region": "birth_regions"}


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
    lisa = used["background"]
    for name in _LASTING:
        # 1 and M are one sex, 00 and Sverige one region.
        known = values.grouped(lisa[name], _LISTS[name], "name_sv") if name in _LISTS else lisa[name]
        values_of = lisa.group_by("person_id").aggregate(least=known.min(), most=known.max())
        counts[f"people_with_several_values_of_{name}"] = values_of.filter(values_of.least != values_of.most).count()
    rows = ibis.union(
        *(count.name("people").as_table().mutate(name=ibis.literal(name)) for name, count in counts.items())
    )
    found = {row["name"]: row["people"] for row in rows.to_pyarrow().to_pylist()}
    return {name: found[name] for name in counts}
