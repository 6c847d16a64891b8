"""Totals that differ by a few people are shown as the same total.

Rounding hides a small difference of two counts, but a report has many: levels, classes and subgroups of nearly the same
people would let an intruder fit the difference in between. So where a matching left out fewer than k participants, or a
regression fewer than k people, the smaller total is taken for the larger before anything is rounded.
"""

from __future__ import annotations

from typing import Any, TypeVar

from pipeline.disclosure.policy import ARMS, Policy
from pipeline.results import BalanceRow, Matching, Model, OutcomeResult, Results, SubgroupResult
from pipeline.sensitivity.record import EffectRow, Sensitivity

Analysis = TypeVar("Analysis", bound=EffectRow)


def near(count: int | None, total: int | None, policy: Policy) -> int | None:
    """The total where the count falls short of it by a few, otherwise the count."""
    return total if count is not None and total is not None and policy.small(total - count) else count


def join_near_totals(results: Results, policy: Policy) -> Results:
    """Results in which totals that lie near each other are the same."""
    matching = results.matching
    if matching is not None:
        results = _matching(results, matching, policy)
    outcomes = {name: _outcome(outcome, matching, policy) for name, outcome in results.outcomes.items()}
    analyses = results.sensitivity
    if analyses is not None and matching is not None:
        analyses = _sensitivity(analyses, matching, policy)
    return results.model_copy(update={"outcomes": outcomes, "sensitivity": analyses})


def _sensitivity(found: Sensitivity, matching: Matching, policy: Policy) -> Sensitivity:
    """The analyses of nearly everyone: each has the people that the report says the matching has."""

    def joined(row: Analysis) -> Analysis:
        return row.model_copy(update={arm: near(getattr(row, arm), getattr(matching, arm), policy) for arm in ARMS})

    rows = [joined(row) for row in found.specifications]
    placebos = {name: joined(row) for name, row in found.placebos.items()}
    return found.model_copy(update={"specifications": rows, "placebos": placebos})


def _matching(results: Results, matching: Matching, policy: Policy) -> Results:
    matched = {
        f"{arm}_matched": near(getattr(matching, f"{arm}_matched"), getattr(matching, arm), policy) for arm in ARMS
    }
    balance = results.balance
    before = {(row.variable, row.level): row for row in balance.before}
    joined = [arm for arm in ARMS[:1] if matched[f"{arm}_matched"] != getattr(matching, f"{arm}_matched")]
    after = [_as_before(row, before.get((row.variable, row.level)), joined) for row in balance.after]
    flow = [
        step.model_copy(update={arm: near(getattr(step, arm), getattr(matching, arm), policy) for arm in ARMS})
        if step.step == "matched"
        else step
        for step in results.flow
    ]
    return results.model_copy(
        update={
            "matching": matching.model_copy(update=matched),
            "balance": balance.model_copy(update={"after": after}),
            "flow": flow,
        }
    )


def _as_before(row: BalanceRow, before: BalanceRow | None, arms: list[str]) -> BalanceRow:
    return row if before is None else row.model_copy(update={arm: getattr(before, arm) for arm in arms})


def _outcome(outcome: OutcomeResult, matching: Matching | None, policy: Policy) -> OutcomeResult:
    totals = {arm: getattr(outcome, arm) for arm in ARMS}
    if matching is not None:
        totals = {arm: near(count, getattr(matching, arm), policy) for arm, count in totals.items()}
    groups = {
        name: group.model_copy(update={"models": _models(group.models, group, policy)})
        for name, group in outcome.subgroups.items()
    }
    joined = outcome.model_copy(update=totals)
    return joined.model_copy(update={"models": _models(outcome.models, joined, policy), "subgroups": groups})


def _models(models: dict[str, Model], of: OutcomeResult | SubgroupResult, policy: Policy) -> dict[str, Model]:
    joined = {}
    for name, model in models.items():
        update: dict[str, Any] = {arm: near(getattr(model, arm), getattr(of, arm), policy) for arm in ARMS}
        joined[name] = model.model_copy(update=update)
    return joined
