"""Stratum totals when one month is drawn per person: known, so not estimated from the few rows that were drawn.

A control drawn among m months has index weight m. Divided by the sum of the weights drawn in its stratum, as matching
does with any weights, that weight cancels where a stratum holds a single control: long stays, drawn seldom, would count
for no more than short ones. The number of eligible person-months of a stratum is known, and so is the chance that at
least one of them is drawn; their ratio is what the drawn weights sum to on average in the strata that hold a control
at all (Horvitz and Thompson 1952, given that a stratum is not empty).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from matching import MatchedSample
from matching.coarsen import Rule, coarsen
from matching.strata import number_cells, stratum_factors
from pipeline.config import Coarsening

if TYPE_CHECKING:
    from pipeline.periods import Table

TOTAL = "index_total"
MONTHS = "person_months.parquet"  # what the drawn months were drawn among, for totals under other classes
NOTE = "controls' stratum totals are eligible person-months over the chance that one is drawn, not the weights drawn"
DECIMALS = 9


def with_expected_totals(chosen: Table, eligible: Table, variables: Mapping[str, Coarsening]) -> Table:
    """Chosen rows with `index_total`, the expected sum of index weights in their stratum; null for participants.

    Parameters
    ----------
    chosen : one row per control, drawn among
    eligible : the person-months it could have been
    variables : the matching variables and their classes
    """
    import ibis  # the data engine, which takes long; analysts' questions need what follows below alone

    from pipeline.classes import class_columns

    totals = expected_totals(_counts(eligible.filter(eligible.participant == 0), variables))
    names = [name for name in totals if name != TOTAL]
    known = ibis.memtable(totals).rename({f"of_{name}": name for name in names})
    marked = chosen.mutate(**class_columns(chosen, variables))
    found = marked.left_join(known, [marked[name] == known[f"of_{name}"] for name in names])
    total = ibis.ifelse(found.participant == 0, found[TOTAL], None)
    return found.mutate(total.name(TOTAL)).drop(*names, *(f"of_{name}" for name in names))


def _counts(controls: Table, variables: Mapping[str, Coarsening]) -> pd.DataFrame:
    """By stratum: how many people have so many (`within`) of their `months` eligible months in it."""
    from pipeline.classes import class_columns

    marked = controls.select("person_id", **class_columns(controls, variables))
    strata = [name for name in marked.columns if name != "person_id"]
    months = marked.group_by("person_id").aggregate(months=marked.count())
    within = marked.group_by("person_id", *strata).aggregate(within=marked.count())
    both = within.inner_join(months, "person_id")
    counts = both.group_by(*strata, "within", "months").aggregate(people=both.count())
    return counts.order_by(*strata, "within", "months").to_pandas()


def expected_totals(counts: pd.DataFrame) -> pd.DataFrame:
    """The strata of `_counts`, each once, with `index_total`: person-months over the chance that one is drawn."""
    strata = [name for name in counts if name not in ("within", "months", "people")]
    with np.errstate(divide="ignore"):  # whoever has every month in the stratum is sure to be drawn there
        missed = np.log1p(-counts["within"] / counts["months"])
    sums = counts[strata].assign(all=counts["people"] * counts["within"], none=counts["people"] * missed)
    totals = sums.groupby(strata, as_index=False, sort=True).sum()
    totals[TOTAL] = np.round(totals["all"] / -np.expm1(totals["none"]), DECIMALS)
    return totals.drop(columns=["all", "none"])


def read_months(folder: Path) -> pd.DataFrame | None:
    """The person-months among which the cohort's controls were drawn; None where the cohort stage left none."""
    file = folder / MONTHS
    return pd.read_parquet(file) if file.exists() else None


def with_totals_among(
    cohort: pd.DataFrame, months: pd.DataFrame | None, rules: Mapping[str, Rule], inside: pd.Series | None = None
) -> pd.DataFrame:
    """A drawn cohort with `index_total` under other classes than the configured, or among part of the person-months.

    Parameters
    ----------
    cohort : rows of cohort.parquet, all or those that are `inside`
    months : as `read_months` gives them; None leaves the cohort as it is
    rules, inside : as in `totals_among`
    """
    if months is None:
        return cohort
    keys = ["person_id", "start_month"]
    totals = totals_among(months, rules, inside)
    known = totals.set_axis(pd.MultiIndex.from_frame(months.loc[totals.index, keys]))
    total = known.reindex(pd.MultiIndex.from_frame(cohort[keys])).to_numpy()
    return cohort.assign(**{TOTAL: np.where(cohort["participant"] == 0, total, np.nan)})


def totals_among(eligible: pd.DataFrame, rules: Mapping[str, Rule], inside: pd.Series | None = None) -> pd.Series:
    """`index_total` of the stratum of each control person-month, when one month of each person is drawn among them.

    Parameters
    ----------
    eligible : person-months of controls, with person_id and the matching variables
    rules : the matching variables and their classes
    inside : (n,) bool, the person-months that make up a group which is matched by itself; all when left out. The
        month is drawn among all of a person's, so that one inside is not always drawn.

    Returns
    -------
    a total for each row inside, by the index of `eligible`; as the engine's `with_expected_totals` gives the drawn ones
    """
    numbers = pd.factorize(eligible["person_id"])[0]
    months, rows = np.bincount(numbers), eligible
    if inside is not None:
        rows, numbers = eligible[inside], numbers[inside]
    classes = [coarsen(rows[name], rule, name) for name, rule in rules.items()]
    cell, _ = number_cells([c.codes for c in classes], [len(c.labels) for c in classes])
    people = pd.DataFrame({"person": numbers, "cell": cell})
    within = people.groupby(["person", "cell"], sort=True).size().rename("within").reset_index()
    within["months"] = months[within["person"]]
    counts = within.groupby(["cell", "within", "months"], as_index=False, sort=True).agg(people=("person", "size"))
    totals = expected_totals(counts).set_index("cell")[TOTAL]
    return pd.Series(totals.reindex(cell).to_numpy(), index=rows.index, name=TOTAL)


def use_expected_totals(sample: MatchedSample) -> MatchedSample:
    """A matched sample whose controls are weighted by the expected totals of their strata, when the cohort has them."""
    if TOTAL not in sample.people:
        return sample
    controls, cell = ~sample.treated, sample.cells.cell
    totals = sample.cells.controls_weight.copy()
    totals[cell[controls]] = sample.people.loc[controls, TOTAL]
    factors = stratum_factors(replace(sample.cells, controls_weight=totals), sample.estimand)
    if sample.estimand != "ATC":  # the reweighted arm's weights sum to its matched rows
        drawn = factors[cell[controls], 1] * sample.base[controls]
        factors[:, 1] *= (sample.matched & controls).sum() / drawn.sum()
    weight = np.where(sample.treated, factors[cell, 0], factors[cell, 1]) * sample.base
    return replace(
        sample,
        data=sample.data.assign(weight=weight[sample.matched]),
        weight=weight,
        factors=factors,
        notes=(*sample.notes, NOTE),
    )
