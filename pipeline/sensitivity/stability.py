"""What single months and chance among people do to the headline: months left out, people drawn with replacement."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

import matching
from matching.strata import Cells, stratum_factors
from pipeline import effects, regression
from pipeline.config import Config, Models
from pipeline.sensitivity.choices import Specification
from pipeline.sensitivity.cohorts import Base, Rows, rows_of
from pipeline.sensitivity.estimates import Effect, models_of, people_of, treatment_ratio
from pipeline.sensitivity.weighting import matched, weighted
from pipeline.stratum_totals import TOTAL

ARM, PERSON = effects.TREATMENT, regression.PERSON
CLOSE = 1e-3  # leaves an error of a millionth in a log hazard ratio that chance moves by hundredths


def without_each_month(base: Base, specification: Specification, config: Config) -> dict[str, Effect]:
    """The hazard ratio with each month of start left out in turn: everyone in it, matched anew without them.

    The people counted are those of the month that was left out.
    """
    rows = rows_of(base, specification, config)
    people = weighted(rows, specification, config)
    fitted = _fit(people, specification, config)
    found = {}
    for month in sorted(people["start_month"].unique()):
        left = rows.cohort["start_month"] != month
        eligible = rows.eligible if rows.eligible is None else rows.eligible[rows.eligible["start_month"] != month]
        counts = people_of(people[people["start_month"] == month], specification.outcome)
        try:
            weight = weighted(Rows(rows.cohort[left], eligible, None), specification, config)["weight"]
            weights = weight.reindex(fitted.data.index, fill_value=0.0).to_numpy()
            again = replace(fitted, fit=fitted.fit.refit(weights=weights))
            found[str(month)] = Effect(**treatment_ratio(again), **counts)  # type: ignore[arg-type]
        except ValueError as error:
            found[str(month)] = Effect(**counts, note=str(error))
    return found


def _fit(people: pd.DataFrame, specification: Specification, config: Config) -> regression.Fitted:
    """The headline's full model, whose rows keep the index of the cohort."""
    data = effects.follow_up(people, specification.outcome).rows
    fitted = regression.fit_full(data, models_of(specification, config))
    if fitted.fit is None:
        raise ValueError(fitted.note)
    return fitted


def _without_robust_errors(fitted: regression.Fitted, models: Models) -> Any:
    """The same model fitted without the sandwich, which resamples have no use for."""
    from survival import cox

    return cox(
        " + ".join(fitted.factors),
        fitted.data,
        time=regression.TIME,
        event=regression.EVENT,
        weights=regression.WEIGHT,
        robust=False,
        ties=models.ties,
    )


def resampled_ratios(
    base: Base, specification: Specification, config: Config, first: int, last: int
) -> list[float | None]:
    """The log hazard ratio in the resamples numbered first to last - 1: the evaluation on people drawn anew.

    As many people as there are, are drawn with replacement, with all their rows. The strata's weights are made again
    from those drawn; entropy and propensity weights, and the drawing of one month per person, stay as they are.
    """
    rows = rows_of(base, specification, config)
    if specification.weights == "cem":
        sample = matched(rows, specification, config)
        people, strata = sample.data, None if TOTAL in sample.people else sample
    else:
        people, strata = weighted(rows, specification, config), None
    fitted = _fit(people, specification, config)
    plain = _without_robust_errors(fitted, models_of(specification, config))
    numbers, who = pd.factorize(rows.cohort[PERSON])
    places = rows.cohort.index.get_indexer(fitted.data.index)
    found: list[float | None] = []
    for number in range(first, last):
        rng = np.random.default_rng([config.seed, 21, number])
        times = np.bincount(rng.integers(len(who), size=len(who)), minlength=len(who))[numbers].astype(float)
        weights = _weights(strata, times)[places] if strata else fitted.data["weight"].to_numpy() * times[places]
        try:
            found.append(float(plain.refit(weights=weights, close=CLOSE).coefficients[ARM]))
        except ValueError:
            found.append(None)
    return found


def _weights(sample: matching.MatchedSample, times: np.ndarray) -> np.ndarray:
    """(n,) weights of a matching in which each row stands `times` over."""
    cells, base = sample.cells, sample.base * times
    counted = _counted(cells, sample.treated, times, base)
    factors = stratum_factors(counted, sample.estimand)
    return np.where(sample.treated, factors[cells.cell, 0], factors[cells.cell, 1]) * base


def _counted(cells: Cells, treated: np.ndarray, times: np.ndarray, base: np.ndarray) -> Cells:
    size = len(cells.treated)
    totals = {
        name: np.bincount(cells.cell[arm], weights=values[arm], minlength=size)
        for name, arm, values in (
            ("treated", treated, times),
            ("controls", ~treated, times),
            ("treated_weight", treated, base),
            ("controls_weight", ~treated, base),
        )
    }
    return replace(cells, **totals)
