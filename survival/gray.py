"""Gray's test: do groups differ in the cumulative incidence of a cause?"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from survival.arrays import Floats
from survival.inputs import Codes, FollowUp, follow_up, grouping
from survival.risksets import RiskSets, risk_sets


def gray_test(time: ArrayLike, cause: ArrayLike, group: ArrayLike) -> pd.DataFrame:
    """cause, statistic, df, p: a row per cause.

    Parameters
    ----------
    time : (n,) end of follow-up
    cause : (n,) 0 censored, 1..k what happened at `time`
    group : (n,) two or more groups

    Raises
    ------
    ValueError : as `cumulative_incidence`; fewer than two groups

    Unlike a log-rank test of the cause-specific hazard, those who left for another cause stay in the comparison. Rows
    count once: there is no accepted weighted or left-truncated form. Gray (1988) with rho = 0; ties and variance as R
    `cmprsk::cuminc`, against which it was checked.
    """
    data = follow_up(time, cause, status_name="cause", causes=True)
    groups = grouping(group, "group", data.n)
    assert groups is not None
    if len(groups.labels) < 2:
        raise ValueError("`group` has one group only; a comparison needs two")
    sets = risk_sets(data)
    rows = []
    for number in range(1, int(data.status.max()) + 1):
        if not (data.status == number).any():
            continue
        z, variance = _score(sets, data, groups, number)
        statistic = float(z[1:] @ np.linalg.lstsq(variance[1:, 1:], z[1:], rcond=None)[0])
        df = len(z) - 1
        rows.append({"cause": number, "statistic": statistic, "df": df, "p": float(chdtrc(df, statistic))})
    if not rows:
        raise ValueError("`cause` is 0 in every row; there is nothing to compare")
    return pd.DataFrame(rows)


def _score(sets: RiskSets, data: FollowUp, groups: Codes, cause: int) -> tuple[Floats, Floats]:
    """(G,) observed less expected events of the cause, and their (G, G) covariance.

    Names follow the paper: y at risk, h = y / S(t-) the size a risk set would have had without other causes and before
    censoring, R = h (1 - F(t-)) the risk set of the subdistribution, G = 1 - F of the pooled sample.
    """
    members = [(groups.codes == g).astype(float) for g in range(len(groups.labels))]
    y = np.stack([sets.at_risk(member) for member in members], axis=1)
    own = np.stack([sets.at_event(member * (data.status == cause)) for member in members], axis=1)
    other = np.stack([sets.at_event(member * (data.status != cause)) for member in members], axis=1)
    survival = np.cumprod(1 - _ratio(own + other, y), axis=0)
    before = np.vstack([np.ones(y.shape[1]), survival[:-1]])
    h = _ratio(y, before)
    incidence = np.cumsum(_ratio(own, h), axis=0)
    r = h * (1 - np.vstack([np.zeros(y.shape[1]), incidence[:-1]]))
    z = (own - r * _ratio(own.sum(axis=1), r.sum(axis=1))[:, None]).sum(axis=0)
    pooled = _ratio(own.sum(axis=1), h.sum(axis=1))
    return z, _variance(y, h, own, other, survival, before, pooled)


def _variance(
    y: Floats, h: Floats, own: Floats, other: Floats, survival: Floats, before: Floats, pooled: Floats
) -> Floats:
    """(G, G) sum over groups of squared influences of own and other events; pooled (K,) is dF of the pooled sample."""
    share = _ratio(h, h.sum(axis=1, keepdims=True))
    g = 1 - np.cumsum(pooled)
    path = _ratio(pooled, np.append(1.0, g[:-1]))
    count, total = own.sum(axis=1), np.zeros((y.shape[1], y.shape[1]))
    for r in range(y.shape[1]):
        direct = h * ((np.arange(y.shape[1]) == r) - share[:, [r]])
        running = np.cumsum(direct * path[:, None], axis=0)
        ahead = running[-1] - running
        through = _ratio(g, survival[:, r])[:, None]
        at_own, at_other = direct + (1 - through) * ahead, -through * ahead
        own_size = _ratio(pooled, h[:, r]) * _tied(count, h.sum(axis=1) * before[:, r])
        other_size = _ratio(other[:, r] * before[:, r], y[:, r] * h[:, r]) * _tied(other[:, r], y[:, r])
        total += at_own.T @ (at_own * own_size[:, None]) + at_other.T @ (at_other * other_size[:, None])
    return total


def _tied(events: Floats, at_risk: Floats) -> Floats:
    """Hypergeometric correction of the variance at tied events."""
    return 1 - _ratio(np.maximum(events - 1, 0), np.maximum(at_risk - 1, 0))


def _ratio(a: Floats, b: Floats) -> Floats:
    """a / b, and 0 where b is 0."""
    a, b = np.broadcast_arrays(a, b)
    return np.divide(a, b, out=np.zeros(a.shape), where=b > 0)
