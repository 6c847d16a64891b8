"""Delivered files and tables of databases as rows of text: format found, opened, then read into Parquet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import Fault
from pipeline.registers.formats import Format, find_format
from pipeline.registers.readers import arrow, database, sheets, statistics
from pipeline.registers.readers.text import TextFile, open_text, read_rows

if TYPE_CHECKING:
    import ibis

__all__ = ["Format", "Opened", "TextFile", "find_format", "open_file", "open_table", "open_text", "read_rows"]

# Writes Parquet with `row` (as people count them, the header being row 1), `fields` (values in the row) and the wanted
# columns (our name: delivered name) as text, in the connection given; returns the encoding it was read in.
Read = Callable[["ibis.BaseBackend", Mapping[str, str], Path], str]


@dataclass(frozen=True, slots=True)
class Opened:
    """A file or table that can be read: its columns, each name once, and what was found out about it."""

    format: Format
    header: tuple[str, ...]
    read: Read
    encoding: str = ""
    delimiter: str = ""
    part: str = ""  # the sheet, or the table


def open_file(
    path: Path,
    shown: str,
    scratch: Path,
    kind: Format,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
) -> Opened | Fault:
    """Open a file of a known format; text, statistical programs, Excel and Parquet.

    `shown` is the file's name in messages; `scratch` takes copies of rows and is removed by the caller.
    """
    if kind == "text":
        return _text(path, shown, scratch, encoding, delimiter)
    if kind == "excel":
        found = sheets.open_sheet(path, shown, sheet)
        if isinstance(found, Fault):
            return found
        names, name = found
        header = names_told_apart(names)
        return Opened("excel", header, partial(_read_sheet, path, name, header), part=name)
    if kind == "parquet":
        return _parquet(path, shown)
    opened = statistics.open_statistics(path, shown, kind, encoding)
    if isinstance(opened, Fault):
        return opened
    return Opened(kind, tuple(opened[0]), partial(_read_statistics, path, kind, encoding, len(opened[0])), opened[1])


def open_table(connection: ibis.BaseBackend, name: str, shown: str, kind: Format) -> Opened | Fault:
    """Open a table of a database."""
    try:
        columns = database.columns(connection, name)
    except Exception as error:  # every driver has errors of its own
        return Fault(shown, f"cannot be read ({type(error).__name__}).", "See whether it is there and yours to read.")

    def read(into: ibis.BaseBackend, wanted: Mapping[str, str], path: Path) -> str:
        arrow.write_rows(into, database.batches(connection, name), columns, wanted, path, len(columns))
        return ""

    return Opened(kind, tuple(columns), read, part=name)


def names_told_apart(names: Sequence[str]) -> tuple[str, ...]:
    """Names of columns, of which some may be missing or there before: those are named by their place too."""
    told: list[str] = []
    for place, name in enumerate(names, start=1):
        told.append(name if name and name not in told else f"{name} (column {place})".strip())
    return tuple(told)


def _text(path: Path, shown: str, scratch: Path, encoding: str | None, delimiter: str | None) -> Opened | Fault:
    file = open_text(path, shown, scratch, encoding, delimiter)
    if isinstance(file, Fault):
        return file
    file = replace(file, header=names_told_apart(file.header))

    def read(connection: ibis.BaseBackend, columns: Mapping[str, str], rows: Path) -> str:
        read_rows(connection, file, columns, rows, trim=False)
        file.lines.unlink()  # they are in Parquet now
        return file.encoding

    return Opened("text", file.header, read, file.encoding, file.delimiter)


def _parquet(path: Path, shown: str) -> Opened | Fault:
    from pyarrow import ArrowException
    from pyarrow.parquet import read_schema

    from pipeline.engine import quoted

    try:
        names = names_told_apart(read_schema(path).names)
    except (OSError, ArrowException):
        return Fault(shown, "cannot be read as Parquet.", "See whether it is whole.")

    def read(connection: ibis.BaseBackend, columns: Mapping[str, str], rows: Path) -> str:
        arrow.write_rows(connection, f"SELECT * FROM read_parquet({quoted(path)})", names, columns, rows, len(names))
        return ""

    return Opened("parquet", names, read)


def _read_sheet(
    path: Path,
    sheet: str,
    names: tuple[str, ...],
    connection: ibis.BaseBackend,
    columns: Mapping[str, str],
    rows: Path,
) -> str:
    arrow.write_rows(connection, sheets.sheet_batches(path, sheet, names), names, columns, rows, len(names))
    return ""


def _read_statistics(
    path: Path,
    kind: Format,
    encoding: str | None,
    fields: int,
    connection: ibis.BaseBackend,
    columns: Mapping[str, str],
    rows: Path,
) -> str:
    """Read with the encoding that all texts can be read in; the first pieces may be in order and a later one not."""
    for candidate in (encoding,) if encoding else statistics.ENCODINGS:
        try:
            names = list(dict.fromkeys(columns.values()))
            batches = statistics.statistics_batches(path, kind, candidate, names)
            arrow.write_rows(connection, batches, names, columns, rows, fields)
            return candidate or "utf-8"
        except Exception as error:
            if not statistics.is_encoding_error(error):
                raise
    raise UnicodeError(f"{path.name}: no encoding fits")
