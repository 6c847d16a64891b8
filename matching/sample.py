"""The result every method of this package returns: people, weights, and what the weights achieve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from matching.balance import Arms, Standardize, balance_table
from matching.imbalance import L1, Bounds, multivariate_l1

ESTIMANDS = {"ATT": "the treated", "ATC": "the controls", "ATE": "everyone"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Sample:
    """People with weights that make the arms alike.

    data : rows that take part, as given, with a column `weight` (and `stratum` after matching)
    method : what made the weights · formula : how
    treatment : name of the treatment column · estimand : ATT, ATC or ATE · variables : names of the covariates used
    people : all n rows offered (not a copy) · treated : (n,) bool
    base : (n,) weights the rows came with, all 1 when there were none · weight : (n,) final weights, 0 for rows left
        out
    notes : what the reader must know: rows left out and why, a variable that alone removes most of an arm
    """

    data: pd.DataFrame
    method: str
    formula: str
    treatment: str
    estimand: str
    variables: tuple[str, ...]
    people: pd.DataFrame
    treated: np.ndarray
    base: np.ndarray
    weight: np.ndarray
    notes: tuple[str, ...] = ()
    _kept: dict[str, L1] = field(default_factory=dict)

    @property
    def matched(self) -> np.ndarray:
        """(n,) bool: the row takes part."""
        return self.weight > 0

    @property
    def counts(self) -> pd.DataFrame:
        """Rows of each arm: all, matched, unmatched, and the effective number (sum w)^2 / sum w^2 of the matched."""
        rows = {
            arm: (
                int(of.sum()),
                int((of & self.matched).sum()),
                int((of & ~self.matched).sum()),
                effective_size(self.weight[of]),
            )
            for arm, of in (("treated", self.treated), ("controls", ~self.treated))
        }
        return pd.DataFrame.from_dict(
            rows, orient="index", columns=["all", "matched", "unmatched", "effective"]
        ).rename_axis("arm")

    @property
    def weights(self) -> pd.DataFrame:
        """The weights of each arm: rows, sum, min, max, mean, sd and the effective number of rows."""
        rows = {}
        for arm, of in (("treated", self.treated), ("controls", ~self.treated)):
            w = self.weight[of & self.matched]
            spread = float(np.std(w, ddof=1)) if len(w) > 1 else np.nan
            rows[arm] = (len(w), w.sum(), w.min(), w.max(), w.mean(), spread, effective_size(w))
        columns = ["rows", "sum", "min", "max", "mean", "sd", "effective"]
        return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("arm")

    def balance(
        self,
        variables: Sequence[str] | None = None,
        *,
        standardize: Standardize = "estimand",
        squares: bool = False,
        products: bool = False,
    ) -> pd.DataFrame:
        """Means, SMD, variance ratio, KS and mean eCDF difference before (base weights) and after; see `balance_table`.

        variables : any columns of the people offered, matched on or not; those matched on when left out
        """
        return balance_table(
            self.people,
            self.arms(),
            names_of(variables, self.variables),
            estimand=self.estimand,
            standardize=standardize,
            squares=squares,
            products=products,
        )

    @property
    def l1(self) -> L1:
        """Multivariate imbalance before and after on automatic bins, which it records."""
        if "l1" not in self._kept:
            self._kept["l1"] = self.imbalance()
        return self._kept["l1"]

    def imbalance(self, variables: Sequence[str] | None = None, *, bins: Mapping[str, Bounds] | None = None) -> L1:
        """L1 on other variables or bins than `l1` takes; see `multivariate_l1`."""
        return multivariate_l1(self.people, self.arms(), names_of(variables, self.variables), bins)

    def arms(self) -> Arms:
        """The weights before and after, each arm's summing to one."""
        return Arms.of(self.treated, self.base, self.weight)

    def __repr__(self) -> str:
        return "\n".join(self._lines())

    def _repr_html_(self) -> str:
        """For notebooks: how the weights were made, the counts, and the balance they reach."""
        from matching.notebook import as_html

        head = f"{self.method}, {self.estimand} (effect on {ESTIMANDS[self.estimand]})"
        counts = as_html([head], self.counts, digits=1, index=True)
        columns = ["variable", "level", "mean_treated_after", "mean_controls_after", "smd_before", "smd_after"]
        return counts + as_html([f"note: {note}" for note in self.notes], self.balance()[columns])

    def _lines(self) -> list[str]:
        counts = self.counts
        head = f"{self.method}, {self.estimand} (effect on {ESTIMANDS[self.estimand]})"
        parts = [head, counts.round({"effective": 1}).to_string(), f"weights: {self.formula}"]
        sums = self.weights["sum"]
        parts.append(f"sums of weights: treated {sums['treated']:.10g}, controls {sums['controls']:.10g}")
        return [*parts, *(f"note: {note}" for note in self.notes)]


def names_of(variables: Sequence[str] | None, default: tuple[str, ...] = ()) -> list[str]:
    """Column names as a list; a single name is not taken for its letters."""
    if isinstance(variables, str):
        return [variables]
    return list(default if variables is None else variables)


def effective_size(weights: np.ndarray) -> float:
    """(sum w)^2 / sum w^2 (Kish): how many equally weighted rows would give the same precision."""
    squares = float(np.dot(weights, weights))
    return float(weights.sum()) ** 2 / squares if squares > 0 else 0.0


def few_effective(treated: np.ndarray, weight: np.ndarray) -> tuple[str, ...]:
    """A note for each arm whose weights leave it with less than a tenth of its rows."""
    notes = []
    for arm, rows in (("treated", treated), ("controls", ~treated)):
        taking_part = int((weight[rows] > 0).sum())
        if (effective := effective_size(weight[rows])) < 0.1 * taking_part:
            notes.append(f"{taking_part} {arm} count as {effective:.1f} after weighting: few carry the comparison")
    return tuple(notes)


def weighted_rows(people: pd.DataFrame, rows: np.ndarray, **added: np.ndarray) -> pd.DataFrame:
    """The chosen rows of the people, in their order and with their index, with (n,) columns added."""
    chosen = np.flatnonzero(rows)
    data = people.take(chosen)
    for name, values in added.items():
        data[name] = values[chosen]
    return data
