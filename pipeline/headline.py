"""The result in a few lines for a terminal, from the protected results."""

from __future__ import annotations

from pipeline.config import Text
from pipeline.reporting.words import labels
from pipeline.results import Estimate, OutcomeResult, Results, Share

# Times told first: half a year and a year.
MONTHS = (6, 12)
WITHHELD = "withheld or not estimated"


def headline(results: Results) -> list[str]:
    """Shares per arm at the times told first, and the hazard ratio, with intervals."""
    about = results.evaluation
    outcome = results.outcomes[about.headline]
    arms = (about.participants.en, about.controls.en)
    lines = [f"{outcome.label.en} ({about.title.en})"]
    lines += [_shares(share, arms, about.time_unit.en) for share in told_first(outcome.at, about.time_unit)]
    lines.append(f"  Hazard ratio: {_ratio(outcome)}")
    return lines


def told_first(shares: list[Share], unit: Text) -> list[Share]:
    """The times told first: 6 and 12 months where they are reported, otherwise the middle and the last."""
    if labels.is_days(unit):
        found = [share for share in shares if labels.whole_months(share.day) in MONTHS]
        if found:
            return found
    return shares if len(shares) <= 2 else [shares[(len(shares) - 1) // 2], shares[-1]]


def _shares(share: Share, arms: tuple[str, str], unit: str) -> str:
    participants = _percent(
        Estimate(value=share.participants, lower=share.participants_lower, upper=share.participants_upper)
    )
    controls = _percent(Estimate(value=share.controls, lower=share.controls_lower, upper=share.controls_upper))
    return f"  {share.day:g} {unit}: {arms[0]} {participants}, {arms[1]} {controls}"


def _percent(share: Estimate) -> str:
    if share.value is None:
        return WITHHELD
    interval = "" if share.lower is None or share.upper is None else f" ({share.lower:.1%} to {share.upper:.1%})"
    return f"{share.value:.1%}{interval}"


def _ratio(outcome: OutcomeResult) -> str:
    """The treatment's hazard ratio in the first model that has one: that with all covariates."""
    for model in outcome.models.values():
        for term in model.terms:
            if term.factor == "participant" and term.hazard_ratio is not None:
                interval = (
                    "" if term.lower is None or term.upper is None else f" ({term.lower:.2f} to {term.upper:.2f})"
                )
                return f"{term.hazard_ratio:.2f}{interval}"
    return WITHHELD
