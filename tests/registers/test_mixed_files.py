"""Files of one source that differ in format, columns and rows: each has its own numbers in the account."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from small_extracts import LISA_HEADER, REGISTRATIONS, Files, small_extracts, write_files
from test_faults import with_source
from test_odd_files import loaded

from pipeline import load
from pipeline.config import Config

TABLES = ("persons", "registrations", "categories", "background", "disabilities", "participants")
YEARS = (2018, 2019, 2020)


def three_years() -> Files:
    """Small extracts with as many rows of LISA as the last digit of the year tells, from one in 2018."""
    files = small_extracts()
    files["lisa_2018.csv"].pop()
    files["lisa_2020.csv"] = [
        LISA_HEADER.format(education="Sun2020Niva_Old"),
        *(f"{key};1;1980;00;0000;5;12;0,0;0,0;0,0;40,2;1;0,0;1280" for key in (11, 12, 13)),
    ]
    return files


def write_as(path: Path, lines: list[str], ending: str) -> None:
    header, *rows = (line.split(";") for line in lines)
    frame = pd.DataFrame(rows, columns=header).replace("", None)
    if ending == "parquet":
        frame.to_parquet(path.with_suffix(".parquet"), index=False)
    else:
        frame.to_excel(path.with_suffix(".xlsx"), index=False)
    path.unlink()


@pytest.mark.parametrize(
    "endings", [("csv", "parquet", "xlsx"), ("parquet", "csv", "xlsx"), ("xlsx", "parquet", "csv")], ids="-".join
)
def test_years_in_different_formats_are_the_same_as_text(
    tmp_path: Path, config: Config, endings: tuple[str, ...]
) -> None:
    base = write_files(three_years(), tmp_path / "mixed")
    for year, ending in zip(YEARS, endings, strict=True):
        if ending != "csv":
            write_as(base / "data" / "raw" / f"lisa_{year}.csv", three_years()[f"lisa_{year}.csv"], ending)
    mixed = with_source(config, "background", files=["data/raw/lisa_*"])
    account, found = load.check(mixed, base)
    assert found == []
    lisa = [file for file in account.files if file.source == "background"]
    assert [(Path(file.file).suffix[1:], file.year, file.rows) for file in lisa] == [
        (ending, year, rows) for ending, year, rows in zip(endings, YEARS, (1, 2, 3), strict=True)
    ]
    folder = loaded(mixed, base, tmp_path / "loaded")
    text = loaded(config, write_files(three_years(), tmp_path / "text"), tmp_path / "as_text")
    for name in TABLES:
        assert (folder / f"{name}.parquet").read_bytes() == (text / f"{name}.parquet").read_bytes(), name


def test_the_decimal_mark_of_text_is_not_asked_of_a_workbook(tmp_path: Path, config: Config) -> None:
    """Text has decimal commas, as configured; Excel keeps numbers, whose mark is a point."""
    files = three_years()
    header, *rows = (line.split(";") for line in files.pop("lisa_2020.csv"))
    base = write_files(files, tmp_path)
    frame = pd.DataFrame(rows, columns=header)
    amounts = ["SjukPP", "SjukErs", "AktErs", "SocBidrFam", "LoneInk"]
    frame[amounts] = frame[amounts].apply(lambda column: column.str.replace(",", ".").astype(float))
    frame.to_excel(base / "data" / "raw" / "lisa_2020.xlsx", index=False)
    given = with_source(config, "background", files=["data/raw/lisa_*"], decimal=",")
    account, found = load.check(given, base)
    assert found == []
    assert [file.decimal for file in account.files if file.source == "background"] == [",", ",", "."]


def test_each_file_has_the_numbers_of_its_own_values(tmp_path: Path, config: Config) -> None:
    """A column that one year lacks, another order of columns, cut lines, blanks and codes: counted where they are."""
    files = three_years()
    rows = [line.split(";") for line in files["lisa_2019.csv"]]
    flag, municipality, single = (rows[0].index(name) for name in ("SocBidrTypF", "Kommun", "FamTypF"))
    rows[1][municipality], rows[2][single] = "Malmö", ""
    files["lisa_2019.csv"] = [";".join(value for place, value in enumerate(row) if place != flag) for row in rows]
    files["lisa_2020.csv"] = [";".join(reversed(line.split(";"))) for line in files["lisa_2020.csv"]]
    files["lisa_2020.csv"][3] = files["lisa_2020.csv"][3].rpartition(";")[0]
    account, found = load.check(config, write_files(files, tmp_path))
    assert [fault.where for fault in found] == ["data/raw/lisa_2020.csv, row 4"]
    told = {file.year: file for file in account.files if file.source == "background"}
    assert {year: file.rows for year, file in told.items()} == {2018: 1, 2019: 2, 2020: 3}
    assert {year: file.unknown for year, file in told.items()} == {2018: {}, 2019: {"municipality": 1}, 2020: {}}
    assert {year: file.blank["family_type"] for year, file in told.items()} == {2018: 0, 2019: 1, 2020: 0}
    assert [year for year, file in told.items() if "assistance_flag" not in file.blank] == [2019]
    assert told[2019].missing[0] == "SocBidrTypF"


def test_files_of_one_name_in_folders_outside_the_project_are_told_apart(tmp_path: Path, config: Config) -> None:
    base = write_files(small_extracts(), tmp_path / "project")
    header, *rows = small_extracts()[REGISTRATIONS]
    paths = []
    for folder, own in {"first": rows[:2], "second": [*rows[2:], "13;31/12/2020;;"]}.items():
        paths.append(tmp_path / folder / REGISTRATIONS)
        paths[-1].parent.mkdir()
        paths[-1].write_text("\n".join([header, *own]))
    account, found = load.check(with_source(config, "registrations", files=[str(path) for path in paths]), base)
    assert [fault.where for fault in found] == [f"second/{REGISTRATIONS}, column INTR_DAT, row 4"]
    told = {file.file: file.rows for file in account.files if file.source == "registrations"}
    assert told == {f"first/{REGISTRATIONS}": 2, f"second/{REGISTRATIONS}": 3}
