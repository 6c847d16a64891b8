"""Follow-up from the index date: events, destinations, censoring, returns."""

from __future__ import annotations

import pytest
from by_hand import Builder, Built, Registers, with_both_arms

WORK = ("work_days", "work_event", "work_destination", "work_kind", "work_day_zero")
OUT = ("out_days", "out_event", "out_destination", "out_kind", "out_day_zero")
BACK = ("back_days", "back_event", "back_day_zero")
# 1 April to 30 September 2020
TO_THE_END = 182


def everyone() -> Registers:
    """Controls who enter JOB on 1 April, so that each has one row, index date 1 April."""
    r = with_both_arms()

    def enters(key: str, end: str | None = None, reason: str | None = None) -> None:
        r.in_job(key, "04-01", end, reason)

    enters("nothing")
    enters("job", "04-11", "1")
    enters("other_reason", "04-11", "6")
    enters("unknown_reason", "04-11", None)
    enters("last_day", "09-30", "2")
    enters("too_late", "10-01", "1")
    enters("supported", "04-06")
    r.category("supported", "33", "04-06", "04-21")
    r.category("supported", "21", "04-21")
    enters("supported_then_out", "04-06")
    r.rows["registrations"].pop()
    r.registered("supported_then_out", "2019-01-01", "05-01", "2")
    r.category("supported_then_out", "33", "04-06", "05-01")
    # Two destinations on one day: deregistration first, then the order of the configuration.
    enters("both", "04-11", "2")
    r.category("both", "33", "04-11")
    enters("two_categories", "04-11")
    r.category("two_categories", "33", "04-11")
    r.category("two_categories", "31", "04-11")
    r.category("two_categories", "21", "04-11")
    # An event on the index day, which registers at odds make possible; one the day before does not count.
    enters("day_zero")
    r.category("day_zero", "33", "04-01", "04-01")
    enters("day_before")
    r.category("day_before", "33", "03-31", "04-01")
    # Another exit, then back and into work.
    enters("exit_then_work", "04-11", "6")
    r.registered("exit_then_work", "05-01")
    r.category("exit_then_work", "31", "05-21")
    enters("exit_and_work_same_day", "04-11", "6")
    r.category("exit_and_work_same_day", "31", "04-11")
    # Joining ends a control's follow-up; what happens that day still counts.
    enters("joins")
    r.started("joins", "04-21")
    enters("joins_after_event", "04-11", "1")
    r.started("joins_after_event", "06-01")
    enters("joins_as_it_happens", "04-21")
    r.category("joins_as_it_happens", "33", "04-21")
    r.started("joins_as_it_happens", "04-21")
    enters("joins_after_end")
    r.started("joins_after_end", "10-01")
    # Returns.
    enters("returns", "04-11", "1")
    r.registered("returns", "07-20")
    enters("returns_same_day", "04-11", "1")
    r.registered("returns_same_day", "04-11")
    enters("returns_too_late", "04-11", "1")
    r.registered("returns_too_late", "10-01")
    enters("returns_on_last_day", "04-11", "1")
    r.registered("returns_on_last_day", "09-30")
    enters("registered_for_a_moment", "04-11", "1")
    r.registered("registered_for_a_moment", "04-11", "04-11", "6")
    r.registered("registered_for_a_moment", "04-21")
    enters("returns_twice", "04-11", "1")
    r.registered("returns_twice", "04-21", "05-01", "1")
    r.registered("returns_twice", "06-01")
    return r


@pytest.fixture(scope="module")
def remain(build: Builder) -> Built:
    return build(everyone())


@pytest.fixture(scope="module")
def censor(build: Builder) -> Built:
    return build(everyone(), other_exit="censor")


@pytest.fixture(scope="module")
def competing(build: Builder) -> Built:
    return build(everyone(), other_exit="competing")


def nothing(days: int) -> tuple[object, ...]:
    return (days, 0, None, None, 0)


def category(days: int, code: int, kind: str, day_zero: int = 0) -> tuple[object, ...]:
    return (days, 1, f"category_{code}", kind, day_zero)


def reason(days: int, code: int) -> tuple[object, ...]:
    return (days, 1, f"reason_{code}", "deregistered", 0)


MAIN = {
    "nothing": nothing(TO_THE_END),
    "job": reason(10, 1),
    "other_reason": nothing(TO_THE_END),
    "unknown_reason": nothing(TO_THE_END),
    "last_day": reason(182, 2),
    "too_late": nothing(TO_THE_END),
    "supported": category(5, 33, "with_support"),
    "supported_then_out": category(5, 33, "with_support"),
    "both": reason(10, 2),
    "two_categories": category(10, 21, "without_support"),
    "day_zero": category(1, 33, "with_support", day_zero=1),
    "day_before": nothing(TO_THE_END),
    "exit_then_work": category(50, 31, "without_support"),
    "exit_and_work_same_day": category(10, 31, "without_support"),
    "joins": nothing(20),
    "joins_after_event": reason(10, 1),
    "joins_as_it_happens": category(20, 33, "with_support"),
    "joins_after_end": nothing(TO_THE_END),
}
NARROW = {
    "nothing": nothing(TO_THE_END),
    "job": reason(10, 1),
    "supported": nothing(TO_THE_END),
    "supported_then_out": reason(30, 2),
    "both": reason(10, 2),
    "two_categories": nothing(TO_THE_END),
    "exit_then_work": nothing(TO_THE_END),
    "joins": nothing(20),
    "joins_as_it_happens": nothing(20),
}
RETURN = {
    "nothing": (None, None, None),
    "job": (172, 0, 0),  # 11 April to 30 September
    "last_day": (None, None, None),  # no day of follow-up is left
    "supported": (None, None, None),
    "returns": (100, 1, 0),
    "returns_same_day": (1, 1, 1),
    "returns_too_late": (172, 0, 0),
    "returns_on_last_day": (172, 1, 0),
    "registered_for_a_moment": (10, 1, 0),
    "returns_twice": (10, 1, 0),
    "joins": (None, None, None),
    "joins_after_event": (51, 0, 0),  # 11 April to joining on 1 June
}


@pytest.mark.parametrize("key", MAIN)
def test_main_outcome(remain: Built, key: str) -> None:
    assert remain.rows(key, *WORK, participant=0) == [MAIN[key]]


@pytest.mark.parametrize("key", NARROW)
def test_narrow_outcome(remain: Built, key: str) -> None:
    assert remain.rows(key, *OUT, participant=0) == [NARROW[key]]


@pytest.mark.parametrize("key", RETURN)
def test_return(remain: Built, key: str) -> None:
    assert remain.rows(key, *BACK, participant=0) == [RETURN[key]]


def test_return_has_no_destinations(remain: Built) -> None:
    assert remain.cohort["back_destination"].isna().all()
    assert remain.cohort["back_kind"].isna().all()


@pytest.mark.parametrize("key", MAIN)
def test_other_exits_censor(censor: Built, key: str) -> None:
    """Follow-up ends at another deregistration unless the outcome came before it or on the same day."""
    expected = {"other_reason": nothing(10), "unknown_reason": nothing(10), "exit_then_work": nothing(10)}
    assert censor.rows(key, *WORK, participant=0) == [expected.get(key, MAIN[key])]


@pytest.mark.parametrize("key", MAIN)
def test_other_exits_compete(competing: Built, key: str) -> None:
    """As a competing destination: the same days, no event, and a name for where it went."""
    exits = ("other_reason", "unknown_reason", "exit_then_work")
    expected = (10, 0, "other_exit", "other_exit", 0) if key in exits else MAIN[key]
    assert competing.rows(key, *WORK, participant=0) == [expected]


def test_participants_are_followed_to_the_end(remain: Built) -> None:
    """P started on 10 March and is never censored at that start; control rows of February and March are."""
    assert remain.rows("P", *WORK, participant=1) == [nothing(204)]
    assert remain.rows("P", "work_days", participant=0) == [38, 9]
    assert remain.rows("joins", "work_days", participant=1) == [162]


def test_censored_at_joining(remain: Built) -> None:
    flagged = remain.cohort[remain.cohort["censored_at_joining"] == 1]
    assert sorted(set(flagged["person_id"])) == ["P", "joins"]
    assert set(flagged["participant"]) == {0}


def test_columns_in_their_order(remain: Built) -> None:
    assert list(remain.cohort.columns) == [
        *("person_id", "participant", "index_date", "start_month", "index_weight"),
        *("age", "woman", "birth_region", "born_outside_europe", "years_in_sweden", "months_registered", "education"),
        *("disability", "no_disability", "sickness_benefit", "social_assistance", "has_children", "is_single"),
        *("family_type", "origin", "background_year", "censored_at_joining", "follow_up_days"),
        *WORK,
        *OUT,
        *("back_days", "back_event", "back_destination", "back_kind", "back_day_zero"),
    ]
    assert remain.cohort.dtypes["participant"] == "int8"
    assert remain.cohort.dtypes["work_event"] == "int8"
    assert remain.cohort.dtypes["index_weight"] == "float64"
