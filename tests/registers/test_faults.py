"""Every fault of the extracts, each as one sentence with place and remedy, all of one run together."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_extracts import CATEGORIES, LISA_HEADER, PARTICIPANTS, REGISTRATIONS, Files, small_extracts, write_files

from pipeline import load
from pipeline.config import Config, Sources
from pipeline.errors import UserError
from pipeline.workspace import Run

DATES = (
    "Dates are written YYYY-MM-DD or YYYYMMDD (not day first, no numbers of days, no time but midnight); "
    "blank means none."
)


def faults(files: Files, base: Path, wanted: Config | Sources) -> list[str]:
    return [str(fault) for fault in load.check(wanted, write_files(files, base))[1]]


def changed(name: str, line: int, old: str, new: str) -> Files:
    """Small extracts with one line (counted as in the file) changed."""
    files = small_extracts()
    assert old in files[name][line - 1]
    files[name][line - 1] = files[name][line - 1].replace(old, new)
    return files


def with_source(config: Config, name: str, **values: object) -> Config:
    assert config.sources is not None
    source = getattr(config.sources, name).model_copy(update=values)
    return config.model_copy(update={"sources": config.sources.model_copy(update={name: source})})


def test_small_extracts_have_none(tmp_path: Path, config: Config) -> None:
    assert faults(small_extracts(), tmp_path, config) == []


def test_a_pattern_that_no_file_matches(tmp_path: Path, config: Config) -> None:
    files = {name: lines for name, lines in small_extracts().items() if name != PARTICIPANTS}
    assert faults(files, tmp_path, config) == [
        "sources.participants.files: no file matches 'data/raw/esf_deltagare*.csv'. "
        "The folder holds af_inskrivning.csv, af_sokandekategori.csv, lisa_2018.csv, lisa_2019.csv. "
        "Put the extract there or correct the path."
    ]


def test_a_folder_that_is_not_there(tmp_path: Path, config: Config) -> None:
    found = [str(fault) for fault in load.check(config, tmp_path)[1]]
    assert len(found) == 4
    assert all("there is no such folder" in fault for fault in found)


def test_a_missing_column_names_what_is_near(tmp_path: Path, config: Config) -> None:
    files = changed(REGISTRATIONS, 1, "INTR_DAT", "INTRDAT")
    assert faults(files, tmp_path, config) == [
        "data/raw/af_inskrivning.csv: has no column 'INTR_DAT' (registered_on). It has 'INTRDAT'; "
        "map it with 'columns' in the configuration if that is it."
    ]
    mapped = with_source(config, "registrations", columns={"registered_on": "INTRDAT"})
    assert faults(files, tmp_path, mapped) == []


def test_a_missing_column_hides_no_other_fault(tmp_path: Path, config: Config) -> None:
    files = changed(REGISTRATIONS, 1, "AVAKT_ORSAK", "ORSAK")
    files[REGISTRATIONS][1] = files[REGISTRATIONS][1].replace("2018-02-13", "2018-02-31")
    found = faults(files, tmp_path, config)
    assert len(found) == 2
    assert "has no column 'AVAKT_ORSAK'" in found[0]
    assert "column INTR_DAT, row 2: 1 impossible date." in found[1]


def test_a_folder_name_is_no_pattern(tmp_path: Path, config: Config) -> None:
    assert faults(small_extracts(), tmp_path / "project [2022]", config) == []


def test_a_mapping_to_nowhere(tmp_path: Path, config: Config) -> None:
    wrong = with_source(config, "registrations", columns={"registered": "INTR_DAT"})
    found = faults(small_extracts(), tmp_path, wrong)
    assert len(found) == 1
    assert "'columns' maps 'registered', which is no column of ours. Columns of AF's registration periods:" in found[0]


def test_a_wrong_delimiter_leaves_no_column_and_is_told_once(tmp_path: Path, config: Config) -> None:
    (fault,) = faults(small_extracts(), tmp_path, with_source(config, "registrations", delimiter=","))
    assert "set 'delimiter'" in fault


def test_a_column_that_stands_twice(tmp_path: Path, config: Config) -> None:
    files = changed(PARTICIPANTS, 1, "slutdatum", "startdatum")
    found = faults(files, tmp_path, config)
    assert any("has several columns 'startdatum'" in fault for fault in found)


def test_impossible_dates_name_file_column_and_rows(tmp_path: Path, config: Config) -> None:
    files = changed(CATEGORIES, 3, "2020-10-25", "2020-10-32")
    files[CATEGORIES][4] = files[CATEGORIES][4].replace("2021-06-01", "20211301")
    assert faults(files, tmp_path, config) == [
        "data/raw/af_sokandekategori.csv, column utskadm, rows 3, 5: 2 impossible dates. " + DATES
    ]


def test_of_many_rows_the_first_are_named(tmp_path: Path, config: Config) -> None:
    files = small_extracts()
    files[PARTICIPANTS] += [f"{100 + number};igår;;AF;" for number in range(20)]
    assert faults(files, tmp_path, config) == [
        "data/raw/esf_deltagare.csv, column startdatum, rows 5, 6, 7, 8, 9 and 15 more: 20 impossible dates. " + DATES
    ]


@pytest.mark.parametrize(
    ("old", "new", "column", "what"),
    [
        ("1971", "okänt", "FodelseAr", "1 value that is no year."),
        ("10,5", "tio", "SjukPP", "1 text in a column of numbers."),
        (";0;0,0;1280", ";0;x;1280", "LoneInk", "1 text in a column of numbers."),
        (";0;0,0;1280", ";nej;0,0;1280", "SocBidrTypF", "1 text in a column of whole numbers."),
    ],
)
def test_text_in_a_number_column(tmp_path: Path, config: Config, old: str, new: str, column: str, what: str) -> None:
    found = faults(changed("lisa_2018.csv", 3, old, new), tmp_path, config)
    assert len(found) == 1
    assert found[0].startswith(f"data/raw/lisa_2018.csv, column {column}, row 3: {what}")


def test_decimal_marks_of_both_kinds(tmp_path: Path, config: Config) -> None:
    found = faults(changed("lisa_2018.csv", 3, "10,5", "10.5"), tmp_path, config)
    assert found == [
        "data/raw/lisa_2018.csv, column SjukPP, row 3: the decimal mark is '.', but ',' elsewhere. "
        "Correct the file, or set 'decimal' for the source in the configuration."
    ]


def test_a_decimal_mark_that_is_not_the_given_one(tmp_path: Path, config: Config) -> None:
    found = faults(small_extracts(), tmp_path, with_source(config, "background", decimal="."))
    assert (
        "data/raw/lisa_2018.csv, column SjukPP, rows 2, 3: the decimal mark is ',', but 'decimal' in the configuration "
        "says '.'. Correct the file or the setting."
    ) in found


@pytest.mark.parametrize("lines", [[], ["LopNr;startdatum;slutdatum;ursprung;avslutsorsak"]])
def test_an_empty_extract(tmp_path: Path, config: Config, lines: list[str]) -> None:
    found = faults({**small_extracts(), PARTICIPANTS: lines}, tmp_path, config)
    assert len(found) == 1
    assert found[0].startswith("data/raw/esf_deltagare.csv: ")
    assert "is empty" in found[0] or "holds no rows" in found[0]


@pytest.mark.parametrize(
    ("name", "what"),
    [("lisa_b.csv", "has no year"), ("lisa_2018_2019.csv", "has several years"), ("lisa_20181.csv", "no year")],
)
def test_a_file_name_without_its_year(tmp_path: Path, config: Config, name: str, what: str) -> None:
    files = small_extracts()
    files[name] = files.pop("lisa_2018.csv")
    found = faults(files, tmp_path, config)
    assert len(found) == 1
    assert found[0].startswith(f"data/raw/{name}: ")
    assert what in found[0]


def test_cut_lines_are_told_once(tmp_path: Path, config: Config) -> None:
    files = changed("lisa_2019.csv", 3, ";0136", "")
    files["lisa_2019.csv"].insert(1, "")  # a blank line does not move the numbers people see
    found = faults(files, tmp_path, config)
    assert len(found) == 1
    assert found[0].startswith(
        "data/raw/lisa_2019.csv, row 4: the number of values is not that of the header's 14 columns."
    )


def test_an_encoding_that_does_not_fit(tmp_path: Path, config: Config) -> None:
    found = faults(small_extracts(), tmp_path, with_source(config, "participants", encoding="utf-8"))
    assert found == [
        "data/raw/esf_deltagare.csv: is not utf-8 text on line 2. "
        "Correct 'encoding' in the configuration, or leave it out."
    ]


def test_a_code_in_the_configuration_that_no_list_knows(tmp_path: Path, config: Config) -> None:
    assert config.population is not None
    population = config.population.model_copy(update={"programme_categories": ["70", "7O"]})
    found = faults(small_extracts(), tmp_path, config.model_copy(update={"population": population}))
    assert len(found) == 1
    assert found[0].startswith("population.programme_categories: '7O' is no applicant category.")


def all_at_once() -> Files:
    files = changed(REGISTRATIONS, 1, "AVAKT_ORSAK", "ORSAK")
    files[CATEGORIES][1] = files[CATEGORIES][1].replace("2018-02-13", "2018-02-31")
    files["lisa_2018.csv"][1] = files["lisa_2018.csv"][1].replace("1980", "åttio")
    files["lisa_2019.csv"] = files["lisa_2019.csv"][:1]
    del files[PARTICIPANTS]
    return files


def test_all_faults_of_all_files_come_at_once(tmp_path: Path, config: Config) -> None:
    found = faults(all_at_once(), tmp_path, config)
    assert len(found) == 5
    for place in ("sources.participants", REGISTRATIONS, CATEGORIES, "lisa_2018.csv", "lisa_2019.csv"):
        assert sum(place in fault for fault in found) >= 1


def test_sources_alone_are_checked_too(tmp_path: Path, config: Config) -> None:
    assert config.sources is not None
    assert faults(all_at_once(), tmp_path, config.sources) == faults(all_at_once(), tmp_path, config)


def test_no_fault_shows_a_key_or_a_value(tmp_path: Path, config: Config) -> None:
    files = small_extracts()
    secret = "19800101-1234"
    files[REGISTRATIONS].append(f"{secret};{secret};{secret};{secret}")
    files[CATEGORIES].append(f"{secret};{secret};;{secret};")
    files["lisa_2019.csv"].append(LISA_HEADER.format(education="x").count(";") * f"{secret};" + secret)
    account, found = load.check(config, write_files(files, tmp_path))
    assert len(found) >= 6
    assert secret not in "".join(map(str, found))
    assert secret not in str(account.as_dict())


def test_faults_stop_the_stage_and_nothing_is_written(tmp_path: Path, config: Config) -> None:
    base = write_files(all_at_once(), tmp_path / "project")
    (tmp_path / "write").mkdir()
    with pytest.raises(UserError) as caught:
        load.run(Run(config, base, tmp_path / "read", tmp_path / "write", lambda line: None))
    assert len(caught.value.faults) == 5
    assert not list((tmp_path / "write").iterdir())
