"""Delivered columns are found under the names deliveries give them."""

from __future__ import annotations

import pytest

from pipeline.registers.contracts import AF_CATEGORIES, AF_REGISTRATIONS, CONTRACTS, LISA, find_columns, nearest


@pytest.mark.parametrize(
    "name", ["LopNr", "lopnr", "LOPNR", "LopNr_PersonNr", "P1105_LopNr_PersonNr", "P833_Lopnr", "PersonLopNr"]
)
def test_the_person_is_found_under_every_name_seen(name: str) -> None:
    assert find_columns(AF_REGISTRATIONS, [name, "INTR_DAT"], {}).columns["person_id"] == name


@pytest.mark.parametrize("name", ["Sun2000niva_old", "Sun2000niva_Old", "SUN2020Niva_Old", "Sun2020niva_old"])
def test_education_is_found_in_every_year(name: str) -> None:
    assert find_columns(LISA, [name], {}).columns["education"] == name


def test_the_latest_division_of_regions_counts() -> None:
    assert find_columns(LISA, ["FodGrEg3", "FodGrEg5", "FodGrEg4"], {}).columns["birth_region"] == "FodGrEg5"
    assert find_columns(LISA, ["fodelseland_EU28"], {}).columns["birth_region"] == "fodelseland_EU28"


def test_a_mapping_goes_before_the_usual_name() -> None:
    header = ["LopNr", "INTR_DAT", "INSKRIVEN"]
    found = find_columns(AF_REGISTRATIONS, header, {"registered_on": "inskriven"})
    assert found.columns["registered_on"] == "INSKRIVEN"
    assert found.unused == ("INTR_DAT",)


def test_a_mapping_that_one_year_lacks_leaves_the_usual_name() -> None:
    mapping = {"education": "Utbniva"}
    assert find_columns(LISA, ["Utbniva"], mapping).columns["education"] == "Utbniva"
    assert find_columns(LISA, ["Sun2020Niva_Old"], mapping).columns["education"] == "Sun2020Niva_Old"


def test_a_mapped_name_is_no_pattern() -> None:
    assert "registered_on" not in find_columns(AF_REGISTRATIONS, ["INxDAT"], {"registered_on": "IN.DAT"}).columns


def test_missing_and_unused_columns_are_told() -> None:
    found = find_columns(AF_CATEGORIES, ["LopNr", "inskadm", "utskadm", "kontor"], {})
    assert [column.name for column in found.missing] == ["category", "disability"]
    assert found.unused == ("kontor",)


def test_near_names_come_nearest_first() -> None:
    assert nearest("SjukPP", ["Kommun", "SJUKP", "SjukErs"])[0] == "SJUKP"
    assert nearest("SjukPP", ["Kommun"]) == []


def test_every_name_is_ours_once() -> None:
    for contract in CONTRACTS.values():
        names = [column.name for column in contract.columns]
        assert len(set(names)) == len(names)
        assert names[0] == "person_id"
