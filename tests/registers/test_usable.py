"""What stops an evaluation though no file has a fault of its own, and what is told for a second look."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from small_extracts import CATEGORIES, PARTICIPANTS, REGISTRATIONS, Files, small_extracts, write_files
from test_faults import faults

from pipeline import load
from pipeline.account import Account
from pipeline.accountremarks import worth_a_look
from pipeline.config import Config
from pipeline.disclosure.policy import Policy


def exchanged(name: str, first: str, second: str) -> Files:
    """Small extracts with the names of two columns of a file exchanged."""
    files = small_extracts()
    names = files[name][0].split(";")
    places = names.index(first), names.index(second)
    names[places[0]], names[places[1]] = second, first
    files[name][0] = ";".join(names)
    return files


def test_a_source_of_which_no_row_can_be_used(tmp_path: Path, config: Config) -> None:
    assert faults(exchanged(REGISTRATIONS, "INTR_DAT", "AVAKT_DATUM"), tmp_path, config) == [
        "sources.registrations: none of its 4 rows can be used (no_start 2, end_before_start 2). "
        "See whether its columns are the right ones: docs/extracts.md."
    ]


def test_columns_that_hold_codes_of_another(tmp_path: Path, config: Config) -> None:
    found = faults(exchanged("lisa_2019.csv", "Sun2020Niva_Old", "FamTypF"), tmp_path, config)
    assert [fault.partition(" See ")[0] for fault in found] == [
        f"data/raw/lisa_2019.csv, column {name}: 2 of 2 codes are not in data/codes/{codes}.csv."
        for name, codes in (("Sun2020Niva_Old", "education_levels"), ("FamTypF", "family_types"))
    ]


def test_names_in_a_column_of_codes_without_a_list(tmp_path: Path, config: Config) -> None:
    files = small_extracts()
    files["lisa_2019.csv"] = [
        line.replace("1280", "Malmö").replace("0136", "Haninge") for line in files["lisa_2019.csv"]
    ]
    (fault,) = faults(files, tmp_path, config)
    assert fault.startswith("data/raw/lisa_2019.csv, column Kommun: 2 of 2 values are no code of 4 digits.")


def test_one_unknown_code_among_others_is_counted_only(tmp_path: Path, config: Config) -> None:
    files = small_extracts()
    files["lisa_2019.csv"][1] = files["lisa_2019.csv"][1].replace("1280", "Malmö")
    account, found = load.check(config, write_files(files, tmp_path))
    assert found == []
    assert account.files[3].unknown == {"municipality": 1}


def test_keys_in_the_place_of_codes_are_not_shown(tmp_path: Path, config: Config) -> None:
    """As in a file whose columns stand under each other's names: 13011 could be a code by its length."""
    files = {name: [re.sub("^13;", "13011;", line) for line in lines] for name, lines in small_extracts().items()}
    files[CATEGORIES].append("11;2016-01-01;2016-02-01;13011;")
    account, found = load.check(config, write_files(files, tmp_path))
    assert found == []
    unknown = next(codes for codes in account.codes if codes.column == "category")
    assert (unknown.unknown_rows, unknown.unknown) == (1, {})


def test_keys_that_are_not_of_one_kind(tmp_path: Path, config: Config) -> None:
    files = small_extracts()
    files[PARTICIPANTS][1:] = [f"X{line}" for line in files[PARTICIPANTS][1:]]
    found = faults(files, tmp_path, config)
    assert [fault.split(",")[0] for fault in found] == [
        f"sources.participants: nobody in it is in {source}" for source in ("registrations", "categories", "background")
    ]


def test_one_sex_and_one_region_written_in_two_ways_are_one(tmp_path: Path, config: Config) -> None:
    files = small_extracts()
    files["lisa_2019.csv"][1] = files["lisa_2019.csv"][1].replace("11;1;1980;00;", "11;m;1980;Sverige;")
    files["lisa_2018.csv"].append(files["lisa_2018.csv"][2].replace("13;2;1971;07;", "12;1;1990;04;"))
    linkage = load.check(config, write_files(files, tmp_path))[0].linkage
    assert linkage["people_with_several_values_of_sex"] == 1  # 12, a man in 2018 and a woman in 2019
    assert linkage["people_with_several_values_of_birth_region"] == 0


@pytest.fixture(scope="module")
def sound(config: Config, tmp_path_factory: pytest.TempPathFactory) -> Account:
    """The account of extracts in which nothing stands out: a hundred times the small ones, up to date."""
    account, found = load.check(config, write_files(small_extracts(), tmp_path_factory.mktemp("sound")))
    assert found == []
    days = {"registered_on": ("2017-01-01", "2022-09-29"), "valid_from": ("2017-01-01", "2022-09-29")}
    files = [
        replace(
            file,
            rows=100 * file.rows,
            blank={name: 100 * rows for name, rows in file.blank.items()},
            dates={name: days.get(name, last) for name, last in file.dates.items()},
        )
        for file in account.files
    ]
    years = [replace(files[-2], file=f"data/raw/lisa_{year}.csv", year=year) for year in (2020, 2021)]
    linkage = {name: 100 * people for name, people in account.linkage.items()}
    linkage |= {f"participants_in_{name}": 290 for name in ("registrations", "categories", "background")}
    return replace(account, files=(*files[:-1], *years, files[-1]), linkage=linkage, rules=())


def told(account: Account, config: Config) -> list[str]:
    return list(worth_a_look(account, config.population, Policy.of(config)))


def test_nothing_stands_out_in_sound_extracts(sound: Account, config: Config) -> None:
    assert told(sound, config) == []


def without_2020(account: Account) -> Account:
    return replace(account, files=tuple(file for file in account.files if file.year != 2020))


def made_early(account: Account) -> Account:
    early = {"dates": {"valid_from": ("2017-01-01", "2022-01-14")}}
    return replace(account, files=tuple(replace(f, **early) if f.source == "categories" else f for f in account.files))  # type: ignore[arg-type]


def without_disabilities(account: Account) -> Account:
    none = {"blank": {"disability": 500}}
    return replace(account, files=tuple(replace(f, **none) if f.source == "categories" else f for f in account.files))  # type: ignore[arg-type]


def all_disabled(account: Account) -> Account:
    none = {"blank": {"disability": 0}}
    return replace(account, files=tuple(replace(f, **none) if f.source == "categories" else f for f in account.files))  # type: ignore[arg-type]


def few_in_lisa(account: Account) -> Account:
    return replace(account, linkage={**account.linkage, "participants_in_background": 200})


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (without_2020, "LISA has no file for 2020: an earlier year describes those who start the year after"),
        (
            made_early,
            "categories: no day is later than 8 months before population.follow_up_to (2022-09-30); "
            "what happens after an extract was made is not in it",
        ),
        (without_disabilities, "data/raw/af_sokandekategori.csv: ahkp has no value in any row"),
        (
            all_disabled,
            "data/raw/af_sokandekategori.csv: 100% of the rows have a value in ahkp, and any value counts as a "
            "disability: does one of them mean none?",
        ),
        (few_in_lisa, "33% of the participants are not in background"),
    ],
)
def test_what_may_make_a_result_wrong_is_told(
    sound: Account, config: Config, change: Callable[[Account], Account], line: str
) -> None:
    assert told(change(sound), config) == [line]


def test_small_counts_are_no_remark(sound: Account, config: Config) -> None:
    few = {**sound.linkage, "people_in_participants": 30, "participants_in_background": 21}
    few |= {"participants_in_registrations": 30, "participants_in_categories": 30}
    assert told(replace(sound, linkage=few), config) == []
