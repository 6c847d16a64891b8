"""Classes of the matching variables as the data engine computes them, for counts over everyone eligible.

The matching itself coarsens with `matching.coarsen`; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis

from pipeline import config as settings
from pipeline.periods import Table

MISSING = "missing"


def class_columns(rows: Table, variables: Mapping[str, settings.Coarsening]) -> dict[str, Any]:
    """The class of each variable as text, by column name `class_<variable>`; a missing value is a class of its own."""
    return {f"class_{name}": _class(rows[name], rule).fill_null(MISSING) for name, rule in variables.items()}


def _class(column: Any, rule: settings.Coarsening) -> Any:
    if isinstance(rule, settings.Cut):
        return sum((column >= ibis.literal(point)).cast("int64") for point in rule.cut).cast("string")
    if isinstance(rule, settings.Groups):
        return ibis.cases(*((column.isin(values), group) for group, values in rule.groups.items()), else_=MISSING)
    return column.cast("string")
