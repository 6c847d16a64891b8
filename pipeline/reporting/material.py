"""What the sections of a report are made from: protected results, configuration, data-quality account and words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline.config import Config
from pipeline.headline import told_first
from pipeline.reporting.plots import Look
from pipeline.reporting.words import Words, labels
from pipeline.reporting.words.sentences import Interval
from pipeline.results import About, Model, OutcomeResult, Results, Share, Term

TREATMENT = "participant"


@dataclass(frozen=True, slots=True)
class Material:
    """Everything one language of a report is written from. Results are protected; no person rows are here."""

    results: Results
    config: Config
    account: dict[str, Any]
    words: Words

    @property
    def about(self) -> About:
        """The evaluation as readers meet it."""
        return self.results.evaluation

    @property
    def main_name(self) -> str:
        """The name of the main outcome."""
        return self.about.headline

    @property
    def main(self) -> OutcomeResult:
        """The main outcome."""
        return self.results.outcomes[self.main_name]

    @property
    def participants(self) -> str:
        """The label of the participants."""
        return self.words.text(self.about.participants)

    @property
    def controls(self) -> str:
        """The label of the comparison group."""
        return self.words.text(self.about.controls)

    @property
    def matched(self) -> bool:
        """Whether the comparison group was made by matching rather than by lot."""
        return self.results.matching is not None

    @property
    def unit(self) -> str:
        """The plural of the time unit, small letters."""
        return labels.lower_first(self.words.text(self.about.time_unit))

    @property
    def source(self) -> str:
        """The source line under tables and figures; empty when none is configured."""
        return self.words.text(self.about.source) if self.about.source else ""

    @property
    def rounded(self) -> tuple[str, ...]:
        """The note under tables whose counts disclosure control has rounded."""
        return (self.words("note.rounded", k=self.words.number(self.base)),) if self.about.minimum_count > 1 else ()

    @property
    def base(self) -> int:
        """What counts of people are rounded to."""
        return max(self.config.disclosure.round_to or 0, self.about.minimum_count)

    @property
    def look(self) -> Look:
        """How figures are drawn."""
        return Look(self.words, self.participants, self.controls, self.about.time_unit)

    @property
    def days(self) -> list[float]:
        """The report's times."""
        return list(self.config.report.at)

    def time(self, day: float) -> str:
        """A time in words."""
        return labels.time(self.words, day, self.about.time_unit)

    def groups(self) -> dict[str, str]:
        """Both groups in the definite form, for sentences."""
        about = self.about
        return {
            "participants": labels.group(self.words, about.participants),
            "controls": labels.group(self.words, about.controls),
        }

    def verbs(self, outcome: OutcomeResult) -> dict[str, str]:
        """An outcome as a verb in its three forms."""
        return {form: labels.outcome(self.words, outcome.label, form) for form in ("done", "do", "did")}

    def withheld(self, place: str) -> bool:
        """Whether disclosure control withheld something at a place or under it."""
        return any(s.place == place or s.place.startswith(f"{place}.") for s in self.results.suppressed)

    def after(self, name: str) -> str | None:
        """The outcome that starts the clock of this one, None when it is the index date."""
        outcome = self.config.outcomes.get(name)
        return outcome.after if outcome else None

    def clock(self, name: str) -> str:
        """From when an outcome's time is counted, in words: "från starten"."""
        after = self.after(name)
        if after is None:
            return self.words("clock.start")
        return self.words.get(f"clock.{self.config.outcome_label(after).sv}", self.words("clock.after"))

    def reference(self, factor: str) -> str | None:
        """The base level of a factor."""
        return next((c.reference for c in self.config.models.covariates if c.name == factor), None)


def headline_shares(material: Material, shares: list[Share]) -> list[Share]:
    """The shares at the times told first."""
    return told_first(shares, material.about.time_unit)


def full_model(models: dict[str, Model]) -> Model | None:
    """The regression with every covariate."""
    return next((m for m in models.values() if m.selection.method == "none"), next(iter(models.values()), None))


def selected_model(models: dict[str, Model]) -> Model | None:
    """The regression that selection left, None when there was no selection."""
    return next((m for m in models.values() if m.selection.method != "none"), None)


def treatment_term(model: Model | None) -> Term | None:
    """The treatment's row of a regression, None where it has none or its number is withheld."""
    terms = model.terms if model else []
    return next((t for t in terms if t.factor == TREATMENT and t.hazard_ratio is not None), None)


def interval_of(term: Term | None) -> Interval:
    """The hazard ratio of a row with its interval; all None without a row."""
    return Interval(term.hazard_ratio, term.lower, term.upper) if term else Interval(None, None, None)


def difference_of(share: Share) -> Interval:
    """The difference of shares with its interval."""
    return Interval(share.difference, share.lower, share.upper)
