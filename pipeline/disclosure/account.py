"""The data-quality account (`pipeline.account`) under disclosure control."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from pipeline.disclosure.policy import Policy

# The year is no count. The first and last day of a file belong to single people.
NOT_COUNTS = ("year",)
LEFT_OUT = ("dates",)
# Totals of rows are so coarse that no sum of what was set aside can be taken from them.
TOTALS = ("tables",)
COARSER = 10


def protect_account(account: dict[str, Any], policy: Policy) -> dict[str, Any]:
    """The account with counts rounded and small ones null, files by name alone, and without single days.

    `years` of a date's rows become the first and the last year with enough of them.
    """
    protected = {name: _part(name, value, policy) for name, value in account.items()}
    for file, delivered in zip(protected.get("files", []), account.get("files", []), strict=True):
        if years := delivered.get("years"):
            file["years"] = {name: years_with_enough(rows, policy) for name, rows in years.items()}
    if policy.public:
        return protected
    coarse = Policy(COARSER * policy.base)
    for file, delivered in zip(protected.get("files", []), account.get("files", []), strict=True):
        file["rows"] = coarse.rounded(delivered["rows"])
    for name in TOTALS:
        if name in account:
            protected[name] = {table: coarse.rounded(rows) for table, rows in account[name].items()}
    return protected


def years_with_enough(years: dict[str, int], policy: Policy) -> list[str]:
    """The first and the last year that a date has enough rows of; empty when it has none."""
    shown = [year for year, rows in years.items() if rows and not policy.small(rows)]
    return [min(shown), max(shown)] if shown else []


def _part(name: str, value: Any, policy: Policy) -> Any:
    if isinstance(value, dict):
        return {key: _part(key, item, policy) for key, item in value.items() if key not in LEFT_OUT}
    if isinstance(value, list | tuple):
        return [_part(name, item, policy) for item in value]
    if name == "file":
        return PurePath(value).name
    if isinstance(value, int) and not isinstance(value, bool) and name not in NOT_COUNTS:
        return value if policy.public else policy.rounded(value)
    return value
