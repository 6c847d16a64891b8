"""Covariates as they were known on the index date."""

from __future__ import annotations

import pytest
from by_hand import Builder, Built, with_both_arms


@pytest.fixture(scope="module")
def built(build: Builder) -> Built:
    r = with_both_arms()
    people = {
        "man": {"sex": "man", "born": 1990, "region": "europe", "immigrated": 2016},
        "sex_unknown": {"sex": None},
        "birth_unknown": {"born": None, "region": None},
        "region_unknown": {"region": "unknown"},
        "unknown_immigrant": {"region": "unknown", "immigrated": 2010},
        "returned": {"region": "sweden", "immigrated": 2015},
        "no_year": {"region": "outside_europe"},
        "arrives_later": {"region": "outside_europe", "immigrated": 2021},
    }
    for years in (0, 3, 4, 7, 8, 11, 12, 40):
        people[f"years_{years}"] = {"region": "outside_europe", "immigrated": 2020 - years}
    for key, values in people.items():
        r.person(key, **values)
        r.registered(key, "2019-01-01")
        r.category(key, "70", "2019-06-01")
    # Background of three years, of which 2019 is the latest before 2020.
    r.person("years", years={})
    r.background("years", 2018, education="unknown", family_type="31", sickness_benefit=True)
    r.background("years", 2019, education="post_secondary", family_type="13", has_children=True, is_single=False)
    r.background("years", 2020, education="compulsory", social_assistance=False)
    r.registered("years", "2019-01-01")
    r.category("years", "70", "2019-06-01")
    # Registered for a second time on 2 January 2020, the day after the first registration ended.
    r.person("registrations")
    r.registered("registrations", "2010-01-01", "2020-01-01", "6")
    r.registered("registrations", "2020-01-02")
    r.category("registrations", "70", "2020-01-02")
    # Registrations that overlap are one; a second one that begins as the first ends is another.
    r.person("overlap")
    r.registered("overlap", "2019-01-01", "2019-09-01")
    r.registered("overlap", "2019-05-01")
    r.registered("overlap", "2019-07-01", "2019-07-05")
    r.category("overlap", "70", "2019-06-01")
    r.person("same_day")
    r.registered("same_day", "2019-01-01", "2020-01-15", "6")
    r.registered("same_day", "2020-01-15")
    r.category("same_day", "70", "2019-06-01")
    # A disability code from 15 February to 1 April; another within it, and one that adjoins.
    r.in_job("disabled")
    r.disability("disabled", "02-15", "03-20")
    r.disability("disabled", "02-20", "03-10", code="21")
    r.disability("disabled", "03-20", "04-01", code="21")
    r.in_job("long_disabled")
    r.disability("long_disabled", "2015-01-01")
    return build(r)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("C", (40, 1, "sweden", 0, "born_in_sweden")),
        ("man", (30, 0, "europe", 0, "4-7")),
        ("sex_unknown", (40, None, "sweden", 0, "born_in_sweden")),
        ("birth_unknown", (None, 1, None, None, None)),
        ("region_unknown", (40, 1, "unknown", None, None)),
        ("unknown_immigrant", (40, 1, "unknown", None, "8-11")),
        ("returned", (40, 1, "sweden", 0, "born_in_sweden")),
        ("no_year", (40, 1, "outside_europe", 1, None)),
        ("arrives_later", (40, 1, "outside_europe", 1, None)),
        ("years_0", (40, 1, "outside_europe", 1, "0-3")),
        ("years_3", (40, 1, "outside_europe", 1, "0-3")),
        ("years_4", (40, 1, "outside_europe", 1, "4-7")),
        ("years_7", (40, 1, "outside_europe", 1, "4-7")),
        ("years_8", (40, 1, "outside_europe", 1, "8-11")),
        ("years_11", (40, 1, "outside_europe", 1, "8-11")),
        ("years_12", (40, 1, "outside_europe", 1, "12+")),
        ("years_40", (40, 1, "outside_europe", 1, "12+")),
    ],
)
def test_what_does_not_change(built: Built, key: str, expected: tuple[object, ...]) -> None:
    columns = ("age", "woman", "birth_region", "born_outside_europe", "years_in_sweden")
    assert built.rows(key, *columns) == [expected] * 3


def test_yearly_background_is_the_latest_before_the_index_year(built: Built) -> None:
    columns = ("background_year", "education", "family_type", "has_children", "is_single", "sickness_benefit")
    assert built.rows("years", *columns) == [(2019, "post_secondary", "13", 1, 0, 0)] * 3
    assert built.rows("years", "social_assistance") == [1, 1, 1]


@pytest.mark.parametrize(
    ("key", "days"),
    [
        ("C", [396, 425, 456]),  # since 1 January 2019
        ("registrations", [30, 59, 90]),  # since 2 January 2020
        ("overlap", [396, 425, 456]),
        ("same_day", [17, 46, 77]),  # since 15 January 2020
    ],
)
def test_months_registered(built: Built, key: str, days: list[int]) -> None:
    assert built.rows(key, "months_registered") == [count / 30.4375 for count in days]


@pytest.mark.parametrize(("key", "expected"), [("C", [0, 0, 0]), ("disabled", [0, 1, 0]), ("long_disabled", [1, 1, 1])])
def test_disability_code_in_force(built: Built, key: str, expected: list[int]) -> None:
    assert built.rows(key, "disability") == expected
    assert built.rows(key, "no_disability") == [1 - value for value in expected]


def test_description_is_of_the_participants(built: Built) -> None:
    """One participant: a woman of 40, registered since 1 January 2019, compulsory school, social assistance, single."""
    by_name = {(line["variable"], line["level"]): line for line in built.description}
    assert (by_name["age", None]["mean"], by_name["age", None]["median"], by_name["age", None]["count"]) == (40, 40, 1)
    assert by_name["months_registered", None]["mean"] == pytest.approx(434 / 30.4375)
    shares = {key: line["share"] for key, line in by_name.items() if line["share"]}
    assert shares == {
        ("age", "30_to_59"): 1,
        ("woman", "yes"): 1,
        ("social_assistance", "yes"): 1,
        ("has_children", "no"): 1,
        ("is_single", "yes"): 1,
        ("sickness_benefit", "no"): 1,
        ("disability", "no"): 1,
        ("education", "compulsory"): 1,
        ("birth_region", "sweden"): 1,
        ("years_in_sweden", "born_in_sweden"): 1,
    }
