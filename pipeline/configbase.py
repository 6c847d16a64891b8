"""What the sections of config.yaml are built from."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Language = Literal["sv", "en"]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", description="lower-case letters, digits, _ and -")]
# Codes are text ("01" is not 1), but nobody should have to quote 33 in YAML.
Code = Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, int) else value)]


def as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


class Section(BaseModel):
    """A part of the configuration: unknown keys are refused, values do not change afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(Section):
    """A text in the report's languages; a plain string serves both."""

    sv: str = Field(description="in Swedish")
    en: str = Field(description="in English")

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return {"sv": value, "en": value} if isinstance(value, str) else value


class Intake(Section):
    """First and last day on which a start counts."""

    first: dt.date = Field(description="first day")
    last: dt.date = Field(description="last day")

    @model_validator(mode="after")
    def _ordered(self) -> Intake:
        if self.last < self.first:
            raise ValueError("'last' is before 'first'")
        return self
