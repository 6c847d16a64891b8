"""`sensitivity` in results.json."""

from __future__ import annotations

from pydantic import Field

from pipeline.resultsbase import Count, Number, Record


class RatioRow(Record):
    """The treatment's hazard ratio in one analysis."""

    hazard_ratio: Number
    lower: Number
    upper: Number


class EffectRow(RatioRow):
    """What one analysis finds: the hazard ratio and the difference in shares at one time, and the people behind it."""

    p: Number
    difference: Number
    difference_lower: Number
    difference_upper: Number
    participants: Count = Field(description="people in the analysis")
    controls: Count = Field(description="people in the analysis")
    participant_events: Count = Field(description="participants who reached the outcome, each once")
    control_events: Count = Field(description="controls who reached the outcome, each once")
    note: str | None = Field(None, description="why there is no estimate, when there is none")


class SensitivityRow(EffectRow):
    """The headline under one specification: a value for each choice, and those that are not the evaluation's own."""

    choices: dict[str, str]
    varied: list[str]


class ChoiceResult(Record):
    """A choice that was varied, the evaluation's own value and the others."""

    name: str = Field(description="as under `sensitivity:` in the configuration")
    own: str
    others: list[str]


class MonthRow(RatioRow):
    """The hazard ratio with a month of start left out; the people are those of the month, withheld in reports."""

    month: str = Field(description="YYYY-MM")
    participants: Count = Field(description="participants who started in the month")
    participant_events: Count = Field(description="those of them who reached the outcome")
    controls: Count = Field(description="controls compared from the month")
    control_events: Count = Field(description="those of them who reached the outcome")


class Bootstrap(Record):
    """The hazard ratio's interval from people drawn with replacement, beside the robust one."""

    resamples: int
    lower: Number
    upper: Number
    robust_lower: Number
    robust_upper: Number


class Sensitivity(Record):
    """How much the headline depends on choices. `day` is the time of the differences."""

    day: float
    choices: list[ChoiceResult]
    specifications: list[SensitivityRow] = Field(description="the evaluation's own first")
    placebos: dict[str, EffectRow] = Field(description="outcome_before_start, start_among_controls")
    placebo_before: float = Field(description="days before the start in which the placebo outcome counts")
    months: list[MonthRow]
    bootstrap: Bootstrap | None
    e_value: Number = Field(description="of the hazard ratio")
    e_value_limit: Number = Field(description="of the limit nearer 1; 1 when the interval holds 1")
    detectable_ratio: Number = Field(description="smallest ratio above 1 found with 80% chance, given the error")
    effective_events: Number = Field(description="events of an unweighted comparison with the same error")
