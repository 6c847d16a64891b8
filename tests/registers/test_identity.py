"""Personal numbers: recognised in every form, replaced where they are the key, refused elsewhere, left nowhere."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

import duckdb
import pytest
from small_extracts import (
    CATEGORIES,
    COORDINATION,
    NUMBER,
    PARTICIPANTS,
    REGISTRATIONS,
    Files,
    luhn,
    small_extracts,
    with_key,
    with_numbers,
    write_files,
)

from pipeline import load
from pipeline.config import Config
from pipeline.errors import UserError
from pipeline.registers.identity import as_compared, number_in
from pipeline.registers.pseudonyms import _decimal, hashing, key_proof
from pipeline.workspace import Run

DAY = dt.date(2022, 9, 30)


def test_the_numbers_of_these_tests_have_the_right_check_digit() -> None:
    assert luhn(NUMBER[2:11]) == NUMBER[2:]
    assert luhn(COORDINATION[2:11]) == COORDINATION[2:]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (NUMBER, NUMBER),
        ("19800101-1231", NUMBER),
        ("800101-1231", NUMBER),
        ("8001011231", NUMBER),
        ("800101+1231", "188001011231"),
        ("180101-" + luhn("180101123")[6:], "20180101" + luhn("180101123")[6:]),
        ("250101-" + luhn("250101123")[6:], "19250101" + luhn("250101123")[6:]),
        (COORDINATION, COORDINATION),
        ("800161-1238", COORDINATION),
        ("19800101TF29", "19800101TF29"),
        ("19800101Tf29", "19800101TF29"),
        ("19800101-T239", "19800101T239"),
        ("Avbröt, 19800101-1231 flyttade", NUMBER),
        ("198001011230", None),  # not the check digit
        ("198013011231", None),  # no month
        ("198001321231", None),  # no day
        ("198001931231", None),  # no day of a samordningsnummer either
        ("5560001234", None),  # a company's
        ("1234198001011231", None),  # in a longer run of digits
        ("2020-01-01", None),
        ("20200101", None),
        ("8231", None),
    ],
)
def test_numbers_are_recognised(text: str, expected: str | None) -> None:
    assert number_in(text, DAY) == expected


def test_a_personal_number_is_compared_in_twelve_characters_and_any_other_key_as_a_number() -> None:
    assert as_compared("800101-1231", DAY) == as_compared(NUMBER, DAY) == NUMBER
    assert as_compared("8231", DAY) == as_compared("0008231", DAY) == as_compared("8231.0", None) == "8231"
    assert as_compared(f"{NUMBER}.0", DAY) == NUMBER
    assert (as_compared("0", None), as_compared("X07", None)) == ("0", "X07")
    assert as_compared("nr 19800101-1231", DAY) == "nr 19800101-1231"


def run_load(config: Config, files: Files, folder: Path) -> Path:
    base = write_files(files, folder / "project")
    (folder / "write").mkdir()
    load.run(Run(config, base, folder / "read", folder / "write", lambda line: None))
    return folder / "write"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.parquet") if path.stem != "pseudonyms"}


def test_tables_are_the_same_byte_for_byte_whatever_the_keys(config: Config, tmp_path: Path) -> None:
    """Running numbers or personal numbers in three forms, a key drawn for the run or one's own: nothing shows."""
    for name in ("drawn", "again", "own", "personal"):
        (tmp_path / name).mkdir()
    drawn = contents(run_load(config, small_extracts(), tmp_path / "drawn"))
    assert len(drawn) == 6
    assert contents(run_load(config, small_extracts(), tmp_path / "again")) == drawn
    assert contents(run_load(with_key(config, tmp_path / "own"), small_extracts(), tmp_path / "own")) == drawn
    assert contents(run_load(config, with_numbers(small_extracts()), tmp_path / "personal")) == drawn


def test_people_of_whom_all_is_alike_stay_two(config: Config, tmp_path: Path) -> None:
    files = small_extracts()
    files[REGISTRATIONS] += [line.replace("13;", "16;") for line in files[REGISTRATIONS] if line.startswith("13;")]
    files[CATEGORIES] += [line.replace("13;", "16;") for line in files[CATEGORIES] if line.startswith("13;")]
    for name in ("lisa_2018.csv", "lisa_2019.csv"):
        files[name] += [line.replace("13;", "16;", 1) for line in files[name] if line.startswith("13;")]
    import pyarrow.parquet as pq

    people = pq.read_table(run_load(config, files, tmp_path) / "persons.parquet").column("person_id").to_pylist()
    assert len(set(people)) == 5
    assert len({person[:16] for person in people}) == 4


@pytest.mark.parametrize(
    ("name", "column", "unused"), [(PARTICIPANTS, "avslutsorsak", False), (CATEGORIES, "skat", False),
                                   (REGISTRATIONS, "PersonNr", True)],
)  # fmt: skip
def test_elsewhere_the_load_refuses(config: Config, tmp_path: Path, name: str, column: str, unused: bool) -> None:
    files = small_extracts()
    if unused:
        files[name] = [f"{files[name][0]};{column}", *(f"{line};{NUMBER}" for line in files[name][1:])]
    else:
        place = files[name][0].split(";").index(column)
        values = files[name][1].split(";")
        values[place] = NUMBER
        files[name][1] = ";".join(values)
    found = [str(fault) for fault in load.check(config, write_files(files, tmp_path))[1]]
    assert len(found) == 1
    assert found[0].startswith(f"data/raw/{name}, column {column}, row")
    assert "personal identity numbers" in found[0]
    assert NUMBER not in found[0]


def test_a_file_without_a_header_does_not_show_whom_it_is_about(config: Config, tmp_path: Path) -> None:
    files = with_numbers(small_extracts())
    files[REGISTRATIONS] = files[REGISTRATIONS][1:]
    account, faults = load.check(config, write_files(files, tmp_path))
    assert any("where the names of columns stand" in str(fault) for fault in faults)
    everything = str(account.as_dict()) + "".join(map(str, faults))
    assert "800101" not in everything


PLANTED = ("87654321001", "987654321002", "765432109003", "654321098004")


def planted() -> Files:
    """The small extracts with running numbers that stand nowhere by chance."""
    keys = dict(zip(("11", "12", "13", "14"), PLANTED, strict=True))
    return {
        name: [lines[0], *(f"{keys[line[:2]]}{line[2:]}" for line in lines[1:])]
        for name, lines in small_extracts().items()
    }


@pytest.mark.parametrize("what", ["missing", "short", "open", "inside"])
def test_a_key_file_that_cannot_serve(tmp_path: Path, what: str) -> None:
    base = tmp_path / "project"
    base.mkdir()
    file = (base if what == "inside" else tmp_path) / "key"
    if what != "missing":
        file.write_bytes(b"x" * (8 if what == "short" else 32))
        file.chmod(0o644 if what == "open" else 0o600)
    _, faults = hashing(str(file), base, DAY)
    assert len(faults) == 1
    told = {"missing": "cannot be read", "short": "fewer than 32 bytes", "open": "by others", "inside": "project's"}
    assert told[what] in str(faults[0])


def test_a_key_file_that_serves(config: Config, tmp_path: Path) -> None:
    own = with_key(config, tmp_path).identity.key_file
    found, faults = hashing(own, tmp_path / "project", DAY)
    assert (faults, found.kept) == ([], True)
    assert "key" not in repr(found)


def test_faults_show_no_key(config: Config, tmp_path: Path) -> None:
    files = planted()
    files[REGISTRATIONS].append(f"{PLANTED[0]};{PLANTED[1]};;")
    with pytest.raises(UserError) as caught:
        run_load(config, files, tmp_path)
    assert not [key for key in PLANTED if key in str(caught.value)]


@pytest.mark.parametrize("number", [0, 1, 9, 10, 19, 2**64 - 1, 2**64, 2**127 - 1, 2**127, 2**127 + 5, 2**128 - 1])
def test_digests_are_written_in_decimal(number: int) -> None:
    """Names are digests of these digits, so they must be those DuckDB itself would write."""
    found = duckdb.sql(f"SELECT {_decimal('n')} FROM (SELECT {number}::UHUGEINT AS n)").fetchone()
    assert found is not None
    assert int(found[0]) == number
    assert len(found[0]) == max(2, len(str(number)))


def test_another_key_is_told_apart_without_being_shown(config: Config, tmp_path: Path) -> None:
    own = with_key(config, tmp_path).identity.key_file
    first = key_proof(own, tmp_path)
    assert key_proof(None, tmp_path) == key_proof("nowhere", tmp_path) == {}
    assert key_proof(own, tmp_path) == first
    key = (tmp_path / "key").read_bytes()
    (tmp_path / "key").write_bytes(key + b"!")
    assert key_proof(own, tmp_path) != first
    assert key.hex() not in str(first)
    assert hashlib.sha256(key).hexdigest() not in str(first)
