"""Kaplan-Meier curves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from survival.arrays import Bools, Floats, Ints, stable_order
from survival.influence import jumps_of, squared_influence
from survival.inputs import Codes, FollowUp, asked_times, clusters, follow_up, grouping
from survival.intervals import checked_interval, crossing, interval_of, limits_at
from survival.risksets import TIE_TOLERANCE, RiskSets, risk_sets

COUNTED = ("rows", "people", "weights")


@dataclass(frozen=True, slots=True)
class Curve:
    """One group's curve: times (k,) of its events, survival, std_error, lower and upper (k,) from each on."""

    group: Any
    times: Floats
    survival: Floats
    std_error: Floats
    lower: Floats
    upper: Floats
    data: FollowUp
    person: Ints | None

    def at(self, values: Floats, times: Floats, before: float) -> Floats:
        """Value of a step function at asked times; `before` its first step."""
        slack = TIE_TOLERANCE * float(np.mean(self.times)) if len(self.times) else 0.0
        place = np.searchsorted(self.times, times + slack, side="right")
        return np.append(before, values)[place]


@dataclass(frozen=True, slots=True)
class Curves:
    """Kaplan-Meier curves by group.

    curves one a group, in the order of the groups; interval and level say how the limits were made; robust whether
    errors come from influence functions (weights, clusters) or from Greenwood's formula.
    """

    curves: tuple[Curve, ...]
    interval: str
    level: float
    robust: bool

    def _repr_html_(self) -> str:
        """For notebooks: how the limits were made, and the table."""
        from survival.notebook import as_html

        errors = "influence functions" if self.robust else "Greenwood's formula"
        head = f"Kaplan-Meier curves, {self.level:.0%} {self.interval} intervals, errors from {errors}"
        return as_html([head], self.table())

    def table(self) -> pd.DataFrame:
        """A row per group and event time: group, time, at_risk, events, censored, survival, std_error, lower, upper.

        at_risk are rows at risk just before the time; events and censored are rows since the row before.
        """
        return pd.concat([self._frame(curve, curve.times) for curve in self.curves], ignore_index=True)

    def at(self, times: ArrayLike) -> pd.DataFrame:
        """The columns of `table` at these times; events and censored since the asked time before."""
        asked = asked_times(times)
        return pd.concat([self._frame(curve, asked) for curve in self.curves], ignore_index=True)

    def counts(self, times: ArrayLike, of: str = "people") -> pd.DataFrame:
        """group, time, at_risk, events, censored at asked times, the latter two counted from the start.

        of : "people" counts each person once (the ids given as `person`, else `cluster`, else rows), as a risk table
            under a weighted curve should; "rows" counts rows; "weights" sums weights, as R's `n.risk`.
        """
        if of not in COUNTED:
            raise ValueError(f"`of` must be one of {', '.join(COUNTED)}; got {of!r}")
        asked = asked_times(times)
        return pd.concat([_counts(curve, asked, of) for curve in self.curves], ignore_index=True)

    def quantile(self, p: ArrayLike = 0.5) -> pd.DataFrame:
        """When a share p has had the event: group, p, quantile, lower, upper; NaN where it is not reached.

        The first time the curve is under 1 - p, the middle of the flat stretch where it equals it; the interval
        inverts the pointwise band, as R's `quantile.survfit`.
        """
        shares = np.atleast_1d(np.asarray(p, dtype=float))
        if not ((shares > 0) & (shares < 1)).all():
            raise ValueError("`p` must lie between 0 and 1")
        return pd.DataFrame([_quantile(curve, share) for curve in self.curves for share in shares])

    def _frame(self, curve: Curve, times: Floats) -> pd.DataFrame:
        table = _counts(curve, times, "rows")
        for name in ("events", "censored"):
            table[name] = np.diff(table[name], prepend=0)
        survival, std_error = curve.at(curve.survival, times, 1.0), curve.at(curve.std_error, times, 0.0)
        first_end = float(curve.data.time.min())
        lower, upper = limits_at(times, first_end, survival, std_error, self.interval, self.level)
        return table.assign(survival=survival, std_error=std_error, lower=lower, upper=upper)


def kaplan_meier(
    time: ArrayLike,
    event: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    group: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    person: ArrayLike | None = None,
    robust: bool | None = None,
    interval: str = "log-log",
    level: float = 0.95,
) -> Curves:
    """Product-limit survival curves whose errors hold under weights.

    Parameters
    ----------
    time : (n,) end of follow-up, any unit; greater than `entry`
    event : (n,) 1 if the event happened at `time`, 0 if censored
    entry : (n,) start of follow-up, same unit; from the beginning when left out. At risk at t: entry < t <= time
    group : (n,) a curve for each value
    weights : (n,) case weights, >= 0; not frequencies: scaling all of them changes nothing
    cluster : (n,) people or strata whose rows belong together; each row its own when left out
    person : (n,) whom to count in risk tables; `cluster` when left out
    robust : errors from influence functions; by default with weights or clusters, Greenwood's without
    interval : "log-log", "log" or "plain"

    Raises
    ------
    ValueError : lengths differ, a value is missing or infinite, entry is not before time; names the argument

    Kaplan and Meier (1958); Greenwood's variance, or the infinitesimal jackknife summed within clusters. Checked
    against R `survival::survfit(Surv(entry, time, event) ~ group, weights=, cluster=, robust=)`.
    """
    data = follow_up(time, event, entry, weights)
    groups = grouping(group, "group", data.n)
    owner = clusters(cluster, data.n)
    people = grouping(person, "person", data.n, ordered=False) or owner
    checked_interval(interval)
    robust = (weights is not None or cluster is not None) if robust is None else robust
    curves = []
    for label, rows in group_rows(groups, data):
        part = data.take(rows)
        own = None if owner is None else owner.codes[rows]
        times, survival, std_error = product_limit(part, own, robust)
        lower, upper = interval_of(survival, std_error, interval, level)
        counted = None if people is None else people.codes[rows]
        curves.append(Curve(label, times, survival, std_error, lower, upper, part, counted))
    return Curves(tuple(curves), interval, level, robust)


def group_rows(groups: Codes | None, data: FollowUp) -> Iterator[tuple[Any, Ints | slice]]:
    """Each group's label and rows of positive weight; one group, "all", when there is no grouping."""
    kept = None if data.weights is None or data.weights.min() > 0 else np.flatnonzero(data.weights)
    if groups is None:
        yield "all", slice(None) if kept is None else kept
        return
    codes = groups.codes if kept is None else groups.codes[kept]
    if len(groups.labels) <= 8:  # a look at all rows for each is then cheaper than sorting them
        members = [np.flatnonzero(codes == g) for g in range(len(groups.labels))]
    else:
        ends = np.cumsum(np.bincount(codes, minlength=len(groups.labels)))
        members = np.split(stable_order(codes, len(groups.labels)), ends[:-1])
    for label, rows in zip(groups.labels, members, strict=True):
        if len(rows):
            yield label, rows if kept is None else kept[rows]


@dataclass(frozen=True, slots=True)
class Hazard:
    """Weighted counts at each of k event times: at_risk, events and those left, exactly 0 when all at risk have it."""

    at_risk: Floats
    events: Floats
    left: Floats

    @property
    def survival(self) -> Floats:
        """(k,) product-limit survival just after each time."""
        return np.cumprod(self.left / self.at_risk)

    @property
    def greenwood(self) -> Floats:
        """(k,) d / (Y (Y - d)), the terms of Greenwood's sum; 0 where nobody is left."""
        return np.divide(self.events, self.at_risk * self.left, out=np.zeros_like(self.left), where=self.left > 0)

    @property
    def per_survivor(self) -> Floats:
        """(k,) 1 / (Y - d); 0 where nobody is left."""
        return np.divide(1.0, self.left, out=np.zeros_like(self.left), where=self.left > 0)


def hazard(sets: RiskSets, weight: Floats | None) -> Hazard:
    """Weighted counts of one stratum's risk sets."""
    rows_at_risk, rows_events = sets.counts()
    at_risk, events = (rows_at_risk, rows_events) if weight is None else (sets.at_risk(weight), sets.at_event(weight))
    # Two sums of the same weights differ in the last digit; whether anybody is left is a count.
    left = np.where(rows_at_risk == rows_events, 0.0, at_risk - events)
    return Hazard(at_risk, events, left)


def product_limit(data: FollowUp, cluster: Ints | None, robust: bool) -> tuple[Floats, Floats, Floats]:
    """Event times (k,), survival (k,) and its standard error (k,) of one group's rows, all of positive weight."""
    sets = risk_sets(data)
    rates = hazard(sets, data.weights)
    survival = rates.survival
    greenwood = np.cumsum(rates.greenwood)
    if not robust:
        # Greenwood's error has no value once nobody is left.
        return sets.times, survival, np.where(survival > 0, survival * np.sqrt(greenwood), np.nan)
    squares = _influence_squares(sets, data.weight(), rates, greenwood, cluster)
    return sets.times, survival, survival * np.sqrt(squares)


def _influence_squares(sets: RiskSets, weight: Floats, rates: Hazard, path: Floats, cluster: Ints | None) -> Floats:
    """(k,) sum over clusters of the squared influence on log survival.

    A row at risk adds w (A(t) - A(entry)), with A = `path` the running Greenwood sum; when it leaves at s that stays
    at w (A(s) - A(entry) - event / (Y(s) - d(s))). So P = (constant part, weight at risk) and phi = (1, A).
    """
    jumps = jumps_of(sets, weight, sets.event.astype(np.int64), 2, cluster)
    leaving = np.stack([path, path - rates.per_survivor])
    return squared_influence(jumps, [leaving], [-path], [np.ones(sets.size), path])


def _quantile(curve: Curve, share: float) -> dict[str, Any]:
    end = float(curve.data.time.max())
    limits = {name: crossing(curve.times, getattr(curve, name), 1 - share, end) for name in ("lower", "upper")}
    middle = crossing(curve.times, curve.survival, 1 - share, end)
    return {"group": curve.group, "p": share, "quantile": middle, **limits}


def _counts(curve: Curve, times: Floats, of: str) -> pd.DataFrame:
    data = curve.data
    slack = TIE_TOLERANCE * float(np.mean(curve.times)) if len(curve.times) else 0.0
    if of == "people" and curve.person is not None:
        risk, events, censored = _people(data, curve.person, times, slack)
    else:
        weight = data.weights if of == "weights" else None
        # Counted from the end, so that the few left late are exact also under weights.
        risk = _sum_where(data.time, weight, times - slack, last=False)
        if data.entry is not None:
            risk = risk - _sum_where(data.entry, weight, times - slack, last=False)
        events, censored = (
            _sum_where(data.time[rows], None if weight is None else weight[rows], times + slack, last=True)
            for rows in (data.status > 0, data.status == 0)
        )
    return pd.DataFrame({"group": curve.group, "time": times, "at_risk": risk, "events": events, "censored": censored})


def _sum_where(values: Floats, weight: Floats | None, times: Floats, last: bool) -> Any:
    """How many (or how much weight) of values lie at or under each of times; at or over it when not `last`."""
    sign = 1 if last else -1
    order = np.argsort(sign * values, kind="stable")
    place = np.searchsorted(sign * values[order], sign * times, side="right")
    return place if weight is None else np.append(0.0, np.cumsum(weight[order]))[place]


def _people(data: FollowUp, person: Ints, times: Floats, slack: float) -> tuple[list[int], list[int], list[int]]:
    """Distinct people at risk just before each time, with the event by it, and out by it without (none at risk)."""
    size = int(person.max()) + 1

    def among(rows: Bools) -> Bools:
        """(C,) whose rows are among these (n,)."""
        found = np.zeros(size, dtype=bool)
        found[person[rows]] = True
        return found

    everyone = among(np.ones(data.n, dtype=bool))
    risk, events, censored = [], [], []
    for t in times:
        entered = True if data.entry is None else data.entry < t - slack
        happened = among((data.status > 0) & (data.time <= t + slack))
        risk.append(int(among((data.time >= t - slack) & entered).sum()))
        events.append(int(happened.sum()))
        censored.append(int((everyone & ~happened & ~among(data.time > t + slack)).sum()))
    return risk, events, censored
