"""Extracts as files, one writer a format."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import pandas as pd

from pipeline.simulation.simulate import Simulated

DATABASE = "extracts.sqlite"
Tables = Mapping[str, pd.DataFrame]


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Delimited text as Swedish authorities deliver it: semicolons, decimal commas, cp1252, CRLF."""
    table.to_csv(
        path,
        sep=";",
        decimal=",",
        encoding="cp1252",
        lineterminator="\r\n",
        index=False,
        date_format="%Y-%m-%d",
        mode="xb",
    )


def write_spss(table: pd.DataFrame, path: Path) -> None:
    """SPSS, dates as dates."""
    from pyreadstat import write_sav

    write_sav(_with_dates(table), path)


def write_stata(table: pd.DataFrame, path: Path) -> None:
    """Stata, dates as dates (%td)."""
    from pyreadstat import write_dta

    write_dta(_with_dates(table), path)


def write_transport(table: pd.DataFrame, path: Path) -> None:
    """SAS transport, version 8, dates as dates. SAS's own format has no writer outside SAS."""
    from pyreadstat import write_xport

    write_xport(_with_dates(table), path, table_name="EXTRACT", file_format_version=8)


def write_excel(table: pd.DataFrame, path: Path) -> None:
    """A workbook with one sheet, dates as dates."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Data")
    sheet.append(list(table.columns))
    for row in _with_dates(table).itertuples(index=False):
        sheet.append(row)
    book.save(path)


def write_parquet(table: pd.DataFrame, path: Path) -> None:
    """Parquet, dates as days without a time."""
    _with_dates(table).to_parquet(path, index=False)


def write_sqlite(tables: Tables, path: Path) -> None:
    """One database with a table a register; SQLite has no dates, so they are text."""
    with closing(sqlite3.connect(path)) as database:
        for name, table in sorted(tables.items()):
            dates = [column for column in table if pd.api.types.is_datetime64_any_dtype(table[column])]
            text = {column: table[column].dt.strftime("%Y-%m-%d") for column in dates}
            table.assign(**text).to_sql(name, database, index=False)


# Ending and writer by format; a database holds all tables.
WRITERS: dict[str, tuple[str, Callable[[pd.DataFrame, Path], None]]] = {
    "csv": (".csv", write_csv),
    "spss": (".sav", write_spss),
    "stata": (".dta", write_stata),
    "xlsx": (".xlsx", write_excel),
    "parquet": (".parquet", write_parquet),
    "sas-transport": (".xpt", write_transport),
}
FORMATS = (*WRITERS, "sqlite")


def write_extracts(simulated: Simulated, folder: str | Path, format: str = "csv") -> list[Path]:
    """Write the simulated registers, a file each (or one database); returns the files, in order of name.

    Each file appears whole or not at all, in place of an earlier one of its name.

    Raises
    ------
    ValueError : `format` has no writer
    """
    if format not in FORMATS:
        raise ValueError(f"format: {format!r} cannot be written; choose one of {', '.join(FORMATS)}")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if format == "sqlite":
        return [_whole(folder / DATABASE, lambda path: write_sqlite(simulated.tables, path))]
    suffix, write = WRITERS[format]
    return [
        _whole(folder / f"{name}{suffix}", lambda path, table=table: write(table, path))  # type: ignore[misc]
        for name, table in sorted(simulated.tables.items())
    ]


def _whole(path: Path, write: Callable[[Path], None]) -> Path:
    unfinished = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        write(unfinished)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def _with_dates(table: pd.DataFrame) -> pd.DataFrame:
    """Days as dates without a time, which every format keeps as such."""
    stamps = [column for column in table if pd.api.types.is_datetime64_any_dtype(table[column])]
    days = {column: table[column].dt.date.astype(object).where(table[column].notna(), None) for column in stamps}
    return table.assign(**days)
