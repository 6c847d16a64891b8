"""Hazard ratios: over time, and side by side for subgroups; always on a logarithmic axis with the line at one."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pipeline.reporting.plots import (
    BEHIND,
    GREY,
    SLIDE_HEIGHT,
    Look,
    canvas,
    colour,
    heading,
    time_label,
    time_ticks,
    wrapped,
)
from pipeline.results import Band, OutcomeResult, Term

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NICE = (0.1, 0.2, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5, 10)
# Limits further out than this are cut, or one wide interval would flatten all others.
WIDEST = (0.1, 10.0)


def draw_over_time(look: Look, outcome: OutcomeResult, days: list[float]) -> Figure:
    """The treatment's hazard ratio in bands, each with its interval, and as a smooth function of time."""
    bands = [b for b in outcome.hazard_ratio_over_time if b.hazard_ratio is not None]
    end = _end(outcome, days)
    figure, axes = canvas(look.width, 3.2 if look.narrow else 3.5, 0.55, 0.15, 0.36, 0.55)
    for band in bands:
        _band(axes, look, band, end)
    smooth = [p for p in outcome.hazard_ratio_curve if p.hazard_ratio is not None]
    if smooth:
        x = [p.day for p in smooth]
        axes.plot(
            x, [p.hazard_ratio or math.nan for p in smooth], color="#333333", linewidth=1.1, linestyle=(0, (4, 2))
        )
    limits = [v for b in bands for v in (b.lower, b.upper, b.hazard_ratio)] + [p.hazard_ratio for p in smooth]
    ratio_axis(axes, look, limits, vertical=True)
    axes.axhline(1, color="#333333", linewidth=1)
    ticks, names = time_ticks(look, days, end)
    axes.set_xlim(0, end)
    axes.set_xticks(ticks, names)
    axes.set_xlabel(time_label(look))
    heading(axes, look.words("axis.hazard_ratio"), left=-24)
    for y, side, va in ((0.97, "axis.faster", "top"), (0.03, "axis.slower", "bottom")):
        axes.text(0.985, y, look.words(side), transform=axes.transAxes, ha="right", va=va, color=GREY, fontsize=8)
    return figure


def _end(outcome: OutcomeResult, days: list[float]) -> float:
    """The last day drawn: the end of the curves where they are known, a little beyond the last band otherwise."""
    known = [p.day for p in outcome.hazard_ratio_curve if p.hazard_ratio is not None]
    known += [p.day for p in outcome.curves if p.cumulative_incidence is not None]
    return max([*known, *days, *(b.from_day * 1.2 for b in outcome.hazard_ratio_over_time)])


def _band(axes: Axes, look: Look, band: Band, end: float) -> None:
    first, last = band.from_day, min(end, band.to_day if band.to_day is not None else end)
    if band.lower is not None and band.upper is not None:
        axes.fill_between([first, last], band.lower, band.upper, color=colour(0), alpha=0.16, linewidth=0)
    ratio = band.hazard_ratio or math.nan
    axes.plot([first, last], [ratio, ratio], color=colour(0), linewidth=2.2, solid_capstyle="butt")
    # In a short first band the number starts at the axis, or it would be cut by it.
    short = first == 0 and last < 0.08 * end
    axes.annotate(
        look.words.number(band.hazard_ratio, 2), (first if short else (first + last) / 2, band.hazard_ratio or 1),
        (2, 3), textcoords="offset points", ha="left" if short else "center", color=colour(0), fontweight="bold",
        fontsize=8.5, zorder=5, bbox=BEHIND | {"alpha": 0.75},
    )  # fmt: skip


def ratio_axis(axes: Axes, look: Look, limits: Iterable[float | None], vertical: bool) -> None:
    """A logarithmic axis of hazard ratios that holds the limits, with few round ticks."""
    from matplotlib.ticker import FixedLocator, NullLocator

    known = [min(max(v, WIDEST[0]), WIDEST[1]) for v in limits if v is not None and v > 0]
    low, high = min([0.8, *known]) / 1.12, max([1.25, *known]) * 1.12
    ticks = [tick for tick in NICE if low <= tick <= high]
    if len(ticks) > 6:
        ticks = [tick for tick in ticks if tick not in (0.2, 0.75, 1.5, 3, 4)]
    names = [look.words.number(tick, 0 if tick >= 1 and tick == int(tick) else 2 if tick in (0.25, 0.75) else 1)
             for tick in ticks]  # fmt: skip
    axis = axes.yaxis if vertical else axes.xaxis
    (axes.set_yscale if vertical else axes.set_xscale)("log")
    (axes.set_ylim if vertical else axes.set_xlim)(low, high)
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_minor_locator(NullLocator())
    axis.set_ticklabels(names)


def draw_forest(look: Look, rows: list[tuple[str, Term]], overall: Term) -> Figure:
    """A row per subgroup: its hazard ratio with interval, in the plot and in figures; everyone at the top."""
    everyone = look.words("subgroups.everyone")
    lines = [(everyone, overall), *rows]
    step = 0.46 if look.narrow else min(0.3, SLIDE_HEIGHT / len(lines)) if look.slide else 0.3
    height = step * len(lines) + 0.95
    left, right = (0.15, 0.15) if look.narrow else (2.5, 1.35)
    figure, axes = canvas(look.width, height, left, right, 0.36, 0.55)
    axes.axvline(1, color="#333333", linewidth=1)
    if overall.hazard_ratio is not None:
        axes.axvline(overall.hazard_ratio, color=GREY, linewidth=0.9, linestyle=(0, (2, 2)))
    for i, (name, term) in enumerate(lines):
        _forest_row(axes, look, i, name, term)
    axes.set_ylim(len(lines) - 0.4, -0.75 if look.narrow else -0.6)
    axes.set_yticks([])
    axes.grid(False)
    axes.spines["left"].set_visible(False)
    ratio_axis(axes, look, [v for _, t in lines for v in (t.lower, t.upper)], vertical=False)
    axes.set_xlabel(look.words("axis.hazard_ratio_short"))
    if not look.narrow:
        axes.annotate(look.words("axis.ratio_interval"), (1, 1), (8, 7), xycoords="axes fraction",
                      textcoords="offset points", fontsize=8.5, color=GREY)  # fmt: skip
    return figure


def _forest_row(axes: Axes, look: Look, y: int, name: str, term: Term) -> None:
    ink = "#222222" if y == 0 else colour(0)
    weight = "bold" if y == 0 else "normal"
    figures = interval_text(look, term)
    if term.hazard_ratio is not None:
        low, high = (min(max(v or term.hazard_ratio, WIDEST[0]), WIDEST[1]) for v in (term.lower, term.upper))
        axes.plot([low, high], [y, y], color=ink, linewidth=1.6, solid_capstyle="butt")
        axes.plot([term.hazard_ratio], [y], marker="D" if y == 0 else "s", markersize=6, color=ink)
    if look.narrow:
        axes.text(0, y - 0.32, f"{name}: {figures}", transform=axes.get_yaxis_transform(), va="center", fontsize=8.5,
                  fontweight=weight, bbox=BEHIND)  # fmt: skip
        return
    axes.text(-0.02, y, wrapped(name, 38), transform=axes.get_yaxis_transform(), ha="right", va="center",
              fontweight=weight)  # fmt: skip
    axes.text(1.02, y, figures, transform=axes.get_yaxis_transform(), va="center", fontweight=weight)


def interval_text(look: Look, term: Term) -> str:
    """A hazard ratio with its interval in figures: "1,57 (1,47–1,68)"."""
    value, low, high = (look.words.number(v, 2) for v in (term.hazard_ratio, term.lower, term.upper))
    return f"{value} ({low}–{high})" if term.hazard_ratio is not None else value
