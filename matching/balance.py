"""Balance of covariates between the arms, before and after weighting.

No p-values: balance is a property of this sample, not of a population, and a test would call a large imbalance
harmless in a small sample and a trifle significant in a register (Imai, King and Stuart 2008).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd

from matching.coarsen import MISSING_LABEL, category_codes, is_numeric

Standardize = Literal["estimand", "treated", "controls", "pooled"]
MEASURES = ("mean_treated", "mean_controls", "smd", "variance_ratio", "ks", "ecdf")


@dataclass(frozen=True, slots=True)
class Arms:
    """Two weightings of the same people, each arm's weights summing to one.

    shares : (4, n) treated before, controls before, treated after, controls after
    """

    shares: np.ndarray

    @classmethod
    def of(cls, treated: np.ndarray, before: np.ndarray, after: np.ndarray) -> Arms:
        """From (n,) arm membership and the (n,) weights before and after."""
        shares = np.zeros((4, len(treated)))
        for row, (weights, arm) in enumerate((w, a) for w in (before, after) for a in (treated, ~treated)):
            np.multiply(weights, arm, out=shares[row])
            shares[row] /= shares[row].sum()
        return cls(shares)

    def among(self, rows: np.ndarray) -> Arms:
        """The same weightings of some of the people only."""
        kept = self.shares[:, rows]
        with np.errstate(invalid="ignore"):
            return Arms(kept / kept.sum(axis=1, keepdims=True))


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
    standardize : "estimand" (treated for ATT, controls for ATC, pooled for ATE), "treated", "controls": with sqrt(p(1
        - p)) for 0/1 variables, as MatchIt; "pooled": sqrt((s1^2 + s0^2) / 2) with sample standard deviations for
        every variable
    squares, products : add squares of the numbers, and products of each two variables' columns

    Returns
    -------
    variable, level ("" for numbers), kind (number or share), then before and after: mean_treated, mean_controls, smd,
    variance_ratio (missing for shares, whose variance follows from the mean), ks (the largest difference between
    distribution functions) and ecdf (the mean difference over the distinct values). The standard deviation is that
    before weighting, both times.

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
    """Squares of numbers and products of the columns of two variables; rows with a missing factor are left aside."""
    columns = {v: list(indicator_columns(people[v])) for v in variables}
    pairs = (
        [((v, *c), (v, *c)) for v in variables for c in columns[v] if not c[0] and not _is_share(c[1])]
        if squares
        else []
    )
    if products:
        pairs += [((v, *a), (u, *b)) for v, u in combinations(variables, 2) for a in columns[v] for b in columns[u]]
    for (v, level_v, x), (u, level_u, z) in pairs:
        product = x * z
        observed = ~np.isnan(product)
        within = arms if observed.all() else arms.among(observed)
        name = f"{v}^2" if x is z else f"{v} * {u}"
        level = " * ".join(part for part in (level_v, level_u) if part) if x is not z else ""
        yield (name, level, *_number(product[observed], within, scale_by))


def indicator_columns(column: pd.Series) -> Iterator[tuple[str, np.ndarray]]:
    """A numeric column itself, or a 0/1 column per category: (level, (n,) float), level "" for numbers."""
    if is_numeric(column):
        yield "", column.to_numpy(dtype=float, na_value=np.nan)
        return
    codes, labels = category_codes(column)
    for level, label in enumerate(labels):
        yield label, (codes == level).astype(float)


def _is_share(values: np.ndarray) -> bool:
    """Whether the column holds nothing but 0 and 1."""
    return bool(values.min() >= 0 and values.max() <= 1 and ((values == 0) | (values == 1)).all())


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
    if _is_share(values):
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

    The mean is over the distinct values that occur with weight, as in MatchIt.
    """
    gap = np.stack([arms.shares[0] - arms.shares[1], arms.shares[2] - arms.shares[3]], axis=1)
    present = arms.shares[2] + arms.shares[3] > 0
    steps, occurs = _by_distinct_value(values, gap, present)
    difference = np.abs(np.cumsum(steps, axis=0))
    after = difference[occurs, 1]
    return [(difference[:, 0].max(), difference[:, 0].mean()), (after.max(), after.mean())]


def _by_distinct_value(values: np.ndarray, gap: np.ndarray, present: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(d, 2) sums of `gap` and (d,) whether any row is present, per distinct value in rising order."""
    low, high = values.min(), values.max()
    if high - low <= 65_536 and (np.floor(values) == values).all():  # whole numbers: count, do not sort
        code = (values - low).astype(np.int64)
        rows = np.bincount(code)
        sums = np.stack([np.bincount(code, weights=gap[:, j]) for j in (0, 1)], axis=1)
        return sums[rows > 0], (np.bincount(code, weights=present) > 0)[rows > 0]
    order = np.argsort(values)
    ordered = values[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    if len(starts) == len(order):
        return gap[order], present[order]
    return np.add.reduceat(gap[order], starts, axis=0), np.logical_or.reduceat(present[order], starts)
