"""The figure of the frontier: a row per coarsening, what it matches, how alike the groups are, and the effect."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pipeline.config import Config
from pipeline.reporting.figures import Figure
from pipeline.reporting.plots import GREY, Look, colour, empty, heading, wrapped
from pipeline.reporting.plots.ratios import ratio_axis
from pipeline.reporting.words import Words, labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

PANELS = ("treated_share", "l1", "largest_smd", "hazard_ratio")


@dataclass(frozen=True, slots=True)
class FrontierRow:
    """One coarsening: what was changed, of which variable, and what came of it."""

    NUMBERS: ClassVar = ("treated_share", "l1", "largest_smd", "hazard_ratio", "lower", "upper")

    change: str
    variable: str
    treated_share: float | None
    l1: float | None
    largest_smd: float | None
    hazard_ratio: float | None
    lower: float | None
    upper: float | None


def frontier_figure(rows: Sequence[FrontierRow], config: Config, words: Words) -> Figure:
    """The frontier in one language."""
    evaluation = config.evaluation
    look = Look(words, words.text(evaluation.participants), words.text(evaluation.controls), config.report.time_unit)
    return Figure(
        name="frontier",
        caption=words("caption.frontier"),
        alternative=words("alternative.frontier", n=len(rows)),
        source=words.text(evaluation.source) if evaluation.source else "",
        look=look,
        draw=lambda at: draw_frontier(at, rows),
        columns=("change", "variable", *FrontierRow.NUMBERS),
        rows=tuple((r.change, r.variable, *(getattr(r, name) for name in FrontierRow.NUMBERS)) for r in rows),
    )


def draw_frontier(look: Look, rows: Sequence[FrontierRow]) -> Drawing:
    """Four panels side by side over one list of coarsenings; grey lines carry the configured one across."""
    left, right, gap = (1.5, 0.1, 0.1) if look.narrow else (2.45, 0.15, 0.22)
    height = 0.27 * len(rows) + 1.0
    figure = empty(look.width, height)
    width = (look.width - left - right - gap * (len(PANELS) - 1)) / len(PANELS)
    for i, panel in enumerate(PANELS):
        box = ((left + i * (width + gap)) / look.width, 0.55 / height, width / look.width, (height - 1.0) / height)
        _panel(figure.add_axes(box), look, rows, panel, first=i == 0)
    return figure


def _panel(axes: Axes, look: Look, rows: Sequence[FrontierRow], panel: str, *, first: bool) -> None:
    values = [getattr(row, panel) for row in rows]
    for y, (row, value) in enumerate(zip(rows, values, strict=True)):
        ink = "#222222" if y == 0 else colour(0)
        if first:
            name = wrapped(_name(look, row), 24 if look.narrow else 40)
            axes.text(-0.04, y, name, transform=axes.get_yaxis_transform(), ha="right", va="center",
                      fontsize=7 if look.narrow else 8.5, fontweight="bold" if y == 0 else "normal")  # fmt: skip
        if value is None:
            continue
        if panel == "hazard_ratio" and row.lower is not None and row.upper is not None:
            axes.plot([row.lower, row.upper], [y, y], color=ink, linewidth=1.2, solid_capstyle="butt")
        axes.plot([value], [y], marker="D" if y == 0 else "o", markersize=4.2, color=ink, clip_on=False)
    if values and values[0] is not None:
        axes.axvline(values[0], color=GREY, linewidth=0.9, linestyle=(0, (2, 2)), zorder=0)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    _scale(axes, look, rows, panel)
    heading(axes, wrapped(look.words(f"axis.frontier.{panel}"), 9 if look.narrow else 17))


def _scale(axes: Axes, look: Look, rows: Sequence[FrontierRow], panel: str) -> None:
    known = [v for row in rows if (v := getattr(row, panel)) is not None]
    if panel == "hazard_ratio":
        axes.axvline(1, color="#333333", linewidth=1)
        ratio_axis(axes, look, [v for row in rows for v in (row.lower, row.upper)], vertical=False)
    elif panel == "treated_share":
        low = math.floor(min([*known, 0.9]) * 10) / 10
        axes.set_xlim(low - 0.02, 1.02)
        axes.set_xticks([low, 1.0], [look.words.percent(low), look.words.percent(1.0)])
    else:
        top = math.ceil(max([*known, 0.1]) * 10) / 10
        axes.set_xlim(-0.04 * top, top * 1.06)
        axes.set_xticks([0, top], [look.words.number(0), look.words.number(top, 1)])


def _name(look: Look, row: FrontierRow) -> str:
    if not row.variable:
        return look.words(f"frontier.{row.change}")
    if row.variable == "all":
        return look.words(f"frontier.{row.change}_all")
    variable = labels.lower_first(labels.variable(look.words, row.variable))
    return look.words(f"frontier.{row.change}", variable=variable)
