"""From the files that a source names to rows as text, and from those to typed rows."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config import Source
from pipeline.engine import read_parquet
from pipeline.errors import Fault
from pipeline.provenance import matching
from pipeline.registers import readers, values
from pipeline.registers.checks import Delivered
from pipeline.registers.contracts import CONTRACTS, Column, Contract, Found, find_columns, nearest

if TYPE_CHECKING:
    import ibis
    import ibis.expr.types as ir

_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
_NEIGHBOURS_SHOWN = 5
_TYPES = {"date": "date", "year": "int32", "whole": "int64", "amount": "float64"}


def source_files(name: str, source: Source, base: Path) -> tuple[list[Path], list[Fault]]:
    """The files of a source in order of name, and a fault for each pattern that no file matches."""
    found: set[Path] = set()
    faults = []
    for pattern in source.files:
        paths = matching(base, pattern)
        found |= set(paths)
        if not paths:
            faults.append(_no_file(name, pattern, base))
    return sorted(found), faults


def deliver(
    text: ibis.BaseBackend,
    connection: ibis.BaseBackend,
    scratch: Path,
    name: str,
    source: Source,
    path: Path,
    shown: str,
) -> tuple[Delivered | None, list[Fault]]:
    """Read one file of a source as rows of text.

    Parameters
    ----------
    text : the DuckDB connection that reads text; `connection` is the engine that works on the rows afterwards
    scratch : folder for copies of rows; `shown` is the file's name in messages

    Returns
    -------
    The file, or None when it cannot be read; and its faults, which are not about single values. A file that lacks
    columns is read all the same, so that the faults of its other columns are found in the same run.
    """
    contract = CONTRACTS[source.register_]
    opened = readers.open_text(path, shown, scratch, source.encoding, source.delimiter)
    if isinstance(opened, Fault):
        return None, [opened]
    if not any(opened.header):
        return None, [Fault(shown, "is empty.", "Ask for the extract anew, or name another file.")]
    found = find_columns(contract, opened.header, source.columns)
    faults = list(_column_faults(shown, contract, opened.header, found, source))
    year, year_faults = _year(path, shown) if contract.yearly else (None, [])
    faults += year_faults
    rows = scratch / f"{opened.lines.stem}.parquet"
    try:
        readers.read_rows(text, opened, found.columns, rows)
    except Exception as error:
        # An error of DuckDB's, told by its module. Its message may hold what the file holds, so only its name is shown.
        if type(error).__module__.partition(".")[0] not in ("duckdb", "_duckdb"):
            raise
        what = f"cannot be read as delimited text ({type(error).__name__})."
        return None, [*faults, Fault(shown, what, "See whether it is a text file, and whole.")]
    file = Delivered(
        source=name,
        shown=shown,
        contract=contract,
        found=found,
        header=opened.header,
        encoding=opened.encoding,
        delimiter=opened.delimiter,
        decimal=source.decimal,
        year=year,
        table=read_parquet(connection, rows),
    )
    return file, faults


def typed_rows(files: Sequence[Delivered]) -> ir.Table:
    """All rows of a source, values typed; a column that a file lacks is null."""
    import ibis

    tables = []
    for file in files:
        columns = {column.name: _typed(file, column) for column in file.contract.columns if column.used}
        if file.contract.yearly:
            columns["year"] = ibis.literal(file.year, "int32")
        tables.append(file.table.select(**columns))
    return ibis.union(*tables)


def _typed(file: Delivered, column: Column) -> ir.Value:
    import ibis

    if column.name in file.found.columns:
        return values.typed(file.table[column.name], column)
    return ibis.null(_TYPES.get(column.kind, "string"))


def _column_faults(
    shown: str, contract: Contract, header: Sequence[str], found: Found, source: Source
) -> Iterator[Fault]:
    known = {column.name for column in contract.columns}
    for name, delivered in source.columns.items():
        if name not in known:
            remedy = f"Columns of {contract.title}: {', '.join(sorted(known))}."
            yield Fault(shown, f"'columns' maps '{name}', which is no column of ours.", remedy)
        elif name not in found.columns:
            yield Fault(
                shown,
                f"has no column '{delivered}', which 'columns' names for {name}.",
                _near(delivered, found, header),
            )
    for column in found.missing:
        if column.required and column.name not in source.columns:
            yield Fault(shown, f"has no column '{column.title}' ({column.name}).", _near(column.title, found, header))
    for delivered in dict.fromkeys(found.columns.values()):
        if header.count(delivered) > 1:
            yield Fault(shown, f"has several columns '{delivered}'.", "Keep one of them, or rename the others.")


def _near(wanted: str, found: Found, header: Sequence[str]) -> str:
    near = nearest(wanted, found.unused)
    if near:
        names = " or ".join(f"'{name}'" for name in near)
        return f"It has {names}; map it with 'columns' in the configuration if that is it."
    if len(header) == 1:
        return "It has one column only: set 'delimiter' for the source in the configuration."
    return "Ask for the column, or map it with 'columns' in the configuration."


def _year(path: Path, shown: str) -> tuple[int | None, list[Fault]]:
    """The year in a file's name."""
    years = set(_YEAR.findall(path.name))
    if len(years) == 1:
        return int(years.pop()), []
    what = "has no year in its name." if not years else f"has several years in its name: {', '.join(sorted(years))}."
    return None, [Fault(shown, what, "Name it after the year it describes, such as lisa_2019.csv.")]


def _no_file(name: str, pattern: str, base: Path) -> Fault:
    folder = (base / pattern).parent
    place = f"sources.{name}.files"
    if not folder.is_dir():
        return Fault(place, f"no file matches '{pattern}': there is no such folder.", "Correct the path.")
    there = sorted(entry.name for entry in os.scandir(folder) if entry.is_file() and not entry.name.startswith("."))
    if not there:
        return Fault(place, f"no file matches '{pattern}': the folder is empty.", "Put the extract there.")
    more = ", …" if len(there) > _NEIGHBOURS_SHOWN else ""
    remedy = (
        f"The folder holds {', '.join(there[:_NEIGHBOURS_SHOWN])}{more}. Put the extract there or correct the path."
    )
    return Fault(place, f"no file matches '{pattern}'.", remedy)
