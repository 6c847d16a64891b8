"""Tables of a database, through Ibis: DuckDB and SQLite files, and servers by connection string.

A connection string may hold a password. It is never in a message: those name the kind of database and the table.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import Fault

if TYPE_CHECKING:
    import ibis
    import ibis.expr.types as ir
    import pyarrow as pa

# What a connection string begins with, and the package that Ibis needs beside itself.
SERVERS = {
    "mssql": ("SQL Server", "mssql", "pyodbc, and Microsoft's ODBC driver"),
    "postgres": ("PostgreSQL", "postgres", "psycopg"),
    "postgresql": ("PostgreSQL", "postgres", "psycopg"),
}
FILES = ("duckdb", "sqlite")
_VARIABLE = re.compile(r"\$\{(\w+)\}")


def scheme(url: str) -> str:
    """What a connection string begins with."""
    return url.partition("://")[0].lower()


def file_of(url: str) -> str | None:
    """The path of the file that a connection string names (four slashes make it absolute); None for a server."""
    kind, _, path = url.partition("://")
    return path.removeprefix("/") if kind.lower() in FILES else None


def with_environment(url: str, place: str) -> str | Fault:
    """The connection string with `${NAME}` replaced from the environment."""
    missing = sorted({name for name in _VARIABLE.findall(url) if name not in os.environ})
    if missing:
        names = ", ".join(missing)
        return Fault(place, f"needs {names} from the environment, which does not have it.", "Set it and run again.")
    return _VARIABLE.sub(lambda found: os.environ[found[1]], url)


def connect_server(url: str, place: str) -> ibis.BaseBackend | Fault:
    """A connection to a server; a fault that tells what is missing, without the connection string."""
    import ibis

    kind = scheme(url)
    if kind not in SERVERS:
        known = ", ".join(f"{name}://" for name in (*FILES, *SERVERS))
        return Fault(place, "begins with no kind of database that can be read.", f"Those are {known}.")
    title, extra, driver = SERVERS[kind]
    try:
        return ibis.connect("postgres" + url[len(kind) :] if title == "PostgreSQL" else url)
    except ImportError:
        remedy = f"Install {driver}: pip install 'ibis-framework[{extra}]'."
        return Fault(place, f"{title} needs a driver that is not installed.", remedy)
    except Exception as error:  # every driver has errors of its own, and their texts may hold the password
        what = f"no connection to {title} ({type(error).__name__})."
        return Fault(place, what, "See whether the server's name, the database, the user and the password are right.")


def connect_file(path: Path, kind: str, shown: str) -> ibis.BaseBackend | Fault:
    """A connection to a DuckDB or SQLite file, for reading only."""
    import ibis

    try:
        return ibis.duckdb.connect(path, read_only=True) if kind == "duckdb" else ibis.sqlite.connect(path)
    except Exception as error:
        what = f"cannot be read as a {'DuckDB' if kind == 'duckdb' else 'SQLite'} database ({type(error).__name__})."
        return Fault(shown, what, "See whether it is whole, and no other program writes to it.")


def tables(connection: ibis.BaseBackend, wanted: Sequence[str], place: str) -> tuple[list[str], list[Fault]]:
    """The tables that names or patterns with * stand for, in order of name; a fault for each that none fits.

    A table in another schema is named `schema.table`, without a pattern.
    """
    there = sorted(connection.list_tables())
    found: set[str] = set()
    faults = []
    for pattern in wanted:
        fitting = [name for name in there if fnmatch.fnmatchcase(name.lower(), pattern.lower())]
        if not fitting and "." in pattern:
            fitting = [pattern]
        found |= set(fitting)
        if not fitting:
            shown = ", ".join(there[:8]) + (", …" if len(there) > 8 else "")
            remedy = f"It has {shown}." if there else "It has no tables."
            faults.append(Fault(place, f"the database has no table '{pattern}'.", remedy))
    return sorted(found), faults


def columns(connection: ibis.BaseBackend, name: str) -> list[str]:
    """The names of a table's columns."""
    return list(_table(connection, name).columns)


def batches(connection: ibis.BaseBackend, name: str) -> pa.RecordBatchReader:
    """A table's rows in pieces.

    SQLite keeps what it was given, whatever the type of the column: 20200131 in a column of dates is no day since 1970,
    and is judged as the text that it is.
    """
    table = _table(connection, name)
    if connection.name == "sqlite":
        table = table.select(*(table[column].cast("string").name(column) for column in table.columns))
    return table.to_pyarrow_batches()


def _table(connection: ibis.BaseBackend, name: str) -> ir.Table:
    if name in connection.list_tables():
        return connection.table(name)
    schema, _, bare = name.rpartition(".")
    return connection.table(bare, database=schema or None)
