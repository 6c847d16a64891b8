"""How far apart two survival curves are at given times, when the same people may stand behind both."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import ndtr

from survival.curves import hazard
from survival.inputs import Floats, FollowUp, asked_times, confidence, follow_up, grouping
from survival.risksets import TIE_TOLERANCE, risk_sets


def survival_difference(
    time: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    times: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    groups: tuple[Any, Any] | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Difference of two groups' Kaplan-Meier survival at given times, its error and interval.

    Parameters
    ----------
    time, event, entry, weights, cluster : (n,) as in `kaplan_meier`
    group : (n,) two groups, or more with `groups` naming the two
    times : (k,) when to compare
    groups : (first, second); first minus second is given; the last and first of the sorted groups when left out

    Returns
    -------
    time, difference, std_error, lower, upper, p; a row per asked time, plain (symmetric) limits

    The groups' influence functions are summed within clusters before squaring, so that people who stand in both groups
    (controls who later take part) are counted for what they are; with clusters that never span the groups the variance
    is the sum of the two. The difference of one minus survival is the same with the sign turned.

    Raises
    ------
    ValueError : as `kaplan_meier`; or there are not two groups
    """
    data = follow_up(time, event, entry, weights)
    arms = grouping(group, "group", data.n)
    people = grouping(cluster, "cluster", data.n, ordered=False)
    asked = asked_times(times)
    assert arms is not None
    first, second = groups if groups is not None else (arms.labels[-1], arms.labels[0])
    for label in (first, second):
        if label not in arms.labels:
            raise ValueError(f"`group` has no {label!r}; it has {', '.join(map(repr, arms.labels))}")
    if first == second:
        raise ValueError("`group` must hold two groups to compare")
    owner = np.arange(data.n) if people is None else people.codes
    total = np.zeros((int(owner.max()) + 1, len(asked)))
    difference = np.zeros(len(asked))
    for label, sign in ((first, 1.0), (second, -1.0)):
        rows = np.flatnonzero((arms.codes == arms.labels.index(label)) & (data.weight() > 0))
        survival, influence = survival_influence(data.take(rows), asked)
        difference += sign * survival
        for j in range(len(asked)):
            total[:, j] += sign * np.bincount(owner[rows], influence[:, j], len(total))
    std_error = np.sqrt((total**2).sum(axis=0))
    z = confidence(level)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = 2 * ndtr(-np.abs(difference / std_error))
    return pd.DataFrame(
        {
            "time": asked,
            "difference": difference,
            "std_error": std_error,
            "lower": difference - z * std_error,
            "upper": difference + z * std_error,
            "p": p,
        }
    )


def survival_influence(data: FollowUp, times: Floats) -> tuple[Floats, Floats]:
    """(k,) Kaplan-Meier survival of these rows at times (k,), and (n, k) each row's influence on it.

    A row adds S(t) w (A(min(t, time)) - A(entry) - event / (Y - d)), the last term once its event has happened, with A
    the running sum of d / (Y (Y - d)): the infinitesimal jackknife, as in R's `survfit(influence = TRUE)`.
    """
    sets = risk_sets(data)
    rates = hazard(sets, data.weights)
    slack = TIE_TOLERANCE * float(np.mean(sets.times)) if sets.size else 0.0
    reached = np.searchsorted(sets.times, times + slack, side="right")
    curve = np.append(1.0, rates.survival)[reached]
    weight = data.weight()
    influence = np.zeros((data.n, len(times)))
    own = np.append(rates.per_survivor, 0.0)[sets.leaves] * sets.event
    for j, steps in enumerate(reached):
        until = np.where(np.arange(sets.size) < steps, rates.greenwood, 0.0)
        happened = own * (sets.leaves < steps)
        influence[:, j] = curve[j] * weight * (sets.over_life(until) - happened)
    return curve, influence
