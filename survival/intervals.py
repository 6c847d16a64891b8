"""Pointwise intervals of a probability, and quantiles read off a curve and its band."""

from __future__ import annotations

import numpy as np

from survival.arrays import Floats
from survival.inputs import confidence

INTERVALS = ("log-log", "log", "plain")


def checked_interval(interval: str) -> str:
    """`interval` if known, else a ValueError that lists those that are."""
    if interval not in INTERVALS:
        raise ValueError(f"`interval` must be one of {', '.join(INTERVALS)}; got {interval!r}")
    return interval


def interval_of(share: Floats, std_error: Floats, interval: str, level: float) -> tuple[Floats, Floats]:
    """Lower and upper limits of a survival probability or an incidence, within 0 and 1.

    log-log is share^exp(-+ z se / (share log share)), log is share exp(-+ z se / share), plain is share -+ z se. Where
    the share is 0 or 1 the first has no interval (NaN), where it is 0 the second neither: as in R's `survfit`.
    """
    z = confidence(level)
    with np.errstate(divide="ignore", invalid="ignore"):
        if interval == "log-log":
            log = np.log(share)
            spread = z * std_error / (share * log)
            return np.exp(log * np.exp(-spread)), np.exp(log * np.exp(spread))
        if interval == "log":
            spread = z * std_error / share
            return share * np.exp(-spread), np.minimum(share * np.exp(spread), 1.0)
        return np.maximum(share - z * std_error, 0.0), np.minimum(share + z * std_error, 1.0)


def limits_at(
    times: Floats, first_end: float, share: Floats, std_error: Floats, interval: str, level: float
) -> tuple[Floats, Floats]:
    """`interval_of` at asked times; before anybody's follow-up has ended the limits are the share itself."""
    lower, upper = interval_of(share, std_error, interval, level)
    early = times < first_end
    return np.where(early, share, lower), np.where(early, share, upper)


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
