"""What single months and chance among people do to the headline: months left out, people drawn with replacement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

import matching
from matching.strata import stratum_factors
from pipeline import effects, regression
from pipeline.config import Config
from pipeline.sensitivity.choices import Specification
from pipeline.sensitivity.cohorts import Base, Rows, rows_of
from pipeline.sensitivity.estimates import Effect, models_of, people_of, treatment_ratio
from pipeline.sensitivity.weighting import matched, weighted
from pipeline.stratum_totals import TOTAL

ARM, PERSON = effects.TREATMENT, regression.PERSON


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
        people = sample.data
        anew = None if TOTAL in sample.people else matched_anew(sample)
    else:
        people, anew = weighted(rows, specification, config), None
    fitted = _fit(people, specification, config)
    numbers, who = pd.factorize(rows.cohort[PERSON])
    numbers = numbers[rows.cohort.index.get_indexer(people.index)]
    places = people.index.get_indexer(fitted.data.index)
    weight = people["weight"].to_numpy()
    found: list[float | None] = []
    for number in range(first, last):
        rng = np.random.default_rng([config.seed, 21, number])
        times = np.bincount(rng.integers(len(who), size=len(who)), minlength=len(who))[numbers].astype(float)
        weights = anew(times) if anew else weight * times
        found.append(effects.finite(fitted.fit.k_step(weights[places])[ARM]))
    return found


def matched_anew(sample: matching.MatchedSample) -> Callable[[np.ndarray], np.ndarray]:
    """What gives the matched rows (m,) their weights when each stands `times` (m,) over."""
    cells, rows = sample.cells, sample.matched
    cell, treated, base = cells.cell[rows], sample.treated[rows], sample.base[rows]
    arms = {"treated": np.flatnonzero(treated), "controls": np.flatnonzero(~treated)}
    cell_of = {arm: cell[own] for arm, own in arms.items()}
    unweighted = bool((base == 1).all())

    def totals(values: np.ndarray) -> dict[str, np.ndarray]:
        return {arm: np.bincount(cell_of[arm], values[own], len(cells.treated)) for arm, own in arms.items()}

    def weights(times: np.ndarray) -> np.ndarray:
        counts, weight = totals(times), base * times
        sums = counts if unweighted else totals(weight)
        again = replace(cells, **counts, **{f"{arm}_weight": values for arm, values in sums.items()})
        factors = stratum_factors(again, sample.estimand)
        return np.where(treated, factors[cell, 0], factors[cell, 1]) * weight

    return weights
