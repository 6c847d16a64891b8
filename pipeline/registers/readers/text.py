"""Delivered text files as rows of text with the number of their line, whatever their encoding and delimiter.

A line is a record: a stray quotation mark or a cut line spoils its own line and no other, and the number of a row is
the line people find it on in an editor. Values within quotation marks may hold the delimiter, but no line break.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import uuid
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from pipeline.engine import SMALL_ROW_GROUP, quoted
from pipeline.errors import Fault
from pipeline.registers.contracts import BLANKS, MISSING

if TYPE_CHECKING:
    import ibis

DELIMITERS = (";", "\t", "|", ",")
ENCODINGS = ("utf-8", "cp1252", "latin-1")  # tried in this order; the last reads anything
_BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_CHARACTERS = 1 << 22  # read at a time
_NO_DELIMITER = "\U0010ffff"  # a character that is never assigned: makes DuckDB read whole lines


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text file made ready to be read: a copy of its lines in UTF-8, and what was found out about it."""

    path: Path
    lines: Path
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    gzipped: bool = False


def open_text(path: Path, shown: str, scratch: Path, encoding: str | None, delimiter: str | None) -> TextFile | Fault:
    """Find encoding and delimiter where they are not given, and copy the lines to `scratch` as UTF-8.

    The whole file decides on the encoding, not its first lines. `shown` is the file's name in messages.
    """
    lines = scratch / f"{uuid.uuid4().hex}.txt"
    tried = [encoding] if encoding else [_byte_order_mark(path) or "", *ENCODINGS]
    for candidate in filter(None, tried):
        try:
            damaged = _copy(path, lines, candidate)
        except LookupError:
            return Fault(shown, f"'{candidate}' is no encoding.", "Use cp1252, utf-8 or latin-1, or leave it out.")
        except UnicodeError:
            continue
        except (EOFError, zlib.error, gzip.BadGzipFile):
            return Fault(shown, "is cut off or damaged: it cannot be unpacked to its end.", "Ask for the file anew.")
        except OSError as error:
            return Fault(
                shown, f"cannot be read: {error.strerror}.", "Check that the file is there and is yours to read."
            )
        if damaged:
            return Fault(shown, "holds zero bytes, so it is damaged or no text file.", "Ask for the file anew.")
        header_line = _first_line(lines)
        mark = delimiter or _delimiter(header_line)
        return TextFile(path, lines, candidate, mark, _names(header_line, mark), is_gzip(path))
    place = _undecodable_line(path, encoding or "utf-8")
    return Fault(shown, f"is not {encoding} text{place}.", "Correct 'encoding' in the configuration, or leave it out.")


def read_rows(
    connection: ibis.BaseBackend, file: TextFile, columns: Mapping[str, str], path: Path, *, trim: bool = True
) -> None:
    """Write a Parquet file with a row per line: `row` (line number), `fields` (values on it), and `columns` as text.

    `columns` is delivered name by our name. Values are trimmed; empty ones and marks for no value are null. Without
    `trim` they are as they stand in the file, but for quotation marks around them. Lines without anything on them are
    left out.

    Raises
    ------
    duckdb.Error : a line is too long to be one
    """
    value = _trimmed if trim else _as_it_stands
    values = ", ".join(f"{value(file.header.index(delivered) + 1)} AS {name}" for name, delivered in columns.items())
    # A line that ends with a delimiter has one empty value too many, which harms nobody.
    fields = f"len(v) - (len(v) = {len(file.header) + 1} AND trim(v[-1]) = '')::INT"
    with _one_thread(connection):
        connection.raw_sql(
            f"""
            COPY (
                SELECT row, ({fields})::INT AS fields{values and ", " + values}
                FROM (
                    SELECT row, {_split(file.delimiter)} AS v
                    FROM (
                        SELECT row_number() OVER () AS row, line
                        FROM read_csv({quoted(file.lines)}, delim = '{_NO_DELIMITER}', quote = '', escape = '',
                                      new_line = '\\n', header = false, auto_detect = false,
                                      columns = {{'line': 'VARCHAR'}})
                    )
                    WHERE row > 1 AND trim(line) <> ''
                )
            ) TO {quoted(path)} (FORMAT parquet, ROW_GROUP_SIZE {SMALL_ROW_GROUP})
            """
        )


@contextmanager
def _one_thread(connection: ibis.BaseBackend) -> Iterator[None]:
    """Work that is done in one thread anyway, since lines are numbered: a second would wait by turning in circles."""
    connection.raw_sql("SET threads = 1")
    try:
        yield
    finally:
        connection.raw_sql("RESET threads")


def _split(delimiter: str) -> str:
    """SQL that splits `line` into values without their quotation marks; plain lines take the faster way."""
    mark = re.escape(delimiter)
    pattern = f'("(?:[^"]|"")*"|[^{mark}]*){mark}'
    unquoted = """lambda x: CASE WHEN len(x) > 1 AND x LIKE '"%"' THEN replace(x[2:-2], '""', '"') ELSE x END"""
    return (
        f"CASE WHEN contains(line, '\"') "
        f"THEN list_transform(regexp_extract_all(line || {quoted(delimiter)}, {quoted(pattern)}, 1), {unquoted}) "
        f"ELSE string_split(line, {quoted(delimiter)}) END"
    )


def _as_it_stands(position: int) -> str:
    """SQL for one value; null when there is nothing at all."""
    return f"nullif(v[{position}], '')"


def _trimmed(position: int) -> str:
    """SQL for one value: trimmed, null for nothing and for marks of no value."""
    bare, nothing = f"trim(v[{position}], {quoted(BLANKS)})", ", ".join(quoted(mark) for mark in ("", *MISSING))
    return f"CASE WHEN {bare} NOT IN ({nothing}) THEN {bare} END"


def _copy(path: Path, lines: Path, encoding: str) -> bool:
    """Copy a file as UTF-8 with plain line ends; true when it holds zero bytes, which text does not."""
    with (
        io.TextIOWrapper(_opened(path), encoding=encoding, newline=None) as source,
        lines.open("w", encoding="utf-8", newline="\n") as copy,
    ):
        while text := source.read(_CHARACTERS):
            if "\0" in text:
                return True
            copy.write(text.replace("\u00a0", " "))  # a blank like others, so that trimming takes it
    return False


def is_gzip(path: Path) -> bool:
    """Whether a file is packed with gzip, told by its first bytes."""
    try:
        with path.open("rb") as file:
            return file.read(2) == b"\x1f\x8b"
    except OSError:
        return False


def _opened(path: Path) -> BinaryIO:
    """The bytes of a file, unpacked."""
    return gzip.open(path) if is_gzip(path) else path.open("rb")  # type: ignore[return-value]


def _byte_order_mark(path: Path) -> str | None:
    try:
        with _opened(path) as file:
            start = file.read(4)
    except (OSError, EOFError, zlib.error):
        return None
    return next((encoding for mark, encoding in _BYTE_ORDER_MARKS.items() if start.startswith(mark)), None)


def _first_line(lines: Path) -> str:
    """The line of names, without a byte order mark: it is there when an encoding is given, or is not the file's."""
    with lines.open(encoding="utf-8", newline="\n") as file:
        line = file.readline().rstrip("\n")
    return line.removeprefix("\ufeff").removeprefix(codecs.BOM_UTF8.decode("cp1252"))


def _names(line: str, delimiter: str) -> tuple[str, ...]:
    """The names of the columns; a delimiter at the end of the line begins no column."""
    names = [name.strip() for name in next(csv.reader([line], delimiter=delimiter), [])]
    return tuple(names[:-1] if names and not names[-1] else names)


def _delimiter(header: str) -> str:
    """The delimiter that cuts the header into most columns; the earlier one of equals."""
    return max(DELIMITERS, key=lambda mark: len(next(csv.reader([header], delimiter=mark), [])))


def _undecodable_line(path: Path, encoding: str) -> str:
    with _opened(path) as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode(encoding)
            except UnicodeError:
                return f" on line {number}"
    return ""
