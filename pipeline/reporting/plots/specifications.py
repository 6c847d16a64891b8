"""The specification curve: every analysis in order of its hazard ratio, with the choices it has marked below."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.reporting.plots import GREY, Look, colour, empty, heading, wrapped
from pipeline.reporting.plots.ratios import WIDEST, ratio_axis
from pipeline.sensitivity.record import SensitivityRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, PALE = "#222222", "#A9A9A9"
LINE = 0.142  # inches a line of the choices takes
BOTTOM = 0.14


@dataclass(frozen=True, slots=True)
class Line:
    """A line below the curve: a choice as a heading (`marked` is None), or a value and which analyses have it."""

    text: str
    marked: tuple[bool, ...] | None = None


def draw_specifications(look: Look, rows: Sequence[SensitivityRow], lines: Sequence[Line], difference: str) -> Figure:
    """Hazard ratios over differences in shares over a line for each value of each choice; slides have no such lines.

    rows : analyses with a hazard ratio, in the order drawn · lines : their `marked` are in that order too ·
    difference : the heading of the differences
    """
    left, right = (1.62, 0.08) if look.narrow else (2.3, 0.12)
    heights = [1.75, 1.05, LINE * len(lines) + 0.06]
    gaps = [0.36, 0.56 if look.narrow else 0.44, 0.14]
    if look.slide:  # nobody reads fifty lines of marks from the back of a room
        left, heights, gaps = 0.7, [2.3, 1.2], gaps[:2]
    total = sum(heights) + sum(gaps) + BOTTOM
    figure = empty(look.width, total)
    top, panels = total, []
    for height, gap in zip(heights, gaps, strict=True):
        top -= gap + height
        width = look.width - left - right
        panels.append(figure.add_axes((left / look.width, top / total, width / look.width, height / total)))
    _ratios(panels[0], look, rows)
    _differences(panels[1], look, rows, difference)
    if not look.slide:
        _choices(panels[2], look, rows, lines, left)
    for axes in panels:
        axes.set_xlim(-0.03 * len(rows) - 0.5, len(rows) - 0.5 + 0.03 * len(rows))
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
    return figure


def _ink(row: SensitivityRow) -> str:
    return INK if not row.varied else colour(0) if len(row.varied) == 1 else PALE


def _order(rows: Sequence[SensitivityRow]) -> list[int]:
    """Places in the order of drawing: combinations first, the evaluation's own last and on top."""
    return sorted(range(len(rows)), key=lambda i: (len(rows[i].varied) == 0, len(rows[i].varied) == 1))


def _curve(axes: Axes, rows: Sequence[SensitivityRow], values: Sequence[tuple[float | None, ...]]) -> None:
    """Points with their intervals; `values` holds estimate and limits of each row."""
    order = [i for i in _order(rows) if values[i][0] is not None]
    segments = [[(i, values[i][1]), (i, values[i][2])] for i in order if None not in values[i]]
    inks = [_ink(rows[i]) for i in order if None not in values[i]]
    thin = max(0.5, min(1.4, 150 / max(len(rows), 1)))
    _strokes(axes, segments, inks, thin, alpha=0.75)
    for i in order:
        own, value = not rows[i].varied, values[i][0]
        if value is not None:
            size = 5 if own else 2.2 + thin
            axes.plot([i], [value], marker="D" if own else "o", markersize=size, color=_ink(rows[i]), markeredgewidth=0,
                      zorder=5 if own else 3)  # fmt: skip


def _strokes(
    axes: Axes, segments: Sequence[Any], inks: Sequence[str], width: float, alpha: float | None = None
) -> None:
    """Many straight lines at once, each from a point to another."""
    from matplotlib.collections import LineCollection

    axes.add_collection(LineCollection(segments, colors=inks, linewidths=width, alpha=alpha))


def _ratios(axes: Axes, look: Look, rows: Sequence[SensitivityRow]) -> None:
    def cut(value: float | None) -> float | None:
        return None if value is None else min(max(value, WIDEST[0]), WIDEST[1])

    values = [(row.hazard_ratio, cut(row.lower), cut(row.upper)) for row in rows]
    ratio_axis(axes, look, [v for row in values for v in row], vertical=True)
    axes.axhline(1, color="#333333", linewidth=1)
    _own_line(axes, rows, "hazard_ratio")
    _curve(axes, rows, values)
    heading(axes, look.words("axis.specifications.hazard_ratio"), left=-24)


def _differences(axes: Axes, look: Look, rows: Sequence[SensitivityRow], title: str) -> None:
    names = ("difference", "difference_lower", "difference_upper")
    values = [tuple(None if (v := getattr(row, name)) is None else 100 * v for name in names) for row in rows]
    known = [v for row in values for v in row if v is not None]
    axes.axhline(0, color="#333333", linewidth=1)
    _own_line(axes, rows, "difference", 100)
    _curve(axes, rows, values)
    low, high = min([0.0, *known]), max([0.0, *known])
    step = next((s for s in (1, 2, 5, 10, 20, 50) if (high - low) / s <= 5), 100)
    ticks = [step * n for n in range(math.ceil(low / step), math.floor(high / step) + 1)]
    axes.set_yticks(ticks, [look.words.number(tick) for tick in ticks])
    pad = 0.06 * max(high - low, 1)
    axes.set_ylim(low - pad, high + pad)
    heading(axes, wrapped(title, 26 if look.narrow else 60), left=-24)


def _own_line(axes: Axes, rows: Sequence[SensitivityRow], name: str, times: float = 1) -> None:
    own = next((getattr(row, name) for row in rows if not row.varied), None)
    if own is not None:
        axes.axhline(times * own, color=GREY, linewidth=0.8, linestyle=(0, (2, 2)), zorder=0)


def _choices(axes: Axes, look: Look, rows: Sequence[SensitivityRow], lines: Sequence[Line], left: float) -> None:
    thin = max(0.9, min(3.0, 200 / max(len(rows), 1)))
    size = 6.6 if look.narrow else 7.6
    for y, line in enumerate(lines):
        if line.marked is None:
            axes.annotate(line.text, (0, y), (2 - 72 * left, 0), xycoords=axes.get_yaxis_transform(), ha="left",
                          textcoords="offset points", va="center", fontsize=size, fontweight="bold")  # fmt: skip
            continue
        axes.annotate(line.text, (0, y), (-5, 0), xycoords=axes.get_yaxis_transform(), textcoords="offset points",
                      ha="right", va="center", fontsize=size)  # fmt: skip
        axes.axhline(y, color="#EDEDED", linewidth=0.7, zorder=0)
        marked = [i for i in _order(rows) if line.marked[i]]
        segments = [[(i, y - 0.36), (i, y + 0.36)] for i in marked]
        _strokes(axes, segments, [_ink(rows[i]) for i in marked], thin)
    axes.set_ylim(len(lines) - 0.5, -0.5)
    axes.set_yticks([])
    axes.grid(False)
    axes.spines["left"].set_visible(False)
