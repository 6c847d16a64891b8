"""Tables: the same numbers as CSV (one number per column, unrounded), Excel and, through html.py, for readers."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from dataclasses import dataclass, field
from typing import Any, Literal

from pipeline.reporting.words import Words, numbers

Kind = Literal["text", "count", "percent", "points", "ratio", "number", "p", "time"]
Value = Any
DECIMALS = {"count": 0, "percent": 1, "points": 1, "ratio": 2, "number": 1, "time": 0}
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


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


def to_xlsx(tables: list[tuple[Words, Table]]) -> bytes:
    """The table as an Excel file, a sheet per language, with the same bytes for the same numbers."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for words, table in tables:
        _fill(book.create_sheet(words("sheet")), words, table)
    raw = io.BytesIO()
    book.save(raw)
    return _without_dates(raw.getvalue())


def _fill(sheet: Any, words: Words, table: Table) -> None:
    from openpyxl.styles import Alignment, Font

    sheet.append([table.caption])
    sheet["A1"].font = Font(bold=True)
    keys = [(column, key) for column in table.columns for key in column.keys]
    sheet.append([_head(words, column, key) for column, key in keys])
    for head in sheet[2]:
        head.font, head.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
    for row in table.rows:
        sheet.append([_excel(table, column, key, row) for column, key in keys])
    for i, (column, key) in enumerate(keys):
        letter = sheet.cell(row=2, column=i + 1).column_letter
        sheet.column_dimensions[letter].width = 36 if column.kind == "text" else 15
        for rows in sheet.iter_rows(min_row=3, max_row=2 + len(table.rows), min_col=i + 1, max_col=i + 1):
            rows[0].number_format = "0.000" if key.endswith("_p") else _excel_format(column)
    for note in table.notes:
        sheet.append([note])
    sheet.freeze_panes = "A3"


def _head(words: Words, column: Column, key: str) -> str:
    name = f"{column.group}: {column.label}" if column.group else column.label
    end = key.removeprefix(column.key)
    return f"{name}, {words(f'column{end}')}" if end else name


def _excel(table: Table, column: Column, key: str, row: dict[str, Value]) -> Value:
    value = row.get(key)
    if isinstance(value, Label):
        return value.text
    if value is None and column.kind != "text" and key == column.key:
        return table.absent.get(key, numbers.WITHHELD)
    return value


def _excel_format(column: Column) -> str:
    decimals = DECIMALS.get(column.kind, 3) if column.decimals is None else column.decimals
    places = "." + "0" * decimals if decimals else ""
    if column.kind in ("percent", "points"):
        return f"0{places}%"
    return "General" if column.kind == "text" else f"# ##0{places}" if column.kind == "count" else f"0{places}"


def _without_dates(archive: bytes) -> bytes:
    """The same archive without the time of writing, in its entries and in the document properties."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist()):
            content = source.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"<dcterms:(created|modified)[^>]*>[^<]*</dcterms:\1>", b"", content)
            target.writestr(zipfile.ZipInfo(name, ZIP_EPOCH), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
