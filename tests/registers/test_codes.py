"""The code lists are sound, and codes that none of them knows are refused."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from pipeline.config import Config, load_config
from pipeline.errors import UserError
from pipeline.registers.codes import code_list, codes_folder, groups, known_codes, unknown_in, unverified_codes

ROOT = Path(__file__).parents[2]
LISTS = sorted(path.stem for path in (ROOT / "data" / "codes").glob("*.csv"))


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(ROOT / "config.yaml")


def test_the_lists_are_found() -> None:
    assert codes_folder() == ROOT / "data" / "codes"
    assert len(LISTS) == 7


@pytest.mark.parametrize("name", LISTS)
def test_lists_are_whole(name: str) -> None:
    rows = code_list(name)
    assert len({tuple(row) for row in rows}) == 1, "the same columns on every line"
    for row in rows:
        assert None not in row, "no value beyond the header"
        assert None not in row.values(), "no line cut short"
        assert row["code"] == row["code"].strip() != ""
        assert bool(row["name_sv"]) == bool(row["name_en"])


def test_recycled_categories_are_valid_one_after_the_other() -> None:
    rows = code_list("applicant_categories")
    for code in known_codes("applicant_categories"):
        meanings = [row for row in rows if row["code"] == code]
        for earlier, later in pairwise(meanings):
            assert earlier["valid_to"], f"{code} ends before it means something else"
            assert earlier["valid_to"] < (later["valid_from"] or "9999")


def test_the_published_outcome_is_in_the_groups_of_the_lists(config: Config) -> None:
    in_use = {row["code"]: row["group"] for row in code_list("applicant_categories") if row["group"] != "ended"}
    categories = config.outcomes["work_or_studies"].categories
    for group, codes in categories.items():
        assert {code for code, listed in in_use.items() if listed == group} == set(codes)
    reasons = groups("deregistration_reasons")
    assert {code for code, group in reasons.items() if group in ("work", "studies")} == {"1", "2", "3", "4", "7"}
    assert unverified_codes("deregistration_reasons") == known_codes("deregistration_reasons") - {
        "1",
        "2",
        "3",
        "4",
        "7",
    }


def test_regions_of_birth_are_as_published() -> None:
    regions = groups("birth_regions")
    by_code = {code: group for code, group in regions.items() if code.isdigit()}
    assert by_code == {
        "00": "sweden",
        **dict.fromkeys(["01", "02", "03"], "europe"),
        **dict.fromkeys(["04", "05", "06", "07", "08", "09"], "outside_europe"),
        "11": "unknown",
    }
    assert regions["Asien"] == "outside_europe"
    assert regions["EU28 utom Norden"] == "europe"


def test_family_types_are_as_defined() -> None:
    with_children = {code for code, yes in groups("family_types", "has_children").items() if yes == "yes"}
    single = {code for code, yes in groups("family_types", "is_single").items() if yes == "yes"}
    assert with_children == {"12", "13", "22", "23", "31", "32", "41", "42"}
    assert single == {"31", "32", "41", "42", "50"}


def test_the_configuration_as_it_comes_has_known_codes(config: Config) -> None:
    assert list(unknown_in(config)) == []


def test_unknown_codes_are_named_with_their_line(tmp_path: Path) -> None:
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    path = tmp_path / "config.yaml"
    changed = text.replace("[70, 79]", "[70, 790]").replace("without_support: [21,", "without_support: [20,")
    path.write_text(changed.replace("gap_categories: [95,", "gap_categories: [93,"), encoding="utf-8")
    with pytest.raises(UserError) as caught:
        load_config(path)
    found = [str(fault) for fault in caught.value.faults]
    lines = changed.splitlines()
    programme = next(number for number, line in enumerate(lines, 1) if "programme_categories:" in line)
    assert len(found) == 3
    assert found[0].startswith(f"{path}, line {programme}: '790' is no applicant category. Did you mean 79?")
    assert "'93' is no applicant category" in found[1]
    assert "'20' is no applicant category" in found[2]
