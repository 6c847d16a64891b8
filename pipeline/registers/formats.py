"""Which format a delivered file has: told by its first bytes, which do not lie as the ending of a name may."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Literal

from pipeline.errors import Fault

Format = Literal["text", "sas", "sas-transport", "spss", "stata", "excel", "parquet", "sqlite", "duckdb", "database"]

_SAS = bytes.fromhex("000000000000000000000000c2ea8160b31411cfbd92080009c7318c181f1011")
_STARTS: tuple[tuple[bytes, Format], ...] = (
    (_SAS, "sas"),
    (b"HEADER RECORD*******LIB", "sas-transport"),
    (b"$FL2", "spss"),
    (b"$FL3", "spss"),
    (b"<stata_dta>", "stata"),
    (b"PAR1", "parquet"),
    (b"SQLite format 3\0", "sqlite"),
)
_PACKED = {
    b"7z\xbc\xaf": "a 7z archive",
    b"MZ": "a program, perhaps an archive that unpacks itself",
    b"Rar!": "a RAR archive",
    b"PK\x03\x04": "a zip archive",
}
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_OLD_STATA = range(0x69, 0x74)  # versions 8 to 12 begin with their number, the order of bytes, 1 and 0


def find_format(path: Path, shown: str) -> Format | Fault:
    """The format of a file; what is none of the others counts as delimited text.

    A fault for what has to be unpacked, or saved in another format, first. `shown` is the file's name in messages.
    """
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except OSError as error:
        return Fault(shown, f"cannot be read: {error.strerror}.", "Check that the file is there and is yours to read.")
    found = next((name for mark, name in _STARTS if start.startswith(mark)), None)
    if found is not None:
        return found
    if start[8:12] == b"DUCK":
        return "duckdb"
    if len(start) > 4 and start[0] in _OLD_STATA and start[1] in (1, 2) and start[2:4] == b"\1\0":
        return "stata"
    if start.startswith(b"PK\x03\x04") and _is_workbook(path):
        return "excel"
    if start.startswith(_OLD_EXCEL):
        return Fault(shown, "is an Excel file of the old kind, or has a password.", "Save it as .xlsx without one.")
    for mark, what in _PACKED.items():
        if start.startswith(mark):
            return Fault(shown, f"is {what}.", "Unpack it and name the files in it.")
    return "text"


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return True  # a damaged one: the reader says so
