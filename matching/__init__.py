"""Coarsened exact matching, its neighbours and the balance they reach."""

from matching.balance import balance_table
from matching.cem import MatchedSample, cem
from matching.coarsen import Bins, Classes, Cut, Exact, Groups, Quantiles, coarsen
from matching.entropy import entropy_balance
from matching.frontier import coarsening_grid, frontier
from matching.imbalance import L1, multivariate_l1
from matching.propensity import ScoredSample, propensity_weights
from matching.sample import Sample
from matching.unmatched import NoMatchError

__all__ = [
    "L1",
    "Bins",
    "Classes",
    "Cut",
    "Exact",
    "Groups",
    "MatchedSample",
    "NoMatchError",
    "Quantiles",
    "Sample",
    "ScoredSample",
    "balance_table",
    "cem",
    "coarsen",
    "coarsening_grid",
    "entropy_balance",
    "frontier",
    "multivariate_l1",
    "propensity_weights",
]
