"""A ready cohort: one file with a row per person, given the columns that the later stages read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.config import CohortOutcome, Config, Indicator, ReadyCohort
from pipeline.description import describe_levels, describe_number
from pipeline.errors import Fault, stop_if
from pipeline.results import DescriptionRow, FlowStep

EVENT = "event"
COMPETING = "competing"


def build(path: Path, config: Config) -> tuple[pd.DataFrame, list[FlowStep], list[DescriptionRow]]:
    """The cohort with our columns beside its own, its flow, and the description of the treated.

    Raises
    ------
    UserError : a column of the file has the name of one that is made here
    """
    assert config.cohort is not None
    given = pd.read_parquet(path)
    made = _made(given, config.cohort)
    _check_names(given, made, config.cohort)
    cohort = pd.concat([made, given.drop(columns=[name for name in made if name in given])], axis=1)
    cohort = cohort.sort_values(["person_id", "participant"], kind="stable").reset_index(drop=True)
    return cohort, _flow(cohort), _description(cohort[cohort["participant"] == 1], config)


def _made(given: pd.DataFrame, cohort: ReadyCohort) -> pd.DataFrame:
    """The columns every cohort has: who, which arm, and the follow-up of each outcome."""
    made = pd.DataFrame(
        {
            "person_id": _keys(given, cohort.person),
            "participant": indicated(given, cohort.treatment).astype(np.int8),
            "index_date": pd.Series([None] * len(given), dtype=object),
            "start_month": pd.Series([None] * len(given), dtype=object),
            "index_weight": np.ones(len(given)),
        }
    )
    for name, outcome in cohort.outcomes.items():
        made = made.assign(**_outcome(given, name, outcome))
    return made


def _keys(given: pd.DataFrame, person: str | None) -> pd.Series:
    """The person's key as text; the row number, padded so that text sorts as numbers do, when there is none."""
    if person is not None:
        return given[person].astype(str)
    width = len(str(len(given)))
    return pd.Series([str(number).zfill(width) for number in range(1, len(given) + 1)], dtype=object)


def indicated(given: pd.DataFrame, indicator: Indicator) -> pd.Series:
    """Whether a column has one of the values that mean yes, compared as numbers where the column is one."""
    column, values = given[indicator.column], indicator.values
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return column.astype(float).isin([float(value) for value in values])
    return column.astype(str).isin([str(value) for value in values])


def _outcome(given: pd.DataFrame, name: str, outcome: CohortOutcome) -> dict[str, pd.Series]:
    """Event 1 for the event itself; competing destinations end follow-up without it and are named."""
    event = indicated(given, outcome.event)
    destination = pd.Series([None] * len(given), dtype=object)
    kind = destination.copy()
    for label, indicator in outcome.destinations.items():
        here = indicated(given, indicator) & ~event & destination.isna()
        destination[here], kind[here] = label, COMPETING
    destination[event], kind[event] = name, EVENT
    return {
        f"{name}_days": given[outcome.time].astype(float),
        f"{name}_event": event.astype(np.int8),
        f"{name}_destination": destination,
        f"{name}_kind": kind,
        f"{name}_day_zero": pd.Series(np.zeros(len(given), np.int8)),
    }


def _check_names(given: pd.DataFrame, made: pd.DataFrame, cohort: ReadyCohort) -> None:
    """A column of the file may share a name with one of ours only when ours is made from it."""
    sources = {"person_id": cohort.person, "participant": cohort.treatment.column}
    for name, outcome in cohort.outcomes.items():
        sources |= {f"{name}_days": outcome.time, f"{name}_event": outcome.event.column}
    file = cohort.file or cohort.dataset or "cohort"
    stop_if(
        Fault(file, f"the column '{name}' has the name of one that is made here.", "Rename it in the file.")
        for name in given
        if name in made and sources.get(name) != name
    )


def _flow(cohort: pd.DataFrame) -> list[FlowStep]:
    """Nobody is left out of a ready cohort: everyone in the file is eligible."""
    people = cohort.groupby("participant")["person_id"].nunique()
    rows = cohort["participant"].value_counts()
    counts = {
        "participants": int(people.get(1, 0)),
        "controls": int(people.get(0, 0)),
        "participant_rows": int(rows.get(1, 0)),
        "control_rows": int(rows.get(0, 0)),
    }
    return [FlowStep(step=step, **counts) for step in ("in_extract", "eligible")]


def _description(treated: pd.DataFrame, config: Config) -> list[DescriptionRow]:
    """The treated by the variables the evaluation uses: numbers by mean and median, others by level."""
    matching = list(config.matching.variables) if config.matching else []
    names = dict.fromkeys([*matching, *(covariate.name for covariate in config.models.covariates)])
    rows: list[DescriptionRow] = []
    for name in names:
        if name not in treated:
            continue
        values = treated[name]
        if pd.api.types.is_numeric_dtype(values) and values.nunique() > 2:
            rows += describe_number(name, values)
        else:
            rows += describe_levels(name, values.map(str, na_action="ignore"), ())
    return rows
