"""The numbers of a run that another run can be held against, each under its place in results.json."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.headline import told_first
from pipeline.reporting.tables import Kind
from pipeline.reporting.words import Words, labels
from pipeline.results import Estimate, Model, OutcomeResult, Results, Share


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its interval; null in it is withheld or does not exist."""

    place: str
    label: str
    kind: Kind
    estimate: Estimate


def quantities(results: Results, words: Words) -> dict[str, Quantity]:
    """Counts, balance, shares, times and hazard ratios, in the order of the report."""
    found = [*_counts(results, words), *_balance(results, words)]
    for name, outcome in results.outcomes.items():
        found += _outcome(results, f"outcomes.{name}", outcome, words)
    return {quantity.place: quantity for quantity in found}


def _plain(value: float | None) -> Estimate:
    return Estimate(value=value, lower=None, upper=None)


def _counts(results: Results, words: Words) -> Iterator[Quantity]:
    about, matching = results.evaluation, results.matching
    groups = {"participants": words.text(about.participants), "controls": words("column.controls")}
    steps = {f"flow.{step.step}": step for step in results.flow}
    for place, step in steps.items():
        name = words.get(place, step.step.replace("_", " "))
        for group, title in groups.items():
            label = words("compare.flow", step=name, group=labels.lower_first(title))
            yield Quantity(f"{place}.{group}", label, "count", _plain(getattr(step, group)))
    if matching is not None:
        for group, title in groups.items():
            label = words("compare.flow", step=words("flow.matched"), group=labels.lower_first(title))
            yield Quantity(f"matching.{group}_matched", label, "count", _plain(getattr(matching, f"{group}_matched")))


def _balance(results: Results, words: Words) -> Iterator[Quantity]:
    if results.matching is None:
        return
    yield Quantity("balance.l1.after", words("compare.l1"), "ratio", _plain(results.balance.l1.after))
    known = [abs(row.smd) for row in results.balance.after if row.smd is not None]
    yield Quantity("balance.after.smd", words("compare.smd"), "ratio", _plain(max(known, default=None)))


def _outcome(results: Results, place: str, outcome: OutcomeResult, words: Words) -> Iterator[Quantity]:
    about, name = results.evaluation, words.text(outcome.label)
    unit = labels.lower_first(words.text(about.time_unit))
    for share in outcome.at:
        yield from _shares(results, place, name, share, words)
    for group in ("participants", "controls"):
        told = labels.lower_first(words.text(getattr(about, group)))
        label = words("compare.median", outcome=name, group=told, unit=unit)
        yield Quantity(f"{place}.median_days.{group}", label, "time", getattr(outcome.median_days, group))
    if outcome.rmst is not None:
        label = words("compare.mean", outcome=name, unit=unit)
        yield Quantity(f"{place}.rmst.difference", label, "time", outcome.rmst.difference)
    yield from _models(results, place, name, outcome.models, words)
    for key, subgroup in outcome.subgroups.items():
        inside = f"{place}.subgroups.{key}"
        title = words("compare.group", outcome=name, group=labels.lower_first(words.text(subgroup.label)))
        for share in told_first(subgroup.at, about.time_unit)[-1:]:
            yield _difference(results, inside, title, share, words)
        yield from _models(results, inside, title, subgroup.models, words, treatment_only=True)


def _shares(results: Results, place: str, name: str, share: Share, words: Words) -> Iterator[Quantity]:
    about = results.evaluation
    time = labels.time(words, share.day, about.time_unit)
    for group in ("participants", "controls"):
        numbers = Estimate(
            value=getattr(share, group), lower=getattr(share, f"{group}_lower"), upper=getattr(share, f"{group}_upper")
        )
        told = labels.lower_first(words.text(getattr(about, group)))
        label = words("compare.share", outcome=name, group=told, time=time)
        yield Quantity(f"{place}.at.{share.day:g}.{group}", label, "percent", numbers)
    yield _difference(results, place, name, share, words)


def _difference(results: Results, place: str, name: str, share: Share, words: Words) -> Quantity:
    time = labels.time(words, share.day, results.evaluation.time_unit)
    numbers = Estimate(value=share.difference, lower=share.lower, upper=share.upper)
    label = words("compare.difference", outcome=name, time=time)
    return Quantity(f"{place}.at.{share.day:g}.difference", label, "points", numbers)


def _models(
    results: Results, place: str, name: str, models: dict[str, Model], words: Words, *, treatment_only: bool = False
) -> Iterator[Quantity]:
    about = results.evaluation
    groups = words.text(about.participants), words.text(about.controls)
    for model, fitted in models.items():
        told = labels.lower_first(words.get(f"model.{model}", model))
        for term in fitted.terms:
            if treatment_only and term.factor != "participant":
                continue
            contrast = labels.lower_first(labels.contrast(words, term, None, *groups))
            label = words("compare.ratio", outcome=name, model=told, term=contrast)
            numbers = Estimate(value=term.hazard_ratio, lower=term.lower, upper=term.upper)
            yield Quantity(f"{place}.models.{model}.{term.term}", label, "ratio", numbers)
