"""Rows of a specification made alike by weights: matching, entropy balancing, propensity scores, or nothing."""

from __future__ import annotations

import pandas as pd

import matching
from matching.coarsen import Rule, coarsen
from pipeline import match as match_stage
from pipeline.coarsenings import coarsenings
from pipeline.config import Config
from pipeline.sensitivity.choices import Specification
from pipeline.sensitivity.cohorts import Rows
from pipeline.stratum_totals import TOTAL, totals_among, use_expected_totals


def weighted(rows: Rows, specification: Specification, config: Config) -> pd.DataFrame:
    """The rows that take part, with `weight` and `stratum` (0 where there are no strata).

    Raises
    ------
    ValueError : nobody is matched, or no weights make the groups alike; the message says which variable is in the way
    """
    if specification.weights == "none":
        return rows.cohort.assign(stratum=0, weight=rows.cohort[match_stage.WEIGHT].astype(float))
    if specification.weights == "cem":
        return matched(rows, specification, config).data
    function = matching.entropy_balance if specification.weights == "entropy" else matching.propensity_weights
    rules = rules_of(specification, config)
    people = _shared(_complete(rows.cohort, rules), list(rules))
    sample = function(people, match_stage.TREATMENT, list(rules), specification.estimand, weights=match_stage.WEIGHT)
    weight = pd.Series(sample.weight, index=people.index)[sample.matched]
    return rows.cohort.loc[weight.index].assign(stratum=0, weight=weight)


def matched(rows: Rows, specification: Specification, config: Config) -> matching.MatchedSample:
    """Coarsened exact matching with the specification's classes and estimand."""
    rules, cohort = rules_of(specification, config), rows.cohort
    if rows.eligible is not None:
        cohort = cohort.assign(**{TOTAL: totals_among(rows.eligible, rules).reindex(cohort.index)})
    sample = matching.cem(cohort, match_stage.TREATMENT, rules, specification.estimand, weights=match_stage.WEIGHT)
    return use_expected_totals(sample)


def rules_of(specification: Specification, config: Config) -> dict[str, Rule]:
    """The matching variables and their classes under a specification."""
    assert config.matching is not None
    return match_stage.rules(coarsenings(config.matching.variables)[specification.coarsening])


def _complete(cohort: pd.DataFrame, rules: dict[str, Rule]) -> pd.DataFrame:
    """The matching variables as they are; those that are missing for some by their classes, missing being one."""
    people = cohort[[match_stage.TREATMENT, match_stage.WEIGHT, *rules]].copy()
    for name, rule in rules.items():
        if people[name].isna().any():
            classes = coarsen(people[name], rule, name)
            people[name] = pd.Categorical.from_codes(classes.codes, list(map(str, classes.labels)))
    return people


def _shared(people: pd.DataFrame, variables: list[str]) -> pd.DataFrame:
    """Rows whose categories occur in both arms: months in which nobody started have nobody to be compared with."""
    arms = people[match_stage.TREATMENT] == 1
    kept = pd.Series(True, index=people.index)
    for name in variables:
        if not pd.api.types.is_numeric_dtype(people[name]):
            both = set(people.loc[arms, name]) & set(people.loc[~arms, name])
            kept &= people[name].isin(both)
    shared = people[kept]
    levels = shared.select_dtypes("category").columns
    return shared.assign(**{name: shared[name].cat.remove_unused_categories() for name in levels})
