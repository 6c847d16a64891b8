"""Excel workbooks, a sheet at a time, read row by row."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import Fault

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS = 50_000  # read at a time


def open_sheet(path: Path, shown: str, sheet: str | None) -> tuple[list[str], str] | Fault:
    """The names of a sheet's columns (its first row), and the name of the sheet: the first when none is asked for."""
    try:
        book = _book(path)
    except Exception:  # what openpyxl raises for a damaged file has no common class
        return Fault(shown, "cannot be read as an Excel workbook.", "See whether it is whole, and has no password.")
    try:
        if sheet is not None and sheet not in book.sheetnames:
            return Fault(shown, f"has no sheet '{sheet}'.", f"It has {', '.join(book.sheetnames)}.")
        name = sheet or book.sheetnames[0]
        first = next(iter(book[name].iter_rows(values_only=True)), ())
        names = [_as_text(value) or "" for value in first]
        while names and not names[-1]:
            names.pop()
        return [value.strip() for value in names], name
    finally:
        book.close()


def sheet_batches(path: Path, sheet: str, names: Sequence[str]) -> pa.RecordBatchReader:
    """A sheet's rows under its first one, in pieces, all columns as text."""
    import pyarrow as pa

    schema = pa.schema([(name, pa.string()) for name in names])

    def batches() -> Iterator[pa.RecordBatch]:
        book = _book(path)
        try:
            rows = islice(book[sheet].iter_rows(values_only=True, max_col=len(names)), 1, None)
            while piece := list(islice(rows, _ROWS)):
                columns = [
                    pa.array([_as_text(row[place]) if place < len(row) else None for row in piece], pa.string())
                    for place in range(len(names))
                ]
                yield pa.RecordBatch.from_arrays(columns, schema=schema)
        finally:
            book.close()

    return pa.RecordBatchReader.from_batches(schema, batches())


def _book(path: Path) -> Any:
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about styles and validations, which are not read
        return load_workbook(path, read_only=True, data_only=True)


def _as_text(value: Any) -> str | None:
    """What a cell shows: dates YYYY-MM-DD, whole numbers without decimals."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time(0) else value.isoformat(sep=" ")
    return str(value)
