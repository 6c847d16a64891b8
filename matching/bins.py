"""Numbers of classes, round breaks and interval codes: the arithmetic under the coarsening rules and L1."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np


def code_type(levels: int) -> type[np.signedinteger]:
    """The small integer type that holds codes of so many classes: a register has many rows and few classes."""
    return np.int16 if levels < 2**15 else np.int32


def cut_codes(values: np.ndarray, points: np.ndarray, closed: str) -> np.ndarray:
    """(n,) small integers: how many cutpoints lie at or below each value (closed="left"), or below it ("right").

    Rows with NaN get a code that means nothing; the caller knows where they are.
    """
    kind = code_type(len(points) + 2)
    if len(points) > 32:
        return np.searchsorted(points, values, side="right" if closed == "left" else "left").astype(kind)
    # For few cutpoints a comparison each is several times faster than a binary search per row.
    codes = np.zeros(len(values), dtype=kind)
    for point in points:
        codes += values >= point if closed == "left" else values > point
    return codes


def interval_labels(breaks: np.ndarray, closed: str, *, exact: bool = False) -> list[str]:
    """Names of the classes between breaks (both ends included), as short as keeps the breaks apart.

    exact : write the breaks in full, as someone chose them; computed ones are rounded

    Infinite ends are open; the outermost finite ends are closed, since the smallest and the largest value belong.
    """
    ends = [f"{b:.15g}" for b in breaks] if exact else _short(breaks)
    labels = []
    for i in range(len(breaks) - 1):
        first, last = i == 0, i == len(breaks) - 2
        left = "[" if (closed == "left" or first) and np.isfinite(breaks[i]) else "("
        right = "]" if (closed == "right" or last) and np.isfinite(breaks[i + 1]) else ")"
        labels.append(f"{left}{ends[i]}, {ends[i + 1]}{right}")
    return labels


def _short(breaks: np.ndarray) -> list[str]:
    distinct = len(np.unique(breaks))
    for digits in range(6, 17):
        texts = [f"{b:.{digits}g}" for b in breaks]
        if len(set(texts)) == distinct and all(
            math.isclose(float(t), b, rel_tol=1e-6) for t, b in zip(texts, breaks, strict=True)
        ):
            return texts
    return [repr(float(b)) for b in breaks]


def class_count(values: np.ndarray, rule: str) -> int:
    """Number of classes by the rules of Sturges (1926), Scott (1979) or Freedman and Diaconis (1981).

    values : (n,) finite

    The numbers are those of R's `nclass.Sturges`, `nclass.scott` and `nclass.FD`, whose documentation gives the
    fallbacks for a zero interquartile range: ever more extreme symmetric quantiles up to 1/512, then Scott's width.
    """
    n = len(values)
    if rule == "sturges":
        return math.ceil(math.log2(n) + 1)
    width = 3.5 * _sd(values) if rule == "scott" else _freedman_diaconis(values)
    if width == 0:
        return 1
    return max(1, math.ceil(float(np.ptp(values)) / width * n ** (1 / 3)))


def _sd(values: np.ndarray) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


def _freedman_diaconis(values: np.ndarray) -> float:
    """Twice the interquartile range (of values kept to five digits, as R does), with R's fallbacks when it is zero."""
    rounded = _significant(values, 5)
    tail = 0.25
    while tail >= 1 / 512:
        low, high = np.quantile(rounded, [tail, 1 - tail])
        if high > low:
            return float(high - low) / (1 - 2 * tail)
        tail /= 2
    return 3.5 * _sd(values)


def _significant(values: np.ndarray, digits: int) -> np.ndarray:
    with np.errstate(divide="ignore"):
        magnitude = np.where(values == 0, 0.0, np.floor(np.log10(np.abs(values))))
    scale = 10.0 ** (digits - 1 - magnitude)
    return np.round(values * scale) / scale


def round_breaks(values: np.ndarray, count: Callable[[np.ndarray], int] | int) -> np.ndarray:
    """About `count` breaks at multiples of 1, 2 or 5 times a power of ten that cover the values, as R's `pretty`.

    Becker, Chambers and Wilks (1988): the unit is the smallest of 1, 2, 5, 10 times the power of ten below
    range/count that is not much smaller than it (bias 1.5 towards larger units).
    """
    low, high = float(values.min()), float(values.max())
    number = count if isinstance(count, int) else count(values)
    if low == high:
        return np.array([low - 0.5, low + 0.5])
    cell = (high - low) / max(number, 1)
    base = 10.0 ** math.floor(math.log10(cell))
    bias, bias5 = 1.5, 0.5 + 1.5 * 1.5
    unit = base
    for multiple, limit in ((2, bias), (5, bias5), (10, bias)):
        if multiple * base - cell < limit * (cell - unit):
            unit = multiple * base
        else:
            break
    first, last = math.floor(low / unit + 1e-7), math.ceil(high / unit - 1e-7)
    return np.arange(first, last + 1) * unit
