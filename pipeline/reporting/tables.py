"""Tables: what a table is, its cells and heads as readers see them, and the same numbers as CSV.

Other writers build on it: html.py, word/, workbook.py (Excel) and tabletext.py (LaTeX, Markdown).
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import Any, Literal

from pipeline.reporting.words import Words, numbers

Kind = Literal["text", "count", "percent", "points", "ratio", "number", "p", "time"]
Value = Any
DECIMALS = {"count": 0, "percent": 1, "points": 1, "ratio": 2, "number": 1, "time": 0}


@dataclass(frozen=True, slots=True)
class Label:
    """A text cell: the stable code that data carry and the words that readers see."""

    code: str
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Column:
    """A column. With `interval` it also holds KEY_lower and KEY_upper, with `stars` the p-value KEY_p."""

    key: str
    label: str
    kind: Kind = "text"
    interval: bool = False
    stars: bool = False
    decimals: int | None = None
    group: str = ""

    @property
    def keys(self) -> list[str]:
        """The data columns behind it."""
        more = ["_lower", "_upper"] if self.interval else []
        return [self.key, *(self.key + end for end in more), *([f"{self.key}_p"] if self.stars else [])]


@dataclass(frozen=True, slots=True)
class Table:
    """A table in one language. Rows map data columns to raw values; a withheld number is None.

    absent : words for None where a number does not exist rather than being withheld, by column key
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[dict[str, Value], ...]
    notes: tuple[str, ...] = ()
    absent: dict[str, str] = field(default_factory=dict)

    @property
    def has_withheld(self) -> bool:
        """Whether a cell shows "..", which then needs its explanation."""
        columns = [c for c in self.columns if c.kind != "text" and c.key not in self.absent]
        return any(row.get(column.key) is None for row in self.rows for column in columns)


@dataclass(frozen=True, slots=True)
class Head:
    """A column's head; it spans `span` columns and reaches down over `down` rows of heads."""

    text: str
    kind: Kind
    span: int = 1
    down: int = 1


def heads(table: Table) -> list[list[Head]]:
    """One row of column heads, two when columns stand in groups."""
    columns = table.columns
    if not any(column.group for column in columns):
        return [[Head(column.label, column.kind) for column in columns]]
    upper: list[Head] = []
    for i, column in enumerate(columns):
        if not column.group:
            upper.append(Head(column.label, column.kind, down=2))
        elif i == 0 or columns[i - 1].group != column.group:
            upper.append(Head(column.group, "count", span=sum(1 for c in columns if c.group == column.group)))
    return [upper, [Head(column.label, column.kind) for column in columns if column.group]]


def under(words: Words, table: Table, source: str) -> list[str]:
    """What stands under a table: its notes, what two dots mean where there are any, and the source."""
    withheld = [words("page.withheld")] if table.has_withheld else []
    return [*table.notes, *withheld, *([source] if source else [])]


def cell(words: Words, column: Column, row: dict[str, Value], absent: dict[str, str]) -> str:
    """A cell as readers see it, with its interval in brackets and its marks of significance."""
    value = row.get(column.key)
    if column.kind == "text" or isinstance(value, str | Label):
        return "" if value is None else str(value)
    if value is None:
        return absent.get(column.key, numbers.WITHHELD)
    text = shown(words, column, value) + (numbers.stars(row.get(f"{column.key}_p")) if column.stars else "")
    if not column.interval:
        return text
    low, high = row.get(f"{column.key}_lower"), row.get(f"{column.key}_upper")
    if low is None and high is None:
        return text
    limits = [shown(words, column, limit, bare=True) if limit is not None else "" for limit in (low, high)]
    signed = any(limit is not None and limit < 0 for limit in (low, high))
    return f"{text} ({words('limits.signed' if signed else 'limits.plain', low=limits[0], high=limits[1])})"


def shown(words: Words, column: Column, value: float, bare: bool = False) -> str:
    """A number in its column's unit; `bare` leaves the per cent sign out, for the limits of an interval."""
    if column.kind == "p":
        return words.p_value(value)
    decimals = DECIMALS[column.kind] if column.decimals is None else column.decimals
    if column.kind == "time" and float(value).is_integer():
        decimals = 0
    if column.kind == "percent":
        if decimals == 0 and not bare:
            return words.small_percent(value)
        return words.number(100 * value, decimals) if bare else words.percent(value, decimals)
    if column.kind == "points":
        return words.number(100 * value, decimals)
    return words.number(value, decimals)


def to_csv(table: Table) -> str:
    """The table as CSV: a header of stable keys, codes for labels, points for decimals, blank where withheld."""
    keys = [key for column in table.columns for key in column.keys]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(keys)
    for row in table.rows:
        writer.writerow([_raw(row.get(key)) for key in keys])
    return out.getvalue()


def _raw(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, Label):
        return value.code
    return f"{value:.12g}" if isinstance(value, float) else str(value)
