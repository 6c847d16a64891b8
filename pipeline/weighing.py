"""Rows of a cohort made alike by weights: matching, entropy balancing, propensity scores, or nothing."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

import matching
from matching.coarsen import Rule, coarsen
from pipeline.match import TREATMENT, WEIGHT, strata


def weighted(cohort: pd.DataFrame, rules: Mapping[str, Rule], weights: str, estimand: str) -> pd.DataFrame:
    """The rows that take part, with `weight` and `stratum` (0 where there are no strata).

    Entropy balancing and propensity scores take the matching variables themselves, among the rows whose categories
    occur in both arms; a variable that is missing for some enters by its classes.

    Parameters
    ----------
    cohort : where one month per control was drawn, with the totals of its strata under these rules (`stratum_totals`)
    rules : the matching variables and their classes
    weights : cem, entropy, propensity or none

    Raises
    ------
    ValueError : nobody is matched, or no weights make the groups alike; the message says which variable is in the way
    """
    if weights == "none":
        return cohort.assign(stratum=0, weight=cohort[WEIGHT].astype(float))
    if weights == "cem":
        return strata(cohort, rules, estimand).data
    function = matching.entropy_balance if weights == "entropy" else matching.propensity_weights
    people = _shared(_complete(cohort, rules), list(rules))
    sample = function(people, TREATMENT, list(rules), estimand, weights=WEIGHT)
    weight = pd.Series(sample.weight, index=people.index)[sample.matched]
    return cohort.loc[weight.index].assign(stratum=0, weight=weight)


def _complete(cohort: pd.DataFrame, rules: Mapping[str, Rule]) -> pd.DataFrame:
    """The matching variables as they are; those that are missing for some by their classes, missing being one."""
    people = cohort[[TREATMENT, WEIGHT, *rules]].copy()
    for name, rule in rules.items():
        if people[name].isna().any():
            classes = coarsen(people[name], rule, name)
            people[name] = pd.Categorical.from_codes(classes.codes, list(map(str, classes.labels)))
    return people


def _shared(people: pd.DataFrame, variables: list[str]) -> pd.DataFrame:
    """Rows whose categories occur in both arms: months in which nobody started have nobody to be compared with."""
    arms = people[TREATMENT] == 1
    kept = pd.Series(True, index=people.index)
    for name in variables:
        if not pd.api.types.is_numeric_dtype(people[name]):
            both = set(people.loc[arms, name]) & set(people.loc[~arms, name])
            kept &= people[name].isin(both)
    shared = people[kept]
    levels = shared.select_dtypes("category").columns
    return shared.assign(**{name: shared[name].cat.remove_unused_categories() for name in levels})
