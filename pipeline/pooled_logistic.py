"""Pooled logistic regression on counts: the chance of an event in a person-month, from factors alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from matching.logistic import logistic

Floats = NDArray[np.floating]


def event_probabilities(factors: pd.DataFrame, trials: Floats, events: Floats) -> Floats:
    """Fitted probability of an event in each cell of a cross-table, from a logistic model with main effects.

    Parameters
    ----------
    factors : (k, f) the cell's level of each factor
    trials : (k,) person-months in the cell, > 0
    events : (k,) events among them

    Returns
    -------
    (k,) probabilities. A level at which nobody (or everybody) had the event is fitted exactly by 0 (or 1), which is
    where maximum likelihood goes as well; the other cells are fitted without it.

    Same estimates as R's glm(cbind(events, trials - events) ~ ., binomial) and as the model on single person-months.
    """
    codes = np.column_stack([pd.factorize(factors[name], sort=True)[0] for name in factors])
    open_cells, fitted = _without_certain_levels(codes, trials, events)
    if open_cells.any():
        design = _indicators(codes[open_cells])
        fitted[open_cells] = logistic(design, trials[open_cells], events[open_cells]).fitted
    return fitted


def _without_certain_levels(codes: NDArray[np.integer], trials: Floats, events: Floats) -> tuple[NDArray, Floats]:
    """Cells that no level decides, and 0 or 1 for those that one does; leaving cells out may decide further ones."""
    undecided, fitted = np.ones(len(trials), bool), np.zeros(len(trials))
    while True:
        before = undecided.sum()
        for column in codes.T:
            total = np.bincount(column[undecided], trials[undecided], minlength=column.max() + 1)
            happened = np.bincount(column[undecided], events[undecided], minlength=column.max() + 1)
            never, always = undecided & (happened == 0)[column], undecided & (happened == total)[column]
            fitted[always & ~never] = 1.0
            undecided &= ~(never | always)
        if undecided.sum() == before:
            return undecided, fitted


def _indicators(codes: NDArray[np.integer]) -> Floats:
    """Intercept and an indicator for each level but the first of every factor."""
    columns = [np.ones(len(codes))]
    for column in codes.T:
        columns += [(column == level).astype(float) for level in np.unique(column)[1:]]
    return np.column_stack(columns)
