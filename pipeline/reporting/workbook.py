"""Tables in Excel: one file a table with a sheet per language, and one workbook per language with every table.

Numbers are numbers, formatted as readers of the report see them; intervals and p-values stand in columns of their own.
The same numbers give the same bytes.
"""

from __future__ import annotations

import io
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font

from pipeline.reporting.archive import without_dates
from pipeline.reporting.document import Document
from pipeline.reporting.tables import DECIMALS, Column, Label, Table, Value, under
from pipeline.reporting.words import Words, numbers

BOLD, LINK = Font(bold=True), Font(color="0F4C81", underline="single")
WRAPPED = Alignment(wrap_text=True, vertical="top")
TEXT_WIDTH, SENTENCE_WIDTH, NUMBER_WIDTH = 36, 70, 15
FIRST_ROW = 3  # caption, heads, then the numbers
SHEET_NAME_LENGTH = 31  # Excel allows no longer ones


def to_xlsx(tables: list[tuple[Words, Table, str]]) -> bytes:
    """One table as an Excel file, a sheet per language; each with the source line that stands under it."""
    book = _empty()
    for words, table, source in tables:
        _fill(book.create_sheet(words("sheet")), words, table, source)
    return _saved(book)


def workbook(document: Document, words: Words, source: str) -> bytes:
    """Every table of a report: a sheet each under the table's stable name, after a sheet of contents and notes."""
    book, tables = _empty(), document.tables()
    sheets = sheet_names([table.name for table in tables])
    _contents(book.create_sheet(words("workbook.contents")), document, words, list(zip(sheets, tables, strict=True)))
    for sheet, table in zip(sheets, tables, strict=True):
        _fill(book.create_sheet(sheet), words, table, source)
    return _saved(book)


def sheet_names(names: list[str]) -> list[str]:
    """The tables' names cut to what Excel allows, told apart by a number where that makes two alike."""
    found: list[str] = []
    for name in names:
        short, number = name[:SHEET_NAME_LENGTH], 2
        while short in found:
            short, number = f"{name[: SHEET_NAME_LENGTH - 2]}_{number}", number + 1
        found.append(short)
    return found


def _empty() -> Workbook:
    book = Workbook()
    book.remove(book.active)
    book.properties.creator = None
    return book


def _saved(book: Workbook) -> bytes:
    raw = io.BytesIO()
    book.save(raw)
    return without_dates(raw.getvalue())


def _contents(sheet: Any, document: Document, words: Words, tables: list[tuple[str, Table]]) -> None:
    sheet.append([document.title])
    sheet["A1"].font = BOLD
    sheet.append([document.subtitle])
    sheet.append([document.banner or document.status])
    sheet.append([])
    sheet.append([words("page.table"), words("workbook.caption"), words("workbook.sheet"), words("workbook.file")])
    for head in sheet[sheet.max_row]:
        head.font = BOLD
    for number, (name, table) in enumerate(tables, start=1):
        sheet.append([number, table.caption, name, f"tables/{table.name}.csv"])
        link = sheet.cell(row=sheet.max_row, column=3)
        link.hyperlink, link.font = f"#'{name}'!A1", LINK
    sheet.append([])
    for note in (words("workbook.units"), words("note.interval"), words("page.withheld")):
        sheet.append([note])
    for letter, width in zip("ABCD", (8, 80, 34, 48), strict=True):
        sheet.column_dimensions[letter].width = width


def _fill(sheet: Any, words: Words, table: Table, source: str) -> None:
    sheet.append([table.caption])
    sheet["A1"].font = BOLD
    keys = [(column, key) for column in table.columns for key in column.keys]
    sheet.append([_head(words, column, key) for column, key in keys])
    for head in sheet[FIRST_ROW - 1]:
        head.font, head.alignment = BOLD, WRAPPED
    for number, row in enumerate(table.rows, start=FIRST_ROW):
        for i, (column, key) in enumerate(keys):
            place = sheet.cell(row=number, column=i + 1, value=_value(table, column, key, row))
            if isinstance(place.value, int | float):
                place.number_format = _format(column, key, place.value)
    for i, (column, _) in enumerate(keys):
        sheet.column_dimensions[sheet.cell(row=2, column=i + 1).column_letter].width = _width(column)
    for note in under(words, table, source):
        sheet.append([note])
    sheet.freeze_panes = f"B{FIRST_ROW}"


def _head(words: Words, column: Column, key: str) -> str:
    name = f"{column.group}: {column.label}" if column.group else column.label
    end = key.removeprefix(column.key)
    return f"{name}, {words(f'column{end}')}" if end else name


def _value(table: Table, column: Column, key: str, row: dict[str, Value]) -> Value:
    value = row.get(key)
    if isinstance(value, Label):
        return int(value.code) if column.kind != "text" and value.code.isdigit() else value.text
    if value is None and column.kind != "text" and key == column.key:
        return table.absent.get(key, numbers.WITHHELD)
    # Percentage points are written as such, since a per cent format would call them per cent.
    return round(100 * value, 10) if column.kind == "points" and isinstance(value, float) else value


def _format(column: Column, key: str, value: float) -> str:
    if key.endswith("_p"):
        return "0.000"
    if isinstance(value, int):
        return "#,##0"
    decimals = DECIMALS.get(column.kind, 3) if column.decimals is None else column.decimals
    return "0" + ("." + "0" * decimals if decimals else "") + ("%" if column.kind == "percent" else "")


def _width(column: Column) -> int:
    if column.key == "sentence":
        return SENTENCE_WIDTH
    return TEXT_WIDTH if column.kind == "text" else NUMBER_WIDTH
