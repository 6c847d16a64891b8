"""Stage 2: canonical tables -> index dates, covariates and follow-up; the flow of exclusions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ibis

from pipeline import ready_cohort
from pipeline.censoring import person_months, write_weights
from pipeline.config import Config, Population
from pipeline.covariates import covariates_at
from pipeline.description import describe
from pipeline.eligibility import eligible, first_starts, flow, judged, possible_rows
from pipeline.engine import kept, read_parquet, session, write_parquet
from pipeline.errors import Fault, UserError
from pipeline.followup import (
    follow_return,
    follow_up,
    longest_follow_up,
    new_registrations,
    other_exits,
    outcome_events,
)
from pipeline.index_months import choose_months
from pipeline.names import COVARIATES, OUTCOME_COLUMNS
from pipeline.periods import Table
from pipeline.results import DescriptionRow, FlowStep
from pipeline.stays import programme_stays
from pipeline.stratum_totals import MONTHS, TOTAL, with_expected_totals
from pipeline.workspace import Run

TABLES = ("persons", "registrations", "categories", "background", "disabilities", "participants")
KEYS = ("person_id", "participant", "index_date")
ABOUT = ("start_month", "origin", "background_year")


def run(run: Run) -> None:
    """Write `cohort.parquet`, `flow.json` and `description.json`.

    Beside them `censoring.parquet` where joining is censored, and `person_months.parquet` where one month is drawn.
    """
    if run.config.cohort is not None:
        cohort, steps, description = ready_cohort.build(run.read / "cohort_input.parquet", run.config)
        cohort.to_parquet(run.write / "cohort.parquet", index=False)
    else:
        steps, description = _from_extracts(run)
    _write_json(run.write / "flow.json", steps)
    _write_json(run.write / "description.json", description)
    last = steps[-1]
    participants, controls = run.told(last.participants or 0), run.told(last.controls or 0)
    run.say(f"{participants} participants and {controls} controls are eligible")


def _write_json(path: Path, records: list[Any]) -> None:
    content = [record.model_dump(mode="json") for record in records]
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _from_extracts(run: Run) -> tuple[list[FlowStep], list[DescriptionRow]]:
    """The cohort of register extracts, written; the flow and the description of participants, returned."""
    config, population = run.config, run.config.population
    assert population is not None
    with session(config.engine, run.write) as (connection, scratch):
        tables = {name: read_parquet(connection, run.read / f"{name}.parquet") for name in TABLES}
        if config.cleaning.death == "keep":
            tables["persons"] = tables["persons"].mutate(died_on=ibis.null("date"))
        counted = first_starts(tables["participants"], population.intake, config.cleaning.several_starts)
        starts = kept(counted, scratch / "starts.parquet")
        events = {
            name: kept(outcome_events(tables, outcome), scratch / f"events-{name}.parquet")
            for name, outcome in config.outcomes.items()
            if outcome.after is None
        }
        rows = kept(_possible(tables, starts, events, config), scratch / "possible.parquet")
        panel = kept(
            covariates_at(eligible(rows), tables["persons"], tables["disabilities"]), scratch / "panel.parquet"
        )
        compared = _compared(panel, population)
        chosen = _chosen(compared, config)
        cohort = run.write / "cohort.parquet"
        write_parquet(_columns(_with_outcomes(chosen, tables, events, config), config), cohort, KEYS)
        steps = flow(rows, starts, tables["registrations"], population, config.cleaning)
        steps = [*_delivered_step(run.read / "account.json", steps[0]), *steps]
        steps.append(_eligible_step(read_parquet(connection, cohort)))
        _stop_when_empty(steps)
        described = covariates_at(rows.filter(rows.participant == 1), tables["persons"], tables["disabilities"])
        description = describe(described.select("person_id", *COVARIATES).to_pandas())
        if weighs_censoring(population):
            _write_censoring(run, panel, cohort)
        if _weighs_drawn(config):
            months = compared.filter(compared.participant == 0).select(*KEYS, *ABOUT, *COVARIATES)
            write_parquet(months, run.write / MONTHS, KEYS)
    return steps, description


def weighs_censoring(population: Population) -> bool:
    """Whether follow-up ends at joining, and those who stay outside are weighted for it."""
    return population.censoring_weights and population.future_participants == "censor"


def _possible(tables: dict[str, Table], starts: Table, events: dict[str, Table], config: Config) -> Table:
    """Possible rows, judged; with censoring weights also those after the intake, for as long as people join."""
    population = config.population
    assert population is not None
    headline = config.outcome_names[0]
    last = population.intake.last
    if weighs_censoring(population):
        latest = starts.joined_on.max().to_pyarrow().as_py()
        last = max(last, min(population.follow_up_to, latest or last))
    stays = programme_stays(tables, population, config.outcomes[headline])
    rows = possible_rows(stays, starts, population, last)
    return judged(rows, tables, events[headline], population, config.cleaning)


def _write_censoring(run: Run, panel: Table, cohort: Path) -> None:
    largest = write_weights(cohort, person_months(panel, run.config), run.write / "censoring.parquet")
    run.say(f"censoring weights up to {largest:.2f}")


def _compared(panel: Table, population: Population) -> Table:
    """Eligible rows that are compared: within the intake and, when joiners are excluded, of people who never join."""
    rows = panel.filter(panel.in_intake)
    return rows.filter(~rows.joins_later) if population.future_participants == "exclude" else rows


def _chosen(compared: Table, config: Config) -> Table:
    """Rows of the months compared; where one is drawn, with what its stratum's weights sum to on average."""
    assert config.population is not None
    chosen = choose_months(compared, config.population, config.seed)
    if not _weighs_drawn(config):
        return chosen
    assert config.matching is not None
    return with_expected_totals(chosen, compared, config.matching.variables)


def _weighs_drawn(config: Config) -> bool:
    """Whether one month is drawn per person, and matching weighs it by what its stratum's weights sum to on average."""
    population = config.population
    assert population is not None
    return population.control_index == "random_month" and population.index_weights and config.matching is not None


def _with_outcomes(rows: Table, tables: dict[str, Table], events: dict[str, Table], config: Config) -> Table:
    """Rows with the follow-up of every outcome; returns last, as their clock starts when another is reached."""
    assert config.population is not None
    remain = config.population.other_exit == "remain"
    for name, outcome in config.outcomes.items():
        if outcome.after is None:
            exits = None if remain else other_exits(tables, outcome)
            rows = follow_up(rows, name, events[name], exits, config.population)
    for name, outcome in config.outcomes.items():
        if outcome.after is not None:
            rows = follow_return(rows, name, new_registrations(tables), outcome.after, config.population)
    headline = config.outcome_names[0]
    stopped = rows.joined_on.delta(rows.index_date, unit="day").cast("float64") == rows[f"{headline}_days"]
    stopped = stopped & (rows.joined_on <= ibis.literal(config.population.follow_up_to))
    at_joining = (rows[f"{headline}_event"] == 0) & stopped.fill_null(False)
    return rows.mutate(
        censored_at_joining=at_joining.cast("int8"), follow_up_days=longest_follow_up(rows, config.population)
    )


def _columns(cohort: Table, config: Config) -> Table:
    """The columns of cohort.parquet in their order."""
    outcomes = [f"{name}_{part}" for name in config.outcome_names for part in OUTCOME_COLUMNS]
    first = ("person_id", "participant", "index_date", "start_month", "index_weight")
    more = ("origin", "background_year", "censored_at_joining", "follow_up_days")
    about = (*more, *(name for name in (TOTAL,) if name in cohort.columns))
    columns = cohort.select(*first, *COVARIATES, *about, *outcomes)
    return columns.mutate(
        participant=columns.participant.cast("int8"), index_weight=columns.index_weight.cast("float64")
    )


def _delivered_step(account: Path, usable: FlowStep) -> list[FlowStep]:
    """Everyone in the files, where some have no row that can be used and are lost before the extracts are looked at."""
    if not account.exists():
        return []
    linkage = json.loads(account.read_text(encoding="utf-8"))["linkage"]
    participants, others = linkage.get("participants_set_aside", 0), linkage.get("others_set_aside", 0)
    if not participants and not others:
        return []
    everyone = (usable.participants or 0) + participants
    return [
        FlowStep(
            step="delivered",
            participants=everyone,
            controls=(usable.controls or 0) + others,
            participant_rows=everyone,
            control_rows=None,
        )
    ]


def _eligible_step(cohort: Table) -> FlowStep:
    arms = cohort.group_by("participant").aggregate(people=cohort.person_id.nunique(), rows=cohort.count())
    found = {line["participant"]: line for line in arms.to_pyarrow().to_pylist()}
    participants, controls = (found.get(arm, {"people": 0, "rows": 0}) for arm in (1, 0))
    return FlowStep(
        step="eligible",
        participants=participants["people"],
        controls=controls["people"],
        participant_rows=participants["rows"],
        control_rows=controls["rows"],
    )


def _stop_when_empty(steps: list[FlowStep]) -> None:
    """No participants or no controls left: say at which step the last of them went."""
    faults = []
    for arm in ("participants", "controls"):
        counts = [(step.step, getattr(step, arm)) for step in steps]
        if counts[-1][1] == 0:
            emptied = next(name for name, count in counts if count == 0)
            what = f"no {arm} are left after the step '{emptied}'."
            faults.append(
                Fault("population", what, "Check the dates and codes under 'population:' in the configuration.")
            )
    if faults:
        raise UserError(faults)
