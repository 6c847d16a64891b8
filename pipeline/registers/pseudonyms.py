"""People's keys replaced: by a keyed hash as soon as a file is read, by a name of the run's own in what is kept.

1. Every original key, a running number or a personal number alike, is replaced by its HMAC-SHA256 when a file's rows
   are read. The key of the hash is drawn for the run and kept nowhere, or read from a file outside the project.
2. When the canonical tables are made, each person gets a name of letters that is a digest of what the tables say of
   them. So what is kept does not depend on the key, on the original keys or on the order of rows: neither sorting nor
   drawing can, and results are the same byte for byte. People of whom all is alike are told apart by a letter more;
   which of them has it changes nothing.

With a key of one's own, `pseudonyms.parquet` has the hash of each name, so that whoever holds both the key and the
extracts can find a person again. Without, nobody can.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import re
import secrets
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.engine import SMALL_ROW_GROUP, quoted
from pipeline.errors import Fault
from pipeline.registers.contracts import DECIMALS, MISSING, SPECIAL_MISSING
from pipeline.registers.identity import CANDIDATE, as_compared

_BYTES = 32  # of a key; a shorter one could be guessed
# Bytes of the hash that are used: two people of ten million are taken for one once in 10^8 times. They are twelve
# characters, the most that DuckDB keeps in the row itself: with longer ones, cleaning takes a third more memory.
_KEPT = 9
REMEMBERED = 1_000_000  # keys, in a quarter of a gigabyte, until all files are read
_SPECIAL_MISSING = re.compile(SPECIAL_MISSING)
# How a key was written, which is counted, by the number of blanks before its hash: with blanks, with a decimal, both.
AS_WRITTEN = ("x", " x", "x.0", " x.0")
_LETTERS = 16  # of a person's name, four bits each


@dataclass(frozen=True, slots=True, repr=False)
class Hashing:
    """How keys are replaced in a run; `kept` says whether the key is somebody's own. Never shown, never written.

    `known` remembers what came of keys already met, up to `REMEMBERED`: registers are about the same people. Whoever
    reads the files empties it when they are read.
    """

    key: bytes
    kept: bool
    reference: dt.date
    known: dict[str, str] = field(default_factory=dict, compare=False)


def hashing(key_file: str | None, base: Path, reference: dt.date) -> tuple[Hashing, list[Fault]]:
    """The key of the run: what the file holds, or drawn; and what is wrong with the file.

    Parameters
    ----------
    reference : the day on which "-" in a personal number means under 100 years of age
    """
    if key_file is None:
        return Hashing(secrets.token_bytes(_BYTES), False, reference), []
    path, place = (base / Path(key_file).expanduser()).resolve(), "identity.key_file"
    drawn = Hashing(secrets.token_bytes(_BYTES), False, reference)
    if path.is_relative_to(base.resolve()) or path.is_relative_to(Path.cwd().resolve()):
        return drawn, [Fault(place, "is in the project's folder.", "Keep the key where the data are not.")]
    try:
        key = path.read_bytes()
    except OSError as error:
        return drawn, [Fault(place, f"cannot be read: {error.strerror}.", "Correct the path, or leave it out.")]
    if len(key) < _BYTES:
        remedy = f"Make one with: head -c {_BYTES} /dev/urandom > FILE; chmod 600 FILE."
        return drawn, [Fault(place, f"holds fewer than {_BYTES} bytes.", remedy)]
    if sys.platform != "win32" and path.stat().st_mode & 0o077:
        return drawn, [Fault(place, "can be read by others than its owner.", "chmod 600 makes it yours alone.")]
    return Hashing(key, True, reference), []


def key_proof(key_file: str | None, base: Path) -> dict[str, str]:
    """What tells one key from another, by the setting's name: slow to work out, so that no key can be guessed from it.

    Nothing when there is no key file, or when it cannot be read: loading tells why.
    """
    if key_file is None:
        return {}
    try:
        key = (base / Path(key_file).expanduser()).read_bytes()
    except OSError:
        return {}
    return {"identity.key_file": hashlib.scrypt(key, salt=b"utfall: which key", n=2**14, r=8, p=1).hex()}


def replace_keys(connection: Any, rows: Path, columns: Sequence[str], hashing: Hashing) -> Path:
    """Write rows anew with the hash of each person's key in the place of the key, and remove them as they were.

    Parameters
    ----------
    connection : DuckDB's own
    rows : Parquet file with `person_id` and the other `columns`, as delivered
    """
    hashed = rows.with_name(f"{rows.stem}-hashed.parquet")
    found = f"SELECT DISTINCT person_id, regexp_matches(person_id, '{CANDIDATE}') AS number FROM {_read(rows)}"
    keys = connection.sql(f"{found} WHERE person_id IS NOT NULL").to_arrow_table()
    mapping = _hashes(keys, hashing)
    connection.register("hashes_of_keys", mapping)
    try:
        kept = ", ".join(f"r.{name}" for name in columns if name != "person_id")
        connection.execute(
            f"COPY (SELECT k.hash AS person_id, {kept} FROM {_read(rows)} r "
            f"LEFT JOIN hashes_of_keys k ON r.person_id = k.person_id) TO {quoted(hashed)} "
            f"(FORMAT parquet, ROW_GROUP_SIZE {SMALL_ROW_GROUP})"
        )
    finally:
        connection.unregister("hashes_of_keys")
    rows.unlink()
    return hashed


def _hashes(keys: Any, hashing: Hashing) -> Any:
    import pyarrow as pa

    texts = keys.column("person_id").to_pylist()
    numbers = keys.column("number").to_pylist()
    hashes = [in_place_of(text, hashing, number=number) for text, number in zip(texts, numbers, strict=True)]
    return pa.table({"person_id": keys.column("person_id"), "hash": pa.array(hashes, pa.string())})


def in_place_of(text: str, hashing: Hashing, *, number: bool = True) -> str | None:
    """The hash of a key, after as many blanks as tell how it was written (`AS_WRITTEN`); None where there is no key.

    `number` is false for keys that are known not to be personal numbers.
    """
    if (known := hashing.known.get(text)) is not None:
        return known
    key = text.strip()
    if key in ("", *MISSING) or _SPECIAL_MISSING.fullmatch(key):
        return None
    found = _hash(hashing.key, as_compared(key, hashing.reference if number else None))
    placed = " " * ((key != text) + 2 * key.endswith(DECIMALS)) + found
    if len(hashing.known) < REMEMBERED:
        hashing.known[text] = placed
    return placed


def name_people(connection: Any, tables: Mapping[str, Path]) -> str:
    """Give each person in the canonical tables a name of letters; returns the name of a table `person_id`, `name`.

    The name is the first part of a digest of all rows of the person, whatever their order: the exclusive or of their
    MD5 numbers. Rows of a person differ, within a table and, by its name, between tables.
    """
    parts = []
    for table, path in tables.items():
        names = [name for name, *_ in connection.sql(f"DESCRIBE SELECT * FROM {_read(path)}").fetchall()]
        values = ", ".join(f"coalesce({name}::VARCHAR, '~')" for name in names if name != "person_id")
        row = f"concat_ws('|', {quoted(table)}, {values})"
        parts.append(f"SELECT person_id, md5_number({row}) AS row_digest FROM {_read(path)}")
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE names_of_people AS
        SELECT person_id, short || CASE WHEN alike = 1 THEN '' ELSE {_letters("alike::VARCHAR")} END AS name
        FROM (
            SELECT person_id, {_letters(f"left(digest, {_LETTERS})")} AS short,
                   row_number() OVER (PARTITION BY left(digest, {_LETTERS}) ORDER BY digest, person_id) AS alike
            FROM (SELECT person_id, md5({_decimal("rows_digest")}) AS digest
                  FROM (SELECT person_id, bit_xor(row_digest) AS rows_digest
                        FROM ({" UNION ALL ".join(parts)}) GROUP BY person_id))
        )
        """
    )
    return "names_of_people"


def find_again(pseudonyms: Path, key: bytes, originals: Iterable[str]) -> dict[str, str]:
    """Whose names those in `pseudonyms.parquet` are: name by original key, for those of `originals` that are there."""
    from pyarrow.parquet import read_table

    names = {row["pseudonym"]: row["person_id"] for row in read_table(pseudonyms).to_pylist()}
    hashes = {original: _hash(key, as_compared(original, None)) for original in originals}
    return {original: names[found] for original, found in hashes.items() if found in names}


def _hash(key: bytes, text: str) -> str:
    return base64.b64encode(hmac.digest(key, text.encode(), "sha256")[:_KEPT]).decode()


def _decimal(number: str) -> str:
    """SQL for an unsigned number of 128 bits in decimal digits: DuckDB writes a signed one fifty times as fast."""
    half = f"({number} >> 1)::HUGEINT"
    return f"({half} // 5)::VARCHAR || (({half} % 5) * 2 + ({number} & 1)::INT)::VARCHAR"


def _letters(text: str) -> str:
    """SQL for a text with letters for its digits, so that no name looks like a running number."""
    return f"translate({text}, '0123456789', 'ghijklmnop')"


def parquet_files(path: Path) -> str:
    """A Parquet file, or the files of the folder that Spark writes in its place."""
    return str(path / "*.parquet" if path.is_dir() else path)


def _read(path: Path) -> str:
    return f"read_parquet({quoted(parquet_files(path))})"
