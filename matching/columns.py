"""Numeric columns of covariates: numbers as they are, a 0/1 column per category, squares and products."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from matching.coarsen import category_codes, is_numeric


class Column(NamedTuple):
    """(n,) values; `level` is the category a 0/1 column stands for, "" for numbers."""

    variable: str
    level: str
    values: np.ndarray


def numeric_columns(column: pd.Series, variable: str) -> Iterator[Column]:
    """A numeric column itself (NaN where missing), or a 0/1 column per category (missing is one)."""
    if is_numeric(column):
        yield Column(variable, "", column.to_numpy(dtype=float, na_value=np.nan))
        return
    codes, labels = category_codes(column)
    for level, label in enumerate(labels):
        yield Column(variable, label, (codes == level).astype(float))


def is_share(values: np.ndarray) -> bool:
    """Whether the column holds nothing but 0 and 1."""
    return bool(values.min() >= 0 and values.max() <= 1 and ((values == 0) | (values == 1)).all())


def second_order(people: pd.DataFrame, variables: Sequence[str], *, squares: bool, products: bool) -> Iterator[Column]:
    """Squares of the numbers (0/1 columns have none) and products of the columns of each two different variables."""
    columns = {v: list(numeric_columns(people[v], v)) for v in variables}
    if squares:
        for v in variables:
            for column in columns[v]:
                if not column.level and not is_share(column.values[~np.isnan(column.values)]):
                    yield Column(f"{v}^2", "", column.values**2)
    if products:
        for v, u in combinations(variables, 2):
            for a in columns[v]:
                for b in columns[u]:
                    yield Column(f"{v} * {u}", " * ".join(filter(None, (a.level, b.level))), a.values * b.values)


def design_matrix(
    people: pd.DataFrame, variables: Sequence[str], *, squares: bool = False, products: bool = False
) -> tuple[np.ndarray, list[str]]:
    """(n, p) covariates without an intercept, and their names.

    The first level of each category is left out: it follows from the others.

    Raises
    ------
    ValueError : a covariate is missing or infinite somewhere
    """
    incomplete = {v: int(people[v].isna().sum()) for v in variables if people[v].isna().any()}
    if incomplete:
        shown = ", ".join(f"{v} ({count} rows)" for v, count in incomplete.items())
        raise ValueError(f"covariates are missing: {shown}; give missing a category of its own, or drop the rows first")
    columns = []
    for v in variables:
        own = list(numeric_columns(people[v], v))
        columns += own if not own[0].level else own[1:]
    columns += second_order(people, variables, squares=squares, products=products)
    names = [f"{c.variable} {c.level}".strip() for c in columns]
    matrix = np.column_stack([c.values for c in columns]) if columns else np.empty((len(people), 0))
    infinite = [name for j, name in enumerate(names) if not np.isfinite(matrix[:, j]).all()]
    if infinite:
        raise ValueError(f"covariates hold infinite values: {', '.join(infinite)}; correct or drop the rows first")
    return matrix, names
