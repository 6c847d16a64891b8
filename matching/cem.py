"""Coarsened exact matching (Iacus, King and Porro 2012)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from matching.checks import base_weights, check_estimand, check_people, treated_rows
from matching.coarsen import Classes, Rule, coarsen
from matching.pairs import equal_numbers
from matching.sample import Sample, weighted_rows
from matching.strata import FORMULAS, Cells, form_cells, stratum_factors
from matching.unmatched import (
    NoMatchError,
    class_frame,
    no_match_message,
    tightest_note,
    unmatched_cells,
    variable_costs,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class MatchedSample(Sample):
    """People matched exactly on coarsened variables; strata are numbered from 0 over all cells, matched or not.

    classes : the coarsened variables by name: labels, breaks and (n,) codes
    cells : the strata as arrays
    factors : (c, 2) what multiplies the base weights of the treated and of the controls in each stratum, 0 where left
        out
    """

    classes: Mapping[str, Classes]
    cells: Cells
    factors: np.ndarray

    @property
    def counts(self) -> pd.DataFrame:
        """Rows treated and controls: all, matched, unmatched, effective; and the number of matched strata."""
        return Sample.counts.fget(self).assign(strata=int(self.cells.matched.sum()))  # type: ignore[attr-defined]

    @property
    def strata(self) -> pd.DataFrame:
        """A row per stratum: its classes, the rows of each arm, how many were kept, and the weight each kept row gets.

        Weights multiply the base weights; they are 0 in strata with one arm only.
        """
        cells, matched = self.cells, self.cells.matched
        kept = np.bincount(cells.cell[self.matched & self.treated], minlength=len(matched))
        kept_controls = np.bincount(cells.cell[self.matched & ~self.treated], minlength=len(matched))
        numbers = pd.DataFrame(
            {
                "treated": cells.treated,
                "controls": cells.controls,
                "matched_treated": kept,
                "matched_controls": kept_controls,
                "weight_treated": self.factors[:, 0],
                "weight_controls": self.factors[:, 1],
            }
        )
        return pd.concat([class_frame(cells, self.classes), numbers], axis=1)

    def stratum_weights(self, stratum: int) -> tuple[float, float]:
        """What multiplies the base weight of a treated and of a control in one stratum.

        Raises
        ------
        ValueError : there is no such stratum, or it was left out because one arm is empty; the message says what
            would let it in
        """
        if not 0 <= stratum < len(self.factors):
            raise ValueError(f"there is no stratum {stratum}; they are numbered 0 to {len(self.factors) - 1}")
        if self.cells.matched[stratum]:
            return float(self.factors[stratum, 0]), float(self.factors[stratum, 1])
        arm, other = ("treated", "controls") if self.cells.treated[stratum] else ("controls", "treated")
        row = unmatched_cells(self.cells, self.classes, arm).set_index("stratum").loc[stratum]
        where = ", ".join(f"{v} {row[v]}" for v in self.classes)
        remedy = (
            f"leaving out one of {row['dropping']} would let it in"
            if row["dropping"]
            else "no single variable would let it in"
        )
        raise ValueError(f"stratum {stratum} ({where}) was left out and has no weights: it holds no {other}; {remedy}")

    def unmatched(self, arm: str = "treated") -> pd.DataFrame:
        """Who found no match: a row per stratum with its people and the single variables that would let them in.

        dropping : variables each of which, left out, would give them a counterpart
        widening : variables whose neighbouring class, joined to theirs, would ("age to [40, 50)")
        """
        return unmatched_cells(self.cells, self.classes, arm)

    def costs(self, arm: str = "treated") -> pd.DataFrame:
        """What each variable costs: how many of an arm are matched if it is dropped, widened, or the only one."""
        costs = pd.DataFrame(variable_costs(self.cells, self.classes, arm))
        return costs.astype({"if_widened": "Int64"})

    def coarsening_table(self) -> pd.DataFrame:
        """The classes used: variable, class, and the rows of each arm in it, all and matched."""
        frames = []
        for name, c in self.classes.items():
            of = {"treated": self.treated, "controls": ~self.treated}
            table = {arm: np.bincount(c.codes[rows], minlength=len(c.labels)) for arm, rows in of.items()}
            table |= {
                f"matched_{a}": np.bincount(c.codes[r & self.matched], minlength=len(c.labels)) for a, r in of.items()
            }
            frames.append(pd.DataFrame({"variable": name, "class": c.labels, **table}))
        return pd.concat(frames, ignore_index=True)

    def _lines(self) -> list[str]:
        lines = [*Sample._lines(self), "classes:"]
        for name, c in self.classes.items():
            lines.append(f"  {name}: " + " | ".join(c.labels[:12]) + (" | ..." if len(c.labels) > 12 else ""))
        if alone := int(((self.cells.treated > 0) & (self.cells.controls == 0)).sum()):
            lines.append(f"{alone} strata hold treated only: unmatched() says who they are and what would let them in")
        return lines


def cem(
    people: pd.DataFrame,
    treatment: str,
    coarsening: Mapping[str, Rule],
    estimand: str = "ATT",
    *,
    weights: str | Sequence[float] | np.ndarray | pd.Series | None = None,
    k_to_k: bool = False,
    seed: int = 0,
    key: str | Sequence[str] | None = None,
) -> MatchedSample:
    """Match people who are in the same class of every variable.

    Parameters
    ----------
    people : a row per person (or per person and index date)
    treatment : column of 0 and 1
    coarsening : variable -> Exact(), Cut, Bins, Quantiles or Groups
    estimand : "ATT", "ATC" or "ATE": whose distribution over the strata the weights reproduce
    weights : base weights, a column or (n,) array, > 0: they enter the stratum totals and multiply the result
    k_to_k : keep as many controls as treated in each stratum, drawn at random
    seed, key : the draw orders the rows of a stratum by a hash of `key` (columns that identify a row; all columns
        when left out) and `seed`, never by position, so that shuffling the rows changes nothing

    Returns
    -------
    MatchedSample : `data`, `counts`, `weights`, `strata`, `balance()`, `l1`, `unmatched()`, `costs()`, `notes`

    Raises
    ------
    NoMatchError (a ValueError) : no stratum holds both arms
    ValueError : a column is missing, the treatment is not 0 and 1, a rule does not fit its variable, or nobody is
        matched; the message names the variable and the remedy

    Iacus, King and Porro (2012). Left-closed classes and weights checked against R `MatchIt::matchit(method = "cem")`,
    right-closed ones and L1 against `cem::cem`.
    """
    if not isinstance(coarsening, Mapping) or not coarsening:
        raise ValueError("coarsening must name at least one variable and its rule, such as {'age': Cut([30, 40, 50])}")
    check_people(people, treatment, coarsening, ("stratum", "weight"))
    check_estimand(estimand)
    treated, base = treated_rows(people, treatment), base_weights(people, weights)
    classes = {name: coarsen(people[name], rule, name) for name, rule in coarsening.items()}
    cells = form_cells(list(classes.values()), treated, base)
    if not cells.matched.any():
        raise NoMatchError(no_match_message(cells, classes))
    rows = cells.matched[cells.cell]
    counted = cells
    if k_to_k:
        rows = equal_numbers(people, treated, cells, seed, key)
        counted = cells.counting(rows, treated, base)
    factors = stratum_factors(counted, estimand)
    weight = np.where(treated, factors[cells.cell, 0], factors[cells.cell, 1]) * rows
    if base is not None:
        weight *= base
    return MatchedSample(
        data=weighted_rows(people, rows, stratum=cells.cell, weight=weight),
        method="coarsened exact matching" + (", k-to-k" if k_to_k else ""),
        formula=FORMULAS[estimand],
        treatment=treatment,
        estimand=estimand,
        variables=tuple(classes),
        people=people,
        treated=treated,
        base=np.broadcast_to(1.0, len(people)) if base is None else base,
        weight=weight,
        notes=tightest_note(cells, classes, "controls" if estimand == "ATC" else "treated"),
        classes=classes,
        cells=cells,
        factors=factors,
    )
