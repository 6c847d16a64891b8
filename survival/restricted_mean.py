"""Restricted mean survival time: the area under a curve up to a horizon, and what groups differ by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import ndtr

from survival.arrays import Floats, group_sums
from survival.curves import group_rows, hazard
from survival.inputs import FollowUp, clusters, confidence, follow_up, grouping
from survival.risksets import risk_sets


@dataclass(frozen=True, slots=True)
class RestrictedMeans:
    """Restricted means by group.

    groups (G,), mean (G,) in units of time, covariance (G, G): off the diagonal what clusters that reach into several
    groups add; until the horizon; level of the intervals; robust as in `kaplan_meier`.
    """

    groups: list[Any]
    mean: Floats
    covariance: Floats
    until: float
    level: float
    robust: bool

    def _repr_html_(self) -> str:
        """For notebooks: the means, and what the groups differ by."""
        from survival.notebook import as_html

        means = as_html([f"Restricted mean time up to {self.until:g}, {self.level:.0%} intervals"], self.table())
        return means + (as_html(["Differences"], self.difference()) if len(self.groups) > 1 else "")

    def table(self) -> pd.DataFrame:
        """group, mean, std_error, lower, upper."""
        std_error = np.sqrt(np.diag(self.covariance))
        spread = confidence(self.level) * std_error
        columns = {"mean": self.mean, "std_error": std_error, "lower": self.mean - spread, "upper": self.mean + spread}
        return pd.DataFrame({"group": self.groups, **columns})

    def difference(self, reference: Any = None) -> pd.DataFrame:
        """group, reference, difference, std_error, lower, upper, p: each group less the reference (the first)."""
        rows = []
        for g, r in self._pairs(reference):
            weights = np.zeros(len(self.groups))
            weights[g], weights[r] = 1.0, -1.0
            estimate, std_error = float(weights @ self.mean), float(np.sqrt(weights @ self.covariance @ weights))
            z = confidence(self.level)
            limits = (estimate - z * std_error, estimate + z * std_error)
            rows.append((self.groups[g], self.groups[r], estimate, std_error, *limits, _p(estimate, std_error)))
        names = ["group", "reference", "difference", "std_error", "lower", "upper", "p"]
        return pd.DataFrame(rows, columns=names)

    def ratio(self, reference: Any = None, of: str = "mean") -> pd.DataFrame:
        """group, reference, ratio, lower, upper, p: of means, or of mean time lost before the horizon (of="lost").

        Intervals and tests on the log scale.
        """
        if of not in ("mean", "lost"):
            raise ValueError(f'`of` must be "mean" or "lost"; got {of!r}')
        value = self.mean if of == "mean" else self.until - self.mean
        rows = []
        for g, r in self._pairs(reference):
            weights = np.zeros(len(self.groups))
            weights[g], weights[r] = 1 / value[g], -1 / value[r]
            log, std_error = float(np.log(value[g] / value[r])), float(np.sqrt(weights @ self.covariance @ weights))
            spread = confidence(self.level) * std_error
            limits = (np.exp(log - spread), np.exp(log + spread))
            rows.append((self.groups[g], self.groups[r], np.exp(log), *limits, _p(log, std_error)))
        return pd.DataFrame(rows, columns=["group", "reference", "ratio", "lower", "upper", "p"])

    def _pairs(self, reference: Any) -> list[tuple[int, int]]:
        if reference is not None and reference not in self.groups:
            raise ValueError(f"`reference` must be one of {', '.join(map(str, self.groups))}; got {reference!r}")
        r = 0 if reference is None else self.groups.index(reference)
        return [(g, r) for g in range(len(self.groups)) if g != r]


def _p(estimate: float, std_error: float) -> float:
    return float(2 * ndtr(-abs(estimate) / std_error)) if std_error > 0 else float("nan")


def restricted_mean(
    time: ArrayLike,
    event: ArrayLike,
    *,
    until: float,
    entry: ArrayLike | None = None,
    group: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    robust: bool | None = None,
    level: float = 0.95,
) -> RestrictedMeans:
    """Mean time without the event up to `until`, by group.

    Parameters
    ----------
    time, event, entry, group, weights, cluster, robust : as in `kaplan_meier`
    until : the horizon, in the unit of time; every group must be followed that far or have no one left

    Raises
    ------
    ValueError : as `kaplan_meier`; a group is not followed to `until`

    Royston and Parmar (2013). Variance by Greenwood's terms as R `survRM2::rmst2`; with weights or clusters by the
    infinitesimal jackknife, as the area under R `residuals(survfit, type = "rmst")`.
    """
    data = follow_up(time, event, entry, weights)
    groups = grouping(group, "group", data.n)
    owner = clusters(cluster, data.n)
    robust = (weights is not None or cluster is not None) if robust is None else robust
    labels, means, variances, influences = [], [], [], []
    for label, rows in group_rows(groups, data):
        part = data.take(rows)
        mean, variance, influence = _area(part, _horizon(until, part, label))
        labels.append(label)
        means.append(mean)
        variances.append(variance)
        influences.append(_by_owner(influence, rows, None if owner is None else owner.codes, data.n))
    covariance = np.diag(variances)
    if robust:
        spread = np.stack(influences)
        covariance = spread @ spread.T
    return RestrictedMeans(labels, np.array(means), covariance, float(until), level, robust)


def _horizon(until: float, data: FollowUp, label: Any) -> float:
    if not (np.isfinite(until) and until > 0):
        raise ValueError(f"`until` must be a time after 0; got {until}")
    last = float(data.time.max())
    if until > last and not data.status[data.time == last].all():
        raise ValueError(
            f"`until` is {until:g}, but group {label} is followed to {last:g} only; choose an earlier horizon"
        )
    return float(until)


def _area(data: FollowUp, until: float) -> tuple[float, float, Floats]:
    """Area under one group's curve, Greenwood's variance of it, and each row's influence (n,), weighted."""
    sets = risk_sets(data)
    rates = hazard(sets, data.weights)
    inside = sets.times < until
    survival = np.concatenate([[1.0], rates.survival])
    edges = np.concatenate([[0.0], np.minimum(sets.times, until), [until]])
    pieces = survival * np.diff(edges)
    left = np.where(inside, pieces[::-1].cumsum()[::-1][1:], 0.0)  # area from each event time on
    variance = float((left**2 * rates.greenwood).sum())
    weight = data.weight()
    influence = weight * sets.over_life(rates.greenwood * left)
    at = sets.leaves[sets.event]
    influence[sets.event] -= weight[sets.event] * rates.per_survivor[at] * left[at]
    return float(pieces.sum()), variance, influence


def _by_owner(influence: Floats, rows: Any, owner: Any, n: int) -> Floats:
    """(C,) influence summed over clusters, or (n,) in the caller's rows when each row is its own."""
    if owner is not None:
        return group_sums(owner[rows], influence, int(owner.max()) + 1)
    total = np.zeros(n)
    total[rows] = influence
    return total
