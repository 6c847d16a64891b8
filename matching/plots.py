"""Figures of balance, of distributions and of the frontier. They draw on matplotlib axes and return them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from matching.balance import Arms
from matching.coarsen import category_codes, is_numeric
from matching.frontier import undominated
from matching.sample import Sample

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BEFORE, AFTER = "0.6", "#0b5c8a"
TREATED, CONTROLS = "#b3541e", "#0b5c8a"


def love_plot(balance: pd.DataFrame, ax: Axes | None = None, *, threshold: float | None = 0.1) -> Axes:
    """Absolute standardised mean differences before (open) and after (filled), largest before at the top.

    balance : what `Sample.balance()` returns · threshold : a dashed line there; none when None

    Love (2004); the figure R `cobalt::love.plot` draws. Rows without a defined difference are left out.
    """
    ax = _axes(ax)
    table = balance.dropna(subset=["smd_before", "smd_after"])
    table = table.iloc[np.argsort(table["smd_before"].abs().to_numpy(), kind="stable")]
    places = np.arange(len(table))
    before, after = table["smd_before"].abs(), table["smd_after"].abs()
    ax.hlines(places, before, after, color="0.85", linewidth=1, zorder=1)
    ax.scatter(before, places, facecolors="white", edgecolors=BEFORE, zorder=2, label="before")
    ax.scatter(after, places, color=AFTER, zorder=3, label="after")
    if threshold is not None:
        ax.axvline(threshold, color="0.5", linestyle="--", linewidth=0.8)
    ax.set_yticks(places, (table["variable"] + " " + table["level"]).str.strip())
    ax.set_xlabel("Absolute standardised mean difference")
    ax.set_xlim(left=0)
    ax.legend(frameon=False, loc="lower right")
    return ax


def distribution_plot(sample: Sample, variable: str, ax: Axes | None = None, *, when: str = "after") -> Axes:
    """The distribution of one variable in each arm: curves for a number, bars for categories.

    variable : any column of the people offered · when : "before" (base weights) or "after"

    A number is drawn as its weighted distribution function, whose largest vertical gap is the KS distance of the
    balance table; rows where it is missing are left out.
    """
    if when not in ("before", "after"):
        raise ValueError(f"when={when!r} is unknown; use 'before' or 'after'")
    if variable not in sample.people.columns:
        raise ValueError(f"people has no column named {variable!r}")
    ax = _axes(ax)
    column, arms = sample.people[variable], sample.arms()
    if is_numeric(column):
        _draw_steps(ax, column.to_numpy(dtype=float, na_value=np.nan), arms, when)
        ax.set_ylabel("Share at or below")
    else:
        _draw_bars(ax, column, arms, when)
        ax.set_ylabel("Share")
    ax.set_xlabel(variable)
    ax.set_title(when.capitalize(), loc="left", fontsize="medium")
    ax.legend(frameon=False)
    return ax


def _draw_steps(ax: Axes, values: np.ndarray, arms: Arms, when: str) -> None:
    observed = ~np.isnan(values)
    within = arms.among(observed).shares[0 if when == "before" else 2 :]
    order = np.argsort(values[observed])
    x = values[observed][order]
    last = np.append(x[1:] != x[:-1], True)
    for share, label, colour in zip(within, ("treated", "controls"), (TREATED, CONTROLS), strict=False):
        ax.step(x[last], np.cumsum(share[order])[last], where="post", color=colour, label=label)
    ax.set_ylim(0, 1.02)


def _draw_bars(ax: Axes, column: pd.Series, arms: Arms, when: str) -> None:
    codes, labels = category_codes(column)
    places, width = np.arange(len(labels)), 0.4
    for k, (label, colour) in enumerate((("treated", TREATED), ("controls", CONTROLS))):
        share = np.bincount(codes, weights=arms.shares[k + (0 if when == "before" else 2)], minlength=len(labels))
        ax.bar(places + (k - 0.5) * width, share, width, color=colour, label=label)
    ax.set_xticks(places, labels)


def frontier_plot(table: pd.DataFrame, ax: Axes | None = None, *, against: str = "l1") -> Axes:
    """People matched against imbalance, a point per coarsening, the undominated ones joined.

    table : what `frontier` returns · against : "l1", "largest_smd" or another of its columns
    """
    if against not in table.columns:
        raise ValueError(f"the frontier has no column named {against!r}")
    ax = _axes(ax)
    points = table.dropna(subset=[against])
    best = undominated(points["treated"].to_numpy(), points[against].to_numpy())
    front = points[best].sort_values("treated")
    ax.scatter(points["treated"], points[against], facecolors="white", edgecolors=AFTER, zorder=2)
    ax.plot(front["treated"], front[against], color=AFTER, marker="o", linewidth=1, zorder=3)
    for name, x, y in zip(points["coarsening"], points["treated"], points[against], strict=True):
        ax.annotate(str(name), (x, y), textcoords="offset points", xytext=(5, 4), fontsize="small")
    ax.set_xlabel("Treated matched")
    ax.set_ylabel(
        {"l1": "L1 after matching", "largest_smd": "Largest standardised mean difference"}.get(against, against)
    )
    return ax


def _axes(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(layout="constrained")[1]
