"""Cumulative incidence with competing events: the Aalen-Johansen estimator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from survival.arrays import Floats, Ints
from survival.curves import Hazard, group_rows, hazard
from survival.influence import Jumps, jumps_of, squared_influence
from survival.inputs import FollowUp, asked_times, clusters, follow_up, grouping
from survival.intervals import checked_interval, interval_of, limits_at
from survival.risksets import TIE_TOLERANCE, risk_sets


@dataclass(frozen=True, slots=True)
class Incidence:
    """One group's cumulative incidence of one cause: times (k,) of any event, values (k,) from each on;
    first_end when the first follow-up ended."""

    group: Any
    cause: int
    times: Floats
    incidence: Floats
    std_error: Floats
    lower: Floats
    upper: Floats
    first_end: float


@dataclass(frozen=True, slots=True)
class CumulativeIncidence:
    """Cumulative incidence by group and cause; interval and level say how the limits were made."""

    curves: tuple[Incidence, ...]
    interval: str
    level: float

    def _repr_html_(self) -> str:
        """For notebooks: how the limits were made, and the table."""
        from survival.notebook import as_html

        return as_html([f"Cumulative incidence, {self.level:.0%} {self.interval} intervals"], self.table())

    def table(self) -> pd.DataFrame:
        """group, cause, time, incidence, std_error, lower, upper: a row per event time of the group."""
        return pd.concat([self._frame(curve, curve.times) for curve in self.curves], ignore_index=True)

    def at(self, times: ArrayLike) -> pd.DataFrame:
        """The columns of `table` at these times."""
        asked = asked_times(times)
        return pd.concat([self._frame(curve, asked) for curve in self.curves], ignore_index=True)

    def _frame(self, curve: Incidence, times: Floats) -> pd.DataFrame:
        slack = TIE_TOLERANCE * float(np.mean(curve.times)) if len(curve.times) else 0.0
        place = np.searchsorted(curve.times, times + slack, side="right")
        incidence, std_error = np.append(0.0, curve.incidence)[place], np.append(0.0, curve.std_error)[place]
        lower, upper = limits_at(times, curve.first_end, incidence, std_error, self.interval, self.level)
        labels = {"group": curve.group, "cause": curve.cause, "time": times}
        return pd.DataFrame(labels | {"incidence": incidence, "std_error": std_error, "lower": lower, "upper": upper})


def cumulative_incidence(
    time: ArrayLike,
    cause: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    group: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    robust: bool = True,
    interval: str = "log-log",
    level: float = 0.95,
) -> CumulativeIncidence:
    """Share that has left for each cause by t, when leaving for one ends the risk of the others.

    Parameters
    ----------
    time, entry, group, weights, cluster : (n,) as in `kaplan_meier`
    cause : (n,) 0 censored, 1..k what happened at `time`
    robust : errors by the infinitesimal jackknife, as R's survfit; False for Aalen's formula, as R's cuminc, which has
        neither weights nor clusters
    interval : "log-log" (F^exp(-+ z se / (F log F))), "log" or "plain"

    Raises
    ------
    ValueError : as `kaplan_meier`; causes that are not 0, 1, 2, ...; `robust=False` with weights or clusters

    Aalen and Johansen (1978), ties exact. Checked against R `survival::survfit(Surv(time, factor(cause)) ~ group,
    weights=, id=)`, which in version 3.5 leaves `cluster=` out of account, and `cmprsk::cuminc`.
    """
    data = follow_up(time, cause, entry, weights, status_name="cause", causes=True)
    groups = grouping(group, "group", data.n)
    owner = clusters(cluster, data.n)
    checked_interval(interval)
    if not robust and (weights is not None or cluster is not None):
        raise ValueError("`robust` is False, but Aalen's variance has neither weights nor clusters; leave it out")
    curves = []
    for label, rows in group_rows(groups, data):
        part = data.take(rows)
        own = None if owner is None else owner.codes[rows]
        numbers = range(1, max(int(data.status.max()), 1) + 1)
        times, found = aalen_johansen(part, numbers, own, robust)
        for number, (incidence, std_error) in zip(numbers, found, strict=True):
            lower, upper = interval_of(incidence, std_error, interval, level)
            first_end = float(part.time.min())
            curves.append(Incidence(label, number, times, incidence, std_error, lower, upper, first_end))
    return CumulativeIncidence(tuple(curves), interval, level)


def aalen_johansen(
    data: FollowUp, causes: range, cluster: Ints | None, robust: bool = True
) -> tuple[Floats, list[tuple[Floats, Floats]]]:
    """Event times (k,) of any cause, and per asked cause incidence (k,) and std_error (k,), of one group's rows."""
    sets = risk_sets(data)
    rates = hazard(sets, data.weights)
    before = np.concatenate([[1.0], rates.survival])[: sets.size]
    jumps = jumps_of(sets, data.weight(), data.status, causes.stop, cluster)
    found: list[tuple[Floats, Floats]] = []
    for cause in causes:
        own = sets.at_event(data.weight() * (data.status == cause))
        step = before * own / rates.at_risk
        incidence = np.cumsum(step)
        if robust:
            variance = _influence_squares(jumps, cause, rates, before, step)
        else:
            variance = _aalen_variance(rates, own, before, incidence)
        found.append((incidence, np.sqrt(variance)))
    return sets.times, found


def _influence_squares(jumps: Jumps, cause: int, rates: Hazard, before: Floats, step: Floats) -> Floats:
    """(k,) sum over clusters of the squared influence on the incidence F.

    A row at risk from entry e adds w {H(t) - H(e) - A(e) (F(t) - F(e))}, with dH(s) = (A(s-) - 1 / Y(s)) dF(s) and A
    the running Greenwood sum: through survival before s and through the risk set at s. When it leaves at s its
    influence on log survival stays at v, so it adds v (F(t) - F(s)) from then on, and w S(s-) / Y(s) if its own event
    is of this cause. So P = (constant part, influence on log survival, weight at risk) and phi = (1, F, H).
    """
    a = np.cumsum(rates.greenwood)
    f = np.cumsum(step)
    h = np.cumsum((np.append(0.0, a[:-1]) - 1 / rates.at_risk) * step)
    by_event = np.arange(jumps.kinds)[:, None] > 0
    on_survival = a - by_event * rates.per_survivor
    constant = h - on_survival * f
    constant[cause] += before / rates.at_risk
    return squared_influence(jumps, [constant, on_survival], [a * f - h, -a], [np.ones(jumps.size), f, h])


def _aalen_variance(rates: Hazard, own: Floats, before: Floats, incidence: Floats) -> Floats:
    """(k,) sum over s <= t of {(1 - g)^2 own + g^2 other} S(s-)^2 / Y^2 with g = (F(t) - F(s)) / S(s), ties corrected.

    As a polynomial in F(t) its coefficients are running sums: 1 - g = (1 + F(s) / S(s)) - F(t) / S(s).
    """
    inverse = np.divide(1.0, rates.survival, out=np.zeros_like(before), where=rates.left > 0)
    scaled = incidence * inverse
    variance = np.zeros_like(before)
    for count, start in ((own, 1.0), (rates.events - own, 0.0)):
        ties = 1 - np.divide(np.maximum(count - 1, 0), rates.at_risk - 1, out=np.zeros_like(before), where=count > 1)
        size = (before / rates.at_risk) ** 2 * count * ties
        constant = start + scaled
        variance += np.cumsum(size * constant**2) - 2 * incidence * np.cumsum(size * constant * inverse)
        variance += incidence**2 * np.cumsum(size * inverse**2)
    return np.maximum(variance, 0.0)
