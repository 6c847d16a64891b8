"""Tests of a fitted Cox model: Wald's for any set of terms, and likelihood ratio, score and Wald for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import chdtrc

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
    b = fit.coefficients[names].to_numpy()
    statistic = float(b @ np.linalg.solve(fit.covariance.loc[names, names].to_numpy(), b))
    return WaldTest(statistic, len(names), float(chdtrc(len(names), statistic)), tuple(names))


def overall(fit: CoxFit) -> pd.DataFrame:
    """test, statistic, df, p: likelihood ratio, score, Wald, and robust score when errors are robust.

    As R `summary(coxph)`: likelihood ratio and score are model-based, which weights and clusters make too small in p.
    """
    model, df = fit.parts.prepared.model, len(fit.coefficients)
    state = evaluate(model, np.zeros(df))
    u = score(model, state)
    rows = [
        ("likelihood ratio", 2 * (fit.log_likelihood - fit.log_likelihood_null)),
        ("score", float(u @ np.linalg.solve(information(model, state), u))),
        ("wald", wald(fit, None).statistic),
    ]
    if fit.robust:
        residuals = influence(model, state, fit.parts.owner)
        rows.append(("robust score", float(u @ np.linalg.solve(residuals.T @ residuals, u))))
    return pd.DataFrame([(test, value, df, float(chdtrc(df, value))) for test, value in rows], columns=_COLUMNS)


_COLUMNS = ["test", "statistic", "df", "p"]
