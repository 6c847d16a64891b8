"""The one sweep: who is at risk at each event time, and sums over them, linear in rows.

Lay the distinct event times of all strata end to end, K of them. Row i is at risk at t when entry < t <= time, so it
belongs to a run of those K risk sets and can be reduced to two integers: the risk set after which it leaves, and, if it
comes late, the last one it missed. Every estimator here is then made of three linear maps: sums over those at risk,
sums over those who have the event, and the adjoint, a row's sum over the risk sets it belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survival.arrays import ROWS, Bools, Floats, Ints, blocks, group_sums
from survival.inputs import FollowUp

# Times closer than this share of the mean event time are one time, as with R's `timefix`: 0.1 + 0.2 ties with 0.3.
TIE_TOLERANCE = 1.5e-8


@dataclass(frozen=True, slots=True)
class RiskSets:
    """Risk sets of n rows at K distinct event times, stratum by stratum.

    Attributes
    ----------
    times : (K,) event times, ascending within stratum
    stratum : (K,) code of the stratum of each
    offset : (S+1,) where each stratum begins
    leaves : (n,) last risk set a row belongs to; K for rows that belong to none
    late : (m,) rows that miss earlier risk sets of their stratum
    missed : (m,) the last risk set each late row missed
    event : (n,) the row's event happens in risk set leaves[i]
    """

    times: Floats
    stratum: Ints
    offset: Ints
    leaves: Ints
    late: Ints
    missed: Ints
    event: Bools

    @property
    def size(self) -> int:
        """K, the number of risk sets."""
        return len(self.times)

    def at_event(self, values: Floats) -> Floats:
        """(K,) sums of (n,) values over the rows whose event it is."""
        return group_sums(np.where(self.event, self.leaves, self.size), values, self.size + 1)[:-1]

    def at_risk(self, values: Floats) -> Floats:
        """(K,) sums of (n,) values over the rows at risk."""
        total = self.suffix(group_sums(self.leaves, values, self.size + 1)[:-1])
        if len(self.late):
            total -= self.suffix(group_sums(self.missed, values[self.late], self.size))
        return total

    def counts(self) -> tuple[Floats, Floats]:
        """(K,) how many rows are at risk, and how many have the event."""
        at_risk = self.suffix(np.bincount(self.leaves, minlength=self.size + 1)[:-1].astype(float))
        at_risk -= self.suffix(np.bincount(self.missed, minlength=self.size).astype(float))
        events = np.bincount(np.where(self.event, self.leaves, self.size), minlength=self.size + 1)[:-1]
        return at_risk, events.astype(float)

    def over_life(self, values: Floats) -> Floats:
        """(n,) each row's sum of (K,) values over the risk sets it belongs to."""
        total = np.append(self.prefix(values), 0.0)
        life = total[self.leaves]
        life[self.late] -= total[self.missed]
        return life

    def suffix(self, sums: Floats) -> Floats:
        """(K, ...) sums from each risk set to the end of its stratum."""
        total: Floats = np.cumsum(sums[::-1], axis=0, dtype=self._accumulator())[::-1]
        if len(self.offset) > 2:
            padded = np.concatenate([total, np.zeros_like(total[:1])])
            total = total - padded[self.offset[1:]][self.stratum]
        return total.astype(float)

    def prefix(self, sums: Floats) -> Floats:
        """(K, ...) sums from the start of the stratum up to and including each risk set."""
        total: Floats = np.cumsum(sums, axis=0, dtype=self._accumulator())
        if len(self.offset) > 2:
            padded = np.concatenate([np.zeros_like(total[:1]), total])
            total = total - padded[self.offset[:-1]][self.stratum]
        return total.astype(float)

    def _accumulator(self) -> type:
        # Where sums are differences of longer sums, guard digits keep small risk sets exact.
        return np.longdouble if len(self.offset) > 2 or len(self.late) else np.float64


def risk_sets(data: FollowUp, stratum: Ints | None = None, strata: int = 1) -> RiskSets:
    """Find the risk sets of checked follow-up, by `stratum` (n,) of 0..strata-1; rows of weight 0 belong to none."""
    event = data.status > 0
    uncounted = None if data.weights is None or data.weights.min() > 0 else data.weights == 0
    if uncounted is not None:
        event &= ~uncounted
    times, last, first = _on_grid(data.time, data.entry, event)
    codes: Ints = np.zeros(len(times), dtype=np.int64)
    offset: Ints = np.array([0, len(times)])
    base: Ints = np.zeros(1, dtype=np.int64)
    if stratum is not None:
        keys, last, first, offset = _by_stratum(last, first, event, stratum, strata, len(times))
        codes, times = keys // max(len(times), 1), times[keys % max(len(times), 1)]
        base = offset[stratum]
    outside = last <= (base if first is None else first)
    if uncounted is not None:
        outside |= uncounted
    leaves = np.subtract(last, 1, out=last)
    leaves[outside] = len(times)
    late = np.flatnonzero(~outside & (first > base)) if first is not None else np.empty(0, dtype=np.int64)
    missed = first[late] - 1 if first is not None else late
    return RiskSets(times, codes, offset, leaves, late, missed, event)


def _on_grid(time: Floats, entry: Floats | None, event: Bools) -> tuple[Floats, Ints, Ints | None]:
    """The distinct event times, and for each row how many of them are at or before its time and its entry."""
    span = int(time.max()) + 1
    days = _whole(time) if span <= 4 * len(time) + 1_000_000 else None
    entry_days = _whole(np.maximum(entry, -1)) if days is not None and entry is not None else None
    if days is not None and (entry is None or entry_days is not None):
        happened = np.zeros(span, dtype=bool)
        happened[days[event]] = True
        upto = np.cumsum(happened, dtype=np.int64)
        grid = np.flatnonzero(happened).astype(float)
        return grid, upto[days], None if entry_days is None else np.append(upto, 0)[entry_days]
    grid = np.unique(time[event])
    slack = TIE_TOLERANCE * float(np.mean(grid)) if len(grid) else 0.0
    grid = grid[np.diff(grid, prepend=-np.inf) > slack]
    before = grid - slack
    stop = np.searchsorted(before, time, side="right")
    return grid, stop, None if entry is None else np.searchsorted(before, entry, side="right")


def _whole(values: Floats) -> Ints | None:
    """The values as integers, None unless they are whole."""
    whole = np.empty(len(values), dtype=np.int64)
    for rows in blocks(len(values), ROWS):
        whole[rows] = values[rows]
        if (whole[rows] != values[rows]).any():
            return None
    return whole


def _by_stratum(
    stop: Ints, start: Ints | None, event: Bools, stratum: Ints, strata: int, width: int
) -> tuple[Ints, Ints, Ints | None, Ints]:
    """Event times that happen in each stratum (as keys stratum * width + grid place) and every row's count of them."""
    here = stratum * width
    edges = np.arange(strata + 1) * width
    if strata * width <= 8 * len(stop) + 1_000_000:
        happened = np.bincount((here + stop - 1)[event], minlength=strata * width) > 0
        count = np.concatenate([[0], np.cumsum(happened)])
        keys = np.flatnonzero(happened)
        return keys, count[here + stop], None if start is None else count[here + start], count[edges]
    keys = np.unique((here + stop - 1)[event])
    last = np.searchsorted(keys, here + stop)
    first = None if start is None else np.searchsorted(keys, here + start)
    return keys, last, first, np.searchsorted(keys, edges)
