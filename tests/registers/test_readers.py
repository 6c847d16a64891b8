"""Text files of any encoding and delimiter, as rows with the number of their line."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import ibis
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline import engine
from pipeline.errors import Fault
from pipeline.registers.contracts import MISSING
from pipeline.registers.readers import TextFile, open_text, read_rows

HEADER = "LopNr;Namn;Ort"


@pytest.fixture(scope="module")
def connection() -> ibis.BaseBackend:
    return engine.connect()


def opened(content: bytes, folder: Path, encoding: str | None = None, delimiter: str | None = None) -> TextFile | Fault:
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    (folder / "file.csv").write_bytes(content)
    return open_text(folder / "file.csv", "file.csv", scratch, encoding, delimiter)


def rows(connection: ibis.BaseBackend, file: TextFile | Fault, folder: Path) -> list[dict]:
    assert isinstance(file, TextFile)
    names = {f"c{place}": name for place, name in enumerate(file.header)}
    read_rows(connection, file, names, folder / "rows.parquet")
    return pq.read_table(folder / "rows.parquet").to_pylist()


def values(connection: ibis.BaseBackend, file: TextFile | Fault, folder: Path) -> list[list[str | None]]:
    return [[v for name, v in row.items() if name.startswith("c")] for row in rows(connection, file, folder)]


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("cp1252", "cp1252"), ("latin-1", "cp1252"), ("utf-16", "utf-16")],
)
def test_the_encoding_is_found(connection: ibis.BaseBackend, tmp_path: Path, encoding: str, found: str) -> None:
    file = opened(f"{HEADER}\r\n1;Åsa;Malmö\r\n".encode(encoding), tmp_path)
    assert isinstance(file, TextFile)
    assert (file.encoding, file.delimiter, file.header) == (found, ";", ("LopNr", "Namn", "Ort"))
    assert values(connection, file, tmp_path) == [["1", "Åsa", "Malmö"]]


def test_cp1252_is_more_than_latin_1(connection: ibis.BaseBackend, tmp_path: Path) -> None:
    assert values(connection, opened(f"{HEADER}\n1;€–’;x\n".encode("cp1252"), tmp_path), tmp_path) == [
        ["1", "€–’", "x"]
    ]


def test_bytes_that_cp1252_does_not_know_are_latin_1(tmp_path: Path) -> None:
    file = opened(HEADER.encode() + b"\n1;\x81;x\n", tmp_path)
    assert isinstance(file, TextFile)
    assert file.encoding == "latin-1"


def test_the_whole_file_decides_on_the_encoding(connection: ibis.BaseBackend, tmp_path: Path) -> None:
    # Longer than what is read at a time, plain letters until the last line.
    plain = "1;Anna;Lund\n" * 400_000
    file = opened((f"{HEADER}\n{plain}2;Åsa;Malmö\n").encode("cp1252"), tmp_path)
    assert isinstance(file, TextFile)
    assert file.encoding == "cp1252"
    read = rows(connection, file, tmp_path)
    assert read[-1] == {"row": 400_002, "fields": 3, "c0": "2", "c1": "Åsa", "c2": "Malmö"}


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_the_delimiter_is_found(connection: ibis.BaseBackend, tmp_path: Path, delimiter: str) -> None:
    text = f"{HEADER}\n1;Anna;Lund\n".replace(";", delimiter)
    file = opened(text.encode(), tmp_path)
    assert isinstance(file, TextFile)
    assert file.delimiter == delimiter
    assert values(connection, file, tmp_path) == [["1", "Anna", "Lund"]]


def test_decimal_commas_do_not_make_a_delimiter(tmp_path: Path) -> None:
    file = opened(b"LopNr;a;b\n1;2,5;3,5\n", tmp_path)
    assert isinstance(file, TextFile)
    assert file.delimiter == ";"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_carry_the_number_of_their_line(connection: ibis.BaseBackend, tmp_path: Path, end: str) -> None:
    lines = [HEADER, "1;a;b", "", "2;a;b", "   ", "3;a;b"]
    read = rows(connection, opened(end.join(lines).encode(), tmp_path), tmp_path)
    assert [(row["row"], row["c0"]) for row in read] == [(2, "1"), (4, "2"), (6, "3")]


def test_line_ends_may_be_mixed(connection: ibis.BaseBackend, tmp_path: Path) -> None:
    content = b"LopNr;Namn\r\n1;a\n2;b\r\n\r\n3;c\r4;d"
    assert values(connection, opened(content, tmp_path), tmp_path) == [["1", "a"], ["2", "b"], ["3", "c"], ["4", "d"]]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('"1";"a;b";"c"', ["1", "a;b", "c"]),
        ('1;"say ""hi""";c', ["1", 'say "hi"', "c"]),
        ('1;a"b;c', ["1", 'a"b', "c"]),
        ('1;"";" "', ["1", None, None]),
        ("1; a\u00a0;.", ["1", "a", None]),
        ("1;NA;NULL", ["1", None, None]),
        ("1;a;b;", ["1", "a", "b"]),
        ('1;"a;b', ["1", '"a', "b"]),
    ],
    ids=["quoted", "doubled", "inside", "empty", "blanks", "no value", "trailing delimiter", "stray"],
)
def test_values_of_a_line(connection: ibis.BaseBackend, tmp_path: Path, line: str, expected: list[str | None]) -> None:
    read = rows(connection, opened(f"{HEADER}\n{line}\n".encode(), tmp_path), tmp_path)
    assert [read[0][name] for name in ("c0", "c1", "c2")] == expected
    assert read[0]["fields"] == 3


def test_a_stray_quotation_mark_spoils_its_own_line_only(connection: ibis.BaseBackend, tmp_path: Path) -> None:
    content = f'{HEADER}\n1;a;b\n2;"a;b;c\n3;a;b\n4;a;"b\n5;a;b\n'.encode()
    read = rows(connection, opened(content, tmp_path), tmp_path)
    assert [row["c0"] for row in read] == ["1", "2", "3", "4", "5"]
    assert [row["fields"] for row in read] == [3, 4, 3, 3, 3]


def test_cut_and_overlong_lines_are_counted_as_they_are(connection: ibis.BaseBackend, tmp_path: Path) -> None:
    read = rows(connection, opened(f"{HEADER}\n1;a\n2;a;b;c\n3\n".encode(), tmp_path), tmp_path)
    assert [row["fields"] for row in read] == [2, 4, 1]


def test_a_given_encoding_that_does_not_fit_names_the_line(tmp_path: Path) -> None:
    fault = opened(f"{HEADER}\n1;Anna;Lund\n2;Åsa;Malmö\n".encode("cp1252"), tmp_path, encoding="utf-8")
    assert isinstance(fault, Fault)
    assert "is not utf-8 text on line 3" in str(fault)
    assert "encoding" in fault.remedy


def test_an_encoding_that_does_not_exist(tmp_path: Path) -> None:
    assert "'ansi-swedish' is no encoding" in str(opened(b"a;b\n", tmp_path, encoding="ansi-swedish"))


def test_zero_bytes_are_damage(tmp_path: Path) -> None:
    assert "holds zero bytes" in str(opened(b"LopNr;Namn\n1;\0\0\n", tmp_path))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    fault = open_text(tmp_path / "none.csv", "none.csv", tmp_path, None, None)
    assert "none.csv: cannot be read" in str(fault)


def test_an_empty_file_has_no_header(tmp_path: Path) -> None:
    file = opened(b"", tmp_path)
    assert isinstance(file, TextFile)
    assert file.header == ()


# What a cell of a register may hold: anything but line ends, outer blanks and the marks of no value.
CELL = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Zs")) | st.sampled_from(';"'), max_size=8)


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=6), delimiter=st.sampled_from(";\t|,"))
def test_what_is_written_is_read(
    connection: ibis.BaseBackend, tmp_path: Path, cells: list[tuple[str, str, str]], delimiter: str
) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerows([("x1", "x2", "x3"), *cells])
    file = opened(buffer.getvalue().encode("utf-8"), tmp_path, "utf-8", delimiter)
    expected = [[None if cell in ("", *MISSING) else cell for cell in row] for row in cells]
    assert values(connection, file, tmp_path) == expected
