"""Files as programs write them: marks before the header, names that stand twice, keys and codes kept as decimals."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import Workbook
from small_extracts import (
    CATEGORIES,
    PARTICIPANTS,
    REGISTRATIONS,
    Files,
    original_keys,
    small_extracts,
    table,
    with_key,
    write_files,
)
from test_faults import faults, with_source

from pipeline import load
from pipeline.config import Config
from pipeline.workspace import Run

OF_ALL = "none of the columns of AF's registration periods is in "


def loaded(config: Config, base: Path, folder: Path) -> Path:
    """Load a project's extracts with a key of one's own; where the tables are."""
    folder.mkdir()
    load.run(Run(with_key(config, base.parent), base, base, folder, lambda line: None))
    return folder


def without_registrations(folder: Path, **source: object) -> Path:
    """Small extracts but for the registrations, which come in another file."""
    write_files({name: lines for name, lines in small_extracts().items() if name != REGISTRATIONS}, folder)
    return folder


def registrations() -> pd.DataFrame:
    header, *lines = (line.split(";") for line in small_extracts()[REGISTRATIONS])
    return pd.DataFrame(lines, columns=header).replace("", None)


@pytest.mark.parametrize("encoding", ["utf-8", None])
def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path, config: Config, encoding: str | None) -> None:
    """With the encoding given, and before text that is not in UTF-8 all the same."""
    base = write_files(small_extracts(), tmp_path)
    for name in (REGISTRATIONS, PARTICIPANTS):
        path = base / "data" / "raw" / name
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load.check(with_source(config, "registrations", encoding=encoding), base)[1] == []


@pytest.mark.parametrize("lines", [slice(0, None), slice(0, 1)])
def test_a_delimiter_at_the_end_of_lines_begins_no_column(tmp_path: Path, config: Config, lines: slice) -> None:
    files = small_extracts()
    files[REGISTRATIONS][lines] = [f"{line};" for line in files[REGISTRATIONS][lines]]
    account, found = load.check(config, write_files(files, tmp_path))
    assert (found, account.files[0].unused) == ([], ())


@pytest.mark.parametrize("first", ["Inskrivningar 2018-2022", "sep=;", "11;2018-02-13;2020-10-25;7"])
def test_a_first_line_without_names_is_one_fault_and_not_shown(tmp_path: Path, config: Config, first: str) -> None:
    files = small_extracts()
    files[REGISTRATIONS][0] = first
    (fault,) = faults(files, tmp_path, config)
    assert fault.startswith(f"data/raw/{REGISTRATIONS}: {OF_ALL}its first line.")
    assert "2018" not in fault


def test_a_blank_first_line_is_not_called_an_empty_file(tmp_path: Path, config: Config) -> None:
    files = small_extracts()
    files[REGISTRATIONS].insert(0, "")
    (fault,) = faults(files, tmp_path, config)
    assert "is empty, or its first line is." in fault


def test_names_that_differ_in_case_alone_are_two_columns_of_one_name(tmp_path: Path, config: Config) -> None:
    files = small_extracts()
    header, *lines = files[REGISTRATIONS]
    files[REGISTRATIONS] = [f"{header};intr_dat", *(f"{line};" for line in lines)]
    assert faults(files, tmp_path, config) == [
        f"data/raw/{REGISTRATIONS}: has several columns 'INTR_DAT'. Keep one of them, or rename the others."
    ]


def test_one_column_is_not_taken_for_two_of_ours(tmp_path: Path, config: Config) -> None:
    twice = with_source(config, "registrations", columns={"registered_on": "INTR_DAT", "deregistered_on": "INTR_DAT"})
    assert faults(small_extracts(), tmp_path, twice) == [
        f"data/raw/{REGISTRATIONS}: column 'INTR_DAT' is taken for registered_on and for deregistered_on. "
        "Correct 'columns' for the source in the configuration."
    ]


def excel(path: Path, rows: list[list[object]], title: str = "Data") -> None:
    book = Workbook()
    assert book.active is not None
    book.active.title = title
    for row in rows:
        book.active.append(row)
    book.save(path)


def test_columns_without_a_name_and_errors_in_cells_of_a_workbook(tmp_path: Path, config: Config) -> None:
    """Blank columns between the others, and a key that a formula did not find."""
    base = without_registrations(tmp_path / "project")
    rows = [[*row[:2], None, None, *row[2:]] for row in (registrations().columns, *registrations().to_numpy())]
    excel(base / "data" / "raw" / "af.xlsx", [*map(list, rows), ["#N/A", "2020-01-01"]])
    wanted = with_source(config, "registrations", files=["data/raw/af.xlsx"])
    account, found = load.check(wanted, base)
    assert found == []
    assert account.files[0].unused == ("(column 3)", "(column 4)")
    assert account.files[0].blank["person_id"] == 1
    assert {rule.rule: rule.rows for rule in account.rules if rule.source == "registrations"}["no_person"] == 1


def test_a_title_above_the_names_of_a_workbook(tmp_path: Path, config: Config) -> None:
    base = without_registrations(tmp_path / "project")
    excel(base / "data" / "raw" / "af.xlsx", [["Utdrag 2023"], list(registrations().columns)], "Läs mig")
    (fault,) = load.check(with_source(config, "registrations", files=["data/raw/af.xlsx"]), base)[1]
    assert f"{OF_ALL}the first row of sheet 'Läs mig'." in str(fault)


def test_sqlite_is_read_as_it_was_written(tmp_path: Path, config: Config) -> None:
    """A day kept as the number 20180213 in a column of dates is no day in 1970; what is no day is told by its row."""
    base, packed = without_registrations(tmp_path / "project"), registrations()
    for name in ("INTR_DAT", "AVAKT_DATUM"):
        packed[name] = packed[name].str.replace("-", "")
    with closing(sqlite3.connect(base / "data" / "raw" / "af.sqlite")) as database:
        database.execute('create table "order" (LopNr real, INTR_DAT date, AVAKT_DATUM timestamp, AVAKT_ORSAK integer)')
        database.executemany('insert into "order" values (?, ?, ?, ?)', packed.to_numpy().tolist())
        database.commit()
        wanted = with_source(config, "registrations", files=["data/raw/af.sqlite"], table=["order"])
        folder = loaded(wanted, base, tmp_path / "loaded")
        assert table(folder, "registrations") == table(
            loaded(config, write_files(small_extracts(), tmp_path / "text"), tmp_path / "as_text"), "registrations"
        )
        database.execute("update \"order\" set INTR_DAT = 'i går' where LopNr = 12")
        database.commit()
    (fault,) = load.check(wanted, base)[1]
    assert fault.where == "data/raw/af.sqlite, table order, column INTR_DAT, row 4"


def as_decimals(files: Files) -> Files:
    """Keys, codes, years and packed days with a decimal, as programs write whole numbers with blanks among them."""
    changed = {name: [line.split(";") for line in lines] for name, lines in files.items()}
    for name, columns in {REGISTRATIONS: (0, 1, 2, 3), CATEGORIES: (0, 3), "lisa_2019.csv": (0, 1, 2, 3, 4)}.items():
        for line in changed[name][1:]:
            for place in columns:
                line[place] = f"{line[place].replace('-', '')}.0" if line[place] else ""
    return {name: [";".join(line) for line in lines] for name, lines in changed.items()}


def test_whole_numbers_kept_as_decimals_are_the_same_and_counted(tmp_path: Path, config: Config) -> None:
    files = as_decimals(small_extracts())
    files[PARTICIPANTS] = [f"000{line}" if place else line for place, line in enumerate(files[PARTICIPANTS])]
    folder = loaded(config, write_files(files, tmp_path / "odd"), tmp_path / "loaded")
    plain = loaded(config, write_files(small_extracts(), tmp_path / "text"), tmp_path / "as_text")
    for name in ("persons", "registrations", "categories", "background", "participants"):
        assert (folder / f"{name}.parquet").read_bytes() == (plain / f"{name}.parquet").read_bytes(), name
    assert set(original_keys(folder).values()) == {"11", "12", "13", "14"}
    forms = load.check(config, tmp_path / "odd")[0].files[0].forms
    assert {name: told["decimals"] for name, told in forms.items()} == {
        "person_id": 4, "registered_on": 4, "deregistered_on": 2, "reason": 2
    }  # fmt: skip


def test_marks_of_no_value_of_sas_and_stata(tmp_path: Path, config: Config) -> None:
    files = small_extracts()
    files["lisa_2018.csv"][1] = "11;1;1980;00;.A;.b;50;._;0,0;0,0;.Z;0;12,5;1280"
    files[REGISTRATIONS].append(".A;2018-02-13;.B;7")
    account, found = load.check(config, write_files(files, tmp_path))
    assert found == []
    of = {Path(file.file).stem: file for file in account.files}
    blank, at_af = of["lisa_2018"].blank, of["af_inskrivning"].blank
    assert [blank[name] for name in ("immigration_year", "education", "sickness_pay", "assistance")] == [1, 2, 1, 1]
    assert of["lisa_2018"].unknown == {}
    assert (at_af["person_id"], at_af["deregistered_on"]) == (1, 3)


def test_keys_that_were_rounded_stop_the_run(tmp_path: Path, config: Config) -> None:
    files = small_extracts()
    files[PARTICIPANTS][1:3] = [f"1,98501E+11{line[2:]}" for line in files[PARTICIPANTS][1:3]]
    (fault,) = faults(files, tmp_path, config)
    assert fault.startswith(f"data/raw/{PARTICIPANTS}, column LopNr, rows 2, 3: keys are written like 1.2E+11")


def test_blanks_of_every_kind_around_a_key_are_trimmed(tmp_path: Path, config: Config) -> None:
    files = small_extracts()
    header, *lines = files[PARTICIPANTS]
    files[PARTICIPANTS] = [header, *(line.replace(";", "\t;", 1) for line in lines)]
    account, found = load.check(config, write_files(files, tmp_path))
    assert found == []
    assert account.linkage["participants_in_registrations"] == 2
    assert account.files[-1].forms["person_id"] == {"padded": 3}
