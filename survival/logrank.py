"""Log-rank tests: classical, stratified, Fleming-Harrington, and weighted with robust errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from survival.arrays import ROWS, Floats, Ints, blocks, chi_squared, crossproduct, group_sums
from survival.influence import cluster_sums
from survival.inputs import Codes, clusters, follow_up, grouping
from survival.risksets import RiskSets, risk_sets


@dataclass(frozen=True, slots=True)
class LogRank:
    """A test that k groups have the same hazard.

    statistic is chi-squared on df; observed and expected (k,) Series by group, weighted as the test is; variance
    (k, k) of observed - expected; method "hypergeometric" (classical) or "robust_score" (weights, clusters).
    """

    statistic: float
    df: int
    p: float
    observed: pd.Series
    expected: pd.Series
    variance: pd.DataFrame
    method: str

    def _repr_html_(self) -> str:
        """For notebooks: the test, and events observed and expected."""
        from survival.notebook import as_html

        table = pd.DataFrame({"observed": self.observed, "expected": self.expected})
        head = f"Log-rank test ({self.method}): chi-squared {self.statistic:.3f}, df {self.df}, p {self.p:.3g}"
        return as_html([head], table, digits=1, index=True)


def logrank(
    time: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    rho: float = 0.0,
) -> LogRank:
    """Compare the hazards of groups.

    Parameters
    ----------
    time, event, entry : (n,) as in `kaplan_meier`
    group : (n,) two or more groups
    strata : (n,) compared within, summed over
    weights, cluster : (n,) with either, the variance is the robust one of the score test of group in a Cox model
        (Breslow ties): unlike the classical variance it does not take weights for frequencies
    rho : weigh events by S(t-)^rho of the pooled (stratum's) curve: 0 log-rank, 1 Peto and Peto

    Raises
    ------
    ValueError : as `kaplan_meier`; fewer than two groups; no events; a group nobody is at risk in when events happen

    Mantel (1966); Harrington and Fleming (1982); Lin and Wei (1989). Checked against R `survival::survdiff` and, with
    weights, the robust score test of `coxph(..., weights=, cluster=, ties = "breslow")`.
    """
    data = follow_up(time, event, entry, weights)
    groups = grouping(group, "group", data.n)
    stratum = grouping(strata, "strata", data.n)
    owner = clusters(cluster, data.n)
    assert groups is not None
    if len(groups.labels) < 2:
        raise ValueError("`group` has one group only; a comparison needs two")
    sets = risk_sets(data, *((None, 1) if stratum is None else (stratum.codes, len(stratum.labels))))
    if not sets.size:
        raise ValueError("`event` never happens; there is nothing to compare")
    robust = weights is not None or cluster is not None
    cell = _cells(sets, groups)
    table = _Table.of(sets, cell, data.weight(), groups, rho)
    if robust:
        variance = _robust_variance(table, sets, cell, data.weight(), groups, None if owner is None else owner.codes)
    else:
        variance = _hypergeometric_variance(table)
    return _test(table, variance, groups, "robust_score" if robust else "hypergeometric")


@dataclass(frozen=True, slots=True)
class _Table:
    """At each of K risk sets: at_risk and events (K, G) by group, and the emphasis (K,) S(t-)^rho."""

    at_risk: Floats
    events: Floats
    emphasis: Floats

    @classmethod
    def of(cls, sets: RiskSets, cell: Ints, weight: Floats, groups: Codes, rho: float) -> _Table:
        """Count rows of `weight` (n,) by risk set and group."""
        size, count = sets.size + 1, len(groups.labels)
        censored, events = group_sums(cell, weight, 2 * count * size).reshape(2, count, size)[:, :, :-1]
        at_risk = sets.suffix((censored + events).T)
        if len(sets.late):
            missed = groups.codes[sets.late] * size + sets.missed
            came = group_sums(missed, weight[sets.late], count * size).reshape(count, size)
            at_risk -= sets.suffix(came[:, :-1].T)
        events = events.T
        emphasis = np.ones(sets.size)
        if rho:
            left = 1 - np.minimum(events.sum(axis=1) / at_risk.sum(axis=1), 1.0)
            for start, end in zip(sets.offset, sets.offset[1:], strict=False):
                emphasis[start:end] = np.concatenate([[1.0], np.cumprod(left[start:end])])[: end - start] ** rho
        return cls(at_risk, events, emphasis)

    @property
    def share(self) -> Floats:
        """(K, G) each group's share of those at risk."""
        return self.at_risk / self.at_risk.sum(axis=1, keepdims=True)

    @property
    def expected(self) -> Floats:
        """(K, G) events expected if all groups had the same hazard."""
        return self.share * self.events.sum(axis=1, keepdims=True)


def _cells(sets: RiskSets, groups: Codes) -> Ints:
    """(n,) the place of each row in a table (2, G, K + 1): whether its event happens, its group, when it leaves."""
    size = sets.size + 1
    happened, cell = len(groups.labels) * size, np.empty(len(sets.leaves), dtype=np.int64)
    for rows in blocks(len(cell), ROWS):
        cell[rows] = groups.codes[rows] * size + sets.leaves[rows] + sets.event[rows] * happened
    return cell


def _hypergeometric_variance(table: _Table) -> Floats:
    """(G, G) of observed - expected given the margins of each table."""
    y, d, share = table.at_risk.sum(axis=1), table.events.sum(axis=1), table.share
    ties = np.divide(y - d, y - 1, out=np.zeros_like(y), where=y > 1)
    factor = table.emphasis**2 * d * ties
    return np.diag(factor @ share) - share.T @ (share * factor[:, None])


def _robust_variance(
    table: _Table, sets: RiskSets, cell: Ints, weight: Floats, groups: Codes, owner: Ints | None
) -> Floats:
    """(G, G) sum over clusters of squared score residuals at equal hazards.

    A row's residual for group g depends on its own group, when it leaves and whether by an event (and, late, on when it
    entered): it is read from a table of those. Residuals for all groups sum to 0, so the last follows.
    """
    size, count = sets.size, len(groups.labels)
    rate = table.emphasis * table.events.sum(axis=1) / table.at_risk.sum(axis=1)
    all_paths = sets.prefix(np.column_stack([rate, rate[:, None] * table.share]))
    late = groups.codes[sets.late] * (size + 1) + sets.missed
    columns = []
    for g in range(count - 1):
        own = (np.arange(count) == g).astype(float)[:, None]
        path = np.zeros((count, size + 1))
        path[:, :-1] = all_paths[:, 1 + g] - own * all_paths[:, 0]
        at_event = np.zeros((count, size + 1))
        at_event[:, :-1] = table.emphasis * (own - table.share[:, g])
        of_cell, residual = np.concatenate([path, path + at_event]).ravel(), np.empty(len(cell))
        for rows in blocks(len(cell), ROWS):
            np.multiply(of_cell[cell[rows]], weight[rows], out=residual[rows])
        residual[sets.late] -= weight[sets.late] * path.ravel()[late]
        columns.append(cluster_sums(owner, residual))
    columns.append(-np.sum(columns, axis=0))
    return crossproduct(np.stack(columns, axis=1))


def _test(table: _Table, variance: Floats, groups: Codes, method: str) -> LogRank:
    observed = table.emphasis @ table.events
    expected = table.emphasis @ table.expected
    compared = np.flatnonzero(expected > 0)
    if len(compared) < 2:
        raise ValueError("`group`: fewer than two groups have anybody at risk when events happen")
    # Differences sum to 0, so one group says nothing new.
    free = compared[1:]
    difference = (observed - expected)[free]
    statistic = chi_squared(difference, variance[np.ix_(free, free)])
    if np.isnan(statistic):
        raise ValueError(
            "`event`: whenever it happens, either one group only is at risk or everybody has it; "
            "there is nothing to compare"
        )
    labels = groups.labels
    return LogRank(
        statistic=statistic,
        df=len(free),
        p=float(chdtrc(len(free), statistic)),
        observed=pd.Series(observed, index=labels, name="observed"),
        expected=pd.Series(expected, index=labels, name="expected"),
        variance=pd.DataFrame(variance, index=labels, columns=labels),
        method=method,
    )
