"""A question to the matched data of a run, as `utfall subgroup` asks it and `analyses:` in config.yaml keeps it."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from pipeline.answers import Adjustment, Weighting
from pipeline.configbase import Name, Section, Text, as_list
from pipeline.wheresyntax import parse


class Question(Section):
    """Whom to look at, at which outcome, by which regression and under which weights."""

    label: Text | None = Field(None, description="heading in the report; the condition itself when left out")
    where: str | None = Field(None, description="such as woman and age >= 50; everyone when left out")
    by: Annotated[list[str], BeforeValidator(as_list)] = Field(
        default_factory=list,
        description="variables whose levels stand side by side: sex, age:30,50 (classes), sex*disability (crossed)",
    )
    outcome: Name | None = Field(None, description="an outcome of the configuration; the first when left out")
    event: str | None = Field(
        None, description="an outcome of one's own: category in [33, 51], or work_or_studies and category != 33"
    )
    model: str | None = Field(None, description="covariates as a formula; those of `models` when left out")
    select: Literal["none", "backward"] = Field("none", description="how covariates are chosen")
    varying: str | None = Field(
        None, description="how the hazard ratio may change with time: log, linear, or days such as 30, 183"
    )
    weights: Weighting = Field("matching", description="what makes the groups alike")
    cluster: Literal["person", "stratum"] | None = Field(None, description="whose rows belong together in the errors")
    rematch: bool = Field(False, description="match again inside each group; otherwise everyone's weights are used")
    classes: Annotated[list[str], BeforeValidator(as_list)] = Field(
        default_factory=list, description="other matching classes: age=30,40,50,60, education=exact, woman=none"
    )
    interaction: bool = Field(False, description="test whether the hazard ratio differs from that of everyone else")
    adjust: Adjustment = Field("holm", description="how p-values are adjusted for the number of groups tested")
    horizon: Annotated[list[float], BeforeValidator(as_list)] = Field(
        default_factory=list, description="days at which shares are given; the report's when left out"
    )

    @field_validator("where", "event")
    @classmethod
    def _readable(cls, value: str | None) -> str | None:
        if value is not None:
            parse(value)
        return value

    @field_validator("horizon")
    @classmethod
    def _days(cls, days: list[float]) -> list[float]:
        if any(not 0 < day < math.inf for day in days):
            raise ValueError("must be days after 0")
        if len(set(days)) < len(days):
            raise ValueError("names a day twice")
        return days

    @model_validator(mode="after")
    def _consistent(self) -> Question:
        if self.outcome is not None and self.event is not None:
            raise ValueError("give 'outcome' or 'event', not both")
        if self.weights == "none" and self.classes:
            raise ValueError("'classes' decide who is matched, and with weights 'none' nobody is; leave one out")
        return self
