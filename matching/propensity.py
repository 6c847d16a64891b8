"""Propensity score weights (Rosenbaum and Rubin 1983; Hirano, Imbens and Ridder 2003)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from matching.checks import arms_and_weights, check_estimand
from matching.columns import design_matrix
from matching.logistic import logistic
from matching.sample import Sample, few_effective, names_of, weighted_rows

Trim = tuple[float, float] | Literal["overlap"] | None
DECIDED = 1e-6  # everyone's score this close to what they did: the covariates tell it
FORMULAS = {
    "ATT": "treated: base; controls: base x e/(1 - e), scaled to sum to the controls kept",
    "ATC": "controls: base; treated: base x (1 - e)/e, scaled to sum to the treated kept",
    "ATE": "treated: base/e; controls: base/(1 - e), each scaled to sum to the rows kept",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ScoredSample(Sample):
    """People weighted by their propensity score.

    score : (n,) probability of treatment given the covariates
    coefficients : of the logistic regression, by column
    bounds : scores between which people were kept
    """

    score: np.ndarray
    coefficients: pd.Series
    bounds: tuple[float, float]


def propensity_weights(
    people: pd.DataFrame,
    treatment: str,
    variables: Sequence[str],
    estimand: str = "ATT",
    *,
    weights: str | Sequence[float] | np.ndarray | pd.Series | None = None,
    squares: bool = False,
    products: bool = False,
    trim: Trim = None,
    verify: bool = False,
) -> ScoredSample:
    """Weights from a logistic regression of treatment on the covariates.

    Parameters
    ----------
    people, treatment, estimand, weights : as in `cem`; base weights weight the regression too
    variables : covariates; text and categories enter as 0/1 columns without the first level
    squares, products : enter these too
    trim : keep scores within (low, high), or those both arms have ("overlap"); the estimand is then the effect among
        the people kept, which a note says
    verify : fit the same with statsmodels, and note how far the scores are apart

    Raises
    ------
    ValueError : the covariates tell treated and controls apart completely, or trimming leaves one arm empty

    Checked against statsmodels' binomial GLM and R `glm(family = binomial)`.
    """
    variables = names_of(variables)
    check_estimand(estimand)
    treated, base = arms_and_weights(people, treatment, variables, weights)
    matrix, names = design_matrix(people, variables, squares=squares, products=products)
    score, coefficients = _fit(matrix, names, treated, base)
    opinion = (_second_opinion(matrix, treated, base, score),) if verify else ()
    bounds = _bounds(score, treated, trim)
    kept = (score >= bounds[0]) & (score <= bounds[1])
    for arm, rows in (("treated", treated), ("controls", ~treated)):
        if not (rows & kept).any():
            raise ValueError(f"trim: no {arm} have a score between {bounds[0]:.4g} and {bounds[1]:.4g}; widen it")
    weight = _weights(score, treated, base, kept, estimand)
    return ScoredSample(
        data=weighted_rows(people, weight > 0, weight=weight),
        method="propensity score weighting",
        formula=FORMULAS[estimand],
        treatment=treatment,
        estimand=estimand,
        variables=tuple(variables),
        people=people,
        treated=treated,
        base=base,
        weight=weight,
        notes=_trim_notes(kept, treated, bounds) + few_effective(treated, weight) + opinion,
        score=score,
        coefficients=coefficients,
        bounds=bounds,
    )


def _fit(matrix: np.ndarray, names: list[str], treated: np.ndarray, base: np.ndarray) -> tuple[np.ndarray, pd.Series]:
    """Fitted scores and coefficients of the logistic regression."""
    spread = np.where(matrix.std(axis=0) > 0, matrix.std(axis=0), 1.0)
    centre = matrix.mean(axis=0)
    columns = np.column_stack([np.ones(len(matrix)), (matrix - centre) / spread])
    fit = logistic(columns, base, base * treated)
    if np.abs(fit.fitted - treated).max() < DECIDED:
        raise ValueError(_separation(matrix, names, treated))
    if not fit.converged:
        raise ValueError("propensity score: the logistic regression did not converge; use fewer or coarser covariates")
    slopes = fit.coefficients[1:] / spread
    coefficients = np.concatenate([[fit.coefficients[0] - slopes @ centre], slopes])
    return fit.fitted, pd.Series(coefficients, index=["intercept", *names])


def _second_opinion(matrix: np.ndarray, treated: np.ndarray, base: np.ndarray, score: np.ndarray) -> str:
    """How far the scores are from statsmodels', in a sentence."""
    import statsmodels.api as sm

    model = sm.GLM(treated.astype(float), sm.add_constant(matrix), family=sm.families.Binomial(), freq_weights=base)
    apart = np.abs(model.fit(tol=1e-12, maxiter=100).fittedvalues - score).max()
    return f"statsmodels' scores differ from these by {apart:.1g} at most"


def _separation(matrix: np.ndarray, names: list[str], treated: np.ndarray) -> str:
    """Names the column that by itself tells the arms apart, when there is one."""
    start = "propensity score: the covariates tell treated and controls apart completely"
    for name, values in zip(names, matrix.T, strict=True):
        ours, theirs = values[treated], values[~treated]
        if ours.min() > theirs.max() or ours.max() < theirs.min():
            return f"{start}: {name} alone does; leave it out"
    return f"{start}; nobody has a counterpart, so leave out or coarsen covariates"


def _bounds(score: np.ndarray, treated: np.ndarray, trim: Trim) -> tuple[float, float]:
    if trim is None:
        return 0.0, 1.0
    if trim == "overlap":
        arms = score[treated], score[~treated]
        return float(max(a.min() for a in arms)), float(min(a.max() for a in arms))
    if not isinstance(trim, tuple | list) or len(trim) != 2 or not 0 <= trim[0] < trim[1] <= 1:
        raise ValueError(f"trim={trim!r} is unknown; use (low, high) with 0 <= low < high <= 1, 'overlap' or None")
    return float(trim[0]), float(trim[1])


def _weights(score: np.ndarray, treated: np.ndarray, base: np.ndarray, kept: np.ndarray, estimand: str) -> np.ndarray:
    with np.errstate(divide="ignore"):  # a score of exactly 0 or 1 is refused below unless it is trimmed
        factor = {
            "ATT": np.where(treated, 1.0, score / (1 - score)),
            "ATC": np.where(treated, (1 - score) / score, 1.0),
            "ATE": 1 / np.where(treated, score, 1 - score),
        }[estimand]
    weight = np.where(kept, base * factor, 0.0)
    if not np.isfinite(weight).all():
        raise ValueError("propensity score: some scores are 0 or 1, so their weights have no bound; use trim")
    for rows, defines in ((treated, "ATT"), (~treated, "ATC")):
        if estimand != defines:
            weight[rows] *= (rows & kept).sum() / weight[rows].sum()
    return weight


def _trim_notes(kept: np.ndarray, treated: np.ndarray, bounds: tuple[float, float]) -> tuple[str, ...]:
    if kept.all():
        return ()
    return (
        f"{int((treated & ~kept).sum())} treated and {int((~treated & ~kept).sum())} controls left out: their score is "
        f"not between {bounds[0]:.4g} and {bounds[1]:.4g}; the effect is that among the people kept",
    )
