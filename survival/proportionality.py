"""Are hazards proportional? The exact score test for a coefficient that changes with a function of time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from survival.arrays import Floats, chi_squared, group_sums
from survival.curves import hazard
from survival.partial_likelihood import expected, information
from survival.risksets import risk_sets

if TYPE_CHECKING:
    from survival.cox import CoxFit

ALIASED = 1e-9
TRANSFORMS = ("km", "rank", "identity", "log")


def proportionality(fit: CoxFit, transform: str = "km", by: str = "term") -> pd.DataFrame:
    """term, statistic, df, p: score tests that adding x g(t) to a term would not help; GLOBAL for all at once.

    Each term's test adds x g(t) for that term alone; `by="coefficient"` tests every coefficient on its own. The test is
    model-based also for weighted and clustered fits, as R's is. NaN where nothing is left to test: events at too few
    times, or an effect that varies with g in the model already.

    Parameters
    ----------
    transform : g(t): "km" 1 - Kaplan-Meier before t, "rank" of t among all ends of follow-up, "identity", "log";
        km and rank count every row once and pool strata

    Grambsch and Therneau (1994), with the exact information of R `survival::cox.zph` from version 3.0 on.
    """
    if by not in ("term", "coefficient"):
        raise ValueError(f'`by` must be "term" or "coefficient"; got {by!r}')
    model, maximum = fit.parts.prepared.model, fit.parts.maximum
    g = _centred(fit, _transformed(fit, transform))
    u = g @ (_event_columns(fit) - expected(maximum.state))
    once, twice = (information(model, maximum.state, g**power) for power in (1, 2))
    left = twice - once @ np.linalg.solve(maximum.information, once)
    groups = fit.terms if by == "term" else {name: [name] for name in fit.coefficients.index}
    names = [fit.parts.prepared.layout.names[i] for i in fit.parts.prepared.place]
    rows = []
    # x g(t) may be in the model already, where the effect of x varies with this very g.
    new = np.diag(left) > ALIASED * np.diag(twice)
    for label, members in [*groups.items(), ("GLOBAL", names)]:
        place = [names.index(name) for name in members if new[names.index(name)]]
        statistic = chi_squared(u[place], left[np.ix_(place, place)])
        rows.append(
            {"term": label, "statistic": statistic, "df": len(place), "p": float(chdtrc(len(place), statistic))}
        )
    return pd.DataFrame(rows)


def _transformed(fit: CoxFit, transform: str) -> Floats:
    """(K,) g at each risk set's time."""
    times, data = fit.parts.prepared.model.sets.times, fit.parts.data
    if transform == "identity":
        return times
    if transform == "log":
        if times.min() <= 0:
            raise ValueError('`transform` cannot be "log" when an event happens at time 0; count such events as day 1')
        return np.log(times)
    if transform == "rank":
        ends = np.sort(data.time)
        return (np.searchsorted(ends, times, side="left") + np.searchsorted(ends, times, side="right") + 1) / 2
    if transform == "km":
        pooled = risk_sets(data.unweighted())
        before = np.concatenate([[1.0], hazard(pooled, None).survival])
        return 1 - before[np.searchsorted(pooled.times, times, side="left")]
    raise ValueError(f"`transform` must be one of {', '.join(TRANSFORMS)}; got {transform!r}")


def _centred(fit: CoxFit, g: Floats) -> Floats:
    """g less its mean over events, scaled: the statistic is the same, the arithmetic better conditioned."""
    sets = fit.parts.prepared.model.sets
    centred = g - np.average(g, weights=np.bincount(sets.leaves[sets.event], minlength=sets.size))
    size = np.abs(centred).max()
    if size == 0:
        raise ValueError("`transform`: all events happen at one time; proportionality cannot be tested")
    return centred / size


def _event_columns(fit: CoxFit) -> Floats:
    """(K, P) weighted sums of the events' columns x(t)."""
    model = fit.parts.prepared.model
    rows, at = model.dead, model.at
    columns = np.hstack([model.x[rows, 1:], model.moving_at_events()]) * model.weight[rows, None]
    return np.stack([group_sums(at, column, model.sets.size) for column in columns.T], axis=1)
