"""`sensitivity:` in config.yaml: which choices are varied, and how."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipeline.configbase import Intake, Name, Section, Text

ControlIndex = Literal["every_month", "random_month", "first_month"]
Future = Literal["censor", "censor_unweighted", "exclude"]


class Period(Intake):
    """Part of the intake, looked at by itself."""

    label: Text


class Sensitivity(Section):
    """The specifications of `utfall sensitivity`: the evaluation's own, each other choice alone, and combinations.

    A list names the values tried beside the evaluation's own. When it is left out, all that fit the evaluation are;
    when it is empty, the choice is not varied. docs/sensitivity.md says what each value means.
    """

    specifications: int = Field(200, ge=1, description="how many; combinations are drawn with `seed` up to it")
    control_index: list[ControlIndex] | None = Field(None, description="month from which controls are compared")
    future_participants: list[Future] | None = Field(None, description="people who join later")
    other_exit: list[Literal["remain", "censor", "competing"]] | None = Field(
        None, description="other deregistrations; remain and censor when left out"
    )
    intake: dict[Name, Period] = Field(default_factory=dict, description="periods of the intake, each by itself")
    outcome: list[str] | None = Field(
        None, description="excluding and a group or a code of categories, such as excluding with_support, excluding 33"
    )
    coarsening: list[str] | None = Field(
        None, description="wider, narrower or without and a matching variable, or all: wider age, narrower all"
    )
    weights: list[Literal["cem", "entropy", "propensity", "none"]] | None = Field(
        None, description="what makes the groups alike"
    )
    estimand: list[Literal["ATT", "ATC", "ATE"]] | None = Field(None, description="ATT and ATE when left out")
    covariates: list[Literal["full", "selected", "none"]] | None = Field(None, description="of the Cox regression")
    ties: list[Literal["efron", "breslow"]] | None = Field(None, description="events on the same day")
    follow_up: list[Annotated[float, Field(gt=0)]] | None = Field(
        None, description="times at which follow-up is ended; the second of the report's times when left out"
    )
    placebo_before: float = Field(1095, gt=0, description="days before the start in which the placebo outcome counts")
    bootstrap: int = Field(500, ge=0, description="resamples of people")
