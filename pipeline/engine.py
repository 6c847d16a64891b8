"""The one door to the data engine: Ibis on DuckDB, or on Spark by configuration.

Steps are functions from Ibis tables to Ibis tables and know nothing of the engine behind them. Only integers, dates and
text are computed there: sums of floating-point numbers depend on how an engine splits its work. Expressions that mean
different things on the two engines are to be avoided: `delta(unit="month")`, `asof_join`, `first(order_by=)`,
`sample(seed=)`, `date - date` (use `.delta(other, unit="day")`), `ibis.range` over dates, `cache()` on Spark.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import Fault, UserError

if TYPE_CHECKING:
    import ibis
    import ibis.expr.types as ir

# Rows in a row group: fixed here, so that the bytes of a file do not depend on how many processors wrote it.
ROW_GROUP = 122_880
# The same in files that a stage makes for itself: DuckDB gives each processor a row group, so that several work on the
# rows of a city too.
SMALL_ROW_GROUP = 16_384


def connect(engine: str = "duckdb", scratch: Path | None = None) -> ibis.BaseBackend:
    """A connection to the data engine, without a network and without a database file.

    Parameters
    ----------
    engine : "duckdb" or "spark", as `engine:` in the configuration
    scratch : folder for what does not fit in memory, removed by the caller; a private temporary folder when left out

    Raises
    ------
    UserError : Spark is asked for and is not installed, or does not start
    ValueError : `engine` is another word
    """
    if engine not in ("duckdb", "spark"):
        raise ValueError(f"engine must be 'duckdb' or 'spark', not {engine!r}")
    folder = scratch or Path(tempfile.mkdtemp(prefix="utfall-"))
    connection = _duckdb(folder) if engine == "duckdb" else _spark(folder)
    if scratch is None:
        weakref.finalize(connection, shutil.rmtree, folder, ignore_errors=True)
    return connection


@contextmanager
def session(engine: str, beside: Path) -> Iterator[tuple[ibis.BaseBackend, Path]]:
    """A connection and a private scratch folder in `beside`; both are gone afterwards, also when a step fails."""
    scratch = beside / f".scratch-{uuid.uuid4().hex}"
    scratch.mkdir(parents=True, mode=0o700)
    try:
        connection = connect(engine, scratch)
        try:
            yield connection, scratch
        finally:
            connection.disconnect()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def read_parquet(connection: ibis.BaseBackend, paths: Path | Sequence[Path]) -> ir.Table:
    """One table of one or several Parquet files with the same columns."""
    import ibis

    files = [paths] if isinstance(paths, Path) else list(paths)
    return ibis.union(*(connection.read_parquet(str(file)) for file in files))


def write_parquet(table: ir.Table, path: Path, keys: Sequence[str]) -> Path:
    """Write a table to one Parquet file, rows in a total order: by `keys`, then by all other columns, nulls first.

    The same rows give the same bytes, whatever their order, the number of processors and the engine. Rows that are
    alike in every column are alike in every place, so no tie is left.
    """
    import ibis

    order = [*keys, *(name for name in table.columns if name not in keys)]
    ordered = table.order_by([ibis.asc(name, nulls_first=True) for name in order])
    connection = table.get_backend()
    if connection.name == "duckdb":
        connection.to_parquet(ordered, str(path), row_group_size=ROW_GROUP)
        return path
    # Spark writes a folder of files, in order of rows; DuckDB makes one file of them, as it would have itself.
    parts = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    try:
        connection.to_parquet(ordered, str(parts))
        files = sorted(parts.glob("part-*.parquet"))
        joined = connect("duckdb")
        joined.to_parquet(read_parquet(joined, files), str(path), row_group_size=ROW_GROUP)
        joined.disconnect()
    finally:
        shutil.rmtree(parts, ignore_errors=True)
    return path


def kept(table: ir.Table, path: Path) -> ir.Table:
    """A table computed once and read from Parquet from then on; rows in any order."""
    connection = table.get_backend()
    options = {"row_group_size": SMALL_ROW_GROUP} if connection.name == "duckdb" else {}
    connection.to_parquet(table, str(path), **options)
    return read_parquet(connection, path)


def named(table: ir.Table) -> ir.Table:
    """The same table as a view, so that what follows names its columns.

    Ibis writes an expression out anew wherever a later one uses it, and the engine works each out by itself: a text
    that is trimmed, then tested, then typed would be a query of a hundred kilobytes.
    """
    connection = table.get_backend()
    return connection.create_view(f"view_{uuid.uuid4().hex}", table)


def count_rows(path: Path) -> int:
    """Rows of a Parquet file, from its footer."""
    from pyarrow.parquet import read_metadata

    return int(read_metadata(path).num_rows)


def quoted(value: str | Path) -> str:
    """A text or a path as a literal of SQL."""
    return "'" + str(value).replace("'", "''") + "'"


def _duckdb(scratch: Path) -> ibis.BaseBackend:
    import ibis

    # Extensions would be fetched from a server; a register server has no network, and nothing here needs one.
    settings: dict[str, Any] = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    connection = ibis.duckdb.connect(temp_directory=str(scratch / "spill"), **settings)
    connection.raw_sql("SET enable_progress_bar = false")
    return connection


def _spark(scratch: Path) -> ibis.BaseBackend:
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise UserError(
            Fault(
                "engine: spark", "Spark is not installed.", "Install it with pip install 'utfall[spark]' and Java 17."
            )
        ) from None
    import ibis

    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        raise UserError(Fault("engine: spark", "Spark needs Java, and none is found.", "Install Java 17."))
    builder = (
        SparkSession.builder.appName("utfall")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.ansi.enabled", "true")
        .config("spark.local.dir", str(scratch / "spill"))
    )
    if not (os.environ.get("SPARK_REMOTE") or os.environ.get("SPARK_MASTER")):
        builder = builder.master(f"local[{os.cpu_count() or 1}]")
    try:
        return ibis.pyspark.connect(builder.getOrCreate())
    except Exception as error:  # what Spark raises at start has no common class
        raise UserError(
            Fault("engine: spark", f"Spark does not start ({type(error).__name__}).", "Try it with `pyspark` first.")
        ) from None
