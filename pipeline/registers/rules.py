"""The cleaning rules: their names, what each does unless the configuration says otherwise, and what else it may do.

Names are those of the settings under `cleaning:`, of the account and of the report. A row is counted under the first
rule it meets, in this order; rules of people come after those of rows.

Rows of periods: `no_person`, `no_start`, `end_before_start`, `no_code`, `empty_period`, the flags of person numbers,
`after_death`, `code_not_in_force`, `exact_duplicate`, `earlier_delivery`, `same_start`, `overlap`. Rows of years:
`no_person`, the flags, `exact_duplicate`, `earlier_delivery`, `repeated_year`, `implausible_birth_year`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Row = Literal["set_aside", "stop"]
Choice = Literal["set_aside", "keep", "stop"]
Change = Literal["change", "stop"]


def _as_text(values: Any) -> Any:
    """Codes are text, but nobody should have to quote them in YAML."""
    return [str(value) if isinstance(value, int) else value for value in values] if isinstance(values, list) else values


class Ages(BaseModel):
    """Ages that count, in the year of the index date, both included."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    least: int = Field(15, ge=0, description="youngest age")
    most: int = Field(74, ge=0, description="oldest age")

    @model_validator(mode="after")
    def _ordered(self) -> Ages:
        if self.most < self.least:
            raise ValueError("'most' is less than 'least'")
        return self


class Cleaning(BaseModel):
    """What is done with rows and people that cannot be used as they are.

    set_aside leaves them out, keep uses them and counts them, change mends them as described, stop refuses the run.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    no_person: Row = Field("set_aside", description="rows without a person's key")
    no_start: Row = Field("set_aside", description="periods without a first day")
    end_before_start: Row = Field("set_aside", description="periods that end before they start")
    no_code: Row = Field("set_aside", description="category periods without a category")
    empty_period: Row = Field("set_aside", description="category periods that end the day they start")
    code_not_in_force: Choice = Field(
        "keep", description="category periods that start when their code was not in use (data/codes/)"
    )
    exact_duplicate: Row = Field("set_aside", description="rows alike in every column, all but one")
    earlier_delivery: Row = Field(
        "set_aside", description="periods and years that a later delivery of the register holds too, with other values"
    )
    same_start: Row = Field(
        "set_aside",
        description="periods of a person from the same day: all but the longest, then the lowest code",
    )
    overlap: Change = Field("change", description="category periods that go on after the next begins: ended there")
    repeated_year: Row = Field("set_aside", description="rows of a person and year: all but the one with most values")
    implausible_birth_year: Change = Field("change", description="no age from 0 to 120 that year: counts as unknown")
    reused_number: Choice = Field("set_aside", description="rows of people whose number was someone else's (AterPNr)")
    changed_number: Choice = Field("keep", description="rows of people whose number changed (LopNrByte, SenPNr)")
    wrong_number: Choice = Field("keep", description="rows of people whose number is wrong (FelPersonNr)")
    after_death: Choice = Field("set_aside", description="periods that start after the person's death")
    death: Literal["change", "keep"] = Field("change", description="follow-up ends at death; keep: it goes on")
    several_starts: Literal["first", "last", "stop"] = Field(
        "first", description="participants with several starts within the intake: which one counts"
    )
    no_usable_start: Choice = Field(
        "set_aside", description="rows of participants none of whose starts can be used: they are no controls either"
    )
    outside_intake: Row = Field("set_aside", description="starts of participation outside the intake")
    not_in_af_register: Row = Field("set_aside", description="participants whom AF's registers do not have")
    no_background_year: Literal["change", "keep", "stop"] = Field(
        "change", description="people without a LISA row of the year asked for: the nearest earlier year; keep: unknown"
    )
    age_out_of_range: Choice = Field("set_aside", description="people whose age at the index date is outside `ages`")
    ages: Ages = Ages()
    death_reasons: Annotated[list[str], BeforeValidator(_as_text)] = Field(
        default_factory=list,
        description="reasons for deregistration that mean death, once AF has confirmed them",
    )


class Identity(BaseModel):
    """How people's keys are replaced when extracts are read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key_file: str | None = Field(
        None, description="file outside the project with the key of the hash; drawn for the run when left out"
    )


RULES = tuple(name for name in Cleaning.model_fields if name not in ("ages", "death_reasons"))
