"""The programme month by month: how many are in it, over how many come in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pipeline.reporting.plots import Look, colour, empty, heading

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Months = Sequence[dict[str, Any]]
UPPER, LOWER, GAP, TOP, BOTTOM = 1.75, 1.05, 0.5, 0.34, 0.45  # inches
YEARS_WITH_ROOM = 8


def draw_months(look: Look, months: Months) -> Figure:
    """A line of the stock over bars of the inflow; withheld numbers leave a gap."""
    height = UPPER + LOWER + GAP + TOP + BOTTOM
    left = 0.62
    figure = empty(look.width, height)
    wide = (look.width - left - 0.2) / look.width
    stock = figure.add_axes((left / look.width, (BOTTOM + LOWER + GAP) / height, wide, UPPER / height))
    inflow = figure.add_axes((left / look.width, BOTTOM / height, wide, LOWER / height))
    places = range(len(months))
    stock.plot(places, _numbers(months, "stock"), color=colour(1), linewidth=1.8, marker=".", markersize=3.5)
    inflow.bar(places, _numbers(months, "inflow"), width=0.8, color=colour(1), zorder=2)
    for axes, name in ((stock, "stock"), (inflow, "inflow")):
        _axes(axes, look, months)
        heading(axes, look.words(f"axis.months.{name}"), left=-36)
    stock.tick_params(labelbottom=False)
    return figure


def _numbers(months: Months, name: str) -> list[float]:
    return [math.nan if month[name] is None else month[name] for month in months]


def _axes(axes: Axes, look: Look, months: Months) -> None:
    """From zero; a tick at each January with its year."""
    axes.set_xlim(-0.8, len(months) - 0.2)
    axes.set_ylim(bottom=0)
    januaries = [place for place, month in enumerate(months) if month["month"].endswith("-01")]
    every = math.ceil(len(januaries) / YEARS_WITH_ROOM)
    axes.set_xticks(januaries[::every], [months[place]["month"][:4] for place in januaries[::every]])
    axes.locator_params(axis="y", nbins=4, integer=True)
    axes.yaxis.set_major_formatter(lambda value, _: look.words.number(value))
