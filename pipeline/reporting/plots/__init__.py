"""Drawings: one function a figure, from results to a matplotlib figure; margins in inches, nothing measured twice."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.config import Text
from pipeline.reporting.words import Words, labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

READABLE = 4.5
GREY = "#6B6B6B"
# Names that lines may cross stand on white.
BEHIND = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
# A slide is sixteen to nine; figures with a row a group squeeze their rows into what is left of its height.
SLIDE_WIDTH, SLIDE_HEIGHT = 8.0, 3.7
DASHES = ("solid", (0, (5, 1.6)))


@dataclass(frozen=True, slots=True)
class Look:
    """For whom a figure is drawn: language, width in inches, and what groups and time are called."""

    words: Words
    participants: str
    controls: str
    unit: Text
    width: float = 6.8

    @property
    def narrow(self) -> bool:
        """Whether this is the size for a telephone or one column."""
        return self.width < 5

    @property
    def slide(self) -> bool:
        """Whether this is the size for a slide."""
        return self.width >= SLIDE_WIDTH

    def group(self, name: str) -> str:
        """The label of participants or controls."""
        return self.participants if name == "participants" else self.controls


def colour(index: int) -> str:
    """A colour of the style in force: 0 participants, 1 controls."""
    from matplotlib import rcParams
    from matplotlib.colors import to_hex

    colours = rcParams["axes.prop_cycle"].by_key()["color"]
    return to_hex(colours[index % len(colours)])


def ink(index: int) -> str:
    """The colour of a group for text."""
    return readable(colour(index))


def readable(shade: str) -> str:
    """A colour darkened until letters in it can be read on white (contrast 4.5, WCAG AA)."""
    from matplotlib.colors import to_hex, to_rgb

    red, green, blue = to_rgb(shade)
    while _contrast((red, green, blue)) < READABLE:
        red, green, blue = 0.95 * red, 0.95 * green, 0.95 * blue
    return to_hex((red, green, blue))


def _contrast(rgb: tuple[float, float, float]) -> float:
    """Contrast with white, from 1 to 21 (WCAG 2)."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in rgb]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)


def empty(width: float, height: float) -> Figure:
    """A figure without axes, in inches. What draws imports matplotlib, so that building a report's text does not."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height))


def canvas(width: float, height: float, left: float, right: float, top: float, bottom: float) -> tuple[Figure, Axes]:
    """A figure with one pair of axes and margins in inches."""
    figure = empty(width, height)
    axes = figure.add_axes(
        (left / width, bottom / height, (width - left - right) / width, (height - top - bottom) / height)
    )
    return figure, axes


def heading(axes: Axes, text: str, left: float = 0.0) -> None:
    """What the vertical axis shows, set level above it, where it can be read; `left` in points from the axes."""
    axes.annotate(
        text, (0, 1), (left, 7), xycoords="axes fraction", textcoords="offset points", color="#333333", va="bottom"
    )


def time_ticks(look: Look, days: list[float], end: float) -> tuple[list[float], list[str]]:
    """Ticks at the start and those of the report's times that have room, in months where time is counted in days."""
    ticks = [0.0]
    for day in days:
        if ticks[-1] + (0.13 if look.narrow else 0.09) * end <= day <= end:
            ticks.append(day)
    return ticks, [time_name(look, day) for day in ticks]


def time_name(look: Look, day: float) -> str:
    """A time as a tick has it: in months where time is counted in days."""
    if labels.is_days(look.unit):
        return look.words.number(labels.whole_months(day) or day / labels.DAYS_IN_MONTH)
    return look.words.number(day)


def percent_axis(axes: Axes, look: Look, top: float) -> float:
    """From zero to the next ten per cent above the highest value: never broken. Returns where the axis ends."""
    upper = percent_end(top)
    step = 0.2 if upper > 0.6 else 0.1 if upper > 0.2 else 0.05
    ticks = [i * step for i in range(round(upper / step + 0.499) + 1) if i * step <= upper + 1e-9]
    axes.set_ylim(0, upper)
    axes.set_yticks(ticks, [look.words.percent(tick) for tick in ticks])
    return upper


def percent_end(top: float) -> float:
    """The next ten per cent above a share, with a little room."""
    return min(1.0, math.ceil(top * 10 + 0.2) / 10)


def time_label(look: Look, clock: str = "") -> str:
    """The title of a time axis; `clock` says from when, from the start when left out."""
    unit = look.words("unit.months") if labels.is_days(look.unit) else look.words.text(look.unit)
    return look.words("axis.time", unit=labels.upper_first(unit), clock=clock or look.words("clock.start"))


def wrapped(text: str, width: int) -> str:
    """Text broken into lines of at most so many characters."""
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)
