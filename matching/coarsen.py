"""Coarsening rules: which values of a variable count as alike.

A rule turns one column into classes. `Exact` keeps the values as they are, `Cut` has cutpoints, `Bins` classes of
equal width, `Quantiles` classes of equal size and `Groups` named groups of categories. Every rule says what a missing
value is: refused (the default) or a class of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from matching.bins import class_count, code_type, cut_codes, interval_labels

Missing = Literal["refuse", "class"]
Closed = Literal["left", "right"]
MISSING_LABEL = "missing"


@dataclass(frozen=True, slots=True)
class Exact:
    """Each value its own class. Text, categories and numbers alike; nothing is read as a number that is not one."""

    missing: Missing = "refuse"


@dataclass(frozen=True, slots=True)
class Cut:
    """Classes between cutpoints of one's own.

    points : strictly increasing cutpoints, in the variable's unit
    closed : "left" makes [30, 40) (MatchIt), "right" makes (30, 40] (the cem package)
    outside : "open" lets the end classes run on without limit; "missing" treats values outside the first and last
        cutpoint as missing and closes both ends, as the cem package does with explicit cutpoints
    """

    points: Sequence[float]
    closed: Closed = "left"
    outside: Literal["open", "missing"] = "open"
    missing: Missing = "refuse"

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", tuple(self.points))


@dataclass(frozen=True, slots=True)
class Bins:
    """Classes of equal width over the observed range.

    number : how many, or a rule that finds it: "sturges", "scott" or "fd" (Freedman and Diaconis), as R's `nclass`
        functions
    closed : as in `Cut`; the end classes hold the smallest and the largest value

    A named rule is automatic, so a text or categorical column is then matched value by value, as it should be when
    codes look like numbers. An explicit number of bins for such a column is refused.
    """

    number: int | Literal["sturges", "scott", "fd"] = "sturges"
    closed: Closed = "left"
    missing: Missing = "refuse"


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Classes that hold about equally many people (linear interpolation, R's type 7; equal cutpoints are merged)."""

    number: int = 4
    closed: Closed = "left"
    missing: Missing = "refuse"


@dataclass(frozen=True, slots=True)
class Groups:
    """Named groups of categories; every category of the column must be in exactly one.

    groups : name of the group -> its categories
    """

    groups: Mapping[str, Sequence[Any]]
    missing: Missing = "refuse"


Rule = Exact | Cut | Bins | Quantiles | Groups


@dataclass(frozen=True, slots=True)
class Classes:
    """One coarsened variable.

    codes : (n,) small integers, the class of each row, an index into `labels`
    labels : names of the classes, in order; "missing" last where missing values are a class
    breaks : the cutpoints used, None for categories
    ordered : whether neighbouring classes are neighbours in value (so that widening a class means something)
    """

    codes: np.ndarray
    labels: tuple[str, ...]
    breaks: tuple[float, ...] | None
    ordered: bool


def coarsen(column: pd.Series, rule: Rule, variable: str | None = None) -> Classes:
    """Classes of one column by one rule.

    Parameters
    ----------
    column : (n,) values
    rule : Exact, Cut, Bins, Quantiles or Groups
    variable : name used in messages; the column's own when left out

    Raises
    ------
    ValueError : the rule does not fit the column (type, order of cutpoints, unknown category, missing values); the
        message names the variable and the remedy
    """
    name = str(column.name) if variable is None else variable
    _check_rule(rule, name)
    match rule:
        case Exact():
            return _exact(column, *_categories_checked(column, rule, name))
        case Cut():
            return _cut(_numbers(column, rule, name), _checked_points(rule, name), rule)
        case Bins(number=str()) if not is_numeric(column):
            return _exact(column, *_categories_checked(column, rule, name))
        case Bins() | Quantiles():
            values = _numbers(column, rule, name)
            return _cut_inside(values, _breaks(values, rule, name), rule)
        case Groups():
            return _grouped(column, rule, name)


def _check_rule(rule: Rule, name: str) -> None:
    if not isinstance(rule, Rule):
        raise ValueError(f"coarsening of {name}: {rule!r} is not a rule; use Exact(), Cut, Bins, Quantiles or Groups")
    if rule.missing not in ("refuse", "class"):
        raise ValueError(f"coarsening of {name}: missing={rule.missing!r} is unknown; use 'refuse' or 'class'")


def _check_missing(missing: np.ndarray, rule: Rule, name: str) -> None:
    count = int(missing.sum())
    if count and count == len(missing):
        raise ValueError(f"{name} is missing for everyone; leave it out of the matching")
    if count and rule.missing == "refuse":
        raise ValueError(
            f"{name} is missing in {count} of {len(missing)} rows; "
            "give its rule missing='class' to match them among themselves, or drop the rows first"
        )


def is_numeric(column: pd.Series) -> bool:
    """Whether a column holds numbers (booleans count): a categorical whose categories look like numbers does not."""
    return pd.api.types.is_numeric_dtype(column.dtype) and not isinstance(column.dtype, pd.CategoricalDtype)


def _numbers(column: pd.Series, rule: Rule, name: str) -> np.ndarray:
    """Float values of a numeric column, NaN where the rule lets values be missing."""
    if not is_numeric(column):
        kind = "categorical" if isinstance(column.dtype, pd.CategoricalDtype) else f"of type {column.dtype}"
        raise ValueError(
            f"{name} is {kind}, not numeric, so {type(rule).__name__} cannot cut it; "
            "use Exact or Groups, or make it numeric first"
        )
    values = column.to_numpy(dtype=float, na_value=np.nan)
    _check_missing(np.isnan(values), rule, name)
    return values


def _checked_points(rule: Cut, name: str) -> np.ndarray:
    try:
        points = np.asarray(rule.points, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"cutpoints of {name} must be numbers, got {list(rule.points)}") from None
    needed = 2 if rule.outside == "missing" else 1
    if points.ndim != 1 or len(points) < needed or not np.isfinite(points).all():
        raise ValueError(f"cutpoints of {name} must be at least {needed} finite number(s), got {list(rule.points)}")
    if (np.diff(points) <= 0).any():
        wanted = sorted(set(points.tolist()))
        raise ValueError(f"cutpoints of {name} are out of order: {list(rule.points)}; write them as {wanted}")
    if rule.outside not in ("open", "missing"):
        raise ValueError(f"coarsening of {name}: outside={rule.outside!r} is unknown; use 'open' or 'missing'")
    return points


def _breaks(values: np.ndarray, rule: Bins | Quantiles, name: str) -> np.ndarray:
    """Breaks from the smallest to the largest value, both included."""
    observed = values[~np.isnan(values)]
    if not np.isfinite(observed).all():
        raise ValueError(f"{name} holds infinite values, so it has no range to divide; use Cut with your own cutpoints")
    return _bin_breaks(observed, rule, name) if isinstance(rule, Bins) else _quantile_breaks(observed, rule, name)


def _bin_breaks(observed: np.ndarray, rule: Bins, name: str) -> np.ndarray:
    if isinstance(rule.number, str):
        if rule.number not in ("sturges", "scott", "fd"):
            raise ValueError(f"Bins of {name}: unknown rule {rule.number!r}; use 'sturges', 'scott', 'fd' or a number")
        number = class_count(observed, rule.number)
    else:
        number = _whole_number(rule.number, "Bins", name)
    low, high = observed.min(), observed.max()
    return np.linspace(low, high, number + 1) if low < high else np.array([low, high])


def _quantile_breaks(observed: np.ndarray, rule: Quantiles, name: str) -> np.ndarray:
    """With many ties quantiles coincide: equal ones are one break, and one that would leave a class empty is none."""
    number = _whole_number(rule.number, "Quantiles", name)
    quantiles = np.quantile(observed, np.linspace(0, 1, number + 1))
    low, high = quantiles[0], quantiles[-1]
    inner = np.unique(quantiles[1:-1])
    return np.concatenate([[low], inner[inner != (low if rule.closed == "left" else high)], [high]])


def _whole_number(number: object, rule: str, name: str) -> int:
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1:
        raise ValueError(
            f"{rule} of {name}: the number of classes must be a whole number of at least 1, got {number!r}"
        )
    return int(number)


def _cut_inside(values: np.ndarray, breaks: np.ndarray, rule: Bins | Quantiles) -> Classes:
    """Cut at the inner breaks only, so that the smallest and the largest value fall in the end classes."""
    inner = breaks[1:-1]
    codes = cut_codes(values, inner, _checked_closed(rule.closed))
    return _with_missing(codes, interval_labels(breaks, rule.closed), np.isnan(values), tuple(inner.tolist()))


def _cut(values: np.ndarray, points: np.ndarray, rule: Cut) -> Classes:
    missing = np.isnan(values)
    closed = _checked_closed(rule.closed)
    if rule.outside == "open":
        codes = cut_codes(values, points, closed)
        labels = interval_labels(np.concatenate([[-np.inf], points, [np.inf]]), closed, exact=True)
        return _with_missing(codes, labels, missing, tuple(points.tolist()))
    missing = missing | (values < points[0]) | (values > points[-1])
    codes = cut_codes(values, points[1:-1], closed)
    return _with_missing(codes, interval_labels(points, closed, exact=True), missing, tuple(points.tolist()))


def _checked_closed(closed: str) -> Closed:
    if closed not in ("left", "right"):
        raise ValueError(f"closed={closed!r} is unknown; use 'left' for [30, 40) or 'right' for (30, 40]")
    return closed  # type: ignore[return-value]


def _with_missing(codes: np.ndarray, labels: list[str], missing: np.ndarray, breaks: tuple[float, ...]) -> Classes:
    if missing.any():
        codes[missing] = len(labels)
        labels = [*labels, MISSING_LABEL]
    return Classes(codes, tuple(labels), breaks, ordered=True)


def _exact(column: pd.Series, codes: np.ndarray, values: list[Any]) -> Classes:
    ordered = is_numeric(column) and not pd.api.types.is_bool_dtype(column.dtype)
    ordered = ordered or (isinstance(column.dtype, pd.CategoricalDtype) and bool(column.dtype.ordered))
    return _category_classes(codes, _value_labels(values), ordered)


def _category_classes(codes: np.ndarray, labels: list[str], ordered: bool) -> Classes:
    missing = codes < 0
    if missing.any():
        codes = np.where(missing, codes.dtype.type(len(labels)), codes)
        labels = [*labels, MISSING_LABEL]
    return Classes(codes, tuple(labels), None, ordered)


def _categories(column: pd.Series) -> tuple[np.ndarray, list[Any]]:
    """(n,) small codes, -1 for missing, and the sorted values they index: the same whatever the order of the rows."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        values = list(column.cat.categories)
        return column.cat.codes.to_numpy(dtype=code_type(len(values) + 1)), values
    codes, found = pd.factorize(column)
    values = found.tolist()
    try:
        order = sorted(range(len(values)), key=values.__getitem__)
    except TypeError:  # numbers and text in one column
        order = sorted(range(len(values)), key=lambda i: (type(values[i]).__name__, str(values[i])))
    rank = np.empty(len(values) + 1, dtype=code_type(len(values) + 1))
    rank[order] = np.arange(len(values))
    rank[-1] = -1
    return rank[codes], [values[i] for i in order]


def _categories_checked(column: pd.Series, rule: Rule, name: str) -> tuple[np.ndarray, list[Any]]:
    """The categories of a column whose missing values, if any, the rule allows."""
    codes, values = _categories(column)
    _check_missing(codes < 0, rule, name)  # not column.isna(), which is slow for text
    return codes, values


def category_codes(column: pd.Series) -> tuple[np.ndarray, tuple[str, ...]]:
    """(n,) codes of a column taken value by value, and the labels they index; missing is the last level."""
    classes = _exact(column, *_categories(column))
    return classes.codes, classes.labels


def _value_labels(values: list[Any]) -> list[str]:
    labels = [f"{v:.15g}" if isinstance(v, float) else str(v) for v in values]
    if len(set(labels)) < len(labels) or MISSING_LABEL in labels:
        labels = [repr(v) for v in values]
    return labels


def _grouped(column: pd.Series, rule: Groups, name: str) -> Classes:
    group_of = _group_numbers(rule, name)
    codes, values = _categories_checked(column, rule, name)
    unknown = [values[i] for i in np.unique(codes[codes >= 0]) if values[i] not in group_of]
    if unknown:
        shown = ", ".join(repr(v) for v in unknown[:5]) + (f" and {len(unknown) - 5} more" if len(unknown) > 5 else "")
        raise ValueError(f"Groups of {name}: in no group: {shown}; add each to a group{_type_hint(unknown, group_of)}")
    lookup = np.array([*(group_of.get(v, -1) for v in values), -1], dtype=code_type(len(rule.groups) + 1))
    return _category_classes(lookup[codes], [str(g) for g in rule.groups], ordered=False)


def _group_numbers(rule: Groups, name: str) -> dict[Any, int]:
    """Category -> number of its group."""
    if not isinstance(rule.groups, Mapping) or not rule.groups:
        raise ValueError(f"Groups of {name} must be a mapping from a group's name to its categories")
    if MISSING_LABEL in rule.groups:
        raise ValueError(
            f"Groups of {name}: {MISSING_LABEL!r} is the class of missing values; name the group otherwise"
        )
    group_of: dict[Any, int] = {}
    for number, (group, members) in enumerate(rule.groups.items()):
        if isinstance(members, str):
            raise ValueError(f"Groups of {name}: the categories of {group!r} must be a list, got the text {members!r}")
        for category in members:
            if category in group_of:
                other = list(rule.groups)[group_of[category]]
                raise ValueError(
                    f"Groups of {name}: category {category!r} is in both {other!r} and {group!r}; keep it in one"
                )
            group_of[category] = number
    return group_of


def _type_hint(unknown: list[Any], group_of: dict[Any, int]) -> str:
    """The usual reason for an unknown category: text in the column and numbers in the groups, or the reverse."""
    as_text = {str(category) for category in group_of}
    if all(str(value) in as_text for value in unknown):
        return f" (the column holds {type(unknown[0]).__name__}, the groups {type(next(iter(group_of))).__name__})"
    return ""
