"""Survival and incidence at a few given times, with every row's influence on them.

The curves of `kaplan_meier` and `cumulative_incidence` have an error at every event time. Where only some times matter,
or many causes, a row's influence at those times is less work, and it can be summed over clusters that span groups.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from survival.arrays import Floats, Ints
from survival.curves import Hazard, group_rows, hazard
from survival.influence import cluster_sums
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
        sets = risk_sets(part)
        rates = hazard(sets, part.weights)
        for number in range(1, max(int(data.status.max()), 1) + 1):
            incidence, influence = incidence_influence(part, number, asked, sets, rates)
            std_error = np.sqrt((cluster_sums(own, influence) ** 2).sum(axis=0))
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


def survival_influence(data: FollowUp, times: Floats) -> tuple[Floats, Floats]:
    """(k,) Kaplan-Meier survival of these rows at times (k,), and (n, k) each row's influence on it.

    A row adds S(t) w (A(min(t, time)) - A(entry) - event / (Y - d)), the last term once its event has happened, with A
    the running sum of d / (Y (Y - d)): the infinitesimal jackknife, as in R's `survfit(influence = TRUE)`.
    """
    sets = risk_sets(data)
    rates = hazard(sets, data.weights)
    reached = _reached(sets, times)
    curve = np.append(1.0, rates.survival)[reached]
    weight = data.weight()
    influence = np.zeros((data.n, len(times)))
    own = np.append(rates.per_survivor, 0.0)[sets.leaves] * sets.event
    for j, steps in enumerate(reached):
        until = np.where(np.arange(sets.size) < steps, rates.greenwood, 0.0)
        happened = own * (sets.leaves < steps)
        influence[:, j] = curve[j] * weight * (sets.over_life(until) - happened)
    return curve, influence


def incidence_influence(
    data: FollowUp, cause: int, times: Floats, sets: RiskSets, rates: Hazard
) -> tuple[Floats, Floats]:
    """(k,) cumulative incidence of a cause at times (k,), and (n, k) each row's influence on it.

    With F the incidence, a row at risk adds w {(F(t) - F(r)) d / (Y (Y - d)) - dF(r) / Y} at every event time r up to
    t, through survival after r and through the risk set at r. Its own event at u adds w S(u-) / Y if it is of this
    cause, and - w (F(t) - F(u)) / (Y - d) whatever its cause.
    """
    weight = data.weight()
    before = np.concatenate([[1.0], rates.survival])[: sets.size]
    step = before * sets.at_event(weight * (data.status == cause)) / rates.at_risk
    running = np.cumsum(step)
    own = sets.event & (data.status == cause)
    gain = np.append(before / rates.at_risk, 0.0)[sets.leaves] * own
    incidence, influence = np.zeros(len(times)), np.zeros((data.n, len(times)))
    for j, steps in enumerate(_reached(sets, times)):
        incidence[j] = running[steps - 1] if steps else 0.0
        ahead = np.where(np.arange(sets.size) < steps, incidence[j] - running, 0.0)
        counted = np.arange(sets.size) < steps
        at_risk = np.where(counted, ahead * rates.greenwood - step / rates.at_risk, 0.0)
        lost = np.append(ahead * rates.per_survivor, 0.0)[sets.leaves] * sets.event
        influence[:, j] = weight * (sets.over_life(at_risk) + (gain - lost) * (sets.leaves < steps))
    return incidence, influence


def _reached(sets: RiskSets, times: Floats) -> Ints:
    """(k,) how many of the risk sets' times are at or before each of times."""
    slack = TIE_TOLERANCE * float(np.mean(sets.times)) if sets.size else 0.0
    return np.searchsorted(sets.times, times + slack, side="right")
