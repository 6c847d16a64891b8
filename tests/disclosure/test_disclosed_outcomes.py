"""Disclosure control of outcomes: curves, shares, destinations, regressions and subgroups."""

from __future__ import annotations

from make_outcomes import outcome, term
from make_people import draw

from pipeline.disclosure import Policy
from pipeline.disclosure.curves import people_between, protect_curves
from pipeline.disclosure.destinations import protect_destinations
from pipeline.disclosure.models import protect_bands, protect_models
from pipeline.disclosure.outcomes import protect_outcomes
from pipeline.disclosure.policy import Log
from pipeline.disclosure.subgroups import withheld_subgroups
from pipeline.results import Band, CurvePoint, Destination, Model, OutcomeResult, Selection, Share

TEN = Policy(10)
EVERYONE: dict[str, int | None] = {"participants": 200, "controls": 200}


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


def protected(
    points: list[CurvePoint], shares: list[Share], policy: Policy = TEN
) -> tuple[list[CurvePoint], list[Share]]:
    both = [*points, *(p.model_copy(update={"group": "controls"}) for p in points)]
    kept, at = protect_curves(both, shares, EVERYONE, "x", policy, Log())
    return [p for p in kept if p.group == "participants"], at


def test_curves_step_only_when_enough_people_have_joined() -> None:
    points = curve([(0, 0, 200), (5, 4, 200), (9, 5, 196), (12, 3, 190), (20, 11, 188), (30, 9, 170)])
    kept, _ = protected(points, [])
    assert [p.day for p in kept] == [0, 12, 20]
    assert [p.cumulative_incidence for p in kept] == [0, 0.05, 0.1]  # 12 and 23 of 200 as 10 and 20
    assert [(p.at_risk, p.events) for p in kept] == [(200, 0), (None, None), (None, None)]


def test_curves_are_read_at_steps_of_time_and_at_the_times_of_the_report() -> None:
    points = curve([(0, 0, 200), (5, 14, 200), (9, 15, 186), (23, 13, 171), (30, 20, 158)])
    kept, _ = protected(points, [share(25, 42)], Policy(10, time_step=7))
    assert [p.day for p in kept] == [0, 7, 14, 25]
    assert [p.cumulative_incidence for p in kept] == [0, 0.05, 0.15, 0.2]


def test_people_at_risk_tell_no_more_of_those_no_longer_followed_than_one_rounding() -> None:
    """Each number rounded anew, 3 who left early would be known after some report times."""
    days = [(day, 11, 200 - 3 - 11 * i) for i, day in enumerate(range(10, 100, 10))]
    points = curve([(0, 0, 200), *days])
    kept, _ = protected(points, [share(day, 11 * (i + 1)) for i, (day, _, _) in enumerate(days)])
    assert {200 - (p.at_risk or 0) - (p.events or 0) for p in kept} == {0}


def test_the_last_step_before_a_report_time_takes_up_what_remains() -> None:
    points = curve([(0, 0, 200), (5, 12, 200), (50, 6, 180), (100, 0, 170), (120, 15, 160)])
    kept, at = protected(points, [share(100, 18)])
    assert [p.day for p in kept] == [0, 100, 120]
    assert (at[0].participants, at[0].participant_events) == (0.1, 20)


def test_a_share_too_close_to_the_step_before_is_withheld() -> None:
    points = curve([(0, 0, 200), (10, 16, 200), (100, 0, 180), (150, 4, 170), (200, 0, 160), (250, 30, 150)])
    kept, at = protected(points, [share(100, 16), share(200, 20)])
    assert [p.day for p in kept] == [0, 10, 100, 250]
    assert at[0].participants == 0.1
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
    found = protect_destinations([row for pair in rows for row in pair], EVERYONE, EVERYONE, "x", TEN, Log())
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


def model(*terms: object, participants: int = 100) -> Model:
    return Model.model_validate(
        {
            "formula": "participant", "n": 200, "people": 200, "participants": participants, "controls": 100,
            "events": 80, "left_out": 0, "terms": list(terms), "selection": Selection(method="none"),
        }
    )  # fmt: skip


def test_a_row_that_rests_on_few_events_is_withheld() -> None:
    """Its standard error would tell their number: the square of one over it."""
    few = term("education", 0.61, 0.71, "unknown").model_copy(update={"fewest_events": 2})
    many = term("woman", 0.82123, 0.03).model_copy(update={"fewest_events": 30})
    number = term("age", 0.98, 0.002)
    log = Log()
    found = protect_models({"full": model(few, many, number)}, "x", TEN, log)["full"].terms
    assert [t.hazard_ratio for t in found] == [None, 0.8212, 0.98]
    assert found[0].std_error is None
    assert all(t.fewest_events is None for t in found)
    assert list(log.entries) == ["x.models.full.education[unknown]"]


def test_a_regression_of_few_people_has_no_rows() -> None:
    found = protect_models({"full": model(term("woman", 0.8, 0.03), participants=4)}, "x", TEN, Log())["full"]
    assert (found.terms, found.participants) == ([], None)


def test_a_band_with_few_events_in_an_arm_is_withheld() -> None:
    def band(day: float, events: int, fewest: int) -> Band:
        return Band(from_day=day, to_day=None, hazard_ratio=1.5, lower=1, upper=2, events=events, fewest_events=fewest)

    found = protect_bands([band(0, 60, 4), band(30, 90, 40), band(60, 7, 3)], 157, "x", TEN, Log())
    assert [b.hazard_ratio for b in found] == [None, 1.5, None]
    assert [b.events for b in found] == [60, 90, None]


def outcome_of(disability: float, seed: int = 1) -> OutcomeResult:
    return outcome(draw(300, 500, seed, disability), "Arbete", "Work", subgroups=True)


def test_a_small_subgroup_goes_with_its_complement() -> None:
    hidden = withheld_subgroups(outcome_of(0.02), TEN)
    assert {"disability", "no_disability"} <= hidden
    assert "women" not in hidden
    assert withheld_subgroups(outcome_of(0.5), TEN) == set()


def test_a_subgroup_that_is_a_small_one_short_of_another_goes_too() -> None:
    """Women less women born outside Europe are women born in Europe: 5, who are not shown."""
    whole = outcome_of(0.5)
    groups = whole.subgroups
    women, outside = groups["women"], groups["women_outside_europe"]
    few = groups["women_europe"].model_copy(update={"participants": 5, "curves": [], "at": []})
    sized = outside.model_copy(update={"participants": (women.participants or 0) - 5, "curves": women.curves})
    changed = whole.model_copy(update={"subgroups": groups | {"women_europe": few, "women_outside_europe": sized}})
    assert {"women_europe", "women_outside_europe"} <= withheld_subgroups(changed, TEN)


def test_an_outcome_a_few_people_from_another_is_withheld() -> None:
    first = outcome_of(0.5)
    second = first.model_copy(update={"participant_events": (first.participant_events or 0) - 4})
    found = protect_outcomes({"wide": first, "narrow": second}, None, TEN, Log())
    assert found["wide"].curves
    assert not found["narrow"].curves
    assert not found["narrow"].models
