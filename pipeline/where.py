"""Conditions such as `woman and birth_region == 'outside_europe'`, applied to the cohort. No Python is evaluated."""

from __future__ import annotations

import datetime as dt
import difflib
import operator
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.errors import Fault, UserError, stop_if
from pipeline.wheresyntax import (
    All,
    Among,
    Column,
    Compare,
    Condition,
    ConditionError,
    Either,
    Missing,
    Not,
    Value,
    columns_of,
    parse,
)

# A condition on who someone is would pick single people.
HIDDEN = ("person_id",)
FEW_LEVELS = 20

_SIGNS = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_MONTH_OR_DAY = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


@dataclass(frozen=True, slots=True)
class Nowhere:
    """A text that a column is compared with and that none of its rows has, and the nearest that some have."""

    column: str
    value: str
    near: str | None


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows that a condition picks.

    `mask` (n,) is true where the condition is known to hold; `unknown` counts the rows where it is neither known to
    hold nor known not to, because a value is missing; `nowhere` are texts in the condition that occur in no row.
    """

    mask: np.ndarray
    unknown: int
    nowhere: tuple[Nowhere, ...]


def mask(expression: str, frame: pd.DataFrame) -> np.ndarray:
    """Rows of `frame` for which the condition holds, (n,) bool. See `select` for rows with missing values."""
    return select(expression, frame).mask


def columns(expression: str) -> tuple[str, ...]:
    """Names of the columns in a condition, each once, in order."""
    return tuple(dict.fromkeys(columns_of(_parsed(expression))))


def select(expression: str, frame: pd.DataFrame) -> Selection:
    """Apply a condition to a frame.

    A comparison with a missing value is neither true nor false, and so is its opposite: whose sex is unknown is picked
    neither by `woman` nor by `not woman`. (Kleene's logic, as SQL's.)

    Raises
    ------
    UserError : it is not a condition, a column is unknown, or a column is compared with a value of another kind
    """
    condition = _parsed(expression)
    stop_if(_unknown_columns(expression, condition, frame))
    try:
        true, false = _truth(condition, frame)
    except ConditionError as error:
        raise UserError(Fault(_place(expression), str(error))) from None
    return Selection(
        true, int(np.count_nonzero(~true & ~false)), tuple(dict.fromkeys(_values_nowhere(condition, frame)))
    )


def holds(condition: Condition, frame: pd.DataFrame) -> np.ndarray:
    """Rows of a frame for which a condition that has been read is known to hold, (n,) bool.

    Raises
    ------
    ConditionError : a column is compared with a value of another kind
    """
    return _truth(condition, frame)[0]


def _parsed(expression: str) -> Condition:
    try:
        return parse(expression)
    except ConditionError as error:
        raise UserError(Fault(_place(expression), str(error))) from None


def _place(expression: str) -> str:
    shown = " ".join(expression.split())
    return f'condition "{shown if len(shown) <= 80 else shown[:77] + "..."}"'


def _unknown_columns(expression: str, condition: Condition, frame: pd.DataFrame) -> Iterator[Fault]:
    known = [str(name) for name in frame.columns if name not in HIDDEN]
    for name in dict.fromkeys(columns_of(condition)):
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3, cutoff=0.5) or [
                k for k in known if name.lower() in k.lower()
            ]
            remedy = (
                f"Did you mean {' or '.join(near[:3])}?" if near else f"The columns are {', '.join(sorted(known))}."
            )
            yield Fault(_place(expression), f"there is no column '{name}'.", remedy)


Truth = tuple[np.ndarray, np.ndarray]


def _truth(condition: Condition, frame: pd.DataFrame) -> Truth:
    """Where a condition is known to hold, and where it is known not to."""
    match condition:
        case Column():
            return _flag(_read(condition, frame))
        case Compare():
            return _comparison(condition, frame)
        case Among(column, values):
            return _any([_comparison(Compare(column, "==", value), frame) for value in values])
        case Missing(column):
            missing = _read(column, frame).missing
            return missing, ~missing
        case Not(part):
            true, false = _truth(part, frame)
            return false, true
        case All(parts):
            false, true = _any([_truth(part, frame)[::-1] for part in parts])
            return true, false
        case Either(parts):
            return _any([_truth(part, frame) for part in parts])


def _any(parts: list[Truth]) -> Truth:
    return np.logical_or.reduce([true for true, _ in parts]), np.logical_and.reduce([false for _, false in parts])


@dataclass(frozen=True, slots=True)
class _Values:
    """A column as numbers, days or texts (`kind`), with a filler where it is missing."""

    name: str
    kind: str
    values: np.ndarray
    missing: np.ndarray


def _read(column: Column, frame: pd.DataFrame) -> _Values:
    series = frame[column.name]
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(series.cat.categories.dtype)
    missing = series.isna().to_numpy(dtype=bool)
    kind = _kind(series[~missing])
    if kind == "number":
        values = series.to_numpy(dtype=float, na_value=np.nan)
    elif kind == "date":
        values = pd.to_datetime(series).to_numpy(dtype="datetime64[D]")
    else:
        values = series.where(~missing, "").to_numpy(dtype=str)
    return _Values(column.name, kind, values, missing)


def _kind(present: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(present) or pd.api.types.is_numeric_dtype(present):
        return "number"
    if pd.api.types.is_datetime64_any_dtype(present):
        return "date"
    first = present.iloc[0] if len(present) else 0
    if isinstance(first, (bool, int, float, np.number)):
        return "number"
    return "date" if isinstance(first, dt.date) else "text"


def _flag(column: _Values) -> Truth:
    if column.kind != "number" or not np.isin(column.values[~column.missing], (0, 1)).all():
        example = {"number": "> 30", "date": ">= '2021-01-01'", "text": f"== '{_a_level(column)}'"}[column.kind]
        raise ConditionError(f"'{column.name}' is not a yes/no column; compare it, as in {column.name} {example}.")
    true = ~column.missing & (column.values == 1)
    return true, ~column.missing & ~true


def _a_level(column: _Values) -> str:
    levels = np.unique(column.values[~column.missing])
    return str(levels[0]) if 0 < len(levels) <= FEW_LEVELS else "..."


def _comparison(comparison: Compare, frame: pd.DataFrame) -> Truth:
    column, sign, right = _read(comparison.left, frame), comparison.sign, comparison.right
    if column.missing.all():
        return column.missing & False, column.missing & False
    if isinstance(right, Column):
        other = _read(right, frame)
        if column.kind != other.kind:
            raise ConditionError(f"'{column.name}' is a {column.kind} and '{other.name}' a {other.kind}.")
        if column.kind == "text" and sign not in ("==", "!="):
            raise ConditionError(f"'{column.name}' is text, which is neither more nor less; use == or !=.")
        operand: Any = other.values
        known = ~column.missing & ~other.missing
    else:
        operand = _as_kind(right.value, column, sign)
        known = ~column.missing
    holds = _SIGNS[sign](column.values, operand)
    return known & holds, known & ~holds


def _as_kind(value: float | str, column: _Values, sign: str) -> Any:
    """A value as what the column holds; refused when it is of another kind."""
    if column.kind == "number":
        if isinstance(value, str):
            raise ConditionError(f"'{column.name}' is a number; write it without quotes, not '{value}'.")
        return value
    if not isinstance(value, str):
        raise ConditionError(f"'{column.name}' is a {column.kind}; put the value in quotes, as in '{value:.12g}'.")
    if column.kind == "date":
        try:
            return np.datetime64(dt.date.fromisoformat(value))
        except ValueError:
            raise ConditionError(f"'{column.name}' is a date; write it as '2021-01-31', not '{value}'.") from None
    if sign not in ("==", "!=") and not _MONTH_OR_DAY.fullmatch(value):
        raise ConditionError(
            f"'{column.name}' is text, which is neither more nor less than '{value}'; use ==, != or in."
        )
    return value


def _values_nowhere(condition: Condition, frame: pd.DataFrame) -> Iterator[Nowhere]:
    """Texts that a column is compared with and that none of its rows has: likely slips of the pen."""
    match condition:
        case Compare(column, "==" | "!=", Value(value)):
            yield from _nowhere(_read(column, frame), value)
        case Among(column, values):
            for item in values:
                yield from _nowhere(_read(column, frame), item.value)
        case Not(part):
            yield from _values_nowhere(part, frame)
        case All(parts) | Either(parts):
            for part in parts:
                yield from _values_nowhere(part, frame)


def _nowhere(column: _Values, value: float | str) -> Iterator[Nowhere]:
    if column.kind != "text" or value in (levels := np.unique(column.values[~column.missing])):
        return
    near = difflib.get_close_matches(str(value), list(levels), n=1) if len(levels) <= FEW_LEVELS else []
    yield Nowhere(column.name, str(value), str(near[0]) if near else None)
