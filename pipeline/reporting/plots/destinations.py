"""Where people went: cumulative incidence stacked by kind, and the destinations of those who reached the outcome."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import blended_transform_factory

from pipeline.reporting.plots import Look, colour, ink, wrapped
from pipeline.reporting.words import labels
from pipeline.results import Destination

GROUPS = ("participants", "controls")
# A segment narrower than this part of the longest bar has no room for its number.
ROOM = 0.07
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


def draw_destinations(look: Look, rows: list[Destination], time: str) -> Figure:
    """Two stacked bars of everyone by a time, a segment a kind, over pairs of bars, one pair a destination."""
    kinds, places = by_kind(rows), by_destination(rows)
    pair = 0.6 if look.narrow else 0.4
    bars, legend = (1.3, 0.74) if look.narrow else (0.85, 0.42)
    upper, lower = bars + legend + 0.2, pair * len(places) + 0.78
    height = upper + lower
    figure = Figure(figsize=(look.width, height))
    left = 0.15 if look.narrow else 2.35
    span = (look.width - left - 0.55) / look.width
    stacked = figure.add_axes((left / look.width, lower / height, span, bars / height))
    paired = figure.add_axes((left / look.width, 0.12 / height, span, (lower - 0.7) / height))
    for axes, key, words in ((stacked, "axis.of_everyone", {"time": time}), (paired, "axis.of_reached", {})):
        top = axes.get_position().y1 + (legend - 0.08 if axes is stacked else 0.06) / height
        figure.text(0.02, top, look.words(key, **words), fontweight="bold", va="bottom")
    _stacked(stacked, look, kinds)
    _paired(paired, look, places)
    return figure


def _stacked(axes: Axes, look: Look, kinds: dict[str, dict[str, float]]) -> None:
    for i, (kind, shares) in enumerate(kinds.items()):
        for y, group in enumerate(GROUPS):
            start = sum(list(kinds.values())[j][group] for j in range(i))
            axes.barh(y, shares[group], left=start, height=0.62, color=SHADES[i % len(SHADES)], edgecolor="white",
                      label=labels.kind(look.words, kind) if y == 0 else None)  # fmt: skip
            if shares[group] >= ROOM * max(sum(s[g] for s in kinds.values()) for g in GROUPS):
                letters = "white" if i % len(SHADES) in DARK else "#222222"
                axes.text(start + shares[group] / 2, y, look.words.percent(shares[group]), ha="center", va="center",
                          color=letters, fontsize=8.5)  # fmt: skip
    totals = [sum(shares[group] for shares in kinds.values()) for group in GROUPS]
    for y, total in enumerate(totals):
        axes.annotate(look.words.percent(total), (total, y), (4, 0), va="center", textcoords="offset points",
                      color=ink(y), fontweight="bold")  # fmt: skip
    _bare(axes, max(totals) * (1.12 if look.narrow else 1.02))
    _name_rows(axes, look, [look.group(g) for g in GROUPS])
    axes.set_ylim(1.45, -0.8 if look.narrow else -0.45)
    # From the left edge of the figure, since names of kinds are long.
    across = blended_transform_factory(axes.figure.transFigure, axes.transAxes)
    axes.legend(loc="lower left", bbox_to_anchor=(0.01, 1), bbox_transform=across, fontsize=8.5, borderaxespad=0.2,
                ncols=1 if look.narrow else 4, handlelength=1, columnspacing=1.2, labelspacing=0.25)  # fmt: skip


def _paired(axes: Axes, look: Look, places: dict[str, dict[str, float]]) -> None:
    for y, shares in enumerate(places.values()):
        for i, group in enumerate(GROUPS):
            at = y + (i - 0.5) * 0.36
            axes.barh(at, shares[group], height=0.33, color=colour(i))
            axes.annotate(look.words.small_percent(shares[group]), (shares[group], at), (3, 0), va="center", fontsize=8,
                          textcoords="offset points", color=ink(i))  # fmt: skip
    _bare(axes, max(v for shares in places.values() for v in shares.values()) * (1.12 if look.narrow else 1.02))
    _name_rows(axes, look, [labels.destination(look.words, name) for name in places])
    axes.set_ylim(len(places) - 0.45, -0.85 if look.narrow else -0.55)
    marks = [axes.barh(0, 0, color=colour(i)) for i in range(2)]
    axes.legend(marks, [look.participants, look.controls], loc="lower right", borderpad=0.2)


def _bare(axes: Axes, right: float) -> None:
    axes.set_xlim(0, right)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(False)
    axes.spines["bottom"].set_visible(False)


def _name_rows(axes: Axes, look: Look, names: list[str]) -> None:
    for y, name in enumerate(names):
        if look.narrow:
            axes.text(0, y - 0.53, name, transform=axes.get_yaxis_transform(), va="center", fontsize=8.5)
        else:
            axes.text(-0.015, y, wrapped(name, 38), transform=axes.get_yaxis_transform(), ha="right", va="center")
