"""Where people went: shares of everyone stacked by kind over time, and destinations of those with the outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.reporting.plots import (
    SLIDE_HEIGHT,
    Look,
    canvas,
    colour,
    empty,
    ink,
    percent_axis,
    percent_end,
    readable,
    time_label,
    time_name,
    wrapped,
)
from pipeline.reporting.words import labels
from pipeline.results import Destination, KindShare, Share

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GROUPS = ("participants", "controls")
# A segment lower than this share of everyone has no room for its number.
LEAST = 0.025
# Kinds are not arms: shades of another colour, from dark to light.
SHADES = ("#1F5F57", "#8DBDB3", "#DCE9E6", "#B5B5B5", "#6E6E6E", "#E8E0CF")
DARK = (0, 4)


def by_kind(rows: list[Destination]) -> dict[str, dict[str, float]]:
    """Cumulative incidence (of everyone in a group) summed by kind, the participants' most common first.

    Competing destinations, which are not the outcome, are left out.
    """
    kinds: dict[str, dict[str, float]] = {}
    for row in rows:
        if row.share is not None and row.incidence is not None:
            shares = kinds.setdefault(row.kind, dict.fromkeys(GROUPS, 0.0))
            shares[row.group] += row.incidence
    return dict(sorted(kinds.items(), key=lambda item: -item[1]["participants"]))


def by_destination(rows: list[Destination]) -> dict[str, dict[str, float]]:
    """Shares by destination and group, the participants' most common first, what is folded together last."""
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        if row.share is not None:
            found.setdefault(row.destination, dict.fromkeys(GROUPS, 0.0))[row.group] += row.share
    return dict(sorted(found.items(), key=lambda item: (is_rest(item[0]), -item[1]["participants"])))


def is_rest(destination: str) -> bool:
    """Whether a destination is what is left over of others."""
    return destination.startswith("folded") or destination == "other_exit"


def draw_destinations(look: Look, rows: list[Destination]) -> Figure:
    """Pairs of bars, one pair a destination: shares of those of each group who reached the outcome."""
    places = by_destination(rows)
    pair = 0.66 if look.narrow else min(0.4, SLIDE_HEIGHT / len(places)) if look.slide else 0.4
    left = 0.15 if look.narrow else 2.45
    figure, axes = canvas(look.width, pair * len(places) + 0.55, left, 0.55, 0.4, 0.15)
    _paired(axes, look, places)
    return figure


def draw_kinds(look: Look, rows: list[KindShare], shares: list[Share]) -> Figure:
    """A panel a group: at each time a bar of everyone in it, stacked by kind, with the whole share above."""
    kinds = kinds_in_order(rows)
    right, lines = (0.1, len(kinds)) if look.narrow else (1.5, 0)
    height = 3.1 + 0.19 * lines
    figure = empty(look.width, height)
    axes = figure.subplots(1, 2, sharey=True, squeeze=False)[0]
    figure.subplots_adjust(left=0.5 / look.width, right=1 - right / look.width, bottom=0.5 / height,
                           top=1 - (0.45 + 0.19 * lines) / height, wspace=0.08)  # fmt: skip
    for panel, group in zip(axes, GROUPS, strict=True):
        _stacked(panel, look, group, kinds, rows, shares)
        panel.set_title(wrapped(look.group(group), 22), color=ink(GROUPS.index(group)))
    percent_axis(axes[0], look, _highest(rows))
    figure.text((0.5 + (look.width - right)) / 2 / look.width, 0.1 / height, time_label(look), ha="center")
    if look.narrow:
        marks = [axes[0].bar(0, 0, color=shade(i)) for i in range(len(kinds))]
        figure.legend(marks, [labels.kind(look.words, kind) for kind in kinds], loc="upper left", borderaxespad=0.2,
                      handlelength=1, labelspacing=0.25)  # fmt: skip
    else:
        _name_kinds(figure, axes[1], look, kinds, rows)
    return figure


def kinds_in_order(rows: list[KindShare]) -> list[str]:
    """Kinds from the bottom of the bars upwards: the participants' most common first."""
    last = {row.kind: row.incidence or 0 for row in rows if row.group == GROUPS[0]}
    return sorted(dict.fromkeys(row.kind for row in rows), key=lambda kind: -last.get(kind, 0.0))


def _highest(rows: list[KindShare]) -> float:
    """The highest bar, with room for the number above it."""
    bars: dict[tuple[str, float], float] = {}
    for row in rows:
        bars[row.group, row.day] = bars.get((row.group, row.day), 0.0) + (row.incidence or 0.0)
    return 1.06 * max(bars.values())


def kinds_end(rows: list[KindShare]) -> float:
    """Where the vertical axis ends, as a share."""
    return percent_end(_highest(rows))


def shade(index: int) -> str:
    """The colour of a kind."""
    return SHADES[index % len(SHADES)]


def _stacked(axes: Axes, look: Look, group: str, kinds: list[str], rows: list[KindShare], shares: list[Share]) -> None:
    heights = {(row.kind, row.day): row.incidence or 0.0 for row in rows if row.group == group}
    for x, share in enumerate(shares):
        start = 0.0
        for i, kind in enumerate(kinds):
            height = heights.get((kind, share.day))
            if height is None:
                continue
            axes.bar(x, height, bottom=start, width=0.78, color=shade(i), edgecolor="white", linewidth=0.6)
            if height >= LEAST:
                letters = "white" if i % len(SHADES) in DARK else "#222222"
                axes.text(x, start + height / 2, look.words.number(100 * height), ha="center", va="center",
                          color=letters, fontsize=7.5 if look.narrow else 8.5)  # fmt: skip
            start += height
        whole = getattr(share, group)
        if start and whole is not None:
            axes.annotate(
                look.words.percent(whole), (x, start), (0, 2), textcoords="offset points", ha="center",
                fontsize=7.5 if look.narrow else 8.5, fontweight="bold", color=ink(GROUPS.index(group)),
            )  # fmt: skip
    axes.set_xticks(range(len(shares)), [time_name(look, share.day) for share in shares])
    axes.set_xlim(-0.6, len(shares) - 0.4)
    axes.tick_params(axis="x", length=0)


def _name_kinds(figure: Figure, axes: Axes, look: Look, kinds: list[str], rows: list[KindShare]) -> None:
    """Each kind named beside the last bar, names moved apart where segments are thin."""
    last = max(row.day for row in rows)
    heights = {row.kind: row.incidence or 0.0 for row in rows if row.group == GROUPS[1] and row.day == last}
    names = [wrapped(labels.kind(look.words, kind), 20) for kind in kinds]
    line = 0.16 * axes.get_ylim()[1] / (axes.get_position().height * figure.get_figheight())
    floor, below = 0.0, 0.0
    for i, (kind, name) in enumerate(zip(kinds, names, strict=True)):
        room = line * (1 + name.count("\n"))
        middle = max(below + heights.get(kind, 0.0) / 2, floor + room / 2)
        axes.annotate(name, (1, middle), (5, 0), xycoords=axes.get_yaxis_transform(), textcoords="offset points",
                      va="center", fontsize=8.5, color=readable(shade(i)), linespacing=1.15)  # fmt: skip
        below, floor = below + heights.get(kind, 0.0), middle + room / 2 + 0.35 * line


def _paired(axes: Axes, look: Look, places: dict[str, dict[str, float]]) -> None:
    for y, shares in enumerate(places.values()):
        for i, group in enumerate(GROUPS):
            at = y + (i - 0.5) * 0.36
            axes.barh(at, shares[group], height=0.33, color=colour(i))
            axes.annotate(look.words.small_percent(shares[group]), (shares[group], at), (3, 0), va="center", fontsize=8,
                          textcoords="offset points", color=ink(i))  # fmt: skip
    _bare(axes, max(v for shares in places.values() for v in shares.values()) * (1.12 if look.narrow else 1.02))
    _name_rows(axes, look, [labels.destination(look.words, name) for name in places])
    axes.set_ylim(len(places) - 0.45, -0.85 if look.narrow else -0.5)
    marks = [axes.barh(0, 0, color=colour(i)) for i in range(2)]
    axes.legend(marks, [look.participants, look.controls], loc="lower left", bbox_to_anchor=(0, 1), ncols=2,
                borderaxespad=0.2, borderpad=0, handlelength=1, columnspacing=1.2)  # fmt: skip


def _bare(axes: Axes, right: float) -> None:
    axes.set_xlim(0, right)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(False)
    axes.spines["bottom"].set_visible(False)


def _name_rows(axes: Axes, look: Look, names: list[str]) -> None:
    for y, name in enumerate(names):
        if look.narrow:
            axes.annotate(name, (0, y - 0.5), (3, 0), xycoords=axes.get_yaxis_transform(), va="center", fontsize=8.5,
                          textcoords="offset points")  # fmt: skip
        else:
            axes.text(-0.015, y, wrapped(name, 38), transform=axes.get_yaxis_transform(), ha="right", va="center")
