"""Regressions, bands and tests under disclosure control.

A coefficient rests on the people with the event at its level and at the reference: with few of them its standard error
tells how many (the square of one over it is about their number). Such rows are withheld; all others have as many digits
as anyone reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline.disclosure.policy import Log, Policy, estimate, estimates
from pipeline.disclosure.secondary import stands_for, withheld_parts
from pipeline.results import Band, ChiSquared, Interaction, Model, ProportionalityRow, RatioPoint, Term

RATIO = ("hazard_ratio", "lower", "upper")
TERM = (*RATIO, "p", "coefficient", "std_error", "model_std_error")
COUNTS = ("n", "people", "participants", "controls", "events", "left_out")


def protect_models(models: dict[str, Model], place: str, policy: Policy, log: Log) -> dict[str, Model]:
    """Regressions with rounded counts, without what rests on too little."""
    return {name: _model(model, f"{place}.models.{name}", policy, log) for name, model in models.items()}


def _model(model: Model, place: str, policy: Policy, log: Log) -> Model:
    update: dict[str, Any] = {name: policy.rounded(getattr(model, name)) for name in COUNTS}
    if policy.small(model.left_out):
        log.note(f"{place}.left_out", "few")
    removed = [r.model_copy(update={"p": estimate(r.p)}) for r in model.selection.removed]
    people = (model.people, model.participants, model.controls, model.events)
    if any(policy.small(n) for n in people):
        log.note(place, "few")
        update |= {"terms": [], "note": None}
        removed = []
    else:
        update["terms"] = [_term(term, place, policy, log) for term in model.terms]
    return model.model_copy(update={**update, "selection": model.selection.model_copy(update={"removed": removed})})


def rests_on_few(count: int | None, policy: Policy) -> bool:
    """Whether an estimate rests on too few people with the event; on none at all it rests on those without."""
    return count is not None and count < policy.minimum_count


def _term(term: Term, place: str, policy: Policy, log: Log) -> Term:
    if rests_on_few(term.fewest_events, policy):
        log.note(f"{place}.{term.term}", "few")
        return term.model_copy(update=dict.fromkeys((*TERM, "fewest_events")))
    return term.model_copy(update={**estimates(term, TERM), "fewest_events": None})


def protect_bands(bands: Sequence[Band], total: int, place: str, policy: Policy, log: Log) -> list[Band]:
    """Hazard ratios in bands of time; few events in an arm withhold the band, and its neighbour if the sum tells."""
    counts = [band.events or 0 for band in bands]
    everyone = stands_for(max(total, sum(counts)), policy)  # people may have events from several months
    hidden = withheld_parts(counts, everyone, policy)
    protected = []
    for i, band in enumerate(bands):
        few = i in hidden or rests_on_few(band.fewest_events, policy)
        if few:
            log.note(f"{place}.hazard_ratio_over_time.{band.from_day:g}", "few")
        numbers = dict.fromkeys(RATIO) if few else estimates(band, RATIO)
        events = None if i in hidden else policy.rounded(band.events)
        protected.append(band.model_copy(update={**numbers, "events": events, "fewest_events": None}))
    return protected


def protect_ratio_curve(points: Sequence[RatioPoint], end: float) -> list[RatioPoint]:
    """The smooth hazard ratio as far as both curves are shown."""
    return [point.model_copy(update=estimates(point, RATIO)) for point in points if point.day <= end]


def protect_proportionality(rows: Sequence[ProportionalityRow], full: Model | None) -> list[ProportionalityRow]:
    """Tests of the terms that are shown; none when the regression is withheld."""
    withheld = {term.term for term in full.terms if term.hazard_ratio is None} if full else set()
    shown = [row for row in rows if full is not None and full.terms and row.term not in withheld]
    return [row.model_copy(update=estimates(row, ("statistic", "p"))) for row in shown]


def protect_test(test: ChiSquared | None) -> ChiSquared | None:
    """A test with as many digits as anyone reads."""
    return test and test.model_copy(update=estimates(test, ("statistic", "p")))


def protect_interaction(test: Interaction | None) -> Interaction | None:
    """An interaction test with as many digits as anyone reads."""
    return test and test.model_copy(update=estimates(test, ("ratio", "lower", "upper", "p", "p_adjusted")))
