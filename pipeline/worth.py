"""The difference between the arms in people, days and money, derived from shares and restricted means."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pipeline.config import Costs
from pipeline.results import CostPerExtra, Effects, Estimate, ExtraPeople, RestrictedMean, Share

Z = 1.959963984540054


def effects_of(shares: Sequence[Share], mean: RestrictedMean | None, costs: Costs | None) -> Effects | None:
    """Further people per 100 participants, days gained, and cost per further person; None without shares and mean.

    Computed from nothing but what it is given, so that numbers under disclosure control give no more away here.
    """
    if not shares and mean is None:
        return None
    return Effects(
        extra=[ExtraPeople(day=share.day, per_100=_per_100(share)) for share in shares],
        days_gained=None if mean is None else _gained(mean),
        until=None if mean is None else mean.until,
        costs=[] if costs is None else [found for share in shares if (found := cost_per_extra(share, costs))],
    )


def _per_100(share: Share) -> Estimate:
    scaled = (None if v is None else 100 * v for v in (share.difference, share.lower, share.upper))
    return Estimate(**dict(zip(("value", "lower", "upper"), scaled, strict=True)))


def _gained(mean: RestrictedMean) -> Estimate:
    """Days earlier: the difference in mean time without the outcome, with its sign turned."""
    gap = mean.difference
    value, lower, upper = (None if v is None else -v for v in (gap.value, gap.upper, gap.lower))
    return Estimate(value=value, lower=lower, upper=upper)


def cost_per_extra(share: Share, costs: Costs) -> CostPerExtra | None:
    """Cost per participant over the difference in shares, with Fieller's interval; None where that is withheld."""
    if share.difference is None or share.lower is None or share.upper is None:
        return None
    error = (share.upper - share.lower) / (2 * Z)
    value, lower, upper, limits = fieller(costs.per_participant, costs.std_error, share.difference, error)
    return CostPerExtra(day=share.day, value=value, lower=lower, upper=upper, limits=limits)


def fieller(
    cost: float, cost_error: float, difference: float, error: float, z: float = Z
) -> tuple[float | None, float | None, float | None, str]:
    """A cost (above 0) over a difference, with Fieller's (1954) confidence set for independent normal estimates.

    Returns value, lower, upper and what they are. The set holds every ratio r for which cost - r difference is within
    z of its errors of 0. With a difference clearly above 0 it is an interval ("bounded"). With one that may be 0 it has
    two parts, from the positive limit upwards and from a negative one downwards, where there is no gain: the positive
    limit is given, "at_least", None when the cost may be 0 too. With one that is not above 0 there is "no_gain".
    """
    square = difference**2 - (z * error) ** 2
    if square >= 0 and difference <= 0:
        return None, None, None, "no_gain"
    value = cost / difference if difference > 0 else None
    rest = cost**2 - (z * cost_error) ** 2
    root = (cost * difference) ** 2 - square * rest
    if square > 0:
        spread = math.sqrt(max(root, 0.0))
        return value, (cost * difference - spread) / square, (cost * difference + spread) / square, "bounded"
    if root <= 0 or rest <= 0:
        return value, None, None, "at_least"
    # The roots have opposite signs; written so that nothing is lost when the square is next to 0.
    lower = rest / (cost * difference + math.sqrt(root))
    return value, lower, None, "at_least"
