"""People without a counterpart: who they are, and which single variable keeps them out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from matching.coarsen import MISSING_LABEL, Classes
from matching.strata import Cells, number_cells


def class_frame(cells: Cells, classes: Mapping[str, Classes]) -> pd.DataFrame:
    """A row per stratum: its number and, per variable, the label of its class."""
    columns: dict[str, object] = {"stratum": np.arange(len(cells.treated))}
    for j, (name, c) in enumerate(classes.items()):
        columns[name] = pd.Categorical.from_codes(
            cells.classes[:, j].tolist(), categories=pd.Index(c.labels), ordered=c.ordered
        )
    return pd.DataFrame(columns)


def unmatched_cells(cells: Cells, classes: Mapping[str, Classes], arm: str) -> pd.DataFrame:
    """Strata with one arm only, largest first: classes, people, and the single variables that would let them in."""
    own, other = _arms(cells, arm)
    alone = np.flatnonzero((own > 0) & (other == 0))
    dropping: list[list[str]] = [[] for _ in alone]
    widening: list[list[str]] = [[] for _ in alone]
    for j, (name, c) in enumerate(classes.items()):
        for i in np.flatnonzero(_reached_without(cells, classes, j, other)[alone]):
            dropping[i].append(name)
        for step in (-1, 1):
            for i in np.flatnonzero(_reached_next(cells, classes, j, other, step)[alone]):
                widening[i].append(f"{name} to {c.labels[cells.classes[alone[i], j] + step]}")
    table = class_frame(cells, classes).iloc[alone]
    table = table.assign(
        people=own[alone], dropping=[", ".join(d) for d in dropping], widening=[", ".join(w) for w in widening]
    )
    return table.sort_values(["people", "stratum"], ascending=[False, True], ignore_index=True)


class NoMatchError(ValueError):
    """No stratum holds both treated and controls."""


class Cost(NamedTuple):
    """What a variable costs in people of an arm: matched now, if it is dropped, widened by a class, or the only one."""

    variable: str
    matched: int
    if_dropped: int
    if_widened: int | None
    if_alone: int
    all: int


def variable_costs(cells: Cells, classes: Mapping[str, Classes], arm: str) -> list[Cost]:
    """One `Cost` per variable.

    `if_widened` lets each unmatched stratum borrow from the next class on either side; None for unordered categories.
    """
    own, other = _arms(cells, arm)
    costs = []
    for j, (name, c) in enumerate(classes.items()):
        near = (other > 0) | _reached_next(cells, classes, j, other, -1) | _reached_next(cells, classes, j, other, 1)
        met_alone = np.bincount(cells.classes[:, j], weights=other, minlength=len(c.labels)) > 0
        costs.append(
            Cost(
                name,
                matched=int(own[other > 0].sum()),
                if_dropped=int(own[_reached_without(cells, classes, j, other)].sum()),
                if_widened=int(own[near].sum()) if c.ordered else None,
                if_alone=int(own[met_alone[cells.classes[:, j]]].sum()),
                all=int(own.sum()),
            )
        )
    return costs


def no_match_message(cells: Cells, classes: Mapping[str, Classes]) -> str:
    """Why nobody is matched: the variable whose removal would let in most, or the one that alone removes most."""
    costs = variable_costs(cells, classes, "treated")
    best = max(costs, key=lambda cost: cost.if_dropped)
    worst = min(costs, key=lambda cost: cost.if_alone)
    start = f"no stratum of {', '.join(classes)} holds both treated and controls"
    if len(costs) > 1 and best.if_dropped > 0:
        return (
            f"{start}; {best.variable} alone removes most: without it {best.if_dropped} of {best.all} treated would be "
            "matched. Widen its classes or leave it out"
        )
    return (
        f"{start}, and leaving out one variable is not enough; {worst.variable} removes most: matched on nothing else, "
        f"{worst.if_alone} of {worst.all} treated have a control. Widen its classes first"
    )


def tightest_note(cells: Cells, classes: Mapping[str, Classes], arm: str) -> tuple[str, ...]:
    """A note when a single variable removes most of the people of an arm; none otherwise."""
    own, other = _arms(cells, arm)
    if len(classes) < 2 or own[other > 0].sum() >= own.sum() / 2:
        return ()
    worst = max(variable_costs(cells, classes, arm), key=lambda cost: cost.if_dropped)
    gained = worst.if_dropped - worst.matched
    if gained <= worst.all / 2:
        return ()
    return (
        f"{worst.variable} alone removes {gained} of {worst.all} {arm}: {worst.matched} are matched, "
        f"{worst.if_dropped} would be without it; consider wider classes",
    )


def _arms(cells: Cells, arm: str) -> tuple[np.ndarray, np.ndarray]:
    if arm not in ("treated", "controls"):
        raise ValueError(f"arm={arm!r} is unknown; use 'treated' or 'controls'")
    return (cells.treated, cells.controls) if arm == "treated" else (cells.controls, cells.treated)


def _without(cells: Cells, classes: Mapping[str, Classes], j: int) -> np.ndarray:
    """(c,) number of the cell each cell falls into when variable j is left out."""
    kept = [k for k in range(len(classes)) if k != j]
    if not kept:
        return np.zeros(len(cells.treated), dtype=np.int64)
    sizes = [len(c.labels) for c in classes.values()]
    return number_cells([cells.classes[:, k] for k in kept], [sizes[k] for k in kept])[0]


def _reached_without(cells: Cells, classes: Mapping[str, Classes], j: int, other: np.ndarray) -> np.ndarray:
    """(c,) bool: there is somebody of the other arm once variable j is left out."""
    merged = _without(cells, classes, j)
    return (np.bincount(merged, weights=other) > 0)[merged]


def _reached_next(cells: Cells, classes: Mapping[str, Classes], j: int, other: np.ndarray, step: int) -> np.ndarray:
    """(c,) bool: the next class of variable j, all else equal, holds somebody of the other arm."""
    c = list(classes.values())[j]
    levels = len(c.labels) - (c.labels[-1] == MISSING_LABEL)  # missing is next to no class
    mine = cells.classes[:, j].astype(np.int64)
    if not c.ordered:
        return np.zeros(len(mine), dtype=bool)
    place = _without(cells, classes, j).astype(np.int64) * (len(c.labels) + 2) + mine
    inside = (mine < levels) & (mine + step >= 0) & (mine + step < levels)
    return inside & np.isin(place + step, place[other > 0])
