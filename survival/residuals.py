"""Residuals of a fitted Cox model: score, martingale."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csc_array

from survival.influence import cluster_sums
from survival.inputs import Floats, Ints
from survival.partial_likelihood import LevelSums, Model, State, expected, exposure
from survival.pathwise import path_influence


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
    fixed = _added(owner, every, own, model.x, np.arange(m + 1), m)[:, 1:]
    total = np.hstack([fixed, np.zeros((len(fixed), model.g.shape[1]))])
    path, at_event, tied = (_table(part) for part in _paths(model, state, state.levels, z_over_d, z_share, mean))
    total -= _added(owner, every, state.risk, path, model.leaving, m)
    if len(late):
        total += _added(owner, late, state.risk[late], path, model.missing, m)
    total += _added(owner, dead, model.weight[dead], at_event, model.dying, m)
    total += _added(owner, dead, state.risk[dead], tied, model.dying, m)
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


def _added(owner: Ints | None, rows: Ints, v: Floats, table: Floats, starts: Ints, m: int) -> Floats:
    """Sums by owner of v_i table[t], for rows in the order of the table's lines t, line t's beginning at starts[t]."""
    if owner is None:
        total = np.zeros((m, table.shape[1]))
        total[rows] = v[:, None] * np.repeat(table, np.diff(starts), axis=0)
        return total
    return csc_array((v, owner[rows], starts), shape=(int(owner.max()) + 1, len(table))) @ table


def _table(values: Floats) -> Floats:
    """(K, L, P) to (L * K, P), the order of `place`."""
    return np.ascontiguousarray(values.transpose(1, 0, 2)).reshape(-1, values.shape[2])
