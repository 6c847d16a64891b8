"""Who can be compared from which day, and how many were left out at each step."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import ibis

from pipeline.config import Intake, Population
from pipeline.covariates import background_at, registration_at
from pipeline.followup import next_event
from pipeline.periods import Table, ends_or_open, known, look_up
from pipeline.registers.rules import Cleaning
from pipeline.results import FlowStep
from pipeline.stays import months_between, possible_index_dates

# Steps of the flow and the column that says who passes; the months drawn for controls and their kind come after.
STEPS = (
    ("age_in_range", "age_in_range"),
    ("in_programme_at_start", "in_programme"),
    ("registered_at_start", "is_registered"),
    ("background_known", "background_known"),
    ("registered_in_municipality", "in_municipality"),
    ("outcome_not_reached", "outcome_open"),
)

# What stands for a column before any step: every row, which for controls is a month of a stay in the programme.
POSSIBLE = "possible"


def first_starts(participants: Table, intake: Intake, several: str = "first") -> Table:
    """The start that counts for each participant: the first within the intake, or the last.

    Returns
    -------
    person_id, joined_on (first start of all), started_on (first start within the intake, null when there is none),
    origin (of that start; the first in the alphabet when several are given for the day)
    """
    inside = participants.started_on.between(ibis.literal(intake.first), ibis.literal(intake.last))
    within = participants.filter(inside)
    order = within.started_on.desc() if several == "last" else within.started_on.asc()
    by_date = ibis.window(group_by="person_id", order_by=[order, within.origin])
    numbered = within.mutate(number=ibis.row_number().over(by_date))
    counted = numbered.filter(numbered.number == 0).select("person_id", "started_on", "origin")
    joined = participants.group_by("person_id").aggregate(joined_on=participants.started_on.min())
    return look_up(joined, counted, lambda left, right: [])


def possible_rows(stays: Table, starts: Table, population: Population, last: dt.date) -> Table:
    """Every day from which someone might be compared, in both arms.

    Participants have their start within the intake, in the programme or not. Controls have one or two days in each
    month of a stay, from the first day of intake to `last`, as long as they have not joined.

    Returns
    -------
    person_id, participant, index_date, joined_on (controls: null for those who never join), origin (participants),
    stay_from (null outside the programme)
    """
    starting = starts.filter(known(starts.started_on)).select("person_id", "origin", index_date="started_on")
    in_stay = look_up(
        starting, stays, lambda left, right: [right.stay_from <= left.index_date, left.index_date < right.stay_to]
    )
    participants = in_stay.select(
        "person_id",
        "index_date",
        "stay_from",
        "origin",
        participant=ibis.literal(1, "int8"),
        joined_on=ibis.null("date"),
    )
    dates = possible_index_dates(stays, months_between(population.intake.first, last))
    dates = dates.filter(dates.index_date.between(ibis.literal(population.intake.first), ibis.literal(last)))
    joining = look_up(dates, starts.drop("started_on", "origin"), lambda left, right: [])
    outside = joining.filter(~known(joining.joined_on) | (joining.joined_on > joining.index_date))
    controls = outside.select(
        "person_id",
        "index_date",
        "stay_from",
        origin=ibis.null("string"),
        participant=ibis.literal(0, "int8"),
        joined_on=outside.joined_on,
    )
    return ibis.union(participants, controls.select(*participants.columns))


def judged(
    rows: Table, tables: Mapping[str, Table], events: Table, population: Population, cleaning: Cleaning | None = None
) -> Table:
    """Possible rows with a column for each condition, with registration and background as of the day.

    `events` are those of the headline outcome: whoever reached it earlier in the same stay is no longer someone whom
    it is ahead of. A new stay in the programme after work starts a new eligibility, for both arms alike.
    """
    cleaning = cleaning or Cleaning()
    earlier = cleaning.no_background_year == "change"
    rows = registration_at(rows, tables["registrations"])
    rows = background_at(rows, tables["background"], population, earlier=earlier)
    lives = tables["persons"].select("person_id", "birth_year", "died_on")
    rows = look_up(rows, lives, lambda left, right: [])
    rows = next_event(rows, events, "index_date", "outcome", previous=True)
    rows = rows.drop("outcome_on", "outcome_destination", "outcome_kind")
    local = population.municipality
    anywhere = ibis.literal(True)
    reached = (rows.outcome_previous_on >= rows.stay_from).fill_null(False)
    return rows.mutate(
        start_month=month_text(rows.index_date),
        age_in_range=_age_in_range(rows, cleaning),
        in_programme=known(rows.stay_from) & ~(rows.died_on < rows.index_date).fill_null(False),
        is_registered=known(rows.registered_from),
        background_known=anywhere if local is None else known(rows.municipality),
        in_municipality=anywhere if local is None else rows.municipality.isin(local).fill_null(False),
        outcome_open=~reached,
        joins_later=known(rows.joined_on),
        in_intake=rows.index_date <= ibis.literal(population.intake.last),
    ).drop("outcome_previous_on", "municipality", "birth_year", "died_on")


def _age_in_range(rows: Table, cleaning: Cleaning) -> Any:
    """Whether the age in the year of the index date is one that counts; an unknown one does."""
    if cleaning.age_out_of_range != "set_aside":
        return ibis.literal(True)
    age = rows.index_date.year() - rows.birth_year
    return age.between(cleaning.ages.least, cleaning.ages.most).fill_null(True)


def month_text(day: Any) -> Any:
    """Year and month of a day as text, 2020-02."""
    return day.year().cast("string") + "-" + day.month().cast("string").lpad(2, "0")


def eligible(rows: Table) -> Table:
    """Rows that meet every condition, for a control the first day of a month that does."""
    rows = rows.filter([rows[column] for _, column in STEPS]).drop(*(column for _, column in STEPS))
    first = ibis.window(group_by=["person_id", "participant", "start_month"], order_by="index_date")
    numbered = rows.mutate(number=ibis.row_number().over(first))
    return numbered.filter(numbered.number == 0).drop("number")


def flow(
    rows: Table, starts: Table, registrations: Table, population: Population, cleaning: Cleaning | None = None
) -> list[FlowStep]:
    """People and rows left after each step; a control's rows are person-months.

    Controls are people who never took part, until the step `later_participants` adds those who joined later with
    their months before joining. Steps that the configuration does not ask for are left out.
    """
    taking_part, outside, joining = _passing(rows.filter(rows.in_intake))
    steps = [_step("in_programme", taking_part, outside, POSSIBLE)]
    steps += [
        _step(step, taking_part, outside, column)
        for step, column in STEPS
        if (population.municipality is not None or column not in ("background_known", "in_municipality"))
        and (column != "age_in_range" or (cleaning or Cleaning()).age_out_of_range == "set_aside")
    ]
    if population.future_participants == "censor":
        everyone = {name: outside[name] + joining[name] for name in outside}
        steps.append(_step("later_participants", taking_part, everyone, STEPS[-1][1]))
    return [*_extract_steps(starts, registrations, population.intake), *steps]


def _step(step: str, participants: dict[str, int], controls: dict[str, int], column: str) -> FlowStep:
    return FlowStep(
        step=step,
        participants=participants[f"{column}_people"],
        controls=controls[f"{column}_people"],
        participant_rows=participants[f"{column}_rows"],
        control_rows=controls[f"{column}_rows"],
    )


def _passing(rows: Table) -> list[dict[str, int]]:
    """People and person-months past each step: of participants, of those who never took part, of later participants."""
    passes, passed = ibis.literal(True), ibis.literal(0)
    for _, column in STEPS:
        passes = passes & rows[column]
        passed = passed + passes.cast("int64")
    arm = ["participant", "joins_later"]
    farthest = passed.max()
    months = rows.group_by(*arm, "person_id", "start_month").aggregate(passed=farthest)
    months = months.group_by(*arm, "person_id", "passed").aggregate(months=months.count())
    people = months.group_by(*arm, "person_id").aggregate(passed=months.passed.max())
    counted = {
        "rows": months.group_by(*arm, "passed").aggregate(count=months.months.sum()),
        "people": people.group_by(*arm, "passed").aggregate(count=people.count()),
    }
    found = {kind: table.to_pyarrow().to_pylist() for kind, table in counted.items()}
    return [_past_each_step(found, arm) for arm in ((1, False), (0, False), (0, True))]


def _past_each_step(found: dict[str, list[dict[str, Any]]], arm: tuple[int, bool]) -> dict[str, int]:
    """From counts by the number of steps passed, how many passed each step and all before it."""
    return {
        f"{column}_{kind}": sum(
            line["count"]
            for line in lines
            if (line["participant"], line["joins_later"]) == arm and line["passed"] >= needed
        )
        for kind, lines in found.items()
        for needed, column in enumerate((POSSIBLE, *(column for _, column in STEPS)))
    }


def _extract_steps(starts: Table, registrations: Table, intake: Intake) -> list[FlowStep]:
    """Before any day is looked at: everyone in the extracts, and those who started or were registered in the intake."""
    others = registrations.anti_join(starts, "person_id")
    during = (others.registered_on <= ibis.literal(intake.last)) & (
        ends_or_open(others.deregistered_on) > ibis.literal(intake.first)
    )
    taking_part = _one_row(starts.aggregate(people=starts.count(), started=starts.started_on.count()))
    outside = _one_row(
        others.aggregate(people=others.person_id.nunique(), during=others.person_id.nunique(where=during))
    )
    counts = [("in_extract", "people", "people"), ("started_in_intake", "started", "during")]
    return [
        FlowStep(
            step=step,
            participants=taking_part[started],
            controls=outside[registered],
            participant_rows=taking_part[started],
            control_rows=None,
        )
        for step, started, registered in counts
    ]


def _one_row(aggregate: Table) -> dict[str, int]:
    """A one-row aggregate of counts as a dictionary."""
    return {name: int(values[0]) for name, values in aggregate.to_pyarrow().to_pydict().items()}
