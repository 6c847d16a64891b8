"""An outcome under disclosure control: totals, models, bands, subgroups, with its curves and destinations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline.config import Costs
from pipeline.disclosure.curves import protect_curves, reached
from pipeline.disclosure.destinations import protect_destinations
from pipeline.disclosure.policy import ARMS, EVENTS, Log, Policy
from pipeline.results import Band, Model, OutcomeResult, SubgroupResult
from pipeline.worth import effects_of


def protect_outcome(
    outcome: OutcomeResult,
    place: str,
    exact: set[int | None],
    costs: Costs | None,
    policy: Policy,
    log: Log,
) -> OutcomeResult:
    """An outcome; all of it is withheld when either arm has too few people or too few who reached it."""
    people = {arm: getattr(outcome, arm) for arm in ARMS}
    events = {arm: getattr(outcome, EVENTS[arm]) for arm in ARMS}
    totals = {arm: n if n in exact and not policy.small(n) else policy.rounded(n) for arm, n in people.items()}
    update: dict[str, Any] = {
        **totals,
        **{EVENTS[arm]: policy.rounded(n) for arm, n in events.items()},
        "day_zero_events": policy.rounded(outcome.day_zero_events),
    }
    if policy.small(outcome.day_zero_events):
        log.note(f"{place}.day_zero_events", "few_people")
    if any(policy.small(n) for n in (*people.values(), *events.values())):
        log.note(place, "few_people" if any(policy.small(n) for n in people.values()) else "few_events")
        return outcome.model_copy(update={**update, **_nothing(outcome)})
    curves, shares = protect_curves(outcome.curves, outcome.at, people, totals, place, policy, log)
    end = min((points[-1].day for arm in ARMS if (points := [p for p in curves if p.group == arm])), default=0.0)
    return outcome.model_copy(
        update={
            **update,
            "curves": curves,
            "at": shares,
            "effects": effects_of(shares, outcome.rmst, costs),
            "models": _models(outcome.models, place, policy, log),
            "hazard_ratio_over_time": _bands(outcome.hazard_ratio_over_time, place, policy, log),
            "hazard_ratio_curve": [p for p in outcome.hazard_ratio_curve if p.day <= end],
            "destinations": protect_destinations(outcome.destinations, events, place, policy, log),
            "subgroups": {
                name: protect_subgroup(group, f"{place}.subgroups.{name}", costs, policy, log)
                for name, group in outcome.subgroups.items()
            },
        }
    )


def _nothing(outcome: OutcomeResult) -> dict[str, Any]:
    """Every number of an outcome gone."""
    open_ = {"value": None, "lower": None, "upper": None}
    return {
        "curves": [], "at": [], "logrank": None, "rmst": None, "models": {}, "proportionality": [],
        "median_days": type(outcome.median_days).model_validate({"participants": open_, "controls": open_}),
        "hazard_ratio_over_time": [], "hazard_ratio_curve": [], "bands_test": None, "destinations": [],
        "subgroups": {}, "effects": None,
    }  # fmt: skip


def _models(models: dict[str, Model], place: str, policy: Policy, log: Log) -> dict[str, Model]:
    return {name: _model(model, f"{place}.models.{name}", policy, log) for name, model in models.items()}


def _model(model: Model, place: str, policy: Policy, log: Log) -> Model:
    """A regression with rounded counts, or without its terms when it rests on too little."""
    update: dict[str, Any] = {
        name: policy.rounded(getattr(model, name))
        for name in ("n", "people", "participants", "controls", "events", "left_out")
    }
    if policy.small(model.left_out):
        log.note(f"{place}.left_out", "few_people")
    people = (model.people, model.participants, model.controls)
    if any(policy.small(n) for n in (*people, model.events)):
        reason = "few_people" if any(policy.small(n) for n in people) else "few_events"
        log.note(place, reason)
        update |= {"terms": [], "selection": model.selection.model_copy(update={"removed": []}), "note": None}
    return model.model_copy(update=update)


def _bands(bands: Sequence[Band], place: str, policy: Policy, log: Log) -> list[Band]:
    protected = []
    for band in bands:
        update: dict[str, Any] = {"events": policy.rounded(band.events)}
        if policy.small(band.events):
            log.note(f"{place}.hazard_ratio_over_time.{band.from_day:g}", "few_events")
            update |= dict.fromkeys(("hazard_ratio", "lower", "upper"))
        protected.append(band.model_copy(update=update))
    return protected


def protect_subgroup(
    group: SubgroupResult, place: str, costs: Costs | None, policy: Policy, log: Log
) -> SubgroupResult:
    """A subgroup; all of it is withheld when an arm of it has too few people or too few who reached the outcome."""
    people = {arm: getattr(group, arm) for arm in ARMS}
    totals = {arm: policy.rounded(n) for arm, n in people.items()}
    last = [max((getattr(share, EVENTS[arm]) or 0 for share in group.at), default=0) for arm in ARMS]
    last += [max((reached(p, people[p.group] or 0) for p in group.curves if p.group == a), default=0) for a in ARMS]
    few_people = any(policy.small(n) for n in people.values())
    if few_people or any(policy.small(n) for n in last):
        log.note(place, "few_people" if few_people else "few_events")
        return without_numbers(group)
    curves, shares = protect_curves(group.curves, group.at, people, totals, place, policy, log)
    return group.model_copy(
        update={
            **totals,
            "at": shares,
            "models": _models(group.models, place, policy, log),
            "curves": curves,
            "effects": effects_of(shares, group.rmst, costs),
            "hazard_ratio_over_time": _bands(group.hazard_ratio_over_time, place, policy, log),
        }
    )


def without_numbers(group: SubgroupResult) -> SubgroupResult:
    """A subgroup of which nothing may be told but that it was asked for."""
    return SubgroupResult(
        label=group.label, where=group.where, participants=None, controls=None, at=[], models={}, interaction=None
    )
