"""Residuals of a fitted Cox model: score, martingale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csc_array

from survival.arrays import Floats, Ints
from survival.influence import cluster_sums
from survival.partial_likelihood import LevelSums, Model, State, expected, exposure
from survival.pathwise import path_influence

if TYPE_CHECKING:
    from survival.cox import CoxFit


def influence(model: Model, state: State, owner: Ints | None = None) -> Floats:
    """(C, P) weighted score residuals summed by owner (m,) of member rows; (m, P), a row each, when None.

    Lin and Wei (1989); with Efron's ties and delayed entry as R `residuals(coxph, "score", weighted = TRUE)`.
    """
    z_over_d = state.all_s1 * state.q0[:, None] - state.all_d1 * state.q1[:, None]
    z_share = state.all_s1 * state.q1[:, None] - state.all_d1 * state.q2[:, None]
    mass = np.add.reduceat(model.mass, model.first_term)
    mean = expected(state) / np.where(mass > 0, mass, 1.0)[:, None]
    if state.levels is None:
        return cluster_sums(owner, path_influence(model, state, z_over_d, z_share, mean))
    every, dead, late = np.arange(len(model.x)), model.dead, model.late
    m = len(every)
    own = model.event_weight - state.risk * exposure(model, state)
    fixed = added(owner, every, own, model.x, np.arange(m + 1), m)[:, 1:]
    total = np.hstack([fixed, np.zeros((len(fixed), model.g.shape[1]))])
    path, at_event, tied = (levels_first(part) for part in _paths(model, state, state.levels, z_over_d, z_share, mean))
    total -= added(owner, every, state.risk, path, model.leaving, m)
    if len(late):
        total += added(owner, late, state.risk[late], path, model.missing, m)
    total += added(owner, dead, model.weight[dead], at_event, model.dying, m)
    total += added(owner, dead, state.risk[dead], tied, model.dying, m)
    return total


def _paths(
    model: Model, state: State, levels: LevelSums, z_over_d: Floats, z_share: Floats, mean: Floats
) -> tuple[Floats, Floats, Floats]:
    """(K, L, P) what a row's score residual is made of, beside own x: a path over its risk sets, and at its event two
    parts, one times its weight and one times its risk."""
    moving = np.zeros((model.sets.size, len(model.u), model.fixed + model.g.shape[1]))
    moving[:, :, model.fixed :] = model.u * model.g[:, None, :]
    factor = levels.factor[:, :, None]
    path = model.sets.prefix(factor * (state.c[:, None, None] * moving - z_over_d[:, None, :]))
    return path, moving - mean[:, None, :], factor * (state.c_share[:, None, None] * moving - z_share[:, None, :])


def added(owner: Ints | None, rows: Ints, v: Floats, table: Floats, starts: Ints, m: int) -> Floats:
    """Sums by owner of v_i table[t], for rows in the order of the table's lines t, line t's beginning at starts[t]."""
    if owner is None:
        total = np.zeros((m, table.shape[1]))
        total[rows] = v[:, None] * np.repeat(table, np.diff(starts), axis=0)
        return total
    return csc_array((v, owner[rows], starts), shape=(int(owner.max()) + 1, len(table))) @ table


def levels_first(values: Floats) -> Floats:
    """(K, L, P) to (L * K, P), the order of `place`."""
    return np.ascontiguousarray(values.transpose(1, 0, 2)).reshape(-1, values.shape[2])


def residuals(fit: CoxFit, kind: str) -> pd.DataFrame:
    """Residuals (n, c) in the rows of the data; NaN in rows of weight 0.

    kind : "martingale" events less expected events; "score" (n, P) derivative of the partial likelihood by the row's
        weight; "dfbeta" (n, P) change of the coefficients when the row is left out, to first order

    As R `residuals(coxph, type)`.
    """
    parts = fit.parts
    prepared, state = parts.prepared, parts.maximum.state
    model, rows = prepared.model, prepared.rows
    with np.errstate(invalid="ignore", divide="ignore"):
        if kind == "martingale":
            names = ["martingale"]
            values = ((model.event_weight - state.risk * exposure(model, state)) / model.weight)[:, None]
        elif kind in ("score", "dfbeta"):
            names = prepared.layout.names
            values = np.empty((len(rows), len(names)))
            values[:, prepared.place] = influence(model, state) * prepared.unit
            values = values / model.weight[:, None] if kind == "score" else values @ fit.model_covariance.to_numpy()
        else:
            raise ValueError(f'`kind` must be "martingale", "score" or "dfbeta"; got {kind!r}')
    # Rows in no risk set have neither events nor expected events: all their residuals are 0.
    out = np.zeros((parts.data.n, len(names)))
    out[rows] = values
    out[parts.data.weight() == 0] = np.nan
    return pd.DataFrame(out, columns=names)
