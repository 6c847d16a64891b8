"""What an attacker can find in protected results whose people the test knows: no count from 1 to 9."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
from make_people import SUBGROUPS, draw, where
from make_results import results_of

from pipeline.disclosure import Policy, protect
from pipeline.results import CurvePoint, Results, Share

K = 10
# Small groups, some of them nearly everyone, some nearly nobody.
EXTRACTS = [(seed, 120 + 40 * seed, 400 + 90 * seed, (0.01, 0.03, 0.06, 0.97)[seed % 4]) for seed in range(1, 9)]
COUNTS = (
    "participants", "controls", "people", "events", "n", "left_out", "count", "at_risk", "participant_events",
    "control_events", "day_zero_events", "participants_matched", "controls_matched", "control_rows_matched",
    "participant_rows", "control_rows", "events_on_day",
)  # fmt: skip


@pytest.fixture(scope="module", params=EXTRACTS, ids=lambda extract: f"seed{extract[0]}")
def attacked(request: pytest.FixtureRequest) -> tuple[pd.DataFrame, Results]:
    seed, participants, controls, disability = request.param
    people = draw(participants, controls, seed, disability)
    return people, protect(results_of(people, seed), Policy(K))


def counts(node: Any, place: str = "") -> Iterator[tuple[str, int]]:
    """Every whole number in a field that counts people, rows or events."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in COUNTS and isinstance(value, int):
                yield f"{place}.{key}", value
            yield from counts(value, f"{place}.{key}")
    elif isinstance(node, list):
        for i, item in enumerate(node):
            yield from counts(item, f"{place}.{i}")


def test_no_small_count_stands_there(attacked: tuple[pd.DataFrame, Results]) -> None:
    found = list(counts(attacked[1].model_dump()))
    assert len(found) > 100
    assert [place for place, n in found if 0 < n < K] == []


def test_no_small_count_between_flow_steps(attacked: tuple[pd.DataFrame, Results]) -> None:
    for column in ("participants", "controls", "participant_rows", "control_rows"):
        known = [n for step in attacked[1].flow if (n := getattr(step, column)) is not None]
        assert not [b - a for a, b in itertools.pairwise(known) if 0 < abs(b - a) < K]


def reaching(people: pd.DataFrame, arm: str, after: float, until: float) -> int:
    """The people of an arm who really reach the outcome between two days."""
    rows = people[(people["participant"] == (arm == "participants")) & people["event"]]
    return int(((rows["days"] > after) & (rows["days"] <= until)).sum())


def check_steps(people: pd.DataFrame, points: list[CurvePoint], shares: list[Share]) -> None:
    """Between any two shares in a row that are shown, nobody or enough people reach the outcome."""
    for arm in ("participants", "controls"):
        known = {p.day for p in points if p.group == arm} | {s.day for s in shares if getattr(s, arm) is not None}
        for first, last in itertools.pairwise([0.0, *sorted(known - {0.0})]):
            between = reaching(people, arm, first, last)
            assert between == 0 or between >= K, (arm, first, last)
        for p in points:
            own = people[people["participant"] == (p.group == "participants")]
            assert (own["days"] >= p.day).sum() >= K


def test_no_small_count_between_steps_of_curves(attacked: tuple[pd.DataFrame, Results]) -> None:
    people, results = attacked
    outcome = results.outcomes["work_or_studies"]
    check_steps(people, outcome.curves, outcome.at)
    for name, group in outcome.subgroups.items():
        check_steps(where(people, SUBGROUPS[name][2]), group.curves, group.at)


def test_subgroups_that_are_shown_have_enough_people_and_events(attacked: tuple[pd.DataFrame, Results]) -> None:
    people, results = attacked
    for name, group in results.outcomes["work_or_studies"].subgroups.items():
        inside = where(people, SUBGROUPS[name][2])
        sizes = inside.groupby("participant")["event"].agg(["size", "sum"])
        if group.at or any(model.terms for model in group.models.values()):
            assert (sizes["size"] >= K).all(), name
            assert not sizes["sum"].between(1, K - 1).any(), name


def possible(count: int | None, exact: bool) -> range:
    """The true counts that a shown one may stand for."""
    if count is None:
        return range(1, K)
    return range(count, count + 1) if exact else range(max(0, count - K // 2), count + K // 2)


def test_complements_of_subgroups_cannot_be_computed(attacked: tuple[pd.DataFrame, Results]) -> None:
    """Everyone less a subgroup, from counts and from shares of those who reached the outcome."""
    people, results = attacked
    outcome = results.outcomes["work_or_studies"]
    for arm in ("participants", "controls"):
        own = people[people["participant"] == (arm == "participants")]
        for name, group in outcome.subgroups.items():
            rest = len(own) - len(where(own, SUBGROUPS[name][2]))
            if 0 < rest < K:
                total = getattr(outcome, arm)
                fits = {
                    a - b for a in possible(total, exact=True) for b in possible(getattr(group, arm), exact=False)
                    if a - b >= 0
                }  # fmt: skip
                assert len(fits) > 1, name


def test_models_keep_small_remainders_to_themselves(attacked: tuple[pd.DataFrame, Results]) -> None:
    """People in the outcome less people in the regression are those with a missing covariate."""
    outcome = attacked[1].outcomes["work_or_studies"]
    for model in outcome.models.values():
        assert model.left_out is None or model.left_out == 0 or model.left_out >= K
        assert model.people is not None
        assert model.people % K == 0


def test_public_data_stay_as_they_are() -> None:
    raw = results_of(draw(150, 300, 3), 3)
    assert protect(raw, Policy(1)) == raw


def test_what_is_withheld_is_listed_with_its_reason(attacked: tuple[pd.DataFrame, Results]) -> None:
    results = attacked[1]
    reasons = {s.place: s.reason for s in results.suppressed}
    assert reasons["matching.classes.start_month.2020-03.participants"] == "few"
    outcome = results.outcomes["work_or_studies"]
    for name, group in outcome.subgroups.items():
        if group.participants is None:
            assert reasons[f"outcomes.work_or_studies.subgroups.{name}"] == "few"
