"""The groups a question asks for: those its condition picks, and each level of the variables to set side by side."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from matching.coarsen import Classes, coarsen
from pipeline import match
from pipeline.config import Config, Cut, Text
from pipeline.errors import Fault, UserError, stop_if
from pipeline.formula import unknown_columns
from pipeline.names import OUTCOME_COLUMNS
from pipeline.question import Question
from pipeline.reporting.words import both, labels
from pipeline.where import HIDDEN, Nowhere, columns, select

Mask = NDArray[np.bool_]

MOST_LEVELS = 12
MOST_GROUPS = 40
EVERYONE = "everyone"
WIDER = "Try a wider condition; `utfall describe` shows the columns and how many people have each value."
# Known only after the start, or said in another way: not what people are like when they start.
_LATER = ("follow_up_days", "censored_at_joining")
_NOT_FOR_READERS = (*HIDDEN, "row", "stratum", "weight", "index_weight", "index_total")


@dataclass(frozen=True, slots=True)
class Group:
    """People side by side with others: (n,) rows, and the levels they have; no level is everyone picked."""

    rows: Mask
    levels: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> str:
        """A name for data: sex=woman; everyone."""
        return " and ".join(f"{variable}={level}" for variable, level in self.levels) or EVERYONE

    @property
    def variable(self) -> str:
        """The variables whose levels these are, crossed with *."""
        return "*".join(variable for variable, _ in self.levels)


@dataclass(frozen=True, slots=True)
class Picked:
    """Whom a question is about: among which rows, everyone picked, its groups, and remarks on the condition."""

    shown: pd.DataFrame
    everyone: Group
    groups: tuple[Group, ...]
    unknown: int
    notes: tuple[Text, ...]


def readable(rows: pd.DataFrame) -> pd.DataFrame:
    """The columns that an analyst may name, with `sex` beside `woman`."""
    shown = rows.drop(columns=[name for name in _NOT_FOR_READERS if name in rows])
    if "woman" in shown and "sex" not in shown:
        names = pd.Series(np.where(shown["woman"] == 1, "woman", "man"), index=shown.index, dtype=object)
        shown = shown.assign(sex=names.where(shown["woman"].notna()))
    return shown


def pick(question: Question, shown: pd.DataFrame, config: Config) -> Picked:
    """The groups of a question among the rows of a cohort; shown as `readable` gives them.

    Raises
    ------
    UserError : a condition that cannot be read, a column or level there is not, or too many groups
    """
    everyone, unknown, notes = np.ones(len(shown), dtype=bool), 0, list[Text]()
    if question.where is not None:
        found = select(question.where, shown)
        everyone, unknown = found.mask, found.unknown
        notes = [*map(_told, found.nowhere)]
    chosen = [
        *(columns(question.where) if question.where is not None else ()),
        *itertools.chain(*map(names_of, question.by)),
    ]
    notes += later(chosen, config, "analysis.later")
    groups = [group for spec in question.by for group in _levels(spec, shown, everyone, config)]
    if len(groups) > MOST_GROUPS:
        what = f"gives {len(groups)} groups; {MOST_GROUPS} can be set side by side."
        raise UserError(Fault("--by", what, "Name fewer variables, or wider classes such as age:30,50."))
    return Picked(shown, Group(everyone), tuple(groups), unknown, tuple(notes))


def refuse_nobody(picked: Picked) -> None:
    """Stop when a condition picks nobody, with what it may have meant."""
    if not picked.everyone.rows.any():
        raise UserError(Fault("--where", "picks nobody.", " ".join([*(note.en for note in picked.notes), WIDER])))


def months_of_groups(question: Question, months: pd.DataFrame, config: Config) -> dict[str, Mask]:
    """Which of some person-months (m,) are in each group, by the group's key; none when they cannot tell.

    What happened to people afterwards is known of the months that were drawn alone.
    """
    shown = readable(months)
    if question.where is not None and not set(columns(question.where)) <= set(shown.columns):
        return {}
    if any(name not in shown for spec in question.by for name in names_of(spec)):
        return {}
    picked = pick(question, shown, config)
    return {group.key: group.rows for group in (picked.everyone, *picked.groups)}


def names_of(spec: str) -> list[str]:
    """The variables of a --by, without the limits of their classes."""
    return [part.split(":")[0].strip() for part in spec.split("*")]


def _told(nowhere: Nowhere) -> Text:
    """The remark on a text that no row has."""
    more = {} if nowhere.near is None else {"near": nowhere.near}
    return both(f"analysis.nowhere{'.near' if more else ''}", column=nowhere.column, value=nowhere.value, **more)


def later(names: Iterable[str], config: Config, remark: str) -> list[Text]:
    """A remark on each column used that says what happened to people rather than what they were like."""
    outcomes = {f"{name}_{part}" for name in config.outcome_names for part in OUTCOME_COLUMNS}
    return [both(remark, column=name) for name in dict.fromkeys(names) if name in outcomes or name in _LATER]


def _levels(spec: str, shown: pd.DataFrame, everyone: Mask, config: Config) -> list[Group]:
    """A group for each level of a variable, or for each combination of levels of crossed ones, that somebody has."""
    parts, names = [part.strip() for part in spec.split("*")], names_of(spec)
    stop_if(unknown_columns(names, shown.columns, "--by"))
    if len(set(names)) < len(names):
        raise UserError(Fault("--by", f"'{spec}' crosses a variable with itself.", "Name each of them once."))
    classes = [_classes(part, name, shown, everyone, config) for part, name in zip(parts, names, strict=True)]
    groups = []
    for codes in itertools.product(*(_in_order(found, everyone) for found in classes)):
        rows = everyone.copy()
        for found, code in zip(classes, codes, strict=True):
            rows &= found.codes == code
        if rows.any():
            levels = tuple((n, found.labels[c]) for n, found, c in zip(names, classes, codes, strict=True))
            groups.append(Group(rows, levels))
    return groups


def _classes(part: str, name: str, shown: pd.DataFrame, everyone: Mask, config: Config) -> Classes:
    """The levels of a variable: the limits given, the matching classes of a number, or its values."""
    column = shown[name]
    present = column[everyone].dropna()
    limits = part.partition(":")[2]
    number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    if limits:
        if not number:
            raise UserError(Fault("--by", f"'{name}' is not a number, so it has no limits.", f"Write --by {name}."))
        return coarsen(column, match.rules({name: Cut(cut=_limits(limits, name))})[name], name)
    if number and present.nunique() > 2:
        rule = config.matching.variables.get(name) if config.matching else None
        if isinstance(rule, Cut):
            return coarsen(column, match.rules({name: rule})[name], name)
        what = f"'{name}' is a number."
        low, high = (math.floor(present.quantile(q)) for q in (1 / 3, 2 / 3))
        raise UserError(Fault("--by", what, f"Give the limits of its classes, as in {name}:{low},{high}."))
    if present.nunique() > MOST_LEVELS:
        what = f"'{name}' has {present.nunique()} levels; {MOST_LEVELS} can be set side by side."
        raise UserError(Fault("--by", what, "Pick some of them with --where."))
    text = column.map(lambda v: f"{v:g}" if isinstance(v, float) else str(v), na_action="ignore").astype(object)
    if number or pd.api.types.is_bool_dtype(column):
        text = text.replace({"1": "yes", "0": "no", "True": "yes", "False": "no", "1.0": "yes", "0.0": "no"})
    return coarsen(text, match.rules({name: "exact"})[name], name)


def _limits(text: str, name: str) -> list[float]:
    try:
        return Cut(cut=[float(limit) for limit in text.split(",")]).cut
    except ValueError:
        what = f"'{name}:{text}' gives no classes."
        raise UserError(Fault("--by", what, f"Write rising limits, as in {name}:30,50.")) from None


def _in_order(classes: Classes, everyone: Mask) -> list[int]:
    """Codes of the levels that occur, as readers are used to them; those without such an order as they are."""
    present = [code for code in range(len(classes.labels)) if (everyone & (classes.codes == code)).any()]
    return sorted(present, key=lambda code: labels.level_order(classes.labels[code])[0])
