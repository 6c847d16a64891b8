"""How far apart two survival curves are at given times, when the same people may stand behind both."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import ndtr

from survival.inputs import Codes, asked_times, clusters, confidence, follow_up, grouping
from survival.pointwise import GroupRows, survival_influence


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
    people = clusters(cluster, data.n)
    asked = asked_times(times)
    assert arms is not None
    owner = np.arange(data.n) if people is None else people.codes
    total = np.zeros((int(owner.max()) + 1, len(asked)))
    difference = np.zeros(len(asked))
    for code, sign in zip(_compared(arms, groups), (1.0, -1.0), strict=True):
        rows = np.flatnonzero((arms.codes == code) & (data.weight() > 0))
        survival, influence = survival_influence(GroupRows.of(data.take(rows), owner[rows]), asked)
        difference += sign * survival
        total[: len(influence)] += sign * influence
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


def _compared(arms: Codes, groups: tuple[Any, Any] | None) -> tuple[int, int]:
    """Codes of the two groups that are compared."""
    first, second = groups if groups is not None else (arms.labels[-1], arms.labels[0])
    for label in (first, second):
        if label not in arms.labels:
            raise ValueError(f"`group` has no {label!r}; it has {', '.join(map(repr, arms.labels))}")
    if first == second:
        raise ValueError("`group` must hold two groups to compare")
    return arms.labels.index(first), arms.labels.index(second)
