"""Rows with types, of whatever format, as rows of text: one way for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.engine import quoted

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

_HEADER_ROW = 1  # people count the row of names


def write_rows(
    connection: ibis.BaseBackend,
    source: pa.RecordBatchReader | str,
    names: Sequence[str],
    header: Mapping[str, str],
    path: Path,
    fields: int,
) -> None:
    """Write a Parquet file with a row per delivered row: `row` (the header is row 1), `fields`, and columns as text.

    Parameters
    ----------
    source : batches of rows, or SQL that gives them
    names : of the source's columns in their order; columns are taken by place, since names may differ in case alone
    header : delivered name by our name, of the columns that are wanted
    fields : how many columns were delivered

    Dates become YYYY-MM-DD, whole numbers lose their decimals whatever their type, yes and no become 1 and 0. Rows
    without any value are left out.
    """
    database: Any = connection.con
    if not isinstance(source, str):
        database.register("delivered", source)
        source = "SELECT * FROM delivered"
    types = [str(kind) for _, kind, *_ in database.sql(f"DESCRIBE {source}").fetchall()]
    places = {ours: names.index(name) for ours, name in header.items()}
    fixed = (f"row_number() OVER () + {_HEADER_ROW} AS row", f"{fields}::INT AS fields")
    wanted = (f"{_text(f'c{place}', types[place])} AS {ours}" for ours, place in places.items())
    something = " OR ".join(f"{ours} IS NOT NULL" for ours in header) or "true"
    database.execute(
        f"""
        COPY (
            SELECT * FROM (
                SELECT {", ".join((*fixed, *wanted))}
                FROM ({source}) AS delivered_columns({", ".join(f"c{place}" for place in range(len(types)))})
            )
            WHERE {something}
        ) TO {quoted(path)} (FORMAT parquet)
        """
    )


def _text(column: str, kind: str) -> str:
    """SQL for a value as text."""
    if kind == "BOOLEAN":
        return f"{column}::INT::VARCHAR"
    if kind in ("DOUBLE", "FLOAT") or kind.startswith("DECIMAL"):
        # Whole numbers are codes, keys and years that a program keeps as numbers: 1280, not 1280.0.
        whole = f"{column} = trunc({column}) AND abs({column}) < 1e15"
        known = f"CASE WHEN {whole} THEN {column}::BIGINT::VARCHAR ELSE {column}::VARCHAR END"
        return known if kind.startswith("DECIMAL") else f"CASE WHEN isfinite({column}) THEN {known} END"
    if kind.startswith("TIMESTAMP"):
        # Excel and some databases have no dates without a time of day.
        day = f"{column}::DATE::VARCHAR"
        return f"CASE WHEN {column} = date_trunc('day', {column}) THEN {day} ELSE {column}::VARCHAR END"
    return f"nullif(replace({column}::VARCHAR, chr(160), ' '), '')"  # a blank like others, so that trimming takes it
