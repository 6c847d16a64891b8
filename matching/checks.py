"""What every method asks of its arguments; each failure is one sentence that says what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from matching.coarsen import is_numeric


def check_people(people: pd.DataFrame, treatment: str, variables: Iterable[str], added: Iterable[str]) -> None:
    """The columns exist, none is there twice, and the names of the columns to be added are free."""
    if not isinstance(people, pd.DataFrame):
        raise ValueError(f"people must be a pandas data frame, got {type(people).__name__}")
    wanted = list(dict.fromkeys([treatment, *variables]))
    lost = [name for name in wanted if name not in people.columns]
    if lost:
        raise ValueError(f"people has no column named {', '.join(map(repr, lost))}")
    double = [name for name in wanted if (people.columns == name).sum() > 1]
    if double:
        raise ValueError(f"people has several columns named {', '.join(map(repr, double))}; keep one")
    if treatment in set(variables):
        raise ValueError(f"the treatment {treatment!r} cannot be matched on; leave it out of the variables")
    taken = [name for name in added if name in people.columns]
    if taken:
        raise ValueError(
            f"people already has a column named {', '.join(map(repr, taken))}; rename it, the result adds one"
        )


def treated_rows(people: pd.DataFrame, treatment: str) -> np.ndarray:
    """(n,) bool from a treatment column of 0 and 1 or False and True."""
    column = people[treatment]
    if column.isna().any():
        raise ValueError(
            f"treatment {treatment!r} is missing in {int(column.isna().sum())} rows; drop them or give them a value"
        )
    if not is_numeric(column) or not column.isin([0, 1]).all():
        raise ValueError(f"treatment {treatment!r} must hold 0 for controls and 1 for treated, got {_some(column)}")
    treated = column.to_numpy(dtype=float) == 1
    if treated.all() or not treated.any():
        absent = "controls (0)" if treated.any() else "treated (1)"
        raise ValueError(f"treatment {treatment!r} has one value only: there are no {absent} to compare with")
    return treated


def _some(column: pd.Series) -> str:
    values = pd.unique(column)[:5].tolist()
    return ", ".join(map(repr, values)) + (", ..." if column.nunique() > 5 else "")


def base_weights(
    people: pd.DataFrame, weights: str | Sequence[float] | np.ndarray | pd.Series | None
) -> np.ndarray | None:
    """(n,) base weights from a column name or an array; None when there are none."""
    if weights is None:
        return None
    if isinstance(weights, str):
        if weights not in people.columns:
            raise ValueError(f"weights: people has no column named {weights!r}")
        if not is_numeric(people[weights]):
            raise ValueError(f"weights: column {weights!r} is not numeric")
        base = people[weights].to_numpy(dtype=float, na_value=np.nan)
    else:
        if isinstance(weights, pd.Series) and not weights.index.equals(people.index):
            raise ValueError(
                "weights: the series has another index than people; reindex it, or pass an array in the rows' order"
            )
        base = np.asarray(weights, dtype=float)
    if base.shape != (len(people),):
        raise ValueError(f"weights: {base.shape} does not fit {len(people)} rows")
    if not np.isfinite(base).all() or (base <= 0).any():
        wrong = int((~np.isfinite(base) | ~(base > 0)).sum())
        raise ValueError(f"weights must be positive and finite; {wrong} rows are not, leave them out of people")
    return base


def check_estimand(estimand: str) -> str:
    """One of ATT, ATC, ATE."""
    if estimand not in ("ATT", "ATC", "ATE"):
        raise ValueError(f"estimand={estimand!r} is unknown; use 'ATT', 'ATC' or 'ATE'")
    return estimand


def arms_and_weights(
    people: pd.DataFrame,
    treatment: str,
    variables: Sequence[str],
    weights: str | Sequence[float] | np.ndarray | pd.Series | None,
) -> tuple[np.ndarray, np.ndarray]:
    """(n,) who is treated and (n,) base weights, 1 when there are none, of people who are to get a column `weight`."""
    check_people(people, treatment, variables, ("weight",))
    base = base_weights(people, weights)
    return treated_rows(people, treatment), np.ones(len(people)) if base is None else base
