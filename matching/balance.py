"""Balance of covariates between the arms, before and after weighting.

No p-values: balance is a property of this sample, not of a population, and a test would call a large imbalance
harmless in a small sample and a trifle significant in a register (Imai, King and Stuart 2008).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from matching.coarsen import MISSING_LABEL, category_codes, is_numeric
from matching.columns import is_share, second_order

Standardize = Literal["estimand", "treated", "controls", "pooled"]
MEASURES = ("mean_treated", "mean_controls", "smd", "variance_ratio", "ks", "ecdf")


@dataclass(frozen=True, slots=True)
class Arms:
    """Two weightings of the same people, each arm's weights summing to one.

    shares : (4, n) treated before, controls before, treated after, controls after
    gaps : (2, n) treated less controls, before and after
    """

    shares: np.ndarray
    gaps: np.ndarray

    @classmethod
    def of(cls, treated: np.ndarray, before: np.ndarray, after: np.ndarray) -> Arms:
        """From (n,) arm membership and the (n,) weights before and after."""
        shares = np.stack([weights * arm for weights in (before, after) for arm in (treated, ~treated)])
        return cls._scaled(shares)

    @classmethod
    def _scaled(cls, shares: np.ndarray) -> Arms:
        with np.errstate(invalid="ignore"):  # an arm with no weight left has no distribution: its measures are missing
            shares /= shares.sum(axis=1, keepdims=True)
        return cls(shares, shares[::2] - shares[1::2])

    def among(self, rows: np.ndarray) -> Arms:
        """The same weightings of some of the people only."""
        return Arms._scaled(self.shares[:, rows])


def balance_table(
    people: pd.DataFrame,
    arms: Arms,
    variables: Sequence[str],
    *,
    estimand: str,
    standardize: Standardize = "estimand",
    squares: bool = False,
    products: bool = False,
) -> pd.DataFrame:
    """One row per number or category level: how the arms differ, before and after.

    Parameters
    ----------
    people : n rows with the variables
    arms : the two weightings compared
    variables : columns; text, categorical and boolean ones give a row per level or share
    estimand : ATT, ATC or ATE: whose standard deviation divides under standardize="estimand"
    standardize : "estimand" (treated for ATT, controls for ATC, both for ATE), "treated", "controls": as MatchIt, with
        the variance p(1 - p) for 0/1 variables; "pooled": sqrt((s1^2 + s0^2) / 2), sample variances for every variable
    squares, products : add squares of the numbers, and products of each two variables' columns

    Returns
    -------
    variable, level ("" for numbers), kind (number or share), then before and after: mean_treated, mean_controls, smd,
    variance_ratio (missing for shares, whose variance follows from the mean), ks (the largest difference between
    distribution functions) and ecdf (the mean difference over the distinct values of everyone). Both SMD divide by the
    standard deviation before weighting.

    Definitions and numbers: MatchIt's `summary`; weighted variances are sum w (x - mean)^2 / (sum w - sum w^2 / sum w).
    """
    if standardize not in ("estimand", "treated", "controls", "pooled"):
        raise ValueError(f"standardize={standardize!r} is unknown; use 'estimand', 'treated', 'controls' or 'pooled'")
    lost = [v for v in variables if v not in people.columns]
    if lost:
        raise ValueError(f"balance: no column named {', '.join(map(repr, lost))}")
    scale_by = _scale_name(estimand, standardize)
    rows = [row for v in variables for row in _variable_rows(people[v], v, arms, scale_by)]
    if squares or products:
        rows += _second_order_rows(people, variables, arms, scale_by, squares, products)
    columns = ["variable", "level", "kind", *(f"{m}_{when}" for when in ("before", "after") for m in MEASURES)]
    return pd.DataFrame(rows, columns=columns)


def _scale_name(estimand: str, standardize: str) -> str:
    if standardize == "estimand":
        return {"ATT": "treated", "ATC": "controls", "ATE": "both"}[estimand]
    return standardize


def _variable_rows(column: pd.Series, name: str, arms: Arms, scale_by: str) -> Iterator[tuple]:
    if is_numeric(column):
        values = column.to_numpy(dtype=float, na_value=np.nan)
        missing = np.isnan(values)
        if missing.all():
            raise ValueError(f"balance: {name} is missing for everyone; leave it out")
        if missing.any():
            observed = arms.among(~missing)
            yield (name, "", *_number(values[~missing], observed, scale_by))
            yield (name, MISSING_LABEL, "share", *_shares(arms.shares @ missing, arms, scale_by))
        else:
            yield (name, "", *_number(values, arms, scale_by))
        return
    codes, labels = category_codes(column)
    levels = np.stack([np.bincount(codes, weights=w, minlength=len(labels)) for w in arms.shares])
    for level, label in enumerate(labels):
        yield (name, label, "share", *_shares(levels[:, level], arms, scale_by))


def _second_order_rows(
    people: pd.DataFrame, variables: Sequence[str], arms: Arms, scale_by: str, squares: bool, products: bool
) -> Iterator[tuple]:
    """Rows for squares and products; people with a missing factor are left aside."""
    for name, level, values in second_order(people, variables, squares=squares, products=products):
        observed = ~np.isnan(values)
        within = arms if observed.all() else arms.among(observed)
        yield (name, level, *_number(values[observed], within, scale_by))


def _shares(means: np.ndarray, arms: Arms, scale_by: str) -> tuple:
    """Measures of a 0/1 column from its four means; both distances between distributions are the gap in shares."""
    variances = means * (1 - means)
    if scale_by == "pooled":
        variances = variances * _unbiased(arms)
    divisor = _divisor(variances[:2], scale_by)
    measures: list[float] = []
    for treated, controls in (means[:2], means[2:]):
        gap = treated - controls
        measures += [treated, controls, _ratio(gap, divisor), np.nan, abs(gap), abs(gap)]
    return tuple(measures)


def _unbiased(arms: Arms) -> np.ndarray:
    """(4,) factor that turns sum p (x - mean)^2 into the unbiased variance; n/(n-1) when weights are equal."""
    rest = 1 - np.einsum("ij,ij->i", arms.shares, arms.shares)
    return np.divide(1.0, rest, out=np.full(4, np.nan), where=rest > 1e-12)


def _number(values: np.ndarray, arms: Arms, scale_by: str) -> tuple:
    """kind and the measures of a numeric column without missing values."""
    if is_share(values):
        return ("share", *_shares(arms.shares @ values, arms, scale_by))
    centred = values - values.mean()
    means = arms.shares @ centred
    variances = (arms.shares @ centred**2 - means**2).clip(min=0) * _unbiased(arms)
    divisor = _divisor(variances[:2], scale_by)
    measures: list[float] = []
    for i, (largest, average) in zip((0, 2), _distribution_distances(values, arms), strict=True):
        treated, controls = means[i] + values.mean(), means[i + 1] + values.mean()
        measures += [treated, controls, _ratio(means[i] - means[i + 1], divisor)]
        measures += [_ratio(variances[i], variances[i + 1]), largest, average]
    return ("number", *measures)


def _divisor(variances: np.ndarray, scale_by: str) -> float:
    """Standard deviation to divide by; when the arm's own is zero, the pooled one."""
    pooled = float(np.sqrt(variances.mean()))
    if scale_by in ("pooled", "both"):
        return pooled
    own = float(np.sqrt(variances[0 if scale_by == "treated" else 1]))
    return own if own > 0 else pooled


def _ratio(over: float, under: float) -> float:
    if under > 0:
        return float(over / under)
    return 0.0 if over == 0 else np.nan


def _distribution_distances(values: np.ndarray, arms: Arms) -> list[tuple[float, float]]:
    """Largest and mean difference between the arms' distribution functions, before and after.

    The mean is over the distinct values of everyone, matched or not, as in MatchIt.
    """
    low = values.min()
    if values.max() - low <= 65_536 and (np.floor(values) == values).all():  # whole numbers: count, do not sort
        code = (values - low).astype(np.int64)
        occurs = np.bincount(code) > 0
        running = [np.cumsum(np.bincount(code, weights=gap)[occurs]) for gap in arms.gaps]
    else:
        order = np.argsort(values)
        ordered = values[order]
        last = np.append(ordered[1:] != ordered[:-1], True)
        running = [np.cumsum(gap[order]) for gap in arms.gaps]
        if not last.all():
            running = [sums[last] for sums in running]
    return [(float(d.max()), float(d.mean())) for d in map(np.abs, running)]
