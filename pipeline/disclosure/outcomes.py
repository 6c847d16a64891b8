"""An outcome under disclosure control: totals, times, regressions, subgroups, with its curves and destinations."""

from __future__ import annotations

import math
from typing import Any, Literal

from pipeline.config import Costs, Text
from pipeline.disclosure.curves import protect_curves
from pipeline.disclosure.destinations import protect_destinations, protect_kinds
from pipeline.disclosure.models import (
    protect_bands,
    protect_interaction,
    protect_models,
    protect_proportionality,
    protect_ratio_curve,
    protect_test,
)
from pipeline.disclosure.policy import ARMS, EVENTS, Log, Policy, estimate
from pipeline.disclosure.subgroups import size_of, size_of_outcome, withheld_subgroups
from pipeline.results import CurvePoint, Estimate, OutcomeResult, RestrictedMean, SubgroupResult
from pipeline.worth import effects_of


def protect_outcomes(
    outcomes: dict[str, OutcomeResult], costs: Costs | None, policy: Policy, log: Log
) -> dict[str, OutcomeResult]:
    """Every outcome. One that a few people of an arm tell from an outcome before it is withheld."""
    protected: dict[str, OutcomeResult] = {}
    shown: list[str] = []
    for name, outcome in outcomes.items():
        place = f"outcomes.{name}"
        size = size_of_outcome(outcome)
        near = any(_nearly(size, size_of_outcome(outcomes[other]), policy) for other in shown)
        if near or any(policy.small(count) for count in size):
            log.note(place, "few")
            protected[name] = outcome.model_copy(update=_nothing(outcome, policy))
        else:
            shown.append(name)
            protected[name] = _outcome(outcome, place, costs, policy, log)
    return protected


def _nearly(size: tuple[int, ...], other: tuple[int, ...], policy: Policy) -> bool:
    """The same people, but for a few with the event."""
    same = size[:2] == other[:2]
    return same and any(policy.small(abs(a - b)) for a, b in zip(size, other, strict=True))


def _outcome(outcome: OutcomeResult, place: str, costs: Costs | None, policy: Policy, log: Log) -> OutcomeResult:
    people = {arm: getattr(outcome, arm) for arm in ARMS}
    events = {arm: getattr(outcome, EVENTS[arm]) for arm in ARMS}
    curves, shares = protect_curves(outcome.curves, outcome.at, people, place, policy, log)
    mean = outcome.rmst and _restricted_mean(outcome.rmst, min(n for n in people.values() if n), policy)
    models = protect_models(outcome.models, place, policy, log)
    if policy.small(outcome.day_zero_events):
        log.note(f"{place}.day_zero_events", "few")
    hidden = withheld_subgroups(outcome, policy)
    went = protect_destinations(outcome.destinations, people, events, place, policy, log)
    update: dict[str, Any] = {
        **{arm: policy.rounded(n) for arm, n in people.items()},
        **{EVENTS[arm]: policy.rounded(n) for arm, n in events.items()},
        "day_zero_events": policy.rounded(outcome.day_zero_events),
        "curves": curves,
        "at": shares,
        "median_days": _medians(outcome, policy),
        "logrank": protect_test(outcome.logrank),
        "rmst": mean,
        "effects": effects_of(shares, mean, costs),
        "models": models,
        "proportionality": protect_proportionality(outcome.proportionality, next(iter(models.values()), None)),
        "hazard_ratio_over_time": protect_bands(
            outcome.hazard_ratio_over_time, sum(n or 0 for n in events.values()), place, policy, log
        ),
        "hazard_ratio_curve": protect_ratio_curve(outcome.hazard_ratio_curve, end_of(curves)),
        "bands_test": protect_test(outcome.bands_test),
        "destinations": went,
        "kinds_over_time": protect_kinds(outcome.kinds_over_time, went, shares, people, place, policy, log),
        "subgroups": {
            name: _subgroup(group, f"{place}.subgroups.{name}", name in hidden, costs, policy, log)
            for name, group in outcome.subgroups.items()
        },
    }
    return outcome.model_copy(update=update)


def _subgroup(
    group: SubgroupResult, place: str, hidden: bool, costs: Costs | None, policy: Policy, log: Log
) -> SubgroupResult:
    if not hidden:
        return protect_subgroup(group, place, costs, policy, log)
    log.note(place, "few")
    return without_numbers(group)


def end_of(curves: list[CurvePoint]) -> float:
    """As far as the curves of both arms are shown."""
    return min((points[-1].day for arm in ARMS if (points := [p for p in curves if p.group == arm])), default=0.0)


def _medians(outcome: OutcomeResult, policy: Policy) -> Any:
    """Days on which a single person made it half are given to the nearest step."""
    found = {arm: _to_the_step(getattr(outcome.median_days, arm), policy) for arm in ARMS}
    return outcome.median_days.model_copy(update=found)


def _to_the_step(time: Estimate, policy: Policy) -> Estimate:
    return time.model_copy(update={name: policy.time(getattr(time, name)) for name in ("value", "lower", "upper")})


def _restricted_mean(means: RestrictedMean, people: int, policy: Policy) -> RestrictedMean:
    """Mean times no finer than `base` people can move them."""
    decimals = -math.floor(math.log10(means.until * policy.base / people))

    def coarse(mean: Estimate) -> Estimate:
        values = {name: getattr(mean, name) for name in ("value", "lower", "upper")}
        return mean.model_copy(update={n: None if v is None else round(v, decimals) for n, v in values.items()})

    update = {name: coarse(getattr(means, name)) for name in (*ARMS, "difference")}
    return means.model_copy(update={**update, "p": estimate(means.p)})


def _nothing(outcome: OutcomeResult, policy: Policy) -> dict[str, Any]:
    """Every estimate of an outcome gone; totals stay where they are not small."""
    open_ = {"value": None, "lower": None, "upper": None}
    return {
        **{name: policy.rounded(getattr(outcome, name)) for name in (*ARMS, *EVENTS.values(), "day_zero_events")},
        "curves": [], "at": [], "logrank": None, "rmst": None, "models": {}, "proportionality": [],
        "median_days": type(outcome.median_days).model_validate({"participants": open_, "controls": open_}),
        "hazard_ratio_over_time": [], "hazard_ratio_curve": [], "bands_test": None, "destinations": [],
        "kinds_over_time": [], "subgroups": {}, "effects": None,
    }  # fmt: skip


def protect_subgroup(
    group: SubgroupResult, place: str, costs: Costs | None, policy: Policy, log: Log
) -> SubgroupResult:
    """A subgroup; all of it is withheld when an arm of it has too few people or too few who reached the outcome."""
    if any(policy.small(count) for count in size_of(group)):
        log.note(place, "few")
        return without_numbers(group)
    people = {arm: getattr(group, arm) for arm in ARMS}
    curves, shares = protect_curves(group.curves, group.at, people, place, policy, log)
    mean = group.rmst and _restricted_mean(group.rmst, min(n for n in people.values() if n), policy)
    events = sum(band.events or 0 for band in group.hazard_ratio_over_time)
    update = {
        **{arm: policy.rounded(n) for arm, n in people.items()},
        "at": shares,
        "models": protect_models(group.models, place, policy, log),
        "interaction": protect_interaction(group.interaction),
        "curves": curves,
        "rmst": mean,
        "effects": effects_of(shares, mean, costs),
        "hazard_ratio_over_time": protect_bands(group.hazard_ratio_over_time, events, place, policy, log),
        "hazard_ratio_curve": protect_ratio_curve(group.hazard_ratio_curve, end_of(curves)),
        "constancy": protect_test(group.constancy),
    }
    return group.model_copy(update=update)


def without_numbers(group: SubgroupResult) -> SubgroupResult:
    """A subgroup of which nothing may be told but that it was asked for."""
    return nothing_of(group.label, group.where, "few")


def nothing_of(label: Text, where: str, why: Literal["few", "unmatched"]) -> SubgroupResult:
    """A subgroup without numbers, and why there are none."""
    return SubgroupResult(
        label=label, where=where, participants=None, controls=None, at=[], models={}, interaction=None, withheld=why
    )
