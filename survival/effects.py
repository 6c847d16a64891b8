"""A coefficient as a function of time, and whether it is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from survival.arrays import Floats
from survival.hypotheses import WaldTest, wald_of
from survival.inputs import asked_times, confidence

if TYPE_CHECKING:
    from survival.cox import CoxFit


def ratio_over_time(fit: CoxFit, term: str, times: ArrayLike, level: float = 0.95) -> pd.DataFrame:
    """time, hazard_ratio, lower, upper of one column of the design at asked times; pointwise intervals."""
    asked = asked_times(times)
    if asked.min() < 0 or (asked.min() == 0 and any(b.kind == "log" for b in fit.parts.prepared.layout.bases.values())):
        raise ValueError("`times` must be greater than 0")
    names, weights = contrast(fit, _one_column(fit, term), asked)
    b = weights @ fit.coefficients[names].to_numpy()
    covariance = fit.covariance.loc[names, names].to_numpy()
    spread = confidence(level) * np.sqrt(np.einsum("tp,pq,tq->t", weights, covariance, weights))
    return pd.DataFrame(
        {"time": asked, "hazard_ratio": np.exp(b), "lower": np.exp(b - spread), "upper": np.exp(b + spread)}
    )


def contrast(fit: CoxFit, column: int, times: Floats) -> tuple[list[str], Floats]:
    """Names (c,) of a design column's coefficients, and (t, c) what they are multiplied by at each time."""
    plan = fit.parts.prepared.layout
    names: list[str] = []
    parts: list[Floats] = []
    for place, source in zip(plan.fixed, plan.column, strict=True):
        if source == column:
            names.append(plan.names[place])
            parts.append(np.ones((len(times), 1)))
    moving = [plan.names[place] for place, source in zip(plan.moving, plan.source, strict=True) if source == column]
    if moving:
        names += moving
        parts.append(plan.bases[column].values(times))
    return names, np.hstack(parts)


def constancy(fit: CoxFit, term: str) -> WaldTest:
    """Joint Wald test that a varying term does not vary: bands equal, or every function of time 0.

    Raises ValueError when the term does not vary in this fit.
    """
    plan = fit.parts.prepared.layout
    columns = _columns(fit, term)
    rows: list[Floats] = []
    for column in columns:
        if column not in plan.bases:
            raise ValueError(f"`term`: {term} does not vary in this fit; name it in `varying`")
        moving = [place for place, source in zip(plan.moving, plan.source, strict=True) if source == column]
        for i, place in enumerate(moving):
            row = np.zeros(len(plan.names))
            row[place] = 1.0
            if not plan.bases[column].constant:
                if i == 0:
                    continue
                row[moving[0]] = -1.0
            rows.append(row)
    restriction = np.array(rows)
    covariance = restriction @ fit.covariance.to_numpy() @ restriction.T
    tested = [plan.names[i] for i in np.flatnonzero(restriction.any(axis=0))]
    return wald_of(restriction @ fit.coefficients.to_numpy(), covariance, tested)


def _columns(fit: CoxFit, term: str) -> list[int]:
    found = fit.parts.design.find(term)
    if found is None:
        raise ValueError(f"`term`: {term} is not in the model; it has {', '.join(fit.terms)}")
    return found


def _one_column(fit: CoxFit, term: str) -> int:
    columns = _columns(fit, term)
    if len(columns) > 1:
        names = ", ".join(fit.parts.design.columns[j] for j in columns)
        raise ValueError(f"`term`: {term} has several ratios, one a level; ask for one of {names}")
    return columns[0]
