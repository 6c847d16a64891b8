"""Figures of curves, of incidence and of a ratio over time. They draw on matplotlib axes and return them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from survival.arrays import Floats
from survival.competing import CumulativeIncidence
from survival.curves import Curves
from survival.inputs import asked_times

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Transform

# Told apart without colour, too: Okabe and Ito's blue, vermillion, green, purple, black, each with a line of its own.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#000000")
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
RISK_TABLE = {"at_risk": "At risk", "censored": "Censored", "events": "Events"}
LINE_HEIGHT = 0.18  # inches a line of a risk table takes
TABLE_GAP = 0.5  # inches from the axis to the table, where its ticks and name stand


def plot_curves(
    curves: Curves,
    ax: Axes | None = None,
    *,
    until: float | None = None,
    incidence: bool = False,
    band: bool = True,
    labels: Mapping[Any, str] | None = None,
) -> Axes:
    """Kaplan-Meier curves with pointwise bands, a line a group.

    until : where the time axis ends; the longest follow-up when left out · incidence : draw 1 - survival, the share
    that has had the event · labels : group -> its name in the legend
    """
    ax = _axes(ax)
    end = max(float(curve.data.time.max()) for curve in curves.curves) if until is None else until
    for i, curve in enumerate(curves.curves):
        inside = curve.times <= end
        values = [np.append(1.0, v[inside]) for v in (curve.survival, curve.lower, curve.upper)]
        if incidence:
            values = [1 - v for v in values]
        times = np.concatenate([[0.0], curve.times[inside], [min(end, float(curve.data.time.max()))]])
        _step(ax, times, values, i, _label(curve.group, labels), band)
    ax.set_xlim(0, end)
    ax.set_ylim(0, None if incidence else 1)
    ax.set_ylabel("Share with the event" if incidence else "Share without the event")
    return _finished(ax)


def plot_incidence(
    risks: CumulativeIncidence,
    cause: int,
    ax: Axes | None = None,
    *,
    until: float | None = None,
    band: bool = True,
    labels: Mapping[Any, str] | None = None,
) -> Axes:
    """Cumulative incidence of one cause with pointwise bands, a line a group."""
    ax = _axes(ax)
    chosen = [curve for curve in risks.curves if curve.cause == cause]
    if not chosen:
        raise ValueError(f"`cause` {cause} is not in these incidences")
    end = max(float(curve.times.max(initial=0)) for curve in chosen) if until is None else until
    for i, curve in enumerate(chosen):
        inside = curve.times <= end
        values = [np.append(0.0, v[inside]) for v in (curve.incidence, curve.lower, curve.upper)]
        times = np.concatenate([[0.0], curve.times[inside], [end]])
        _step(ax, times, values, i, _label(curve.group, labels), band)
    ax.set_xlim(0, end)
    ax.set_ylim(bottom=0)
    ax.set_ylabel("Cumulative incidence")
    return _finished(ax)


def risk_table(
    curves: Curves,
    ax: Axes,
    times: ArrayLike,
    *,
    of: str = "people",
    labels: Mapping[Any, str] | None = None,
    words: Mapping[str, str] = RISK_TABLE,
) -> Axes:
    """The table under a figure of curves: at risk, censored and events by each time, as KMunicate lays it out.

    times : where the columns stand, in units of the figure's axis; its ticks are put there, too
    of : "people" (each once, whatever their rows and weights), "rows" or "weights", as `Curves.counts`
    words : which lines, in which order, and what they are called

    Returns the axes of the table, below those of the curves. Morris et al. (2019), BMJ Open 9: e030215.
    """
    asked = asked_times(times)
    counts = curves.counts(asked, of)
    groups = [curve.group for curve in curves.curves]
    height = LINE_HEIGHT * len(groups) * (1 + len(words))
    table = ax.inset_axes((0, -TABLE_GAP - height, 1, height), transform=_inches_below(ax), sharex=ax)
    table.set_axis_off()
    line = 0
    for i, group in enumerate(groups):
        own = counts[counts["group"] == group]
        _line(table, line, str(_label(group, labels)), COLOURS[i % len(COLOURS)], weight="bold")
        for j, (column, word) in enumerate(words.items(), start=1):
            _line(table, line + j, word)
            for t, value in zip(asked, own[column], strict=True):
                text = f"{value:,.0f}".replace(",", "\u202f")
                table.text(t, -(line + j), text, ha="center", va="center", fontsize="small")
        line += 1 + len(words)
    table.set_ylim(-line + 0.5, 0.5)
    ax.set_xticks(asked)
    return table


def plot_ratio(ratios: pd.DataFrame, ax: Axes | None = None, *, band: bool = True) -> Axes:
    """A hazard ratio as a function of time, on a log axis; ratios is what `CoxFit.ratio_over_time` returns."""
    ax = _axes(ax)
    ax.plot(ratios["time"], ratios["hazard_ratio"], color=COLOURS[0])
    if band:
        ax.fill_between(ratios["time"], ratios["lower"], ratios["upper"], color=COLOURS[0], alpha=0.15, linewidth=0)
    ax.axhline(1, color="0.5", linewidth=0.8, linestyle="--")
    ax.set_yscale("log")
    ax.set_xlabel("Time")
    ax.set_ylabel("Hazard ratio")
    return ax


def plot_hazard_ratios(ratios: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """A forest plot: a row per term with its interval, on a log axis, the first at the top.

    ratios : what `CoxFit.hazard_ratios` returns, or rows of several fits with a `term` each
    """
    ax = _axes(ax)
    places = np.arange(len(ratios))
    ax.hlines(places, ratios["lower"], ratios["upper"], color=COLOURS[0])
    ax.plot(ratios["hazard_ratio"], places, "s", color=COLOURS[0])
    ax.axvline(1, color="0.5", linewidth=0.8, linestyle="--")
    ax.set_xscale("log")
    ax.set_yticks(places, [str(term) for term in ratios["term"]])
    ax.set_ylim(len(ratios) - 0.5, -0.5)
    ax.set_xlabel("Hazard ratio")
    return ax


def _step(ax: Axes, times: Floats, values: Sequence[Floats], i: int, label: str, band: bool) -> None:
    """A step function and its band; values hold from each time to the next, the last of times ends them."""
    colour, line = COLOURS[i % len(COLOURS)], LINES[i % len(LINES)]
    middle, lower, upper = (np.append(v, v[-1]) for v in values)
    ax.step(times, middle, where="post", color=colour, linestyle=line, label=label)
    if band:
        ax.fill_between(times, lower, upper, step="post", color=colour, alpha=0.15, linewidth=0)


def _inches_below(ax: Axes) -> Transform:
    """Across, shares of the axes' width; down, inches from their lower edge, whatever the size of the figure."""
    from matplotlib.transforms import ScaledTranslation, blended_transform_factory

    figure: Any = ax.get_figure(root=True)
    edge = ScaledTranslation(0, 0, ax.transAxes)  # type: ignore[arg-type]  # stubs want an affine type, any will do
    return blended_transform_factory(ax.transAxes, figure.dpi_scale_trans + edge)


def _line(table: Axes, line: int, text: str, colour: str = "black", weight: str = "normal") -> None:
    # Left of the axes by a fixed distance, whatever the width of the figure.
    table.annotate(
        text,
        (0, -line),
        xycoords=table.get_yaxis_transform(),
        xytext=(-28, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize="small",
        color=colour,
        fontweight=weight,
        annotation_clip=False,
    )


def _label(group: Any, labels: Mapping[Any, str] | None) -> str:
    return str(group if labels is None else labels.get(group, group))


def _finished(ax: Axes) -> Axes:
    ax.set_xlabel("Time")
    ax.spines[["top", "right"]].set_visible(False)
    if len(ax.get_lines()) > 1:
        ax.legend(frameon=False)
    return ax


def _axes(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(layout="constrained")[1]
