"""Arguments that may be a column's name or the values themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from survival.inputs import Codes, grouping


def column_of(value: Any, data: pd.DataFrame, name: str) -> Any:
    """A column of `data` by name, or the values themselves; None stays None."""
    if not isinstance(value, str):
        return value
    if value not in data.columns:
        raise ValueError(f"`{name}` names {value}, not in `data`; its columns are {', '.join(map(str, data.columns))}")
    return data[value]


def strata_of(strata: Any, data: pd.DataFrame) -> Codes | None:
    """Strata from one column, the combinations of several, or an array."""
    if isinstance(strata, list | tuple) and strata and all(isinstance(name, str) for name in strata):
        columns = [column_of(name, data, "strata") for name in strata]
        for column in columns:
            grouping(column, "strata", len(data))  # says which rows are missing
        codes = data.groupby(list(strata), observed=True).ngroup().to_numpy()
        _, first = np.unique(codes, return_index=True)
        return Codes(codes, list(data[list(strata)].iloc[first].itertuples(index=False, name=None)))
    return grouping(column_of(strata, data, "strata"), "strata", len(data))
