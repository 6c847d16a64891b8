"""The weights of a specification: its classes, its estimand, and what makes its groups alike."""

from __future__ import annotations

import pandas as pd

import matching
from matching.coarsen import Rule
from pipeline import match as match_stage
from pipeline import weighing
from pipeline.coarsenings import coarsenings
from pipeline.config import Config
from pipeline.sensitivity.choices import Specification
from pipeline.sensitivity.cohorts import Rows
from pipeline.stratum_totals import TOTAL, totals_among


def weighted(rows: Rows, specification: Specification, config: Config) -> pd.DataFrame:
    """The rows that take part, with `weight` and `stratum` (0 where there are no strata).

    Raises
    ------
    ValueError : nobody is matched, or no weights make the groups alike; the message says which variable is in the way
    """
    if specification.weights == "cem":
        return matched(rows, specification, config).data
    rules = {} if specification.weights == "none" else rules_of(specification, config)
    return weighing.weighted(rows.cohort, rules, specification.weights, specification.estimand)


def matched(rows: Rows, specification: Specification, config: Config) -> matching.MatchedSample:
    """Coarsened exact matching with the specification's classes and estimand."""
    rules, cohort = rules_of(specification, config), rows.cohort
    if rows.eligible is not None:
        cohort = cohort.assign(**{TOTAL: totals_among(rows.eligible, rules).reindex(cohort.index)})
    return match_stage.strata(cohort, rules, specification.estimand)


def rules_of(specification: Specification, config: Config) -> dict[str, Rule]:
    """The matching variables and their classes under a specification."""
    assert config.matching is not None
    return match_stage.rules(coarsenings(config.matching.variables)[specification.coarsening])
