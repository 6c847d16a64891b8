"""The rows a question is answered on, and what makes the groups alike: everyone's matching, or another one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline import match
from pipeline.analysis.people import readable
from pipeline.config import Config, Cut
from pipeline.config import Matching as Rules
from pipeline.effects import ARMS
from pipeline.errors import Fault, UserError
from pipeline.formula import unknown_columns
from pipeline.question import Question
from pipeline.stratum_totals import TOTAL, read_months, with_totals_among
from pipeline.weighing import weighted

Mask = NDArray[np.bool_]

# What an analyst calls weights that `pipeline.weighing` has another name for.
WEIGHTS = {"matching": "cem"}
ELSEWHERE = "Try a wider condition, or wider classes with --classes."


@dataclass(frozen=True, slots=True)
class Base:
    """Rows of the cohort to pick groups among, how they are weighted, and what to do inside a group.

    months : the person-months among which controls' months were drawn, when groups are matched again and need to know
        how many of them are in the group; None otherwise
    inside : weighs the rows of a group, given which of `months` (m,) bool are in it, None when that is not known
    """

    rows: pd.DataFrame
    how: str
    months: pd.DataFrame | None
    inside: Callable[[pd.DataFrame, Mask | None], pd.DataFrame]


def base_of(question: Question, config: Config, interim: Path) -> Base:
    """The matched rows of the run, or the cohort under other classes or weights, once or again inside each group.

    Raises
    ------
    UserError : the evaluation does not match; a class that cannot be read; weights that do not exist
    """
    anew = question.rematch or bool(question.classes) or question.weights != "matching"
    if not anew:
        return Base(pd.read_parquet(interim / "matched.parquet"), "everyone", None, _as_they_are)
    if config.matching is None:
        raise UserError(Fault("matching", "is none: everyone was assigned by lot.", "Leave the matching options out."))
    cohort = pd.read_parquet(interim / "cohort.parquet")
    cohort["row"] = np.arange(len(cohort))
    rules = with_classes(config.matching, question.classes, cohort)
    classes, months = match.rules(rules.variables), read_months(interim)

    def weigh(rows: pd.DataFrame, among: Mask | None) -> pd.DataFrame:
        if question.weights == "matching" and months is not None and among is not None:
            rows = with_totals_among(rows, months, classes, pd.Series(among, months.index))
        try:
            return weighted(rows, classes, WEIGHTS.get(question.weights, question.weights), rules.estimand)
        except ValueError:  # its words hold counts and the ends of people's values
            raise UserError(_no_weights(rows, question)) from None

    if question.rematch:
        # Totals that stand in the cohort are everyone's.
        alone = cohort.drop(columns=[name for name in (TOTAL,) if name in cohort])
        return Base(alone, _how_again(question.weights), months, weigh)
    how = "other_classes" if question.weights == "matching" else question.weights
    everyone = None if months is None else np.ones(len(months), dtype=bool)
    return Base(weigh(cohort, everyone), how, None, _as_they_are)


def _how_again(weights: str) -> str:
    """What groups are made alike by, each by itself; without weights that is by nothing, as for everyone."""
    return {"matching": "again", "none": "none"}.get(weights, f"{weights}_again")


def _as_they_are(rows: pd.DataFrame, among: Mask | None) -> pd.DataFrame:
    return rows


def _no_weights(rows: pd.DataFrame, question: Question) -> Fault:
    """Why rows have no weights, without a word about how many people there are."""
    place = "--rematch" if question.rematch else "--classes" if question.classes else "--weights"
    lacking = [name for arm, name in ARMS.items() if not (rows[match.TREATMENT] == arm).any()]
    if lacking:
        what = f"there are no {' and no '.join(lacking)} to compare."
    elif question.weights == "matching":
        what = "no participant has a control in the same classes of all matching variables."
    else:
        what = f"no weights ({question.weights}) make participants and controls alike."
    return Fault(place, what, ELSEWHERE)


def with_classes(rules: Rules, classes: list[str], cohort: pd.DataFrame) -> Rules:
    """The matching rules with some classes changed: `age=30,40,50`, `education=exact`, `woman=none` (left out)."""
    variables = dict(rules.variables)
    for text in classes:
        name, _, value = (part.strip() for part in text.partition("="))
        faults = unknown_columns([name], [column for column in readable(cohort) if column in cohort], "--classes")
        if faults:
            raise UserError(faults)
        if value == "none":
            variables.pop(name, None)
        elif value == "exact":
            variables[name] = "exact"
        else:
            variables[name] = _cut(name, value, cohort)
    if not variables:
        raise UserError(Fault("--classes", "leaves no variable to match on.", "Keep one, or use --weights none."))
    return rules.model_copy(update={"variables": variables})


def _cut(name: str, value: str, cohort: pd.DataFrame) -> Cut:
    try:
        limits = Cut(cut=[float(limit) for limit in value.split(",")])
    except ValueError:
        what = f"'{name}={value}' gives no classes."
        remedy = f"Write rising limits as in {name}=30,45,60, or {name}=exact, or {name}=none to leave it out."
        raise UserError(Fault("--classes", what, remedy)) from None
    if not pd.api.types.is_numeric_dtype(cohort[name]):
        raise UserError(Fault("--classes", f"'{name}' is not a number.", f"Write {name}=exact or {name}=none."))
    return limits
