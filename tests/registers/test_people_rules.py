"""Cleaning rules about people, deliveries and settings, each on rows made by hand through the whole load stage."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from small_extracts import CATEGORIES, PARTICIPANTS, REGISTRATIONS, Files, small_extracts, table, with_key, write_files

from pipeline import load
from pipeline.config import Config
from pipeline.registers.canonical import _MARKED, _RULES
from pipeline.registers.extracts import deliveries
from pipeline.registers.rules import RULES, Cleaning
from pipeline.workspace import Run


def cleaned(config: Config, files: Files, folder: Path, **settings: Any) -> tuple[dict, Path]:
    """The rules that met something, by source and rule, and the folder that was written."""
    folder.mkdir(exist_ok=True)
    config = with_key(config, folder).model_copy(update={"cleaning": Cleaning(**settings)})
    base = write_files(files, folder / "project")
    (folder / "write").mkdir()
    load.run(Run(config, base, folder / "read", folder / "write", lambda line: None))
    account = json.loads((folder / "write" / "account.json").read_text(encoding="utf-8"))
    met = {(rule["source"], rule["rule"]): (rule["effect"], rule["rows"]) for rule in account["rules"] if rule["rows"]}
    return met, folder / "write"


def rows(folder: Path, name: str) -> int:
    return pq.read_table(folder / f"{name}.parquet").num_rows


def column(folder: Path, name: str, place: int) -> list[Any]:
    """A column of a table, by its place after the person, in order of the original keys."""
    return [row[place] for row in table(folder, name)]


NOT_IN_AF = {("participants", "not_in_af_register"): ("set_aside", 1)}
# Person 13, in the programme all the time, has no row of 2019.
NO_YEAR = {("categories", "no_background_year"): ("changed", 1)}
ALWAYS = NOT_IN_AF | NO_YEAR


def with_lisa_column(name: str, values: dict[str, str]) -> Files:
    """Small extracts with another column in both years of LISA: value by person, nothing for others."""
    files = small_extracts()
    for file in ("lisa_2018.csv", "lisa_2019.csv"):
        header, *lines = files[file]
        files[file] = [f"{header};{name}", *(f"{line};{values.get(line.split(';')[0], '')}" for line in lines)]
    return files


def test_every_rule_has_a_setting_and_every_setting_a_rule() -> None:
    counted = {rule for rules in _RULES.values() for rule in rules} | {rule for rule, _ in _MARKED.values()}
    of_people = {"death", "several_starts", "outside_intake", "not_in_af_register", "no_background_year"}
    assert counted | of_people | {"age_out_of_range"} == set(RULES)


def test_people_with_a_reused_number_are_left_out_of_every_register(config: Config, tmp_path: Path) -> None:
    files = with_lisa_column("AterPNr", {"12": "1", "11": "0"})
    met, folder = cleaned(config, files, tmp_path)
    assert met == ALWAYS | {
        ("registrations", "reused_number"): ("set_aside", 1),
        ("categories", "reused_number"): ("set_aside", 1),
        ("background", "reused_number"): ("set_aside", 1),
        ("participants", "reused_number"): ("set_aside", 1),
    }
    assert [rows(folder, name) for name in ("registrations", "categories", "participants")] == [3, 4, 2]
    account = json.loads((folder / "account.json").read_text(encoding="utf-8"))
    assert account["linkage"]["participants_set_aside"] == 1


def test_a_flag_may_be_kept_and_is_counted_all_the_same(config: Config, tmp_path: Path) -> None:
    files = with_lisa_column("AterPNr", {"12": "J"})
    met, folder = cleaned(config, files, tmp_path, reused_number="keep")
    assert {source: met[source, "reused_number"] for source in ("registrations", "participants")} == {
        "registrations": ("counted", 1),
        "participants": ("counted", 1),
    }
    clean = cleaned(config, small_extracts(), tmp_path / "clean")[1]
    for name in ("registrations", "categories", "background", "participants"):
        assert rows(folder, name) == rows(clean, name)


def test_changed_numbers_are_counted(config: Config, tmp_path: Path) -> None:
    met, _ = cleaned(config, with_lisa_column("LopNrByte", {"13": "ja"}), tmp_path)
    assert met["categories", "changed_number"] == ("counted", 2)


def test_what_starts_after_death_is_set_aside(config: Config, tmp_path: Path) -> None:
    met, folder = cleaned(config, with_lisa_column("DodDatum", {"13": "20210501", "11": "2020-12-31"}), tmp_path)
    assert met == ALWAYS | {
        ("background", "death"): ("changed", 2),
        ("categories", "after_death"): ("set_aside", 1),
        ("registrations", "after_death"): ("set_aside", 1),
    }
    assert sum(day is not None for day in column(folder, "persons", 5)) == 2


def test_a_reason_may_mean_death_when_it_is_said_so(config: Config, tmp_path: Path) -> None:
    met, _ = cleaned(config, small_extracts(), tmp_path, death_reasons=[6])
    assert met["background", "death"] == ("changed", 1)


def test_a_participant_without_a_usable_start_is_no_control(config: Config, tmp_path: Path) -> None:
    files = small_extracts()
    files[PARTICIPANTS].append("13;2021-06-10;2021-06-01;AF;")
    met, folder = cleaned(config, files, tmp_path / "aside")
    assert met == NOT_IN_AF | {
        ("participants", "end_before_start"): ("set_aside", 1),
        ("registrations", "no_usable_start"): ("set_aside", 1),
        ("categories", "no_usable_start"): ("set_aside", 2),
        ("background", "no_usable_start"): ("set_aside", 1),
    }
    assert rows(folder, "categories") == 3
    met, folder = cleaned(config, files, tmp_path / "kept", no_usable_start="keep")
    assert met["categories", "no_usable_start"] == ("counted", 2)
    assert rows(folder, "categories") == 5


def test_a_start_outside_the_intake_and_an_age_out_of_range(config: Config, tmp_path: Path) -> None:
    files = small_extracts()
    files[PARTICIPANTS].append("13;2019-06-10;;AF;")
    files["lisa_2018.csv"][1] = files["lisa_2018.csv"][1].replace("1980", "1930")
    files["lisa_2019.csv"][1] = files["lisa_2019.csv"][1].replace("1980", "1930")
    met, _ = cleaned(config, files, tmp_path)
    assert met["participants", "outside_intake"] == ("set_aside", 1)
    assert met["participants", "age_out_of_range"] == ("set_aside", 1)


def test_a_year_without_a_lisa_row_is_counted(config: Config, tmp_path: Path) -> None:
    """The participant starts in 2021; LISA of 2020 is delivered, but has no row of hers."""
    files = small_extracts()
    files["lisa_2020.csv"] = files["lisa_2019.csv"][:2]
    met, _ = cleaned(config, files, tmp_path)
    assert met["participants", "no_background_year"] == ("changed", 1)


def test_controls_without_a_lisa_row_are_counted_too(config: Config, tmp_path: Path) -> None:
    """Person 13 has no row of 2019, which months of 2020 ask for; with a row, nobody is counted."""
    met, _ = cleaned(config, small_extracts(), tmp_path / "without")
    assert met == ALWAYS
    files = small_extracts()
    files["lisa_2019.csv"].append(files["lisa_2018.csv"][2])
    assert cleaned(config, files, tmp_path / "with")[0] == NOT_IN_AF


@pytest.mark.parametrize(("setting", "effect"), [("keep", "counted"), ("set_aside", "set_aside")])
def test_codes_that_were_not_in_use_are_counted(config: Config, tmp_path: Path, setting: str, effect: str) -> None:
    """37 was in use from 2008 to 2009; 15 has had one meaning after another since 1996-04-01; 99 is in no list."""
    files = small_extracts()
    files[CATEGORIES] += [
        "13;2009-06-01;2009-07-01;37",
        "13;2010-06-01;2010-07-01;37",
        "13;1996-03-31;1996-04-01;15",
        "13;1996-04-01;1996-05-01;15",
        "13;2011-01-01;2011-02-01;99",
    ]
    files[CATEGORIES] = [files[CATEGORIES][0], *(line + ";" * (4 - line.count(";")) for line in files[CATEGORIES][1:])]
    met, folder = cleaned(config, files, tmp_path, code_not_in_force=setting)
    assert met["categories", "code_not_in_force"] == (effect, 2)
    assert rows(folder, "categories") == (10 if setting == "keep" else 8)


@pytest.mark.parametrize(
    ("names", "yearly", "numbers"),
    [
        (["af_20210630.csv", "af_2021_20230726.csv"], False, [0, 1]),
        (["af_2019.csv", "af_2020.csv", "af_2018.csv"], False, [1, 2, 0]),
        (["af.csv", "af_2020.csv"], False, [0, 0]),
        (["lisa_2018.csv", "lisa_2019.csv"], True, [0, 0]),
        (["lisa_2018_20210101.csv", "lisa_2018_20220101.csv"], True, [0, 1]),
        (["af_20211345.csv", "af_20210101.csv"], False, [0, 0]),
    ],
)
def test_the_name_of_a_file_tells_its_delivery(names: list[str], yearly: bool, numbers: list[int]) -> None:
    assert deliveries(names, yearly=yearly) == numbers


def two_deliveries() -> Files:
    """An earlier delivery, cut in 2020: one period as later, one that has another end since, one that is gone since."""
    files = small_extracts()
    files["af_inskrivning_20230726.csv"] = files.pop(REGISTRATIONS)
    files["af_inskrivning_20200630.csv"] = [
        "LopNr;INTR_DAT;AVAKT_DATUM;AVAKT_ORSAK",
        "11;2018-02-13;2020-10-25;7",
        "12;2019-05-02;2022-01-01;1",
        "15;2001-01-01;2002-01-01;1",
    ]
    return files


def test_of_two_deliveries_the_later_counts(config: Config, tmp_path: Path) -> None:
    met, folder = cleaned(config, two_deliveries(), tmp_path)
    assert met == ALWAYS | {
        ("registrations", "exact_duplicate"): ("set_aside", 1),
        ("registrations", "earlier_delivery"): ("set_aside", 1),
    }
    assert column(folder, "registrations", 3) == ["7", None, "6", None, "1"]


def test_of_two_deliveries_of_a_year_the_later_counts(config: Config, tmp_path: Path) -> None:
    files = small_extracts()
    files["lisa_2018_20230101.csv"] = files.pop("lisa_2018.csv")
    files["lisa_2019_20230101.csv"] = files["lisa_2019.csv"]
    files["lisa_2019_20210101.csv"] = [line.replace(";12;", ";50;") for line in files.pop("lisa_2019.csv")]
    met, folder = cleaned(config, files, tmp_path)
    assert met == ALWAYS | {
        ("background", "exact_duplicate"): ("set_aside", 1),
        ("background", "earlier_delivery"): ("set_aside", 1),
    }
    assert column(folder, "background", 3) == ["50", "12", "31", "41"]


def test_a_rule_may_stop_the_run(config: Config, tmp_path: Path) -> None:
    files = small_extracts()
    files[CATEGORIES].append(files[CATEGORIES][1])
    base = write_files(files, tmp_path)
    strict = config.model_copy(update={"cleaning": Cleaning(exact_duplicate="stop", not_in_af_register="stop")})
    faults = [str(fault) for fault in load.check(strict, base)[1]]
    assert [fault.split(" meet")[0] for fault in faults] == [
        "cleaning.exact_duplicate: 1 rows of categories",
        "cleaning.not_in_af_register: 1 people of participants",
    ]


def test_the_order_of_rows_and_files_changes_no_byte(config: Config, tmp_path: Path) -> None:
    files = two_deliveries()
    lisa = with_lisa_column("AterPNr", {"13": "1"})
    files |= {name: lines for name, lines in lisa.items() if name.startswith("lisa")}
    first = cleaned(config, files, tmp_path / "first")[1]
    generator = random.Random(5)
    shuffled = {name: [lines[0], *generator.sample(lines[1:], len(lines) - 1)] for name, lines in files.items()}
    other = cleaned(config, shuffled, tmp_path / "other")[1]
    for path in first.iterdir():
        assert path.read_bytes() == (other / path.name).read_bytes(), path.name
