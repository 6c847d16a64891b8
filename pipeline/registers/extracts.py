"""From the files that a source names to rows as text, and from those to typed rows."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from pipeline.config import Source
from pipeline.engine import named, read_parquet
from pipeline.errors import Fault
from pipeline.provenance import matching
from pipeline.registers import identity, pseudonyms, values
from pipeline.registers.checks import Delivered
from pipeline.registers.contracts import Contract, Found, contract_of, find_columns, nearest
from pipeline.registers.formats import Format, find_format
from pipeline.registers.readers import Opened, database, open_file, open_table

if TYPE_CHECKING:
    import ibis
    import ibis.expr.types as ir

_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
_DAY = re.compile(r"(?<!\d)(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)")
_NEIGHBOURS_SHOWN = 5
_READERS = (
    "duckdb",
    "_duckdb",
    "pyarrow",
    "pyreadstat",
    "openpyxl",
    "ibis",
    "sqlite3",
    "zipfile",
    "zlib",
    "xml",
    "lxml",
)


@dataclass(frozen=True, slots=True)
class Part:
    """What is delivered together: a file, or a table of a database. `name` tells the year, `shown` is for messages."""

    name: str
    shown: str
    kind: Format
    path: Path | None = None
    table: str = ""
    connection: ibis.BaseBackend | None = None


def parts(name: str, source: Source, base: Path) -> tuple[list[Part], list[Fault]]:
    """The files and tables of a source in order of name, and a fault for each that is not there or cannot be opened."""
    patterns = source.files
    if source.database is not None:
        file = database.file_of(source.database)
        if file is None:
            return _server_tables(name, source.database, source.table)
        patterns = [file]
    found: set[Path] = set()
    faults = []
    for pattern in patterns:
        paths = matching(base, pattern)
        found |= set(paths)
        if not paths:
            faults.append(_no_file(name, pattern, base))
    delivered: list[Part] = []
    for path in sorted(found):
        shown = _shown(path, base, found)
        kind = source.format or find_format(path, shown)
        if isinstance(kind, Fault):
            faults.append(kind)
        elif kind in database.FILES:
            there, missing = _file_tables(name, source.table, path, shown, kind)
            delivered += there
            faults += missing
        else:
            delivered.append(Part(path.name, shown, kind, path))
    return delivered, faults


def _shown(path: Path, base: Path, found: set[Path]) -> str:
    """A file's name in messages: of one outside the project no more of its path than tells it from the others."""
    if path.is_relative_to(base):
        return path.relative_to(base).as_posix()
    alike = sum(other.name == path.name for other in found) > 1
    return f"{path.parent.name}/{path.name}" if alike else path.name


def _server_tables(name: str, url: str, wanted: Sequence[str]) -> tuple[list[Part], list[Fault]]:
    place = f"sources.{name}.database"
    told = database.with_environment(url, place)
    connection = told if isinstance(told, Fault) else database.connect_server(told, place)
    if isinstance(connection, Fault):
        return [], [connection]
    found, faults = database.tables(connection, wanted, place)
    return [Part(table, f"table {table}", "database", table=table, connection=connection) for table in found], faults


def _file_tables(
    name: str, wanted: Sequence[str], path: Path, shown: str, kind: Format
) -> tuple[list[Part], list[Fault]]:
    if not wanted:
        return [], [Fault(f"sources.{name}", f"'{shown}' is a database.", "Name its tables: table: NAME, or with *.")]
    connection = database.connect_file(path, kind, shown)
    if isinstance(connection, Fault):
        return [], [connection]
    found, faults = database.tables(connection, wanted, shown)
    return [Part(table, f"{shown}, table {table}", kind, path, table, connection) for table in found], faults


def deliver(
    text: ibis.BaseBackend,
    connection: ibis.BaseBackend,
    scratch: Path,
    name: str,
    source: Source,
    part: Part,
    keys: pseudonyms.Hashing,
) -> tuple[Delivered | None, list[Fault]]:
    """Read one part of a source as rows of text.

    Parameters
    ----------
    text : the DuckDB connection that reads; `connection` is the engine that works on the rows afterwards
    scratch : folder for copies of rows
    keys : how people's keys are replaced before anything else is done with the rows

    Returns
    -------
    The file, or None when it cannot be read; and its faults, which are not about single values. A file that lacks
    columns is read all the same, so that the faults of its other columns are found in the same run.
    """
    opened = _opened(part, scratch, source)
    if isinstance(opened, Fault):
        return None, [opened]
    if headless := _headless(opened, part.shown, keys):
        return None, [headless]
    contract = contract_of(source.register_, name)
    found = find_columns(contract, opened.header, source.columns)
    if not found.columns:
        return None, [_no_column(part.shown, contract, opened)]
    unused = {f"unused_{number}": delivered for number, delivered in enumerate(found.unused)}
    faults = list(_column_faults(part.shown, contract, opened.header, found, source))
    year, year_faults = _year(part.name, part.shown) if contract.yearly else (None, [])
    faults += year_faults
    # Not numbered by the files there are: copies of lines and of keys come and go, and two files would have one name.
    rows = scratch / f"{name}-{uuid.uuid4().hex}.parquet"
    encoding = _copied(opened, text, found.columns | unused, rows, part.shown)
    if isinstance(encoding, Fault):
        return None, [*faults, encoding]
    rows, personal = _without_keys(text, rows, found.columns, unused, part.shown, keys)
    faults += personal
    file = Delivered(
        source=name,
        shown=part.shown,
        contract=contract,
        found=found,
        header=opened.header,
        format=part.kind,
        encoding=encoding,
        delimiter=opened.delimiter,
        decimal=source.decimal if part.kind == "text" else None,  # a number that a program kept has its own mark
        year=year,
        rows=rows,
        text=text,
        table=read_parquet(connection, rows),
    )
    return file, faults


def _headless(opened: Opened, shown: str, keys: pseudonyms.Hashing) -> Fault | None:
    """What is wrong with a first line that names no columns."""
    if not any(opened.header):
        remedy = "Put the names of columns on its first line, or ask for the extract anew."
        return Fault(shown, "is empty, or its first line is.", remedy)
    return identity.named_in_header(opened.header, shown, keys.reference)


def _without_keys(
    text: ibis.BaseBackend,
    rows: Path,
    columns: dict[str, str],
    unused: dict[str, str],
    shown: str,
    keys: pseudonyms.Hashing,
) -> tuple[Path, list[Fault]]:
    """Rows with people's keys replaced, and what is wrong with keys or stands as a personal number elsewhere."""
    others = {ours: delivered for ours, delivered in (columns | unused).items() if ours != "person_id"}
    faults = list(identity.misplaced(text, rows, others, set(unused), shown, keys.reference))
    if "person_id" in columns:
        faults += identity.rounded_keys(text, rows, columns["person_id"], shown)
        rows = pseudonyms.replace_keys(text.con, rows, ("row", "fields", *columns), keys)
    return rows, faults


def _copied(opened: Opened, text: ibis.BaseBackend, columns: dict[str, str], rows: Path, shown: str) -> str | Fault:
    """Copy the rows of an opened file; returns its encoding, or what is wrong with it."""
    try:
        return opened.read(text, columns, rows)
    except Exception as error:
        # What a file holds may stand in the messages of its readers, so only the kind of error is shown.
        if type(error).__module__.partition(".")[0] not in _READERS and not isinstance(error, (OSError, ValueError)):
            raise
        what = f"cannot be read to its end ({type(error).__name__})."
        return Fault(shown, what, "See whether it is whole, and of the format it seems to be.")


def _opened(part: Part, scratch: Path, source: Source) -> Opened | Fault:
    if part.connection is not None:
        return open_table(part.connection, part.table, part.shown, part.kind)
    assert part.path is not None
    return open_file(
        part.path,
        part.shown,
        scratch,
        part.kind,
        encoding=source.encoding,
        delimiter=source.delimiter,
        sheet=source.sheet,
    )


def typed_rows(files: Sequence[Delivered]) -> ir.Table:
    """All rows of a source, values typed; a column that a file lacks is null."""
    import ibis

    contract = files[0].contract
    used = [column for column in contract.columns if column.used]
    vintages = deliveries([file.shown for file in files], yearly=contract.yearly)
    tables = []
    for file, vintage in zip(files, vintages, strict=True):
        found, nothing = file.found.columns, ibis.null("string")
        columns: dict[str, ir.Value] = {c.name: file.table[c.name] if c.name in found else nothing for c in used}
        if contract.yearly:
            columns["year"] = ibis.literal(file.year, "int32")
        if len(set(vintages)) > 1:
            columns["delivery"] = ibis.literal(vintage, "int32")
        tables.append(file.table.select(**columns))
    return values.typed_columns(named(ibis.union(*tables)), used)


def deliveries(names: Sequence[str], *, yearly: bool) -> list[int]:
    """Which delivery each file is of, later ones higher; the same number when not every name tells.

    A name tells by a date of eight digits, the day of the delivery, or else by its year. The year in the name of a
    yearly register is the year that it describes, which says nothing of the delivery.
    """
    days = [max(_DAY.findall(PurePath(name).name), default="") for name in names]
    years = ["" if yearly else max(_YEAR.findall(PurePath(name).name), default="") for name in names]
    told = [day or year for day, year in zip(days, years, strict=True)]
    if not all(told):
        return [0] * len(names)
    return [sorted(set(told)).index(vintage) for vintage in told]


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
    ours_of: dict[str, list[str]] = {}
    for ours, delivered in found.columns.items():
        ours_of.setdefault(delivered, []).append(ours)
    for delivered, ours_all in ours_of.items():
        alike = re.compile(re.escape(delivered) + r"( \(column \d+\))?", re.IGNORECASE)  # see `names_told_apart`
        if sum(alike.fullmatch(name) is not None for name in header) > 1:
            yield Fault(shown, f"has several columns '{delivered}'.", "Keep one of them, or rename the others.")
        if len(ours_all) > 1:
            what = f"column '{delivered}' is taken for {' and for '.join(ours_all)}."
            yield Fault(shown, what, "Correct 'columns' for the source in the configuration.")


def _no_column(shown: str, contract: Contract, opened: Opened) -> Fault:
    """A fault for a file without any of the columns; what stands in its first line may be data, and is not shown."""
    place = "its first line"
    others = "Put the names of columns there; if they are, set 'delimiter', 'encoding' or 'register' for the source."
    if opened.format == "excel":
        place = f"the first row of sheet '{opened.part}'"
        others = "Put the names of columns there, or name another sheet with 'sheet'."
    elif opened.format != "text":
        place, others = "its names", "See whether it is the right file, or map its columns with 'columns'."
    return Fault(shown, f"none of the columns of {contract.title} is in {place}.", others)


def _near(wanted: str, found: Found, header: Sequence[str]) -> str:
    near = nearest(wanted, found.unused)
    if near:
        names = " or ".join(f"'{name}'" for name in near)
        return f"It has {names}; map it with 'columns' in the configuration if that is it."
    return "Ask for the column, or map it with 'columns' in the configuration."


def _year(name: str, shown: str) -> tuple[int | None, list[Fault]]:
    """The year in the name of a file or a table."""
    years = set(_YEAR.findall(name))
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
