"""What is said under figures about their axes: where one ends, and what is cut."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.reporting.plots.ratios import WIDEST
from pipeline.reporting.words import Words


def axis_note(words: Words, end: float) -> tuple[str, ...]:
    """Where a vertical axis of shares ends, unless it is at everyone."""
    return (words("curves.note.axis", end=words.percent(end)),) if end < 1 else ()


def cut_note(words: Words, limits: Iterable[float | None]) -> tuple[str, ...]:
    """That intervals are cut where any reaches further than hazard ratios are drawn."""
    low, high = WIDEST
    if all(limit is None or low <= limit <= high for limit in limits):
        return ()
    return (words("ratios.note.cut", low=words.number(low, 1), high=words.number(high)),)
