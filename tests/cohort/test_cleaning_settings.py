"""What the settings under `cleaning:` do to the cohort."""

from __future__ import annotations

from by_hand import Builder, configuration, day, with_both_arms

from pipeline.config import Config
from pipeline.registers.rules import Cleaning


def cleaning(setting: dict[str, object], **population: object) -> Config:
    return configuration(**population).model_copy(update={"cleaning": Cleaning(**setting)})


def test_fixed_background_year(build: Builder) -> None:
    """Everyone's background is that of 2020, also before it is over; C, who has none, has that of 2019."""
    registers = with_both_arms()
    registers.background("P", 2020)
    fixed = {"background_year": "fixed", "fixed_background_year": 2020}
    built = build(registers, **fixed)
    assert built.index_dates("P", participant=1) == ["03-10"]
    assert set(built.rows("C", "background_year")) == {2019}
    assert set(built.rows("P", "background_year")) == {2020}
    strict = cleaning({"no_background_year": "keep"}, **fixed)
    built = build(registers, strict)
    assert built.index_dates("C") == []
    assert set(built.cohort["background_year"]) == {2020}


def test_the_year_asked_for_is_the_latest_that_was_delivered(build: Builder) -> None:
    """Before 2020 that is 2019: whoever has 2018 only has it counted, or is without background on request."""
    r = with_both_arms()
    r.in_job("old")
    r.rows["background"] = [row for row in r.rows["background"] if row[0] != "old"]
    r.background("old", 2018)
    assert set(build(r).rows("old", "background_year")) == {2018}
    strict = cleaning({"no_background_year": "keep"})
    built = build(r, strict)
    assert built.index_dates("old") == []
    assert set(built.cohort["background_year"]) == {2019}


def test_people_outside_the_age_limits_are_left_out(build: Builder) -> None:
    r = with_both_arms()
    r.in_job("young")
    r.in_job("unknown")
    born = {"young": 2006, "unknown": None}
    r.rows["persons"] = [(*row[:2], born.get(row[0], row[2]), *row[3:]) for row in r.rows["persons"]]
    built = build(r)
    assert built.index_dates("young") == []
    assert built.index_dates("unknown") != []
    assert built.step("age_in_range")[1] == built.step("started_in_intake")[1] - 1
    kept = build(r, cleaning({"age_out_of_range": "keep"}))
    assert kept.index_dates("young") != []
    assert "age_in_range" not in [line["step"] for line in kept.flow]


def test_the_dead_are_not_eligible_and_follow_up_ends_at_death(build: Builder) -> None:
    r = with_both_arms()
    r.in_job("died")
    r.rows["persons"] = [(*row[:5], day("03-15") if row[0] == "died" else None) for row in r.rows["persons"]]
    built = build(r)
    assert built.index_dates("died") == ["02-01", "03-01"]
    assert built.rows("died", "work_days") == [43, 14]
    ignored = build(r, cleaning({"death": "keep"}))
    assert ignored.index_dates("died") == built.index_dates("C")
