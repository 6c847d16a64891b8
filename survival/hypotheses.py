"""Tests of a fitted Cox model: Wald's for any set of terms, and likelihood ratio, score and Wald for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from survival.arrays import Floats, chi_squared, crossproduct
from survival.partial_likelihood import evaluate, information, score
from survival.residuals import influence

if TYPE_CHECKING:
    from survival.cox import CoxFit


@dataclass(frozen=True, slots=True)
class WaldTest:
    """A joint test: chi-squared statistic, degrees of freedom, p, and the coefficients it is about."""

    statistic: float
    df: int
    p: float
    tested: tuple[str, ...]


def wald(fit: CoxFit, terms: str | Sequence[str] | None) -> WaldTest:
    """Joint test that all coefficients of `terms` are 0, with the fit's covariance."""
    names = list(fit.coefficients.index) if terms is None else fit.names_of(terms)
    places = fit.coefficients.index.get_indexer(names)
    return wald_of(fit.coefficients.to_numpy()[places], fit.covariance.to_numpy()[np.ix_(places, places)], names)


def wald_of(difference: Floats, covariance: Floats, tested: Sequence[str]) -> WaldTest:
    """Wald's test that a difference (q,) with this covariance (q, q) is 0.

    Raises ValueError when the covariance has no inverse: fewer clusters than coefficients tested.
    """
    df = len(difference)
    statistic = chi_squared(difference, covariance)
    if np.isnan(statistic):
        raise ValueError(f"`cluster`: too few clusters to test {df} coefficients together")
    return WaldTest(statistic, df, float(chdtrc(df, statistic)), tuple(tested))


def overall(fit: CoxFit) -> pd.DataFrame:
    """test, statistic, df, p: likelihood ratio, score, Wald, and robust score when errors are robust.

    As R `summary(coxph)`. Likelihood ratio and score are model-based: under weights and clusters their p is too small.
    NaN where there are fewer clusters than coefficients.
    """
    model, df = fit.parts.prepared.model, len(fit.coefficients)
    state = evaluate(model, np.zeros(df))
    u = score(model, state)
    rows = [
        ("likelihood ratio", 2 * (fit.log_likelihood - fit.log_likelihood_null)),
        ("score", chi_squared(u, information(model, state))),
        ("wald", chi_squared(fit.coefficients.to_numpy(), fit.covariance.to_numpy())),
    ]
    if fit.robust:
        residuals = influence(model, state, fit.parts.owner)
        rows.append(("robust score", chi_squared(u, crossproduct(residuals))))
    return pd.DataFrame([(test, value, df, float(chdtrc(df, value))) for test, value in rows], columns=_COLUMNS)


_COLUMNS = ["test", "statistic", "df", "p"]
