"""Sentences on what changed between two runs: both intervals first, then what became of the difference."""

from __future__ import annotations

import math
from collections.abc import Callable

from pipeline.reporting.words import Words
from pipeline.reporting.words.sentences import Interval

# Numbers that agree to so many digits are the same: results.json has no more than twelve.
SAME = 1e-9


def same(before: float | None, after: float | None) -> bool:
    """Whether two numbers are the same, or both are withheld."""
    if before is None or after is None:
        return before is after
    return math.isclose(before, after, rel_tol=SAME, abs_tol=SAME)


def moved(
    words: Words,
    subject: str,
    intervals: tuple[Interval, Interval],
    said: Callable[[Words, Interval], str],
    null: float,
    runs: tuple[str, str],
) -> str:
    """What a difference was in the first run and what it is in the second.

    said : how an interval of this kind is told · null : its value where there is no difference
    """
    before, after = intervals
    told = {"subject": subject, "before": said(words, before), "after": said(words, after)}
    verdict = _verdict(before, after, null)
    if verdict is None:
        return words("compare.unchanged", **told)
    return words("compare.moved", **told, first=runs[0], second=runs[1], verdict=words(f"compare.{verdict}"))


def _verdict(before: Interval, after: Interval, null: float) -> str | None:
    """What became of a difference, as a key of the words; None when it is the same."""
    pairs = ((before.value, after.value), (before.lower, after.lower), (before.upper, after.upper))
    if all(same(a, b) for a, b in pairs):
        return None
    if before.lower is None or before.upper is None or after.lower is None or after.upper is None:
        return "cannot"
    if before.clear(null) != after.clear(null):
        return "gained" if after.clear(null) else "lost"
    if before.clear(null) and (before.lower > null) != (after.lower > null):
        return "turned"
    return "overlap" if before.lower <= after.upper and after.lower <= before.upper else "apart"
