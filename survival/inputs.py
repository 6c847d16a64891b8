"""Arguments as checked arrays: whatever is wrong with one is said in a sentence that names it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from survival.arrays import Floats, Ints


@dataclass(frozen=True, slots=True)
class Codes:
    """A grouping: `codes` (n,) of 0..len(labels)-1, `labels` sorted where they can be."""

    codes: Ints
    labels: list[Any]


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Checked follow-up of n rows: (entry, time], what ended it and its weight.

    entry is None when nobody enters late. status (n,) is 0 censored, 1..k the event or cause.
    """

    time: Floats
    status: Ints
    entry: Floats | None
    weights: Floats | None
    n: int

    def weight(self) -> Floats:
        """(n,) weights, ones when none were given."""
        return np.ones(self.n) if self.weights is None else self.weights

    def unweighted(self) -> FollowUp:
        """The same with every row counted once."""
        return FollowUp(self.time, self.status, self.entry, None, self.n)

    def take(self, rows: Ints | slice) -> FollowUp:
        """The same for some rows."""
        time = self.time[rows]
        entry, weights = (None if column is None else column[rows] for column in (self.entry, self.weights))
        return FollowUp(time, self.status[rows], entry, weights, len(time))


def numbers(values: ArrayLike, name: str, n: int | None = None) -> Floats:
    """One-dimensional finite floats, or a ValueError that names the argument."""
    try:
        array = np.asarray(values)
        if array.dtype.kind in "mM":
            raise TypeError
        array = array.astype(float, copy=False)
    except (TypeError, ValueError):
        raise ValueError(f"`{name}` must hold numbers; it holds text, dates or missing values") from None
    if array.ndim != 1:
        raise ValueError(f"`{name}` must be one-dimensional; it has {array.ndim} dimensions")
    if n is not None and len(array) != n:
        raise ValueError(f"`{name}` has {len(array)} rows and `time` has {n}; they must be as long")
    if not np.isfinite(array).all():
        bad = int(np.count_nonzero(~np.isfinite(array)))
        raise ValueError(f"`{name}` is missing or infinite in {bad} of {len(array)} rows; fill or leave out those rows")
    return array


def follow_up(
    time: ArrayLike,
    status: ArrayLike,
    entry: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    status_name: str = "event",
    causes: bool = False,
) -> FollowUp:
    """Check times, events (or `causes`) and weights together.

    Raises
    ------
    ValueError : empty, lengths differ, not numbers, missing or infinite values, negative times or weights, weights all
        zero, entry not before time, events other than 0 and 1 (causes: other than 0, 1, 2, ...); names the argument
    """
    stop = numbers(time, "time")
    n = len(stop)
    if n == 0:
        raise ValueError("`time` is empty; there must be at least one row")
    if stop.min() < 0:
        below = int(np.count_nonzero(stop < 0))
        raise ValueError(f"`time` is negative in {below} of {n} rows; it counts from the start of follow-up")
    return FollowUp(
        time=stop,
        status=_status(status, status_name, n, causes),
        entry=None if entry is None else _entry(entry, stop),
        weights=None if weights is None else checked_weights(weights, n),
        n=n,
    )


def _status(status: ArrayLike, name: str, n: int, causes: bool) -> Ints:
    values = np.asarray(status)
    if values.dtype.kind not in "iub" or values.shape != (n,):
        values = numbers(values, name, n)
    whole = values.astype(np.int64, copy=False)
    if whole.min() < 0 or (not causes and whole.max() > 1) or (whole is not values and (whole != values).any()):
        if causes:
            raise ValueError(f"`{name}` must be 0 for censored and 1, 2, ... for the causes")
        raise ValueError(f"`{name}` must be 1 where the event happened and 0 where it did not")
    return whole


def _entry(entry: ArrayLike, stop: Floats) -> Floats | None:
    start = numbers(entry, "entry", len(stop))
    late = int(np.count_nonzero(start >= stop))
    if late:
        raise ValueError(f"`entry` is not before `time` in {late} of {len(stop)} rows; at risk means entry < t <= time")
    # Entry at or before 0 is no late entry, unless follow-up itself has an event at 0.
    return start if start.max() > 0 or stop.min() <= 0 else None


def checked_weights(weights: ArrayLike, n: int) -> Floats:
    """(n,) finite weights of zero or more, not all zero; ValueError otherwise."""
    values = numbers(weights, "weights", n)
    if values.size and values.min() < 0:
        negative = int(np.count_nonzero(values < 0))
        raise ValueError(f"`weights` is negative in {negative} of {n} rows; weights are zero or more")
    if values.max() == 0:
        raise ValueError("`weights` is zero in every row; nothing is left to estimate from")
    return values


def grouping(values: ArrayLike | None, name: str, n: int, *, ordered: bool = True) -> Codes | None:
    """Codes 0..k-1 of a grouping column; labels sorted (`ordered`) or in order of appearance. None stays None.

    Raises ValueError when lengths differ or a value is missing; categories nobody has are left out.
    """
    if values is None:
        return None
    series = values if isinstance(values, pd.Series | pd.Categorical | pd.Index) else np.asarray(values)
    if getattr(series, "ndim", 1) != 1:
        raise ValueError(f"`{name}` must be one-dimensional")
    if len(series) != n:
        raise ValueError(f"`{name}` has {len(series)} rows and `time` has {n}; they must be as long")
    if isinstance(getattr(series, "dtype", None), pd.CategoricalDtype):
        found = pd.Categorical(series).remove_unused_categories()
        codes, labels = found.codes.astype(np.int64), list(found.categories)
    else:
        codes, uniques = pd.factorize(series, sort=ordered)
        labels = list(uniques.tolist() if hasattr(uniques, "tolist") else uniques)
    missing = int(np.count_nonzero(codes < 0))
    if missing:
        raise ValueError(f"`{name}` is missing in {missing} of {n} rows; give those rows a value or leave them out")
    return Codes(np.asarray(codes, dtype=np.int64), labels)


def clusters(values: ArrayLike | None, n: int) -> Codes | None:
    """`cluster` as codes, of which some may belong to nobody; labels are left empty.

    Raises ValueError as `grouping`, and when there is only one, whose influences sum to 0 by construction.
    """
    if values is None:
        return None
    array = np.asarray(values)
    if array.ndim == 1 and len(array) == n and array.dtype.kind in "iu":
        low, high = int(array.min()), int(array.max())
        # Numbers in a narrow range are codes already; looking each up would be most of the work of a curve.
        if low < high < low + 4 * n + 1_000_000:
            return Codes((array - low if low else array).astype(np.int64, copy=False), [])
    found = grouping(values, "cluster", n, ordered=False)
    if found is not None and len(found.labels) < 2:
        raise ValueError("`cluster` is the same in all rows; errors need at least two clusters, better many")
    return found


def confidence(level: float) -> float:
    """The normal quantile of a two-sided interval at `level`; ValueError unless 0 < level < 1."""
    from scipy.special import ndtri

    if not 0 < level < 1:
        raise ValueError(f"`level` must lie between 0 and 1, as 0.95; got {level}")
    return float(ndtri(0.5 + level / 2))


def asked_times(times: ArrayLike) -> Floats:
    """Times a result is asked for, as floats; a single number becomes one."""
    return numbers(np.atleast_1d(np.asarray(times)), "times")
