"""Survival and incidence at a few given times, with every row's influence on them.

The curves of `kaplan_meier` and `cumulative_incidence` have an error at every event time. Where only some times matter,
or many causes, clusters' influences at those times are less work, and clusters may span groups.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.sparse import csr_array

from survival.arrays import Bools, Floats, Ints, stable_order
from survival.curves import Hazard, group_rows, hazard
from survival.inputs import FollowUp, asked_times, clusters, follow_up, grouping
from survival.intervals import checked_interval, limits_at
from survival.risksets import TIE_TOLERANCE, RiskSets, risk_sets


def incidence_at(
    time: ArrayLike,
    cause: ArrayLike,
    times: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    group: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    interval: str = "log-log",
    level: float = 0.95,
) -> pd.DataFrame:
    """The numbers of `cumulative_incidence(...).at(times)`, without the errors at all other times.

    Parameters
    ----------
    time, cause, entry, group, weights, cluster, interval, level : as in `cumulative_incidence`
    times : (k,) when

    Returns
    -------
    group, cause, time, incidence, std_error, lower, upper; a row per group, cause and time
    """
    data = follow_up(time, cause, entry, weights, status_name="cause", causes=True)
    groups = grouping(group, "group", data.n)
    owner = clusters(cluster, data.n)
    checked_interval(interval)
    asked = asked_times(times)
    frames = []
    for label, rows in group_rows(groups, data):
        part = data.take(rows)
        own = None if owner is None else owner.codes[rows]
        members = GroupRows.of(part, own)
        for number in range(1, max(int(data.status.max()), 1) + 1):
            incidence, influence = incidence_influence(members, number, asked)
            std_error = np.sqrt((influence**2).sum(axis=0))
            lower, upper = limits_at(asked, float(part.time.min()), incidence, std_error, interval, level)
            frames.append(
                pd.DataFrame(
                    {
                        "group": label,
                        "cause": number,
                        "time": asked,
                        "incidence": incidence,
                        "std_error": std_error,
                        "lower": lower,
                        "upper": upper,
                    }
                )
            )
    return pd.concat(frames, ignore_index=True)


@dataclass(frozen=True, slots=True)
class GroupRows:
    """The rows of one group, and how their influences are summed within clusters.

    A row at risk adds to its cluster, at each of its risk sets, its weight times a number that is the same for
    everyone; its event adds another such number. So (C, K + 1) matrices take numbers by risk set to sums by cluster:
    `lived` takes their running sums, and `events` the numbers themselves for the events. The last column is of rows
    that leave after all events, for which numbers are 0.
    """

    data: FollowUp
    sets: RiskSets
    rates: Hazard
    owner: Ints
    lived: csr_array
    events: csr_array

    @classmethod
    def of(cls, data: FollowUp, owner: Ints | None) -> GroupRows:
        """Rows of positive weight, in the clusters `owner` (n,) or each its own."""
        sets = risk_sets(data)
        own, weight = np.arange(data.n) if owner is None else owner, data.weight()
        lived = _by_cluster(
            np.concatenate([weight, -weight[sets.late]]),
            np.concatenate([own, own[sets.late]]),
            np.concatenate([sets.leaves, sets.missed]),
            sets.size,
        )
        rows = np.flatnonzero(sets.event)
        events = _by_cluster(weight[rows], own[rows], sets.leaves[rows], sets.size, lived.shape[0])
        return cls(data, sets, hazard(sets, data.weights), own, lived, events)

    def events_of(self, cause: int) -> csr_array:
        """(C, K + 1) as `events`, of one cause."""
        rows = np.flatnonzero(self.sets.event & (self.data.status == cause))
        weight, place = self.data.weight()[rows], self.sets.leaves[rows]
        return _by_cluster(weight, self.owner[rows], place, self.sets.size, self.lived.shape[0])

    def counted(self, reached: Ints) -> Bools:
        """(K, k) whether each risk set is among the first `reached` (k,)."""
        return np.arange(self.sets.size)[:, None] < reached

    def running(self, values: Floats) -> Floats:
        """(K + 1, k) running sums of (K, k) numbers by risk set, as `lived` takes them."""
        return _with_last(self.sets.prefix(values))


def survival_influence(rows: GroupRows, times: Floats) -> tuple[Floats, Floats]:
    """(k,) Kaplan-Meier survival of these rows at times (k,), and (C, k) each cluster's influence on it.

    A row adds S(t) w (A(min(t, time)) - A(entry) - event / (Y - d)), the last term once its event has happened, with A
    the running sum of d / (Y (Y - d)): the infinitesimal jackknife, as in R's `survfit(influence = TRUE)`.
    """
    reached = _reached(rows.sets, times)
    counted = rows.counted(reached)
    curve = np.append(1.0, rows.rates.survival)[reached]
    lived = rows.lived @ rows.running(np.where(counted, rows.rates.greenwood[:, None], 0.0))
    happened = rows.events @ _with_last(np.where(counted, rows.rates.per_survivor[:, None], 0.0))
    return curve, curve * (lived - happened)


def incidence_influence(rows: GroupRows, cause: int, times: Floats) -> tuple[Floats, Floats]:
    """(k,) cumulative incidence of a cause at times (k,), and (C, k) each cluster's influence on it.

    With F the incidence, a row at risk adds w {(F(t) - F(r)) d / (Y (Y - d)) - dF(r) / Y} at every event time r up to
    t, through survival after r and through the risk set at r. Its own event at u adds w S(u-) / Y if it is of this
    cause, and - w (F(t) - F(u)) / (Y - d) whatever its cause.
    """
    sets, rates = rows.sets, rows.rates
    reached = _reached(sets, times)
    counted = rows.counted(reached)
    before = np.concatenate([[1.0], rates.survival])[: sets.size]
    step = before * sets.at_event(rows.data.weight() * (rows.data.status == cause)) / rates.at_risk
    running = np.cumsum(step)
    incidence = np.append(0.0, running)[reached]
    ahead = np.where(counted, incidence - running[:, None], 0.0)
    at_risk = np.where(counted, ahead * rates.greenwood[:, None] - (step / rates.at_risk)[:, None], 0.0)
    gained = rows.events_of(cause) @ _with_last(np.where(counted, (before / rates.at_risk)[:, None], 0.0))
    lost = rows.events @ _with_last(ahead * rates.per_survivor[:, None])
    return incidence, rows.lived @ rows.running(at_risk) + gained - lost


def _by_cluster(weight: Floats, owner: Ints, place: Ints, size: int, clusters: int = 0) -> csr_array:
    """(C, K + 1) sums of weights (n,) by cluster and place 0..K; at least `clusters`, as the last may have no row."""
    count = np.bincount(owner, minlength=clusters)
    # Entries of a cluster stand as they come, some in one place: only products are asked for, and sorting takes longer.
    order = stable_order(owner, len(count))
    ends = np.concatenate([[0], np.cumsum(count)])
    return csr_array((weight[order], place[order], ends), shape=(len(count), size + 1))


def _with_last(values: Floats) -> Floats:
    """(K + 1, k) numbers by risk set (K, k), and 0 for rows that leave after all events."""
    return np.concatenate([values, np.zeros_like(values[:1])]) if len(values) else np.zeros((1, values.shape[1]))


def _reached(sets: RiskSets, times: Floats) -> Ints:
    """(k,) how many of the risk sets' times are at or before each of times."""
    slack = TIE_TOLERANCE * float(np.mean(sets.times)) if sets.size else 0.0
    return np.searchsorted(sets.times, times + slack, side="right")
