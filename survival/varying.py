"""Coefficients that change with time: b(t) = sum_m c_m g_m(t), a design column times functions of the event time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from survival.arrays import Floats


@dataclass(frozen=True, slots=True)
class Bands:
    """A coefficient of its own in each right-closed band: [30, 183] gives (0, 30], (30, 183], (183, inf)."""

    cuts: Sequence[float]


@dataclass(frozen=True, slots=True)
class Spline:
    """b + a natural cubic spline in t with `df` columns; knots at quantiles of the event times."""

    df: int = 3


@dataclass(frozen=True, slots=True)
class Basis:
    """Functions of time for one varying term.

    names (M,) what the coefficient names end with; constant: the plain coefficient is kept beside them;
    kind and knots: what `values` computes.
    """

    names: tuple[str, ...]
    constant: bool
    kind: str
    knots: tuple[float, ...] = ()

    def values(self, times: Floats) -> Floats:
        """(k, M) the functions at k times."""
        if self.kind == "log":
            return np.log(times)[:, None]
        if self.kind == "linear":
            return times[:, None].astype(float)
        if self.kind == "bands":
            band = np.searchsorted(np.asarray(self.knots), times, side="left")
            return (band[:, None] == np.arange(len(self.knots) + 1)).astype(float)
        return natural_spline(times, np.asarray(self.knots))


def natural_spline(times: Floats, knots: Floats) -> Floats:
    """(k, len(knots)-1) natural cubic spline basis without constant: linear beyond the outer knots.

    Hastie, Tibshirani and Friedman (2009), equations 5.4 and 5.5, with time scaled to the knots' range.
    """
    low, high = knots[0], knots[-1]
    t, k = (times - low) / (high - low), (knots - low) / (high - low)
    cubes = [np.maximum(t - knot, 0) ** 3 for knot in k]
    slope = [(cubes[j] - cubes[-1]) / (k[-1] - k[j]) for j in range(len(k) - 1)]
    return np.column_stack([t] + [slope[j] - slope[-1] for j in range(len(k) - 2)])


def basis(effect: str | Bands | Spline, event_times: Floats) -> Basis:
    """The functions of time an entry of `varying` asks for; event_times (e,) of every event, for the spline's knots.

    Raises ValueError when the entry is not "log", "linear", Bands or Spline, or cannot be used with these times.
    """
    if effect == "log":
        if len(event_times) and event_times.min() <= 0:
            raise ValueError('`varying` cannot be "log" when an event happens at time 0; count such events as day 1')
        return Basis(("log(t)",), True, "log")
    if effect == "linear":
        return Basis(("t",), True, "linear")
    if isinstance(effect, Bands):
        return _bands(effect)
    if isinstance(effect, Spline):
        return _spline(effect, event_times)
    raise ValueError(f'`varying` must be "log", "linear", Bands([...]) or Spline(df=...); got {effect!r}')


def _bands(effect: Bands) -> Basis:
    cuts = [float(cut) for cut in effect.cuts]
    if not cuts or sorted(set(cuts)) != cuts or cuts[0] <= 0:
        raise ValueError(f"`varying` bands need cuts above 0 in rising order; got {list(effect.cuts)}")
    edges = [0.0, *cuts]
    names = [f"({low:g}, {high:g}]" for low, high in zip(edges, cuts, strict=False)] + [f"({cuts[-1]:g}, inf)"]
    return Basis(tuple(names), False, "bands", tuple(cuts))


def _spline(effect: Spline, event_times: Floats) -> Basis:
    if effect.df < 1:
        raise ValueError(f"`varying` spline needs df of at least 1; got {effect.df}")
    knots = np.quantile(event_times, np.linspace(0, 1, effect.df + 1)) if len(event_times) else np.zeros(1)
    if len(np.unique(knots)) <= effect.df:
        raise ValueError(f"`varying` spline with df={effect.df} needs more distinct event times")
    names = tuple(f"spline(t){j + 1}" for j in range(effect.df))
    return Basis(names, True, "spline", tuple(float(knot) for knot in knots))


@dataclass(frozen=True, slots=True)
class Layout:
    """Which coefficient is what, in the order of the output.

    names (P,); fixed (p,) places of the plain coefficients and column (p,) their design columns; moving (q,) places of
    the coefficients times a function of time, source (q,) their design columns, and bases: source column -> Basis.
    """

    names: list[str]
    fixed: list[int]
    column: list[int]
    moving: list[int]
    source: list[int]
    bases: dict[int, Basis]


def layout(columns: Sequence[str], bases: Mapping[int, Basis]) -> Layout:
    """Lay out the coefficients of design columns, of which some vary: `participant`, `participant:log(t)`, `woman`."""
    names: list[str] = []
    fixed, column, moving, source = [], [], [], []
    for j, name in enumerate(columns):
        own = bases.get(j)
        if own is None or own.constant:
            fixed.append(len(names))
            column.append(j)
            names.append(name)
        if own is not None:
            for suffix in own.names:
                moving.append(len(names))
                source.append(j)
                names.append(f"{name}:{suffix}")
    return Layout(names, fixed, column, moving, source, dict(bases))
