"""The headline of a specification: the hazard ratio, and the difference in shares at one time, with intervals."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline import effects, regression
from pipeline.config import Config, Models
from pipeline.sensitivity.choices import WHOLE, Specification, outcome_column
from pipeline.sensitivity.cohorts import Base, ended, followed_in, followed_until, rows_of
from pipeline.sensitivity.weighting import weighted

ARM, PERSON = effects.TREATMENT, regression.PERSON


@dataclass(frozen=True, slots=True)
class Effect:
    """What one analysis finds: people of each arm in it and those of them who reach the outcome, and the effect."""

    hazard_ratio: float | None = None
    lower: float | None = None
    upper: float | None = None
    p: float | None = None
    difference: float | None = None
    difference_lower: float | None = None
    difference_upper: float | None = None
    participants: int = 0
    controls: int = 0
    participant_events: int = 0
    control_events: int = 0
    note: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def headline_day(config: Config) -> float:
    """The time at which shares are compared: 365 days where the report has it, else the second of its times."""
    days = config.report.at
    return 365.0 if 365.0 in days else days[min(1, len(days) - 1)]


def estimate_together(base: Base, wanted: list[Specification], config: Config) -> list[Effect]:
    """The effect under each of several specifications that share a weighted cohort."""
    rows = rows_of(base, wanted[0], config, [outcome_column(specification.outcome) for specification in wanted])
    try:
        people = weighted(rows, wanted[0], config)
    except ValueError as error:
        return [Effect(note=str(error)) for _ in wanted]
    day = headline_day(config)
    differences: dict[str, dict[str, float | None]] = {}
    fits: dict[tuple[str, str, str], regression.Fitted] = {}
    found = []
    for specification in wanted:
        column = outcome_column(specification.outcome)
        if column not in differences:
            differences[column] = difference(people, column, day, base if rows.censoring is not None else None)
        ratio = hazard_ratio(people, specification, config, fits)
        found.append(Effect(**ratio, **differences[column], **people_of(people, column)))  # type: ignore[arg-type]
    return found


def people_of(rows: pd.DataFrame, column: str) -> dict[str, int]:
    """People of each arm, and those who reach the outcome, each once."""
    person, arm = pd.factorize(rows[PERSON])[0], rows[ARM].to_numpy()
    reached = (rows[f"{column}_event"] == 1).to_numpy()

    def count(chosen: np.ndarray) -> int:
        return int(np.count_nonzero(np.bincount(person[chosen])))

    return {
        "participants": count(arm == 1),
        "controls": count(arm == 0),
        "participant_events": count((arm == 1) & reached),
        "control_events": count((arm == 0) & reached),
    }


def difference(
    people: pd.DataFrame, column: str, day: float, base: Base | None = None, censoring: pd.DataFrame | None = None
) -> dict[str, float | None]:
    """Participants' share at a day less the controls'; nothing when an arm is not followed so long.

    base : whose censoring weights its rows have; other rows may have `censoring` weights of their own
    """
    from survival.differences import survival_difference

    nothing: dict[str, float | None] = dict.fromkeys(("difference", "difference_lower", "difference_upper"))
    longest = people.groupby(ARM)[f"{column}_days"].max()
    if len(longest) < 2 or longest.min() < day:
        return nothing
    data = followed_in(base, people, column, day) if base else followed_until(people, column, day, censoring)
    steps = data.steps
    arms = steps[ARM].to_numpy()
    gap = survival_difference(steps["days"], steps["event"], arms, [day], groups=(0, 1), **data.arguments()).iloc[0]
    values = (gap["difference"], gap["lower"], gap["upper"])
    return dict(zip(nothing, map(effects.finite, values), strict=True))


def hazard_ratio(
    people: pd.DataFrame, specification: Specification, config: Config, fits: dict[tuple[str, str, str], Any]
) -> dict[str, float | str | None]:
    """The treatment's hazard ratio; `fits` keeps full models, which selections start from."""
    models = models_of(specification, config)
    key = (specification.outcome, specification.ties, specification.follow_up)
    if specification.covariates == "none":
        fitted = regression.fit_full(_followed(people, specification), models.model_copy(update={"covariates": []}))
    else:
        if key not in fits:
            fits[key] = regression.fit_full(_followed(people, specification), models)
        fitted = fits[key]
        if specification.covariates == "selected":
            fitted = regression.fit_backward(fitted, models)
    return treatment_ratio(fitted)


def models_of(specification: Specification, config: Config) -> Models:
    """The regressions under a specification; without strata errors are clustered on people."""
    update: dict[str, Any] = {"ties": specification.ties}
    if specification.weights != "cem" and config.matching is not None:
        update["cluster"] = "person"
    return config.models.model_copy(update=update)


def _followed(people: pd.DataFrame, specification: Specification) -> pd.DataFrame:
    column = outcome_column(specification.outcome)
    if specification.follow_up != WHOLE:
        people = ended(people, column, float(specification.follow_up))
    return effects.follow_up(people, column).rows


def treatment_ratio(fitted: regression.Fitted) -> dict[str, float | str | None]:
    """hazard_ratio, lower, upper and p of the treatment, and a note where there is none."""
    if fitted.fit is None or regression.TREATMENT not in fitted.factors:
        return {"note": fitted.note or "only one of the groups has people followed"}
    row = fitted.fit.hazard_ratios().set_index("term").loc[regression.TREATMENT]
    return {name: float(row[name]) for name in ("hazard_ratio", "lower", "upper", "p") if math.isfinite(row[name])}
