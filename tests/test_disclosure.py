"""Disclosure control: the boundary of the rule, and each kind of result under it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.disclosure import Policy, protect_account
from pipeline.disclosure.curves import people_between, protect_curves
from pipeline.disclosure.destinations import protect_destinations
from pipeline.disclosure.policy import Log
from pipeline.disclosure.tables import protect_flow
from pipeline.results import CurvePoint, Destination, FlowStep, MatchedClass, Matching, Share, Unmatched

TEN = Policy(10)


def test_the_boundary_is_where_the_policy_says() -> None:
    assert [TEN.small(n) for n in (None, 0, 1, 9, 10)] == [False, False, True, True, False]
    assert [TEN.rounded(n) for n in (None, 0, 1, 9, 10, 14, 15, 2756)] == [None, 0, None, None, 10, 10, 20, 2760]
    assert Policy(1).rounded(7) == 7


def test_a_share_is_no_finer_than_a_person() -> None:
    assert TEN.share(0.123456, 2756) == 0.123
    assert TEN.share(0.123456, 412) == 0.12
    assert TEN.share(0.123456, 20) == 0.1
    assert TEN.share(None, 412) is None


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.integers(10, 5000), st.integers(1, 9))
def test_rounded_totals_do_not_give_the_difference_away(total: int, part: int) -> None:
    """Whoever knows both rounded counts cannot tell the part: none and some both fit."""
    first, second = TEN.rounded(total), TEN.rounded(total + part)
    fitting = {
        b - a for a in range(total - 9, total + 10) for b in range(a, a + 25)
        if a >= 10 and TEN.rounded(a) == first and TEN.rounded(b) == second
    }  # fmt: skip
    assert len(fitting & set(range(20))) > 1


def step(name: str, participants: int | None, controls: int | None) -> FlowStep:
    return FlowStep(
        step=name, participants=participants, controls=controls, participant_rows=participants, control_rows=controls
    )


def matching(**counts: int) -> Matching:
    values = {"participants": 500, "participants_matched": 480, "controls": 900, "controls_matched": 700} | counts
    return Matching(
        **values,
        control_rows_matched=5004,
        strata=40,
        effective_controls=600.5,
        classes=[MatchedClass(variable="age", level="[30, 45)", participants=4, controls=57)],
        unmatched=[Unmatched(variable="age", participants=3)],
    )


def test_flow_keeps_its_last_step_and_withholds_what_is_too_close_to_it() -> None:
    flow, _ = protect_flow([step("all", 900, 40), step("began", 504, 5), step("eligible", 500, 0)], None, TEN, Log())
    assert [s.participants for s in flow] == [900, None, 500]
    assert [s.controls for s in flow] == [40, None, 0]
    assert [s.participant_rows for s in flow] == [900, None, 500]


def test_added_controls_that_are_nearly_all_participants_are_rounded() -> None:
    """16,729 who never took part, and 2,816 of 2,821 who did later: 5 would show who had no month as a control."""
    steps = [step("never", 2821, 16729), step("later_participants", 2821, 19545), step("eligible", 2821, 19545)]
    flow, matched = protect_flow(steps, matching(participants=2821, controls=19545), TEN, Log())
    assert [s.controls for s in flow] == [16729, 19550, 19550]
    assert matched is not None
    assert matched.controls == 19550


def test_matched_totals_too_close_to_all_are_rounded() -> None:
    log = Log()
    _, found = protect_flow([], matching(participants_matched=497), TEN, log)
    assert found is not None
    assert (found.participants, found.participants_matched, found.controls_matched) == (500, 500, 700)
    assert found.classes[0].participants is None
    assert found.classes[0].controls == 60
    assert found.unmatched[0].participants is None
    assert {s.place: s.reason for s in log.suppressions()} == {
        "matching.participants_matched": "rounded",
        "matching.classes.age.[30, 45).participants": "few_people",
        "matching.unmatched.age.participants": "few_people",
    }


def curve(counts: list[tuple[float, int, int]], people: int = 200) -> list[CurvePoint]:
    """Points from (day, people who reached it that day, at risk), on a curve without censoring."""
    points, reached = [], 0
    for day, new, at_risk in counts:
        reached += new
        share = reached / people
        points.append(
            CurvePoint(
                group="participants", day=day, cumulative_incidence=share, lower=share, upper=share, at_risk=at_risk,
                events=reached, events_on_day=new,
            )
        )  # fmt: skip
    return points


def share(day: float, events: int, people: int = 200) -> Share:
    s = events / people
    return Share(
        day=day, participants=s, participants_lower=s, participants_upper=s, controls=s, controls_lower=s,
        controls_upper=s, difference=0.0, lower=-0.1, upper=0.1, participant_events=events, control_events=events,
    )  # fmt: skip


def protected(points: list[CurvePoint], shares: list[Share]) -> tuple[list[CurvePoint], list[Share]]:
    both = [*points, *(p.model_copy(update={"group": "controls"}) for p in points)]
    people = {"participants": 200, "controls": 200}
    kept, at = protect_curves(both, shares, people, people, "x", TEN, Log())
    return [p for p in kept if p.group == "participants"], at


def test_curves_step_only_when_enough_people_have_joined() -> None:
    points = curve([(0, 0, 200), (5, 4, 200), (9, 5, 196), (12, 3, 190), (20, 11, 188), (30, 9, 170)])
    kept, _ = protected(points, [])
    assert [(p.day, p.events, p.at_risk) for p in kept] == [(0, 0, 200), (12, 10, 190), (20, 20, 190)]
    assert [p.cumulative_incidence for p in kept] == [0, 0.06, 0.12]


def test_the_last_step_before_a_report_time_takes_up_what_remains() -> None:
    points = curve([(0, 0, 200), (5, 12, 200), (50, 6, 180), (100, 0, 170), (120, 15, 160)])
    kept, at = protected(points, [share(100, 18)])
    assert [p.day for p in kept] == [0, 100, 120]
    assert (at[0].participants, at[0].participant_events) == (0.09, 20)


def test_a_share_too_close_to_the_step_before_is_withheld() -> None:
    points = curve([(0, 0, 200), (10, 16, 200), (100, 0, 180), (150, 4, 170), (200, 0, 160), (250, 30, 150)])
    kept, at = protected(points, [share(100, 16), share(200, 20)])
    assert [p.day for p in kept] == [0, 10, 100, 250]
    assert at[0].participants == 0.08
    assert (at[1].participants, at[1].difference, at[1].participant_events) == (None, None, None)


def test_curves_end_where_too_few_are_at_risk() -> None:
    points = curve([(0, 0, 200), (10, 40, 200), (20, 40, 30), (30, 5, 9), (40, 4, 4)])
    kept, at = protected(points, [share(20, 80), share(35, 85)])
    assert [p.day for p in kept] == [0, 10, 20]
    assert at[0].participants == 0.4
    assert at[1].participants is None


def test_people_who_reach_it_again_from_other_months_are_counted_once_at_most() -> None:
    """Under every_month nobody new may reach the outcome on a day that many reach from other months."""
    points = curve([(0, 0, 900), (10, 400, 900)])
    again = points[-1].model_copy(update={"day": 20.0, "events_on_day": 30})
    assert people_between([*points, again], 1, 2, 900) == 15
    later = again.model_copy(update={"day": 60.0, "events_on_day": 6})
    assert people_between([*points, again, later], 1, 3, 900) == 3


def destination(name: str, kind: str, participants: int, controls: int) -> list[Destination]:
    return [
        Destination(
            group=group, destination=name, kind=kind, people=n, share=n / 200, incidence=n / 400,
            incidence_lower=0.0, incidence_upper=1.0,
        )
        for group, n in (("participants", participants), ("controls", controls))
    ]  # fmt: skip


def folded(*rows: list[Destination]) -> dict[tuple[str, str], int | None]:
    found = protect_destinations(
        [row for pair in rows for row in pair], {"participants": 200, "controls": 200}, "x", TEN, Log()
    )
    return {(row.destination, row.group): row.people for row in found}


def test_few_in_a_destination_are_folded_with_the_smallest_of_their_kind() -> None:
    found = folded(
        destination("a", "with_support", 100, 50), destination("b", "with_support", 30, 90),
        destination("c", "with_support", 4, 60), destination("d", "without_support", 20, 40),
    )  # fmt: skip
    assert found == {
        ("a", "participants"): 100, ("a", "controls"): 50, ("d", "participants"): 20, ("d", "controls"): 40,
        ("folded_with_support", "participants"): 30, ("folded_with_support", "controls"): 150,
    }  # fmt: skip


def test_a_kind_too_small_on_its_own_is_folded_with_another() -> None:
    found = folded(
        destination("a", "with_support", 100, 50), destination("b", "with_support", 30, 90),
        destination("d", "without_support", 2, 7),
    )  # fmt: skip
    assert found == {
        ("a", "participants"): 100, ("a", "controls"): 50,
        ("folded", "participants"): 30, ("folded", "controls"): 100,
    }  # fmt: skip


def test_nobody_in_a_destination_is_no_secret() -> None:
    assert ("c", "participants") in folded(destination("a", "x", 100, 50), destination("c", "x", 0, 60))


@pytest.mark.parametrize("k", [1, 10])
def test_account(k: int) -> None:
    account = {
        "files": [
            {"file": "/somewhere/af.csv", "rows": 1234, "year": 2020, "blank": {"sex": 3}, "dates": {"x": ["a"]}}
        ],
        "rules": [{"rule": "no_start", "rows": 7}],
        "linkage": {"people": 3041},
        "simulated": True,
    }
    found = protect_account(account, Policy(k))
    assert found["files"] == [{"file": "af.csv", "rows": 1234, "year": 2020, "blank": {"sex": 3 if k == 1 else None}}]
    assert found["rules"][0]["rows"] == (7 if k == 1 else None)
    assert found["linkage"]["people"] == (3041 if k == 1 else 3040)
    assert found["simulated"] is True
