"""Concordance: of two comparable rows, how often the one with the higher score has the event first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from survival.arrays import Floats, Ints
from survival.influence import cluster_sums
from survival.inputs import FollowUp

if TYPE_CHECKING:
    from survival.cox import CoxFit


@dataclass(frozen=True, slots=True)
class Concordance:
    """value = (concordant + tied / 2) / all comparable pairs, weighted; std_error by the infinitesimal jackknife."""

    value: float
    std_error: float
    concordant: float
    discordant: float
    tied: float


def fit_concordance(fit: CoxFit) -> Concordance:
    """Concordance of a fitted Cox model's own linear predictor, as R `concordance(coxph)`.

    Raises ValueError when effects vary with time: there is no one score then.
    """
    parts = fit.parts
    if parts.prepared.layout.moving:
        raise ValueError("`concordance` needs one score a row; this fit has effects that vary with time")
    score = np.column_stack(parts.design.values) @ fit.coefficients.to_numpy()
    stratum = None if parts.strata is None else parts.strata.codes
    return concordance(parts.data, score, stratum, parts.cluster)


def concordance(data: FollowUp, score: Floats, stratum: Ints | None = None, cluster: Ints | None = None) -> Concordance:
    """Compare each event with everybody at risk at its time and without the event then, within strata.

    Harrell et al. (1982); counts and the jackknife error as R `survival::concordance`. n log n in rows.

    Raises ValueError when no two rows can be compared.
    """
    weight, event = data.weight(), data.status > 0
    grid, code = np.unique(data.time, return_inverse=True)
    # Positions in time, shared by both roles: an event at t comes before a censoring at t, which is compared with it.
    leaves = 2 * code + (~event)
    enters = np.full(data.n, -1) if data.entry is None else 2 * np.searchsorted(grid, data.entry, side="right") - 1
    rank = np.unique(np.round(score, 12), return_inverse=True)[1]
    if stratum is not None:
        # Strata side by side in time: nobody outlives an event of another stratum, nor enters before it.
        leaves, enters = leaves + 2 * stratum * (len(grid) + 1), np.maximum(enters, -1) + 2 * stratum * (len(grid) + 1)
    lower, tied, higher = _comparisons(
        leaves, enters, rank, event, weight, stratum is not None or data.entry is not None
    )
    pairs = {"concordant": lower, "tied": tied, "discordant": higher}
    total = {name: float(weight @ (own * event)) for name, (own, _) in pairs.items()}
    comparable = sum(total.values())
    if comparable == 0:
        raise ValueError("`event`: no two rows can be compared")
    value = (total["concordant"] + total["tied"] / 2) / comparable
    credit = {"concordant": 1 - value, "tied": 0.5 - value, "discordant": -value}
    influence = sum(credit[name] * (own * event + other) for name, (own, other) in pairs.items()) * weight / comparable
    std_error = float(np.sqrt((cluster_sums(cluster, np.asarray(influence)) ** 2).sum()))
    return Concordance(value, std_error, total["concordant"], total["discordant"], total["tied"])


def _comparisons(
    leaves: Ints, enters: Ints, rank: Ints, event: np.ndarray, weight: Floats, entering: bool
) -> list[tuple[Floats, Floats]]:
    """For lower, equal and higher score: (n,) weight of those compared with a row's event, and of the events a row is
    compared with at the other end (higher, equal, lower)."""
    deaths = weight * event
    later = _dominated(-leaves, rank, -leaves, rank, weight)
    earlier = _dominated(leaves, rank, leaves, rank, deaths)
    if entering:
        outside = _dominated(-leaves, rank, -enters, rank, weight)
        before = _dominated(enters, rank, leaves, rank, deaths)
        later = [a - b for a, b in zip(later, outside, strict=True)]
        earlier = [a - b for a, b in zip(earlier, before, strict=True)]
    return list(zip(later, earlier[::-1], strict=True))


def _dominated(asked_key: Ints, asked_rank: Ints, key: Ints, rank: Ints, weight: Floats) -> list[Floats]:
    """Per asked point, the weight of points of smaller key with smaller, equal and greater rank.

    A wavelet descent: points in key order are split by one bit of their rank after the other; at each bit an asked
    point with a 1 gathers those before it in its block that have a 0.
    """
    n = len(asked_key)
    keys, ranks = np.concatenate([asked_key, key]), np.concatenate([asked_rank, rank])
    weights = np.concatenate([np.zeros(n), weight])
    is_point = np.arange(2 * n) >= n
    order = np.lexsort((is_point, keys))  # asked before points of the same key: strictly smaller only
    everything = np.empty(2 * n)
    everything[order] = np.cumsum(weights[order])
    smaller = np.zeros(2 * n)
    for bit in reversed(range(int(ranks.max()).bit_length())):
        order = order[np.argsort(ranks[order] >> (bit + 1), kind="stable")]
        one = (ranks[order] >> bit) & 1 == 1
        gathered = _within(ranks[order] >> (bit + 1), np.where(one, 0.0, weights[order]))
        smaller[order[one]] += gathered[one]
    order = order[np.argsort(ranks[order], kind="stable")]
    equal = np.empty(2 * n)
    equal[order] = _within(ranks[order], weights[order])
    return [smaller[:n], equal[:n], everything[:n] - smaller[:n] - equal[:n]]


def _within(block: Ints, values: Floats) -> Floats:
    """Cumulative sums that start anew in each run of equal block."""
    total = np.cumsum(values)
    first = np.flatnonzero(np.diff(block, prepend=-1))
    base = np.concatenate([[0.0], total])[first]
    return total - np.repeat(base, np.diff(np.append(first, len(block))))
