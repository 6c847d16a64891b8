"""Strata: the cells of the coarsened variables, how many of each arm they hold, and the weights that follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from matching.coarsen import Classes


@dataclass(frozen=True, slots=True)
class Cells:
    """Every occupied cell of the coarsened variables, matched or not, numbered in the order of its classes.

    cell : (n,) int32, the cell of each row
    classes : (c, k) int32, the class of each cell on each variable
    treated, controls : (c,) rows in each arm
    treated_weight, controls_weight : (c,) their base weights; equal to the rows when there are none
    """

    cell: np.ndarray
    classes: np.ndarray
    treated: np.ndarray
    controls: np.ndarray
    treated_weight: np.ndarray
    controls_weight: np.ndarray

    @property
    def matched(self) -> np.ndarray:
        """(c,) bool: the cell holds both arms."""
        return (self.treated > 0) & (self.controls > 0)

    def counting(self, rows: np.ndarray, treated: np.ndarray, base: np.ndarray | None) -> Cells:
        """The same cells with only some of the (n,) rows counted."""
        return replace(self, **_totals(self.cell, len(self.treated), treated, base, rows))


def form_cells(coarsened: Sequence[Classes], treated: np.ndarray, base: np.ndarray | None) -> Cells:
    """Cells of (n,) rows from k coarsened variables.

    treated : (n,) bool · base : (n,) base weights, or None when all are 1
    """
    cell, count = number_cells([c.codes for c in coarsened], [len(c.labels) for c in coarsened])
    row_of_cell = np.empty(count, dtype=np.int64)
    row_of_cell[cell] = np.arange(len(cell))  # any row of a cell will do: they share their classes
    classes = np.column_stack([c.codes[row_of_cell].astype(np.int32) for c in coarsened])
    return Cells(cell, classes, **_totals(cell, count, treated, base))


def _totals(
    cell: np.ndarray, count: int, treated: np.ndarray, base: np.ndarray | None, rows: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """Rows and base weights of each arm per cell, over all rows or some."""
    arms = {"treated": treated, "controls": ~treated}
    if rows is not None:
        arms = {name: arm & rows for name, arm in arms.items()}
    totals = {name: np.bincount(cell[arm], minlength=count) for name, arm in arms.items()}
    for name, arm in arms.items():
        weight = (
            totals[name].astype(float) if base is None else np.bincount(cell[arm], weights=base[arm], minlength=count)
        )
        totals[f"{name}_weight"] = weight
    return totals


def number_cells(codes: Sequence[np.ndarray], sizes: Sequence[int]) -> tuple[np.ndarray, int]:
    """One integer per combination of classes, 0, 1, ... in lexicographic order without gaps; and how many there are.

    codes : k arrays (n,) of integers in 0..sizes[j]-1
    """
    key = codes[0].astype(np.int64)
    size = sizes[0]
    for code, levels in zip(codes[1:], sizes[1:], strict=True):
        if size * levels >= 2**62:  # the mixed-radix number would overflow: renumber what is occupied first
            cell, size = _close_gaps(key, size)
            key = cell.astype(np.int64)
        key *= levels
        key += code
        size *= levels
    return _close_gaps(key, size)


def _close_gaps(key: np.ndarray, size: int) -> tuple[np.ndarray, int]:
    """Renumber occupied values 0, 1, ... keeping their order."""
    if size <= 8 * len(key) + 1024:  # a table of all possible values is small: no sorting, no hashing
        occupied = np.zeros(size, dtype=bool)
        occupied[key] = True
        rank = np.cumsum(occupied, dtype=np.int32) - 1
        return rank[key], int(rank[-1]) + 1
    codes, values = pd.factorize(key)
    rank = np.empty(len(values), dtype=np.int32)
    rank[np.argsort(values)] = np.arange(len(values), dtype=np.int32)
    return rank[codes], len(values)


FORMULAS = {
    "ATT": "treated: base; controls in stratum s: base x W1s/W0s, scaled to sum to the number of matched controls",
    "ATC": "controls: base; treated in stratum s: base x W0s/W1s, scaled to sum to the number of matched treated",
    "ATE": "arm a in stratum s: base x (W1s + W0s)/Was, scaled to sum to the matched rows of the arm",
}


def stratum_factors(cells: Cells, estimand: str) -> np.ndarray:
    """(c, 2) what multiplies the base weights of treated and controls in each stratum; 0 in strata with one arm only.

    With W1s and W0s the base weights of the treated and the controls in stratum s (their numbers when there are no
    base weights): ATT gives a control W1s/W0s, ATC a treated W0s/W1s, ATE an arm (W1s + W0s)/Was, each scaled so that
    the reweighted arm's weights sum to its matched rows; the arm that defines the estimand keeps its base weights.
    Without base weights ATT is the (n1s/n0s)(N0/N1) of Iacus, King and Porro (2012).
    """
    matched = cells.matched
    treated, controls = np.where(matched, cells.treated_weight, 1.0), np.where(matched, cells.controls_weight, 1.0)
    if estimand == "ATT":
        factors = [np.ones(len(matched)), _scaled(treated / controls, controls, cells.controls, matched)]
    elif estimand == "ATC":
        factors = [_scaled(controls / treated, treated, cells.treated, matched), np.ones(len(matched))]
    else:
        both = treated + controls
        factors = [_scaled(both / w, w, n, matched) for w, n in ((treated, cells.treated), (controls, cells.controls))]
    return np.column_stack(factors) * matched[:, None]


def _scaled(ratio: np.ndarray, weight: np.ndarray, rows: np.ndarray, matched: np.ndarray) -> np.ndarray:
    """(c,) ratios times the constant that makes the arm's weights sum to its matched rows."""
    return ratio * (rows[matched].sum() / np.dot(ratio[matched], weight[matched]))
