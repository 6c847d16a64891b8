"""Disclosure control of counts, shares and tables: the boundary of the rule, and what sums would give away."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from make_results import about

from pipeline.disclosure import Policy, protect_account
from pipeline.disclosure.policy import Log, estimate
from pipeline.disclosure.secondary import left_out_told, stands_for, told_of_total, withheld_parts
from pipeline.disclosure.tables import protect_balance, protect_flow, protect_matching
from pipeline.disclosure.totals import join_near_totals
from pipeline.results import (
    Balance,
    BalanceRow,
    BeforeAfter,
    FlowStep,
    MatchedClass,
    Matching,
    Results,
    Unmatched,
)

TEN = Policy(10)


def test_the_boundary_is_where_the_policy_says() -> None:
    assert [TEN.small(n) for n in (None, 0, 1, 9, 10)] == [False, False, True, True, False]
    assert [TEN.rounded(n) for n in (None, 0, 1, 9, 10, 14, 15, 2756)] == [None, 0, None, None, 10, 10, 20, 2760]
    assert Policy(1).rounded(7) == 7


def test_a_share_is_rounded_people_over_rounded_people() -> None:
    assert TEN.share(0.123456, 2756) == round(340 / 2760, 4)
    assert TEN.share(0.123456, 412) == round(50 / 410, 4)
    assert TEN.share(0.123456, 20) == 0
    assert TEN.share(1.0, 2756) == 1
    assert TEN.share(None, 412) is None
    assert TEN.share(0.5, 0) is None


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.integers(10, 3000), st.integers(0, 3000), st.integers(1, 400))
def test_the_limits_of_a_share_tell_no_more_of_it(people: int, reached: int, below: int) -> None:
    """Moving a share within what it is rounded from moves its limits with it: they stay where they are.

    However coarse the steps are, an interval keeps a length: none would say that nothing is uncertain.
    """
    value, unit = min(reached, people) / people, 10 / (TEN.rounded(people) or 1)
    shown = TEN.share(value, people)
    limit = TEN.limit(value - below / people, value, people)
    assert shown is not None
    assert limit is not None
    expected = max(0.0, shown - max(1, round(below / people / unit)) * unit)
    assert limit == pytest.approx(min(1.0, expected), abs=1e-4)


def test_a_difference_is_that_of_the_shares_shown() -> None:
    assert TEN.difference((0.0912, 0.0712, 0.1112), 0.25 - 0.16, 400) == (0.09, 0.065, 0.115)
    assert TEN.difference((0.0912, None, None), None, 400) == (None, None, None)
    assert TEN.difference((-0.16, -0.21, -0.11), -0.17, 20) == (-0.17, -0.67, 0.33)


def test_times_lie_at_steps_and_estimates_have_four_digits() -> None:
    weekly = Policy(10, time_step=7)
    assert [weekly.time(day) for day in (None, 1, 613, 616)] == [None, 7, 616, 616]
    assert [estimate(x) for x in (None, 1.571234, 1.3e-51, 228.4151)] == [None, 1.571, 1.3e-51, 228.4]


def test_the_base_may_be_coarser_than_the_minimum() -> None:
    twenty = Policy(10, round_to=20)
    assert [twenty.rounded(n) for n in (9, 10, 29, 30)] == [None, 20, 20, 40]


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


def test_every_total_of_the_flow_is_rounded() -> None:
    """Exact, 2,756 matched and 2,760 in a class and its withheld complement would be a complement of one."""
    log = Log()
    flow = protect_flow([step("all", 903, 40), step("began", 504, 5), step("eligible", 500, 0)], TEN, log)
    assert [s.participants for s in flow] == [900, 500, 500]
    assert [s.controls for s in flow] == [40, None, 0]
    assert {s.place: s.reason for s in log.suppressions()} == {
        "flow.began.controls": "few", "flow.began.control_rows": "few",
    }  # fmt: skip


def classes(*counts: int) -> list[MatchedClass]:
    return [MatchedClass(variable="age", level=str(i), participants=n, controls=1000) for i, n in enumerate(counts)]


def matching(found: list[MatchedClass]) -> Matching:
    return Matching(
        participants=sum(c.participants or 0 for c in found), participants_matched=480, controls=900,
        controls_matched=700, control_rows_matched=5004, strata=40, effective_controls=606.5, classes=found,
        unmatched=[Unmatched(variable="age", participants=3)],
    )  # fmt: skip


def shown(*counts: int) -> list[int | None]:
    return [c.participants for c in protect_matching(matching(classes(*counts)), TEN, Log()).classes]


def test_small_classes_are_withheld_and_what_would_give_them_away() -> None:
    assert shown(4, 57) == [None, 60]
    # 97 stands for at least 95 and both others for at most 34 and 54: the withheld one would be 7 or more.
    assert shown(9, 34, 54) == [None, None, 50]
    assert shown(5, 35, 55) == [None, 40, 60]
    assert shown(0, 30, 60) == [0, 30, 60]


@settings(derandomize=True, max_examples=400, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=2, max_size=6))
def test_a_withheld_class_may_be_any_small_number(counts: list[int]) -> None:
    """From the rounded total and the rounded others, nothing from 1 to 9 can be ruled out."""
    hidden = withheld_parts(counts, stands_for(sum(counts), TEN), TEN)
    known = [stands_for(n, TEN) for i, n in enumerate(counts) if i not in hidden]
    low, high = stands_for(sum(counts), TEN)
    assert all(i in hidden for i, n in enumerate(counts) if TEN.small(n))
    if len(hidden) == 1 and len(counts) > 1:
        assert low - sum(b for _, b in known) <= 1
        assert high - sum(a for a, _ in known) >= 9
    if not any(TEN.small(n) for n in counts):
        assert not hidden


def test_other_variables_tell_of_the_total() -> None:
    """122 is shown as 120 and may be 124; as 44, 44 and 34 of another variable it cannot be more than 122."""
    assert told_of_total([[122], [44, 44, 34]], TEN) == (115, 122)
    assert told_of_total([[103], [3, 90, 10]], TEN) == (96, 104)


def test_levels_that_tell_how_many_were_left_out_are_found() -> None:
    """21 left out at least, 19 of them men at most: 2 to 9 women."""
    assert left_out_told({"woman": [1384, 1424]}, {"woman": [1375, 1405]}, (2808, 2780), TEN) == {"woman"}
    assert left_out_told({"woman": [1384, 1424]}, {"woman": [1364, 1405]}, (2808, 2769), TEN) == set()
    assert left_out_told({"married": [55]}, {"married": [44]}, (600, 595), TEN) == {"married"}


def test_totals_a_few_apart_are_shown_as_one() -> None:
    balance = Balance(
        before=[share_row("woman", 0.5), share_row("city", 0.3)],
        after=[share_row("woman", 0.49), share_row("new", 0.1)],
        l1=BeforeAfter(before=0.3, after=0.1),
    )  # fmt: skip
    found = matching(classes(240, 245))
    joined = join_near_totals(results_with(found, balance), TEN)
    assert joined.matching is not None
    assert joined.matching.participants_matched == 485
    assert [row.participants for row in joined.balance.after] == [0.5, 0.1]
    assert [row.controls for row in joined.balance.after] == [0.2, 0.2]


def share_row(variable: str, share: float) -> BalanceRow:
    return BalanceRow(variable=variable, level=None, participants=share, controls=0.2, smd=0.1, variance_ratio=None)


def results_with(found: Matching, balance: Balance) -> Results:
    return Results(evaluation=about(), flow=[], description=[], matching=found, balance=balance, outcomes={})


def test_a_standardised_difference_is_that_of_the_shares_shown() -> None:
    """The exact one would tell the exact shares."""
    balance = Balance(before=[share_row("woman", 0.51234)], after=[], l1=BeforeAfter(before=0.312345, after=None))
    found = protect_balance(results_with(matching(classes(240, 261)), balance), TEN, Log())
    row = found.before[0]
    assert (row.participants, row.controls) == (0.52, 0.2)
    assert row.smd == pytest.approx((0.52 - 0.2) / math.sqrt(0.52 * 0.48), abs=5e-4)
    assert found.l1.before == 0.312


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
    rows, blank = (1234, 3) if k == 1 else (1200, None)  # totals of rows are coarser, so that no sum is of use
    assert found["files"] == [{"file": "af.csv", "rows": rows, "year": 2020, "blank": {"sex": blank}}]
    assert found["rules"][0]["rows"] == (7 if k == 1 else None)
    assert found["linkage"]["people"] == (3041 if k == 1 else 3040)
    assert found["simulated"] is True


def test_months_and_years_of_the_account_hide_small_counts() -> None:
    years = {"born": {"1899": 2, "1950": 11, "2001": 400, "2003": 9}}
    account = {
        "files": [{"file": "af.csv", "rows": 422, "years": years}],
        "months": [{"month": "2020-01", "stock": 1_234, "inflow": 9}, {"month": "2020-02", "stock": 0, "inflow": 14}],
    }
    found = protect_account(account, Policy(10))
    assert found["months"] == [
        {"month": "2020-01", "stock": 1_230, "inflow": None},
        {"month": "2020-02", "stock": 0, "inflow": 10},
    ]
    assert found["files"][0]["years"] == {"born": ["1950", "2001"]}
    public = protect_account(account, Policy(1))
    assert public["months"] == account["months"]
    assert public["files"][0]["years"] == {"born": ["1899", "2003"]}
