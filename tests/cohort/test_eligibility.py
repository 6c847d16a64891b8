"""Who can be compared, and from which day: every rule of eligibility on people made for it."""

from __future__ import annotations

import pytest
from by_hand import Builder, Built, Registers, with_both_arms


def everyone() -> Registers:
    """One person a rule, beside the plain participant P and the plain control C."""
    r = with_both_arms()
    r.in_job("enters", "02-20")
    r.in_job("leaves", end="03-01", reason="6")
    r.in_job("leaves_on_2nd", end="03-02", reason="6")
    r.in_job("too_late", "05-04")
    # JOB, work from 5 February, JOB again from 20 February and from 20 March: two stays touch a month.
    r.in_job("twice")
    r.rows["categories"].pop()
    for code, start, end in (
        ("70", "2019-06-01", "02-05"),
        ("33", "02-05", "02-20"),
        ("70", "02-20", "03-05"),
        ("33", "03-05", "03-20"),
        ("70", "03-20", None),
    ):
        r.category("twice", code, start, end)
    # Registers at odds: work began on 10 February although JOB goes on; and was over before the stay began.
    r.in_job("reached")
    r.category("reached", "33", "02-10", "02-10")
    r.in_job("reached_before")
    r.category("reached_before", "33", "2019-05-01", "2019-06-01")
    # JOB without a registration from 15 March.
    r.person("not_registered")
    r.registered("not_registered", "2019-01-01", "03-15", "6")
    r.category("not_registered", "70", "2019-06-01")
    # Moved: background of 2018 counts in 2019 only, that of 2019 from 2020.
    r.person("moved_in", years={2018: "1281", 2019: "1280"})
    r.person("moved_out", years={2018: "1280", 2019: "1281"})
    r.person("no_year_2019", years={2018: "1280"})
    r.person("after_only", years={2020: "1280"})
    r.person("no_background", years={})
    for key in ("moved_in", "moved_out", "no_year_2019", "after_only", "no_background"):
        r.registered(key, "2019-01-01")
        r.category(key, "70", "2019-06-01")
    r.in_job("joins")
    r.started("joins", "03-20")
    r.in_job("joins_on_first")
    r.started("joins_on_first", "03-01")
    r.in_job("joined_before")
    r.started("joined_before", "01-15")
    r.in_job("joins_after")
    r.started("joins_after", "06-15", origin="FK")
    # Participants who cannot be followed, or do not count.
    r.person("from_fk")
    r.started("from_fk", "03-05", origin="FK")
    r.in_job("elsewhere")
    r.rows["background"].pop()
    r.background("elsewhere", 2019, municipality="0180")
    r.started("elsewhere", "03-05")
    # In an automatic category between two periods of JOB on the day of the start.
    r.person("in_gap")
    r.registered("in_gap", "2019-01-01")
    for code, start, end in (("70", "2019-06-01", "03-08"), ("98", "03-08", "03-12"), ("70", "03-12", None)):
        r.category("in_gap", code, start, end)
    r.started("in_gap", "03-10")
    # Two starts: the second is the first within the intake.
    r.in_job("restarts")
    r.started("restarts", "2020-01-10", origin="FK")
    r.started("restarts", "04-06", origin="AF")
    r.started("restarts", "04-20", origin="KOMMUN")
    return r


@pytest.fixture(scope="module")
def censor(build: Builder) -> Built:
    return build(everyone())


@pytest.fixture(scope="module")
def exclude(build: Builder) -> Built:
    return build(everyone(), future_participants="exclude")


CONTROL_DATES = {
    "C": ["02-01", "03-01", "04-01"],
    "enters": ["02-20", "03-01", "04-01"],
    "leaves": ["02-01"],
    "leaves_on_2nd": ["02-01", "03-01"],
    "too_late": [],
    "twice": ["02-01", "03-01", "04-01"],
    "reached": ["02-01"],
    "reached_before": ["02-01", "03-01", "04-01"],
    "not_registered": ["02-01", "03-01"],
    "moved_in": ["02-01", "03-01", "04-01"],
    "moved_out": [],
    "no_year_2019": ["02-01", "03-01", "04-01"],
    "after_only": [],
    "no_background": [],
    "joins": ["02-01", "03-01"],
    "joins_on_first": ["02-01"],
    "joined_before": [],
    "joins_after": ["02-01", "03-01", "04-01"],
    "P": ["02-01", "03-01"],
    "in_gap": ["02-01", "03-01"],
    "restarts": [],
    "from_fk": [],
    "elsewhere": [],
}
JOINERS = {"joins", "joins_on_first", "joined_before", "joins_after", "P", "in_gap", "restarts", "from_fk", "elsewhere"}


@pytest.mark.parametrize("key", CONTROL_DATES)
def test_control_rows_under_censor(censor: Built, key: str) -> None:
    assert censor.index_dates(key) == CONTROL_DATES[key]


@pytest.mark.parametrize("key", CONTROL_DATES)
def test_control_rows_under_exclude(exclude: Built, key: str) -> None:
    assert exclude.index_dates(key) == ([] if key in JOINERS else CONTROL_DATES[key])


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("P", [("03-10", "2020-03", "AF")]),
        ("joins", [("03-20", "2020-03", "AF")]),
        ("joined_before", []),
        ("joins_after", []),
        ("from_fk", []),
        ("elsewhere", []),
        ("in_gap", [("03-10", "2020-03", "AF")]),
        ("restarts", [("04-06", "2020-04", "AF")]),
        ("C", []),
    ],
)
@pytest.mark.parametrize("design", ["censor", "exclude"])
def test_participants(request: pytest.FixtureRequest, design: str, key: str, expected: list[tuple[str, ...]]) -> None:
    rows = request.getfixturevalue(design).rows(key, "index_date", "start_month", "origin", participant=1)
    assert [(date.strftime("%m-%d"), month, origin) for date, month, origin in rows] == expected


def test_flow_counts_people_and_person_months(censor: Built) -> None:
    """Participants, controls who never took part, participant rows, control rows; later participants added last."""
    assert [line["step"] for line in censor.flow] == [
        "in_extract",
        "started_in_intake",
        "in_programme",
        "age_in_range",
        "in_programme_at_start",
        "registered_at_start",
        "background_known",
        "registered_in_municipality",
        "outcome_not_reached",
        "later_participants",
        "eligible",
    ]
    # Nine took part, of whom 7 started within the intake. 14 people in AF's register never took part.
    assert censor.step("in_extract") == (9, 14, 9, None)
    assert censor.step("started_in_intake") == (7, 14, 7, None)
    # from_fk is not in JOB; too_late is in JOB only after the intake.
    months = {key: len(dates) for key, dates in CONTROL_DATES.items() if key not in JOINERS}
    at_odds = {"reached": 3, "not_registered": 3, "moved_out": 3, "after_only": 3, "no_background": 3}
    in_job = months | at_odds
    assert censor.step("in_programme_at_start") == (6, 13, 6, sum(in_job.values()))
    assert censor.step("registered_at_start") == (6, 13, 6, sum(in_job.values()) - 1)
    assert censor.step("background_known") == (6, 11, 6, sum(in_job.values()) - 1 - 6)
    assert censor.step("registered_in_municipality") == (5, 10, 5, sum(in_job.values()) - 1 - 9)
    assert censor.step("outcome_not_reached") == (5, 10, 5, sum(months.values()))
    later = {key: len(dates) for key, dates in CONTROL_DATES.items() if key in JOINERS and dates}
    everyone = (5, 10 + len(later), 5, sum(months.values()) + sum(later.values()))
    assert censor.step("later_participants") == everyone
    assert censor.step("eligible") == everyone


def test_flow_under_exclude_has_no_later_participants(censor: Built, exclude: Built) -> None:
    assert exclude.flow[:-1] == censor.flow[:-2]
    assert exclude.step("eligible") == exclude.step("outcome_not_reached")


def test_flow_ends_with_what_is_in_the_cohort(censor: Built) -> None:
    cohort = censor.cohort
    people = cohort.groupby("participant")["person_id"].nunique()
    rows = cohort["participant"].value_counts()
    assert censor.step("eligible") == (people[1], people[0], rows[1], rows[0])
    assert not cohort.duplicated(["person_id", "participant", "start_month"]).any()


def test_whole_country_asks_for_no_background(build: Builder) -> None:
    built = build(everyone(), municipality=None)
    steps = [line["step"] for line in built.flow]
    assert "background_known" not in steps
    assert "registered_in_municipality" not in steps
    assert built.index_dates("no_background") == ["02-01", "03-01", "04-01"]
    assert built.rows("no_background", "education", "social_assistance") == [(None, None)] * 3
    assert len(built.rows("elsewhere", "person_id", participant=1)) == 1


def test_intake_that_begins_within_a_month(build: Builder) -> None:
    """The first of February is before the intake; entering on the 20th is within it."""
    built = build(everyone(), intake={"first": "2020-02-10", "last": "2020-03-15"})
    assert built.index_dates("C") == ["03-01"]
    assert built.index_dates("enters") == ["02-20", "03-01"]
    assert built.index_dates("twice") == ["02-20", "03-01"]
    assert built.index_dates("joins", participant=1) == []


def test_flow_without_later_participants(build: Builder) -> None:
    """Nobody who joins was eligible as a control before: the step adds nobody."""
    r = Registers()
    r.in_job("C")
    r.in_job("Q", "03-10")
    r.started("Q", "03-10")
    built = build(r)
    assert built.step("later_participants") == built.step("outcome_not_reached") == (1, 1, 1, 3)
