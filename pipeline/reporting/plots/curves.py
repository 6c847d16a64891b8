"""Shares that have reached an outcome: curves per arm with bands, people under them, and small multiples."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.reporting.plots import (
    DASHES,
    Look,
    canvas,
    colour,
    empty,
    heading,
    ink,
    percent_axis,
    percent_end,
    time_label,
    time_ticks,
    wrapped,
)
from pipeline.results import CurvePoint, OutcomeResult, SubgroupResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GROUPS = ("participants", "controls")
EARLY = 0.8  # a line that ends before this part of the axis is named where it ends
CLEAR = 9.0  # points by which that name stands above or below
TAIL = 0.01  # part of the axis by which a last step is drawn on
DIGIT = 0.072  # inches a digit takes there, with its part of a space
LINE = 0.175  # inches between the lines of the table under the curves


def arms(points: list[CurvePoint]) -> dict[str, list[CurvePoint]]:
    """The points with a share, by group, in order of time; groups without any are left out."""
    found = {g: [p for p in points if p.group == g and p.cumulative_incidence is not None] for g in GROUPS}
    return {group: sorted(rows, key=lambda p: p.day) for group, rows in found.items() if rows}


def draw_curves(look: Look, outcome: OutcomeResult | SubgroupResult, days: list[float], clock: str) -> Figure:
    """Both arms with 95% bands, and under each tick the people at risk and those who have reached the outcome."""
    groups = arms(outcome.curves)
    end = max(points[-1].day for points in groups.values())
    left, right, table = (0.55, 0.2, 2.4) if look.narrow else (_room(look), 1.32, 1.72)
    if look.slide:  # nobody reads the numbers under a curve from the back of a room
        left, table = 0.6, 0.55
    height = (2.5 if look.narrow else 3.0) + table
    figure, axes = canvas(look.width, height, left, right, 0.6 if look.narrow else 0.34, table)
    for group, points in groups.items():
        _curve(axes, points, GROUPS.index(group), end)
    percent_axis(axes, look, max(_top(points) for points in groups.values()))
    ticks, names = time_ticks(look, days, end)
    axes.set_xlim(0, end * (1 + TAIL))
    axes.set_xticks(ticks, names)
    axes.set_xlabel(time_label(look, clock))
    heading(axes, look.words("axis.reached"), left=-30)
    _name_lines(axes, look, groups, end)
    if not look.slide:
        _people(figure, axes, look, groups, ticks)
    return figure


def ends_at(points: Sequence[CurvePoint]) -> float:
    """Where the vertical axis of these curves ends, as a share."""
    return percent_end(max((_top(list(group)) for group in arms(list(points)).values()), default=1.0))


def _room(look: Look) -> float:
    """Inches for the names of the groups beside the first column of people."""
    return min(0.5 + 0.059 * max(len(look.participants), len(look.controls)), 2.3)


def _curve(axes: Axes, points: list[CurvePoint], index: int, end: float, thin: bool = False) -> None:
    # The last step is drawn a little further, or only its rise would be seen.
    points = [*points, points[-1].model_copy(update={"day": points[-1].day + TAIL * end})]
    days = [p.day for p in points]
    axes.step(
        days, [_known(p.cumulative_incidence) for p in points], where="post", color=colour(index),
        linestyle=DASHES[index], linewidth=1.4 if thin else 1.8,
    )  # fmt: skip
    band = [p for p in points if p.lower is not None and p.upper is not None]
    axes.fill_between(
        [p.day for p in band], [_known(p.lower) for p in band], [_known(p.upper) for p in band],
        step="post", color=colour(index), alpha=0.16, linewidth=0,
    )  # fmt: skip


def _known(value: float | None) -> float:
    return math.nan if value is None else value


def _top(points: list[CurvePoint]) -> float:
    return max(max(_known(p.cumulative_incidence), p.upper or 0) for p in points)


def _name_lines(axes: Axes, look: Look, groups: dict[str, list[CurvePoint]], end: float) -> None:
    """Name each line at its end; on narrow figures there is no room, so a legend stands above."""
    if look.narrow:
        handles = [axes.plot([], [], color=colour(i), linestyle=DASHES[i])[0] for i in range(2)]
        names = [look.group(g) for g in groups]
        axes.legend(handles[: len(names)], names, loc="lower left", bbox_to_anchor=(-0.17, 1.13), ncols=2,
                    handlelength=1.8, columnspacing=1, borderpad=0)  # fmt: skip
        return
    ends = {group: _known(points[-1].cumulative_incidence) for group, points in groups.items()}
    late = {group: value for group, value in ends.items() if groups[group][-1].day >= EARLY * end}
    nudge = dict(zip(late, _apart(list(late.values()), axes.get_ylim()[1]), strict=True))
    for group, value in ends.items():
        last = groups[group][-1].day
        beside, offset = (end, nudge[group]) if group in late else (last, CLEAR)
        if group not in late and value < max(_reached(rows, last) for rows in groups.values()):
            offset = -CLEAR  # the other line goes on beside the name, which keeps clear of it
        axes.annotate(
            wrapped(look.group(group), 16), (beside + TAIL * end, value), (6, offset), va="center",
            fontweight="bold", textcoords="offset points", color=ink(GROUPS.index(group)),
            linespacing=1.2,
        )  # fmt: skip


def _reached(points: list[CurvePoint], day: float) -> float:
    """The share of a line at a day; its last where it ended before."""
    return _known(points[max(bisect_right([p.day for p in points], day) - 1, 0)].cumulative_incidence)


def _apart(values: list[float], top: float) -> list[float]:
    """Points to move two labels away from each other so that they do not overlap."""
    if len(values) < 2 or abs(values[0] - values[1]) > 0.12 * top:
        return [0.0] * len(values)
    return [9.0, -9.0] if values[0] >= values[1] else [-9.0, 9.0]


def _people(figure: Figure, axes: Axes, look: Look, groups: dict[str, list[CurvePoint]], ticks: list[float]) -> None:
    """People at risk just before each tick, and those who have reached the outcome by it (KMunicate's table)."""
    inch = 1 / figure.get_figheight()
    y = axes.get_position().y0 - 0.62 * inch
    for title, count in (("axis.at_risk", at_risk), ("axis.events", events)):
        figure.text(0.02, y, look.words(title), fontweight="bold", fontsize=8.5)
        y -= LINE * inch
        for group, points in groups.items():
            tint = ink(GROUPS.index(group))
            figure.text(0.02, y, look.group(group), color=tint, fontsize=8.5)
            y -= LINE * inch * look.narrow
            for tick in _with_room(figure, axes, ticks, groups):
                known = count(points, tick)
                _under(axes, tick, y, "" if known is None else look.words.number(known), tint)
            y -= LINE * inch
        y -= 0.05 * inch


def _with_room(figure: Figure, axes: Axes, ticks: list[float], groups: dict[str, list[CurvePoint]]) -> list[float]:
    """The ticks whose numbers of people can stand side by side."""
    widest = max(len(str(at_risk(points, 0) or 0)) for points in groups.values()) * DIGIT + 0.09
    inches = axes.get_position().width * figure.get_figwidth() / axes.get_xlim()[1]
    shown = ticks[:1]
    for tick in ticks[1:]:
        if (tick - shown[-1]) * inches >= widest:
            shown.append(tick)
    return shown


def _under(axes: Axes, tick: float, y: float, text: str, tint: str) -> None:
    """A count under its tick."""
    box = axes.get_position()
    axes.text(
        tick, (y - box.y0) / box.height, text, transform=axes.get_xaxis_transform(), color=tint, fontsize=8.5,
        ha="center", clip_on=False,
    )  # fmt: skip


def at_risk(points: list[CurvePoint], day: float) -> int | None:
    """People at risk just before a day: those of the first point at or after it; none known past the last."""
    place = bisect_left([p.day for p in points], day)
    return points[place].at_risk if place < len(points) else None


def events(points: list[CurvePoint], day: float) -> int | None:
    """People who have reached the outcome by a day; none known past the last point."""
    place = bisect_right([p.day for p in points], day) - 1
    return points[max(place, 0)].events if day <= points[-1].day else None


def draw_groups(look: Look, subgroups: list[SubgroupResult], days: list[float], clock: str = "") -> Figure:
    """The curves of several subgroups side by side on the same axes."""
    columns = 1 if look.narrow else min(len(subgroups), 4) if look.slide else 2
    rows = math.ceil(len(subgroups) / columns)
    curves = [arms(group.curves) for group in subgroups]
    end = max(points[-1].day for groups in curves for points in groups.values())
    top = max(_top(points) for groups in curves for points in groups.values())
    height = (3.1 if look.slide else 2.35) * rows + 0.5
    figure = empty(look.width, height)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    figure.subplots_adjust(
        left=0.5 / look.width, right=1 - 0.12 / look.width, top=1 - (0.8 if look.slide else 0.6) / height,
        bottom=0.5 / height, hspace=0.26, wspace=0.08,
    )  # fmt: skip
    ticks, names = time_ticks(look, days, end)
    for axes, group, found in zip(grid, subgroups, curves, strict=False):
        for name, points in found.items():
            _curve(axes, points, GROUPS.index(name), end, thin=True)
        axes.set_title(wrapped(look.words.text(group.label), 20 if look.slide else 40))
        axes.set_xlim(0, end * (1 + TAIL))
        axes.set_xticks(ticks, names)
        percent_axis(axes, look, top)
    for axes in grid[len(subgroups) :]:
        axes.set_visible(False)
    handles = [grid[0].plot([], [], color=colour(i), linestyle=DASHES[i])[0] for i in range(2)]
    figure.legend(handles, [look.participants, look.controls], loc="upper left", ncols=2, borderaxespad=0.2,
                  bbox_to_anchor=(0.45 / look.width, 1))  # fmt: skip
    figure.text(0.5, 0.1 / height, time_label(look, clock), ha="center")
    return figure
