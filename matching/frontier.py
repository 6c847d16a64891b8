"""The frontier: what finer or wider classes cost in people and gain in balance (King, Lucas and Nielsen 2017)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product

import numpy as np
import pandas as pd

from matching.balance import balance_table
from matching.cem import MatchedSample, cem
from matching.coarsen import Rule
from matching.imbalance import Binned, Bounds, bin_variables, l1_on
from matching.sample import names_of
from matching.unmatched import NoMatchError

Coarsening = Mapping[str, Rule]
SUMMARY = (
    "treated",
    "controls",
    "treated_share",
    "strata",
    "effective_controls",
    "l1_before",
    "l1",
    "largest_smd",
    "largest_smd_in",
)


def coarsening_grid(choices: Mapping[str, Mapping[str, Rule] | Rule]) -> dict[str, dict[str, Rule]]:
    """Every combination of the rules on offer, named "age fine, education wide".

    choices : variable -> its rules by name, or the one rule it always has
    """
    named = {v: dict(c) if isinstance(c, Mapping) else {"": c} for v, c in choices.items()}
    empty = [v for v, c in named.items() if not c]
    if empty:
        raise ValueError(f"choices of {', '.join(empty)}: name at least one rule")
    grid = {}
    for combination in product(*(c.items() for c in named.values())):
        label = ", ".join(f"{v} {name}" for v, (name, _) in zip(named, combination, strict=True) if name)
        grid[label or "only"] = {v: rule for v, (_, rule) in zip(named, combination, strict=True)}
    return grid


def frontier(
    people: pd.DataFrame,
    treatment: str,
    grid: Mapping[str, Coarsening],
    estimand: str = "ATT",
    *,
    weights: str | Sequence[float] | np.ndarray | pd.Series | None = None,
    variables: Sequence[str] | None = None,
    bins: Mapping[str, Bounds] | None = None,
    match: Callable[[Coarsening], MatchedSample] | None = None,
    measure: Callable[[MatchedSample], Mapping[str, float]] | None = None,
) -> pd.DataFrame:
    """One match per coarsening, side by side.

    Parameters
    ----------
    people, treatment, estimand, weights : as in `cem`
    grid : name -> coarsening; `coarsening_grid` makes one
    variables : what balance and L1 are measured on, the same for all; when left out, all that any of them matches on
    bins : L1 bins; automatic ones come from all people offered, so they too are the same for all
    match : how the people are matched on a coarsening; by `cem` with the arguments above when left out
    measure : more columns from each sample, the effect for one

    Returns
    -------
    A row per coarsening in the order of the grid: coarsening, treated and controls (matched), treated_share, strata,
    effective_controls, l1_before, l1, largest_smd and largest_smd_in (of `variables`), then the columns of `measure`.
    A coarsening that matches nobody has 0 people and missing values.
    """
    if not grid:
        raise ValueError("grid must name at least one coarsening")
    every = dict.fromkeys(v for coarsening in grid.values() for v in coarsening)
    measured = names_of(variables, tuple(every))
    binned = bin_variables(people, measured, bins)
    rows = []
    for name, coarsening in grid.items():
        try:
            sample = match(coarsening) if match else cem(people, treatment, coarsening, estimand, weights=weights)
        except NoMatchError:
            rows.append({"coarsening": name, "treated": 0, "controls": 0, "treated_share": 0.0, "strata": 0})
            continue
        added = measure(sample) if measure else {}
        rows.append({"coarsening": name, **_summary(sample, measured, binned), **added})
    columns = dict.fromkeys(["coarsening", *SUMMARY, *(key for row in rows for key in row)])
    return pd.DataFrame(rows, columns=list(columns))


def _summary(sample: MatchedSample, variables: Sequence[str], binned: Binned) -> dict[str, object]:
    arms, counts = sample.arms(), sample.counts
    balance = balance_table(sample.people, arms, variables, estimand=sample.estimand)
    imbalance = l1_on(arms, binned)
    sizes = balance["smd_after"].abs()
    worst = balance.loc[sizes.idxmax()]
    values = (
        int(counts.loc["treated", "matched"]),
        int(counts.loc["controls", "matched"]),
        counts.loc["treated", "matched"] / counts.loc["treated", "all"],
        int(counts.loc["treated", "strata"]),
        float(counts.loc["controls", "effective"]),
        imbalance.before,
        imbalance.after,
        float(sizes.max()),
        f"{worst['variable']} {worst['level']}".strip(),
    )
    return dict(zip(SUMMARY, values, strict=True))


def undominated(people: np.ndarray, imbalance: np.ndarray) -> np.ndarray:
    """(k,) bool: no other point has at least as many people and at most the imbalance, and more or less of one."""
    more = people[None, :] >= people[:, None]
    less = imbalance[None, :] <= imbalance[:, None]
    strictly = (people[None, :] > people[:, None]) | (imbalance[None, :] < imbalance[:, None])
    return np.logical_not((more & less & strictly).any(axis=1))
