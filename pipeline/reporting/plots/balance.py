"""How alike the groups are: standardised differences before and after matching (love plot)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pipeline.reporting.plots import BEHIND, GREY, SLIDE_HEIGHT, Look, canvas, colour, wrapped
from pipeline.reporting.words import labels
from pipeline.results import Balance, BalanceRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# A difference under a tenth of a standard deviation is commonly taken as balanced.
BALANCED = 0.1


def pairs(balance: Balance) -> list[tuple[BalanceRow, BalanceRow]]:
    """Rows of the same variable and level before and after, where both have a difference to show."""
    after = {(row.variable, row.level): row for row in balance.after}
    both = [(row, after.get((row.variable, row.level))) for row in in_order(balance.before)]
    return [(b, a) for b, a in both if a is not None and b.smd is not None and a.smd is not None]


def in_order(rows: list[BalanceRow]) -> list[BalanceRow]:
    """Variables as they come, the levels of each in their natural order."""
    place = {variable: i for i, variable in reversed(list(enumerate(row.variable for row in rows)))}
    return sorted(rows, key=lambda row: (place[row.variable], labels.level_order(row.level)))


def name_of(look: Look, row: BalanceRow) -> str:
    """The variable, with its level where it has levels."""
    name = labels.variable(look.words, row.variable)
    return f"{name}: {labels.lower_first(labels.level(look.words, row.level))}" if row.level else name


def draw_balance(look: Look, balance: Balance, matched: bool) -> Figure:
    """A row per variable: where it stood before matching (ring) and where it stands after (dot)."""
    rows = pairs(balance)
    step = 0.46 if look.narrow else min(0.27, SLIDE_HEIGHT / len(rows)) if look.slide else 0.27
    left = 0.15 if look.narrow else 2.75
    figure, axes = canvas(look.width, step * len(rows) + 1.1, left, 0.2, 0.45, 0.6)
    for y, (before, after) in enumerate(rows):
        x = before.smd or 0.0, after.smd or 0.0
        if matched:
            axes.plot(x, (y, y), color="#C9C9C9", linewidth=1, zorder=1)
            axes.plot(
                x[0], y, marker="o", markersize=6.5, markerfacecolor="white", color=colour(1), markeredgewidth=1.6
            )
        axes.plot(x[1], y, marker="o", markersize=6.5, color=colour(0))
        place = (0, y - 0.36, "left") if look.narrow else (-0.02, y, "right")
        axes.text(place[0], place[1], wrapped(name_of(look, before), 44), transform=axes.get_yaxis_transform(),
                  ha=place[2], va="center", fontsize=8.5, bbox=BEHIND)  # fmt: skip
    for x0, style in ((0, "solid"), (-BALANCED, (0, (2, 2))), (BALANCED, (0, (2, 2)))):
        axes.axvline(x0, color=GREY if x0 else "#333333", linewidth=0.9, linestyle=style, zorder=0)
    widest = max([abs(r.smd or 0) for pair in rows for r in pair] + [BALANCED])
    limit = math.ceil(widest * 10 + 0.3) / 10
    ticks = [t / 10 for t in range(-round(limit * 10), round(limit * 10) + 1, 1 if limit <= 0.4 else 2)]
    axes.set_xlim(-limit, limit)
    axes.set_xticks(ticks, [look.words.number(t, 1) for t in ticks])
    axes.set_ylim(len(rows) - 0.4, -0.8)
    axes.set_yticks([])
    axes.grid(False)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(look.words("axis.smd"))
    if matched:
        before_mark = axes.plot([], [], "o", markerfacecolor="white", color=colour(1), markeredgewidth=1.6)[0]
        after_mark = axes.plot([], [], "o", color=colour(0))[0]
        axes.legend([before_mark, after_mark], [look.words("balance.before"), look.words("balance.after")],
                    loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderpad=0.2, handletextpad=0.2)  # fmt: skip
    return figure
