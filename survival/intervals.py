"""Pointwise intervals of a probability, and quantiles read off a curve and its band."""

from __future__ import annotations

import numpy as np

from survival.inputs import Floats, confidence

INTERVALS = ("log-log", "log", "plain")


def checked_interval(interval: str) -> str:
    """`interval` if known, else a ValueError that lists those that are."""
    if interval not in INTERVALS:
        raise ValueError(f"`interval` must be one of {', '.join(INTERVALS)}; got {interval!r}")
    return interval


def survival_interval(survival: Floats, std_error: Floats, interval: str, level: float) -> tuple[Floats, Floats]:
    """Lower and upper limits of survival probabilities, within 0 and 1.

    Where nobody has had the event (1) both limits are 1; where everybody has (0) there is no interval (NaN), as in R.
    """
    z = confidence(level)
    with np.errstate(divide="ignore", invalid="ignore"):
        if interval == "log-log":
            spread = z * std_error / (survival * np.log(survival))
            lower, upper = survival ** np.exp(-spread), survival ** np.exp(spread)
        elif interval == "log":
            spread = z * std_error / survival
            lower, upper = survival * np.exp(-spread), np.minimum(survival * np.exp(spread), 1.0)
        else:
            lower = np.maximum(survival - z * std_error, 0.0)
            upper = np.minimum(survival + z * std_error, 1.0)
    none, all_ = survival == 1, survival == 0
    return _edges(lower, none, all_), _edges(upper, none, all_)


def _edges(limit: Floats, none: np.ndarray, all_: np.ndarray) -> Floats:
    return np.where(none, 1.0, np.where(all_, np.nan, limit))


def incidence_interval(incidence: Floats, std_error: Floats, interval: str, level: float) -> tuple[Floats, Floats]:
    """Limits of a cumulative incidence F; log-log is F^exp(-+ z se / (F log F)), as R's multi-state survfit.

    Where nobody has had the event (0) both limits are 0.
    """
    lower, upper = survival_interval(incidence, std_error, interval, level)
    none = incidence == 0
    return np.where(none, 0.0, lower), np.where(none, 0.0, upper)


def crossing(times: Floats, curve: Floats, height: float, end: float) -> float:
    """First time the step curve is under `height`; the middle of the stretch where it equals it; NaN if not reached.

    times (k,) of the steps; curve (k,) from each on; the curve is 1 before and its last stretch ends at `end`.
    """
    tolerance = 1.5e-8
    defined = ~np.isnan(curve)
    times, curve = times[defined], curve[defined]
    reached = np.flatnonzero(curve < height + tolerance)
    if not len(reached):
        return float("nan")
    at = reached[0]
    if curve[at] < height - tolerance:
        return float(times[at])
    under = np.flatnonzero(curve < height - tolerance)
    until = times[under[0]] if len(under) else end
    return float((times[at] + until) / 2)
