"""Coarsened exact matching, its neighbours and the balance they reach."""

from matching.balance import balance_table
from matching.cem import MatchedSample, cem
from matching.coarsen import Bins, Classes, Cut, Exact, Groups, Quantiles, coarsen
from matching.imbalance import L1, multivariate_l1
from matching.sample import Sample

__all__ = [
    "L1",
    "Bins",
    "Classes",
    "Cut",
    "Exact",
    "Groups",
    "MatchedSample",
    "Quantiles",
    "Sample",
    "balance_table",
    "cem",
    "coarsen",
    "multivariate_l1",
]
