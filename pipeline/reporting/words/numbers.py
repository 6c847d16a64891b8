"""Numbers as readers of a language write them: decimal comma in Swedish, non-breaking spaces, a real minus sign."""

from __future__ import annotations

import datetime as dt
import math
from decimal import ROUND_HALF_UP, Decimal

NBSP = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
WITHHELD = ".."
ABSENT = "–"
# Beyond these digits a float holds the noise of its own arithmetic: 100 * 0.145 is 14.499999999999998.
DIGITS = 12


def rounded(value: float, decimals: int = 0) -> Decimal:
    """A number rounded as readers round, halves away from zero, so that a text agrees with a table of more decimals."""
    return Decimal(f"{value:.{DIGITS}g}").quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def number(value: float | None, language: str, decimals: int = 0) -> str:
    """A number with a fixed number of decimals; ".." when there is none to show.

    A value that rounds to zero has no sign: -0.04 with one decimal is 0.0.
    """
    if value is None or not math.isfinite(value):
        return WITHHELD
    text = f"{rounded(abs(value), decimals):,}"
    if language == "sv":
        text = text.replace(",", NBSP).replace(".", ",")
    negative = value < 0 and any(digit in "123456789" for digit in text)
    return MINUS + text if negative else text


def percent(share: float | None, language: str, decimals: int = 0) -> str:
    """A share, 0 to 1, in per cent: "23 %" in Swedish, "23%" in English."""
    text = number(None if share is None else 100 * share, language, decimals)
    if text == WITHHELD:
        return text
    return text + (f"{NBSP}%" if language == "sv" else "%")


def p_value(value: float | None, language: str) -> str:
    """A p-value with three decimals, "< 0.001" when smaller."""
    if value is not None and value < 0.001:
        return f"<{NBSP}{number(0.001, language, 3)}"
    return number(value, language, 3)


def stars(p: float | None) -> str:
    """The published marks of significance: * at 5%, ** at 1%."""
    if p is None:
        return ""
    return "**" if p < 0.01 else "*" if p < 0.05 else ""


def date(iso: str | None, words_for_months: list[str], language: str) -> str:
    """An ISO date in words: "30 september 2022" in both languages, with that language's months."""
    if not iso:
        return ABSENT
    day = dt.date.fromisoformat(iso)
    return f"{day.day}{NBSP}{words_for_months[day.month - 1]} {day.year}"
