"""results.json as typed models: what estimate writes, disclosure protects and reporting reads.

A number that disclosure control withheld, or that does not exist (a median that is not reached), is null.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Literal

from pydantic import Field
from pydantic_core import to_json

from pipeline.config import Costs, Text
from pipeline.question import Question
from pipeline.resultsbase import Count, Number, Record
from pipeline.sensitivity.record import Sensitivity


class About(Record):
    """The evaluation as readers meet it, and the rules it was made by."""

    name: str
    title: Text
    programme: Text
    participants: Text
    controls: Text
    status: str
    source: Text | None
    languages: list[str]
    headline: str = Field(description="name of the main outcome")
    time_unit: Text
    design: str = Field(description="matched or randomised")
    estimand: str | None
    intake_first: str | None
    intake_last: str | None
    follow_up_to: str | None
    control_index: str | None
    future_participants: str | None
    other_exit: str | None
    minimum_count: int
    simulated: bool
    costs: Costs | None = Field(None, description="what the project costs per participant, when configured")


class FlowStep(Record):
    """People, and rows (person-months), left after a selection step."""

    step: str
    participants: Count
    controls: Count
    participant_rows: Count
    control_rows: Count


class DescriptionRow(Record):
    """Participants at start: people at a level and their share, or the mean and median of a number."""

    variable: str
    level: str | None
    count: Count
    share: Number
    mean: Number
    median: Number


class BalanceRow(Record):
    """A variable (a level of it) in both arms: means or shares, weighted after matching."""

    variable: str
    level: str | None
    participants: Number
    controls: Number
    smd: Number = Field(description="standardised mean difference")
    variance_ratio: Number
    participants_median: Number = None
    controls_median: Number = None


class BeforeAfter(Record):
    """One number before and after matching."""

    before: Number
    after: Number


class Balance(Record):
    """Balance before and after matching; before = after when nothing was matched."""

    before: list[BalanceRow]
    after: list[BalanceRow]
    l1: BeforeAfter
    l1_bins: dict[str, str] = Field(default_factory=dict, description="the classes L1 was computed on")


class MatchedClass(Record):
    """A class of a matching variable and the people in it before matching."""

    variable: str
    level: str
    participants: Count
    controls: Count


class Unmatched(Record):
    """Participants left without a control, and the variable that alone would let them in."""

    variable: str
    participants: Count


class Matching(Record):
    """Counts and classes of the matching. `strata_table` has one row per class, not per stratum."""

    participants: Count
    participants_matched: Count
    controls: Count
    controls_matched: Count
    control_rows_matched: Count
    strata: Count
    effective_controls: Number = Field(description="(sum of weights) squared over sum of squared weights, rows")
    classes: list[MatchedClass]
    unmatched: list[Unmatched]


class CurvePoint(Record):
    """Share that has reached the outcome by a day, one minus Kaplan-Meier, and the people at risk just before."""

    group: str = Field(description="participants or controls")
    day: float
    cumulative_incidence: Number
    lower: Number
    upper: Number
    at_risk: Count
    events: Count = Field(None, description="people who have reached the outcome by this day, each once")
    events_on_day: Count = Field(None, description="people who reach it on this very day, from any of their months")


class Share(Record):
    """Shares at a day and their difference, each with a 95% interval; the events are people who reached it by then.

    Disclosure control reads the events: a share at a day is as telling as the people behind it.
    """

    day: float
    participants: Number
    participants_lower: Number
    participants_upper: Number
    controls: Number
    controls_lower: Number
    controls_upper: Number
    difference: Number
    lower: Number
    upper: Number
    participant_events: Count = None
    control_events: Count = None


class Estimate(Record):
    """A number with its 95% interval; null limits are open or withheld."""

    value: Number
    lower: Number
    upper: Number


class Arms(Record):
    """The same number for both arms."""

    participants: Estimate
    controls: Estimate


class ChiSquared(Record):
    """A test's statistic, chi-squared with so many degrees of freedom when there is no difference."""

    statistic: Number
    df: int
    p: Number


class RestrictedMean(Record):
    """Mean time without the outcome up to a day, and its difference between the arms."""

    until: float
    participants: Estimate
    controls: Estimate
    difference: Estimate
    p: Number


class ExtraPeople(Record):
    """People per 100 participants who would not have reached the outcome by a day without the project."""

    day: float
    per_100: Estimate = Field(description="difference of shares times 100")


class CostPerExtra(Record):
    """What one further person who has reached the outcome by a day costs.

    `limits` says what the interval is: "bounded" from lower to upper; "at_least" when the difference may also be none,
    so that the cost has no upper limit; "no_gain" when it is not above none.
    """

    day: float
    value: Number
    lower: Number
    upper: Number
    limits: str = Field(description="bounded, at_least or no_gain")


class Effects(Record):
    """The difference between the arms in people, days and money, derived from shares and restricted means."""

    extra: list[ExtraPeople] = Field(description="by the report's times")
    days_gained: Estimate | None = Field(description="mean days earlier to the outcome, up to `until`")
    until: Number
    costs: list[CostPerExtra] = Field(description="by the report's times, when costs are configured")


class Term(Record):
    """A row of a Cox regression. `factor` is the covariate a level belongs to."""

    term: str
    factor: str
    level: str | None
    hazard_ratio: Number
    lower: Number
    upper: Number
    p: Number
    coefficient: Number
    std_error: Number
    model_std_error: Number
    fewest_events: Count = Field(
        None, description="people with the event in the smallest of the groups compared; null for numbers"
    )


class Removed(Record):
    """A factor that backward selection took out, and the p of its joint Wald test when it went."""

    factor: str
    p: Number


class Selection(Record):
    """How the covariates were chosen."""

    method: str
    level: Number = None
    removed: list[Removed] = Field(default_factory=list)


class Model(Record):
    """A Cox regression: rows, people, events, terms."""

    formula: str
    n: Count = Field(description="rows in the fit")
    people: Count
    participants: Count
    controls: Count
    events: Count = Field(description="people with the event")
    left_out: Count = Field(description="rows left out because a covariate is missing")
    terms: list[Term]
    selection: Selection
    note: str | None = Field(None, description="why there is no estimate, when there is none")
    unidentified: list[str] = Field(
        default_factory=list, description="covariates left out: nobody at one of their levels has the event"
    )


class Interaction(Record):
    """Is the hazard ratio in this subgroup another than in everyone else?"""

    ratio: Number
    lower: Number
    upper: Number
    p: Number
    p_adjusted: Number = Field(description="Holm, over the subgroups tested")
    tests: int


class SubgroupResult(Record):
    """A subgroup: who it is, its shares and its regressions."""

    label: Text
    where: str
    participants: Count
    controls: Count
    at: list[Share]
    models: dict[str, Model]
    interaction: Interaction | None
    curves: list[CurvePoint] = Field(default_factory=list)
    rmst: RestrictedMean | None = None
    effects: Effects | None = Field(None, description="the difference in people, days and money")
    hazard_ratio_over_time: list[Band] = Field(default_factory=list)
    hazard_ratio_curve: list[RatioPoint] = Field(default_factory=list)
    constancy: ChiSquared | None = Field(None, description="test that the hazard ratio does not change with time")
    withheld: Literal["few", "unmatched"] | None = Field(
        None, description="why there is nothing: too few people here or told of elsewhere; nothing makes the arms alike"
    )


class ProportionalityRow(Record):
    """Score test of proportional hazards; the row GLOBAL tests all terms."""

    term: str
    statistic: Number
    df: int
    p: Number


class Band(Record):
    """The hazard ratio of the treatment between two days; to_day null is the end of follow-up."""

    from_day: float
    to_day: float | None
    hazard_ratio: Number
    lower: Number
    upper: Number
    events: Count = None
    fewest_events: Count = Field(None, description="people with the event in the arm that has fewer of them")


class RatioPoint(Record):
    """The hazard ratio of the treatment at a day, as a smooth function of time."""

    day: float
    hazard_ratio: Number
    lower: Number
    upper: Number


class Destination(Record):
    """Where people went: a weighted share of those who reached the outcome; null for competing destinations."""

    group: str
    destination: str = Field(description="reason_1, category_33, or a name from the configuration")
    kind: str = Field(description="group of the destination, such as with_support or deregistered")
    people: Count
    share: Number
    incidence: Number = Field(description="cumulative incidence at the last of the report's times")
    incidence_lower: Number
    incidence_upper: Number


class KindShare(Record):
    """The share of everyone in a group that had gone to a kind of destination by a day."""

    group: str
    kind: str = Field(description="such as with_support; those of a group and day add up to the share that reached it")
    day: float
    people: Count = Field(description="people who had gone there; null where the share did not move, or only a little")
    incidence: Number = Field(description="a share that did not move stands for fewer more than the minimum count")
    lower: Number
    upper: Number


class OutcomeResult(Record):
    """Everything about one outcome."""

    label: Text
    participants: Count
    controls: Count
    participant_events: Count
    control_events: Count
    day_zero_events: Count = Field(description="events on the index day itself, counted as day 1")
    curves: list[CurvePoint]
    at: list[Share]
    median_days: Arms
    logrank: ChiSquared | None
    rmst: RestrictedMean | None
    models: dict[str, Model]
    proportionality: list[ProportionalityRow]
    hazard_ratio_over_time: list[Band]
    hazard_ratio_curve: list[RatioPoint]
    bands_test: ChiSquared | None = Field(description="joint Wald test that all bands are equal")
    destinations: list[Destination]
    kinds_over_time: list[KindShare] = Field(
        default_factory=list, description="cumulative incidence by kind of destination at each of the report's times"
    )
    subgroups: dict[str, SubgroupResult]
    effects: Effects | None = Field(None, description="the difference in people, days and money")


class Analysis(Record):
    """A further analysis of an evaluation: the answer to a question to its matched data, under disclosure control."""

    question: Question = Field(description="what was asked")
    outcome: str = Field(description="name of the outcome; `event` for one of the analyst's own")
    outcome_label: Text = Field(description="what readers call the outcome")
    codes: Text | None = Field(None, description="the codes of an outcome of the analyst's own")
    matching: str = Field(
        description="how the groups were made alike: everyone, again, other_classes, or the weights (with _again inside"
        " each group)"
    )
    unknown_rows: Count = Field(None, description="rows for which a missing value leaves the condition open")
    notes: list[Text] = Field(default_factory=list, description="remarks on the condition")
    groups: dict[str, SubgroupResult] = Field(description="everyone picked first, then each level asked for")
    differences: dict[str, ChiSquared] = Field(
        default_factory=dict, description="by variable: test that the hazard ratio is the same at all its levels"
    )
    suppressed: list[Suppression] = Field(default_factory=list)


class GoalResult(Record):
    """A goal the project set itself, with what came of it."""

    label: Text
    target: Text
    result: Text


class Suppression(Record):
    """A number that was withheld: where, and why."""

    place: str
    reason: str


class Results(Record):
    """results.json."""

    evaluation: About
    flow: list[FlowStep]
    description: list[DescriptionRow]
    matching: Matching | None
    balance: Balance
    outcomes: dict[str, OutcomeResult]
    analyses: dict[str, Analysis] = Field(default_factory=dict, description="further analyses, saved by analysts")
    sensitivity: Sensitivity | None = None
    goals: list[GoalResult] = Field(default_factory=list)
    suppressed: list[Suppression] = Field(default_factory=list)


SIGNIFICANT_DIGITS = 12


def write_results(results: Results, path: Path) -> None:
    """Write results as JSON: keys in the order of the models, twelve significant digits, UTF-8, one final newline.

    Twelve digits keep every figure far below its own error and hide the last bits, in which machines differ.
    """
    path.write_bytes(to_json(rounded(results.model_dump(mode="json")), indent=1) + b"\n")


def read_results(path: Path) -> Results:
    """Read what `write_results` wrote."""
    return Results.model_validate_json(path.read_text(encoding="utf-8"))


def rounded(value: Any) -> Any:
    """A JSON value with every number to twelve significant digits."""
    if isinstance(value, float):
        return float(f"{value:.{SIGNIFICANT_DIGITS}g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return value
