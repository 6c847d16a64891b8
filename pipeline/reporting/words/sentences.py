"""Sentences made of numbers: the interval first, its direction, and a null result never "no effect".

Every function takes `words` and plain numbers and returns a sentence or a part of one. A part set in ** is the one to
stress. A missing number gives a sentence that says so; an open limit is said as "at least" or "at most".
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pipeline.reporting.words import Words
from pipeline.reporting.words.numbers import rounded

# From a doubling on, "2.4 times" reads better than "140 per cent higher".
TIMES = 2.0
MOST_DECIMALS = 2
# Smaller shares are told with a decimal.
SMALL_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95% interval; None is withheld, missing or open."""

    value: float | None
    lower: float | None
    upper: float | None

    def clear(self, null: float) -> bool:
        """Whether the interval lies wholly on one side of the null value."""
        above = self.lower is not None and self.lower > null
        below = self.upper is not None and self.upper < null
        return above or below


def points_more(words: Words, share: Interval) -> str:
    """A difference of shares: "mellan 5 och 9 procentenheter fler", "mellan 3 procentenheter färre och 1 ... fler"."""
    return _between(words, _scaled(share, 100), "more", "fewer", "points")


def percent_higher(words: Words, ratio: Interval) -> str:
    """A ratio of rates: "mellan 47 och 68 procent högre", "2,1 till 2,9 gånger så hög" from a doubling on."""
    if _in_times(ratio):
        return words("between.times", low=words.number(ratio.lower, 1), high=words.number(ratio.upper, 1))
    change = Interval(*(None if v is None else v - 1 for v in (ratio.value, ratio.lower, ratio.upper)))
    return _between(words, _scaled(change, 100), "higher", "lower", "percent")


def _in_times(ratio: Interval) -> bool:
    return ratio.lower is not None and ratio.upper is not None and ratio.lower >= TIMES


def _than(words: Words, ratio: Interval) -> str:
    return words("than.times" if _in_times(ratio) else "than.percent")


def days_more(words: Words, difference: Interval, unit: str) -> str:
    """A difference of mean times: "mellan 69 och 96 dagar kortare"; `unit` is the plural of the time unit."""
    return _between(words, difference, "longer", "shorter", "plain", unit=unit)


def _scaled(interval: Interval, factor: float) -> Interval:
    return Interval(*(None if v is None else v * factor for v in (interval.value, interval.lower, interval.upper)))


def _between(words: Words, interval: Interval, up: str, down: str, kind: str, **more: str) -> str:
    """Say an interval in words, magnitudes rising, each with its direction when the two differ."""
    low, high = interval.lower, interval.upper
    if low is None and high is None:
        return words("between.unknown")
    if low is None or high is None:
        limit = high if low is None else low
        assert limit is not None
        side = "between.at_most" if low is None else "between.at_least"
        return words(side, limit=_directed(words, limit, up, down, kind, **more))
    if low < 0 < high:
        first, last = (_directed(words, limit, up, down, kind, **more) for limit in (low, high))
        return words("between.two", low=first, high=last)
    direction = words(f"direction.{up if low + high >= 0 else down}.{kind}", **more)
    small, large = sorted((abs(low), abs(high)))
    decimals = enough_decimals(small, large)
    texts = words.number(small, decimals), words.number(large, decimals)
    name = _unit(words, kind, large, decimals, **more)
    if texts[0] == texts[1]:
        return words("between.about", value=texts[1], unit=name, direction=direction)
    return words("between.one_direction", low=texts[0], high=texts[1], unit=name, direction=direction)


def enough_decimals(small: float, large: float) -> int:
    """As few decimals as keep two magnitudes apart and the smaller from reading as zero; at most two."""
    for decimals in range(MOST_DECIMALS):
        a, b = rounded(small, decimals), rounded(large, decimals)
        if a != b and (a != 0 or small == 0):
            return decimals
    return MOST_DECIMALS


def _directed(words: Words, value: float, up: str, down: str, kind: str, **more: str) -> str:
    decimals = 0 if abs(value) >= 1 or value == 0 else 1 if abs(value) >= 0.1 else MOST_DECIMALS
    direction = words(f"direction.{up if value >= 0 else down}.{kind}", **more)
    name = _unit(words, kind, abs(value), decimals, **more)
    return f"{words.number(abs(value), decimals)}\N{NO-BREAK SPACE}{name} {direction}"


def _unit(words: Words, kind: str, value: float, decimals: int, **more: str) -> str:
    if kind == "plain":
        return more["unit"]
    one = rounded(value, decimals) == 1
    return words(f"unit.{kind}.{'one' if one else 'many'}")


def certainty(words: Words, interval: Interval, null: float, what: str) -> str:
    """Whether the difference is statistically significant; `what` is "share", "rate" or "time"."""
    if interval.lower is None and interval.upper is None:
        return words("certainty.unknown")
    return words("certainty.clear") if interval.clear(null) else words(f"certainty.open.{what}")


def shares_apart(
    words: Words,
    difference: Interval,
    shares: tuple[float | None, float | None],
    *,
    key: str = "headline.difference",
    **phrases: str,
) -> str:
    """The headline: how many more of the participants had reached the outcome by a time.

    shares : those of participants and controls; key : the phrase to fill
    phrases : time, participants, controls (definite forms) and done (the outcome as a verb)
    """
    if difference.lower is None and difference.upper is None:
        return words("headline.withheld", **phrases)
    both = ""
    if shares[0] is not None and shares[1] is not None:
        decimals = 1 if max(shares[0], shares[1]) < SMALL_SHARE else 0
        p, c = (words.number(100 * share, decimals) for share in (shares[0], shares[1]))
        both = words("headline.shares", p=p, c=c)
    sentence = words(key, interval=points_more(words, difference), **phrases)
    return f"{sentence}{both}. {certainty(words, difference, 0, 'share')}"


def rates_apart(words: Words, ratio: Interval, *, key: str = "rate.difference", **phrases: str) -> str:
    """The hazard ratio in a sentence.

    key : the phrase to fill; phrases : participants, controls (definite forms) and do (the outcome as a verb)
    """
    if ratio.lower is None and ratio.upper is None:
        return words("rate.withheld", **phrases)
    sentence = words(key, interval=percent_higher(words, ratio), than=_than(words, ratio), **phrases)
    value = words("rate.value", value=words.number(ratio.value, 2)) if ratio.value is not None else ""
    return f"{sentence}{value}. {certainty(words, ratio, 1, 'rate')}"


def row_sentence(words: Words, ratio: Interval, subject: str, against: str | None) -> str:
    """One plain sentence for a row of a regression.

    subject : who, or "for each further year the rate is" when `against` is None
    """
    if ratio.value is None or ratio.lower is None or ratio.upper is None:
        return words("row.withheld")
    if not math.isfinite(ratio.value):
        return words("row.withheld")
    interval = percent_higher(words, ratio)
    key = "row.per_unit" if against is None else "row.against"
    sentence = words(key, subject=subject, against=against or "", interval=interval, than=_than(words, ratio))
    return sentence if ratio.clear(1) else f"{sentence} {words('row.open')}"


def median_reached(words: Words, median: Interval, unit: str, withheld: bool, **phrases: str) -> str:
    """When half of a group had reached the outcome.

    phrases : group (definite form) and done (the outcome as a verb)
    """
    if withheld:
        return words("median.withheld", **phrases)
    if median.value is None:
        return words("median.not_reached", **phrases)
    value = words.number(median.value)
    if median.lower is None:
        return words("median.plain", value=value, unit=unit, **phrases)
    if median.upper is None:
        return words("median.open", value=value, unit=unit, low=words.number(median.lower), **phrases)
    low, high = words.number(median.lower), words.number(median.upper)
    return words("median.reached", value=value, unit=unit, low=low, high=high, **phrases)
