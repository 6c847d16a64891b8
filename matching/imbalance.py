"""L1: the share of people who would have to move between cells for two multivariate histograms to agree.

Iacus, King and Porro (2011): L1 = 1/2 sum over cells of |f1 - f0|. It depends on the bins, so the bins are part of
the result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from matching.balance import Arms
from matching.bins import class_count, round_breaks
from matching.coarsen import Classes, Cut, Exact, Rule, coarsen, is_numeric
from matching.strata import number_cells

Bounds = Sequence[float] | Rule


@dataclass(frozen=True, slots=True)
class L1:
    """Multivariate imbalance before and after, with the bins it was computed on.

    before, after : 0 (the histograms agree) to 1 (they share no cell)
    common_support_before, common_support_after : share of occupied cells that hold both arms
    variables : variable, before, after: the same on one variable at a time
    bins : variable -> breaks, or the labels of its categories
    """

    before: float
    after: float
    common_support_before: float
    common_support_after: float
    variables: pd.DataFrame
    bins: dict[str, tuple[float, ...] | tuple[str, ...]]


def multivariate_l1(
    people: pd.DataFrame, arms: Arms, variables: Sequence[str], bins: Mapping[str, Bounds] | None = None
) -> L1:
    """L1 of two weightings on bins that are given or found.

    bins : variable -> breaks (right-closed, with the smallest; values outside them share a bin of their own) or a
        coarsening rule. Variables left out get round breaks by Scott's rule, or their categories.

    Checked against `cem::L1.meas`, whose automatic breaks these are.
    """
    return l1_on(arms, bin_variables(people, variables, bins))


@dataclass(frozen=True, slots=True)
class Binned:
    """Variables cut for L1: the classes of each, and the (n,) cell and number of cells of all together."""

    classes: dict[str, Classes]
    cell: np.ndarray
    cells: int


def bin_variables(people: pd.DataFrame, variables: Sequence[str], bins: Mapping[str, Bounds] | None = None) -> Binned:
    """The bins of `multivariate_l1`, to be found once when many weightings of the same people are compared."""
    unknown = sorted(set(bins or {}) - set(variables))
    if unknown:
        raise ValueError(
            f"bins are given for {', '.join(map(repr, unknown))}, not among the variables {list(variables)}"
        )
    lost = [v for v in variables if v not in people.columns]
    if lost:
        raise ValueError(f"L1: no column named {', '.join(map(repr, lost))}")
    classes = {v: _binned(people[v], (bins or {}).get(v)) for v in variables}
    return Binned(
        classes, *number_cells([c.codes for c in classes.values()], [len(c.labels) for c in classes.values()])
    )


def l1_on(arms: Arms, binned: Binned) -> L1:
    """L1 of two weightings of people whose variables have been cut."""
    before, after, common_before, common_after = _distances(arms, binned.cell, binned.cells)
    each = [(v, *_distances(arms, c.codes, len(c.labels))[:2]) for v, c in binned.classes.items()]
    recorded = {v: c.labels if c.breaks is None else c.breaks for v, c in binned.classes.items()}
    table = pd.DataFrame(each, columns=["variable", "before", "after"])
    return L1(before, after, common_before, common_after, table, recorded)


def _binned(column: pd.Series, bounds: Bounds | None) -> Classes:
    if isinstance(bounds, Rule):
        return coarsen(column, bounds)
    if bounds is None and (not is_numeric(column) or column.isna().all()):
        return coarsen(column, Exact(missing="class"))
    breaks = _automatic_breaks(column) if bounds is None else bounds
    return coarsen(column, Cut(breaks, closed="right", outside="missing", missing="class"))


def _automatic_breaks(column: pd.Series) -> Sequence[float]:
    values = column.to_numpy(dtype=float, na_value=np.nan)
    values = values[~np.isnan(values)]
    return round_breaks(values, class_count(values, "scott")).tolist()


def _distances(arms: Arms, cell: np.ndarray, count: int) -> tuple[float, float, float, float]:
    """L1 before and after, and the share of cells with both arms before and after."""
    masses = [np.bincount(cell, weights=w, minlength=count) for w in arms.shares]
    found = []
    for treated, controls in (masses[:2], masses[2:]):
        shared = float(((treated > 0) & (controls > 0)).sum() / ((treated > 0) | (controls > 0)).sum())
        found.append((float(np.abs(treated - controls).sum() / 2), shared))
    return found[0][0], found[1][0], found[0][1], found[1][1]
