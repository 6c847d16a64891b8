"""A formula and a data frame to a design matrix whose columns are named as people read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from survival.arrays import Floats


@dataclass(frozen=True, slots=True)
class Design:
    """A design matrix without intercept.

    values p columns (n,); columns (p,) their readable names; terms: formula term -> places of its columns; spec
    rebuilds the same columns from new data, and is None when they are the data's own.
    """

    values: list[Floats]
    columns: list[str]
    terms: dict[str, list[int]]
    spec: Any

    def find(self, name: str) -> list[int] | None:
        """Places of the columns of a formula term, of the factor of a variable, or of one column; None if not there."""
        for term, places in self.terms.items():
            if term == name or _variable(term) == name:
                return places
        return [self.columns.index(name)] if name in self.columns else None


def design(formula: str, data: pd.DataFrame) -> Design:
    """Build the columns of `formula` (formulaic's language; a left-hand side and the intercept are left out).

    Raises
    ------
    ValueError : a variable is not in the data, has missing or infinite values, or the formula cannot be read
    """
    right = formula.split("~")[-1].strip()
    if not right or right in {"0", "1"}:
        raise ValueError("`formula` names no covariates")
    made = _plain_columns(right, data)
    if made is None:
        made = _built(right, data)
    infinite = [name for name, column in zip(made.columns, made.values, strict=True) if not np.isfinite(column).all()]
    if infinite:
        _no_missing(data, [name for name in infinite if name in data.columns])
        raise ValueError(f"`formula` gives missing or infinite values in {_listed(infinite)}")
    return made


def _plain_columns(right: str, data: pd.DataFrame) -> Design | None:
    """The design of a sum of numbers and factors, made directly: most models, and a third of the time of a small fit.

    A factor has a column for each level but the first of those that occur, as formulaic has it beside an intercept.
    """
    names = list(dict.fromkeys(name.strip() for name in right.split("+")))
    if not all(name in data.columns and (_is_number(data[name]) or _is_complete(data[name])) for name in names):
        return None
    values: list[Floats] = []
    columns: list[str] = []
    terms: dict[str, list[int]] = {}
    levels: dict[str, list[Any]] = {}
    for name in names:
        begin = len(columns)
        if _is_number(data[name]):
            columns.append(name)
            values.append(data[name].to_numpy(dtype=float))
        else:
            codes, categories = data[name].cat.codes.to_numpy(), data[name].cat.categories
            present = np.flatnonzero(np.bincount(codes, minlength=len(categories)))
            levels[name] = [categories[code] for code in present]
            columns += [f"{name}: {level}" for level in levels[name][1:]]
            values += [(codes == code).astype(float) for code in present[1:]]
        if begin < len(columns):
            terms[name] = list(range(begin, len(columns)))
    return Design(values, columns, terms, Levels(right, names, levels) if levels else None) if columns else None


@dataclass(frozen=True, slots=True)
class Levels:
    """What builds a sum of `names` from new data: the levels of those that are factors, the reference first."""

    formula: str
    names: list[str]
    levels: dict[str, list[Any]]

    def by_formulaic(self) -> Any:
        """formulaic's own specification of the same columns, made from as few rows as have every level."""
        rows = max(map(len, self.levels.values()))
        few = {
            name: pd.Categorical(np.resize(np.array(found, dtype=object), rows), categories=found)
            if (found := self.levels.get(name))
            else np.zeros(rows)
            for name in self.names
        }
        return _built(self.formula, pd.DataFrame(few)).spec


def _is_complete(column: Any) -> bool:
    """Whether a column is a factor without missing values."""
    return (
        isinstance(column, pd.Series)
        and isinstance(column.dtype, pd.CategoricalDtype)
        and bool((column.cat.codes >= 0).all())
    )


def _is_number(column: Any) -> bool:
    return isinstance(column, pd.Series) and isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf"


def _built(right: str, data: pd.DataFrame) -> Design:
    """The design of any other formula, by formulaic."""
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    try:
        parsed = Formula(right)
        absent = sorted(str(name) for name in parsed.required_variables if str(name) not in data.columns)
        if absent:
            raise ValueError(
                f"`formula` names {_listed(absent)}, not in `data`; its columns are {_listed(data.columns)}"
            )
        _no_missing(data, sorted(str(name) for name in parsed.required_variables))
        matrix = parsed.get_model_matrix(_levels_present(data, parsed), na_action="raise")
    except FormulaicError as error:
        raise ValueError(f"`formula` cannot be read: {error}") from None
    return _without_intercept(matrix)


def _levels_present(data: pd.DataFrame, parsed: Any) -> pd.DataFrame:
    """The data without categories nobody has, which would be columns of zeros."""
    names = [str(name) for name in parsed.required_variables]
    factors = [name for name in names if isinstance(data[name].dtype, pd.CategoricalDtype)]
    return data.assign(**{name: data[name].cat.remove_unused_categories() for name in factors}) if factors else data


def _without_intercept(matrix: pd.DataFrame) -> Design:
    spec = matrix.model_spec
    names = list(matrix.columns)
    kept = [i for i, name in enumerate(names) if name != "Intercept"]
    place = {old: new for new, old in enumerate(kept)}
    columns = [_readable(str(names[i])) for i in kept]
    terms = {
        str(term): [place[i] for i in places if i in place]
        for term, places in spec.term_indices.items()
        if any(i in place for i in places)
    }
    values = [matrix.iloc[:, i].to_numpy(dtype=float) for i in kept]
    return Design(values, columns, terms, spec)


def rebuild(made: Design, data: pd.DataFrame) -> Floats:
    """(m, p) the columns of a design for new rows, with the levels and transforms it was fitted with."""
    spec = made.spec.by_formulaic() if isinstance(made.spec, Levels) else made.spec
    needed = made.columns if spec is None else sorted(str(name) for name in spec.required_variables)
    absent = [name for name in needed if name not in data.columns]
    if absent:
        raise ValueError(f"`data` lacks {_listed(absent)}, which the model was fitted with")
    _no_missing(data, needed)
    if spec is None:
        return data[made.columns].to_numpy(dtype=float)
    matrix = spec.get_model_matrix(data, na_action="raise")
    places = {_readable(str(name)): i for i, name in enumerate(matrix.columns)}
    return np.column_stack([matrix.iloc[:, places[name]].to_numpy(dtype=float) for name in made.columns])


def _readable(name: str) -> str:
    """formulaic's column name as people read it: C(education)[T.upper]:age is `education: upper:age`."""
    return ":".join(_part(part) for part in _split(name))


def _split(name: str) -> list[str]:
    """Parts of an interaction: split at colons outside brackets and parentheses."""
    parts, depth, begin = [], 0, 0
    for i, sign in enumerate(name):
        depth += (sign in "[(") - (sign in "])")
        if sign == ":" and depth == 0:
            parts.append(name[begin:i])
            begin = i + 1
    return [*parts, name[begin:]]


def _part(name: str) -> str:
    if not name.endswith("]") or "[" not in name:
        return name
    factor, _, level = name[:-1].partition("[")
    return f"{_variable(factor)}: {level.removeprefix('T.')}"


def _variable(term: str) -> str:
    """C(education, ...) is education; anything else is itself."""
    if term.startswith("C(") and term.endswith(")"):
        return term[2:-1].split(",")[0].strip()
    return term


def _no_missing(data: pd.DataFrame, names: list[str]) -> None:
    missing = {name: int(data[name].isna().sum()) for name in names}
    found = [f"{name} ({count} of {len(data)} rows)" for name, count in missing.items() if count]
    if found:
        raise ValueError(f"`data` has missing values in {', '.join(found)}; fill or leave out those rows")


def _listed(names: object) -> str:
    return ", ".join(f"{name}" for name in names)  # type: ignore[attr-defined]
