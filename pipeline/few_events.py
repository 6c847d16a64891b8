"""How few people with the event a coefficient rests on, which decides whether it may be shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.formula import variables_of

Mask = NDArray[np.bool_]


def fewest_events(
    reached: pd.DataFrame, person: str, term: Sequence[str], crossed: Iterable[Sequence[str]]
) -> int | None:
    """People with the event in the smallest of the groups that a coefficient compares; None for numbers.

    A level is compared with its reference. A product of levels compares all their combinations. A part that also stands
    in a product is compared where the other parts of that product are at their reference.

    reached : the rows of a fit that have the event; `person` names the column that tells people apart
    term : the parts of the coefficient · crossed : the parts of each product among the fit's coefficients
    """
    sides = [found for part in term if (found := _sides(reached, part)) is not None]
    others = {part for product_ in crossed if set(term) < set(product_) for part in product_} - set(term)
    references = [found[1] for part in others if (found := _sides(reached, part)) is not None]
    if not sides and not references:
        return None
    everyone = np.ones(len(reached), dtype=bool)
    people = reached[person].to_numpy()
    groups = (np.logical_and.reduce([everyone, *references, *group]) for group in product(*sides))
    return min(len(pd.unique(people[rows])) for rows in groups)


def _sides(reached: pd.DataFrame, part: str) -> tuple[Mask, Mask] | None:
    """Rows at the level that a part stands for, and at its reference; None for numbers and functions of them."""
    factor, _, level = part.partition(": ")
    name = variables[0] if len(variables := sorted(variables_of(factor))) == 1 else ""
    if name not in reached:
        return None
    values = reached[name]
    if level and factor != name and pd.api.types.is_numeric_dtype(values):  # one of a spline's columns
        return None
    if not level and not set(values.dropna().unique()) <= {0, 1}:
        return None
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes, levels = values.cat.codes.to_numpy(), values.cat.categories
        return (levels.astype(str) == level if level else levels == 1)[codes], codes == 0
    at_level = (values.astype(str) == level if level else values == 1).to_numpy()
    return at_level, ~at_level
