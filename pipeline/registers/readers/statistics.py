"""Files of statistical programs: SAS, SPSS and Stata, read in pieces through pyreadstat."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import Fault

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_ROWS = 250_000  # read at a time
ENCODINGS = (None, "WINDOWS-1252", "LATIN1")  # what the file says first: older ones say nothing, or the wrong thing


def open_statistics(path: Path, shown: str, kind: str, encoding: str | None) -> tuple[list[str], str] | Fault:
    """The names of a file's columns, and the encoding that it says its texts are in."""
    import pyreadstat

    for candidate in (encoding,) if encoding else ENCODINGS:
        try:
            _, about = _reader(kind)(path, encoding=candidate, metadataonly=True)
            return list(about.column_names), candidate or about.file_encoding or "utf-8"
        except (UnicodeError, pyreadstat.ReadstatError, pyreadstat.PyreadstatError) as error:
            if not is_encoding_error(error):
                return Fault(shown, f"cannot be read as a file of {TITLES[kind]}.", "See whether it is whole.")
    return Fault(shown, "holds text in another encoding than it says.", "Set 'encoding' in the configuration.")


def is_encoding_error(error: Exception) -> bool:
    """Whether texts of a file are in another encoding than it was read in."""
    return isinstance(error, UnicodeError) or "convert string" in str(error)


TITLES = {"sas": "SAS", "sas-transport": "SAS (transport)", "spss": "SPSS", "stata": "Stata"}


def statistics_batches(path: Path, kind: str, encoding: str | None, names: list[str]) -> pa.RecordBatchReader:
    """A file's rows in pieces, all columns as text."""
    import pyarrow as pa

    schema = pa.schema([(name, pa.string()) for name in names])

    def batches() -> Iterator[pa.RecordBatch]:
        for piece in _pieces(kind, path, encoding, names):
            columns = [pa.array(_as_text(piece[name]), pa.string()) for name in names]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _reader(kind: str) -> Any:
    import pyreadstat

    return {
        "sas": pyreadstat.read_sas7bdat,
        "sas-transport": pyreadstat.read_xport,
        "spss": pyreadstat.read_sav,
        "stata": pyreadstat.read_dta,
    }[kind]


def _pieces(kind: str, path: Path, encoding: str | None, names: list[str]) -> Iterator[pd.DataFrame]:
    place = 0
    while True:
        piece, _ = _reader(kind)(path, encoding=encoding, usecols=names, row_offset=place, row_limit=_ROWS)
        yield piece
        place += len(piece)
        if len(piece) < _ROWS:
            return


def _as_text(column: pd.Series) -> pd.Series:
    """A column as text: whole numbers without decimals, dates YYYY-MM-DD."""
    import numpy as np
    import pandas as pd

    known = column.notna()
    if pd.api.types.is_numeric_dtype(column):
        text = column.map(str, na_action="ignore").astype(object)
        numbers = column[known].astype("float64")
        whole = numbers.index[(numbers == np.trunc(numbers)) & (numbers.abs() < 1e15)]
        text[whole] = column[whole].astype("int64").astype(str)
    else:
        text = column.map(str, na_action="ignore").astype(object)  # str of a date is YYYY-MM-DD
    return text.where(known, None)
