"""The partial likelihood when a varying column has too many values to keep sums by level: event times by blocks.

Row i's risk at event time k is r_i e_ik with e_ik = exp(gamma' g(t_k) u_i) while it is at risk, 0 otherwise. Everything
needed is E'X and E W for that (m, K) matrix E, which is made for a block of event times at a time and never kept: exact
for any column, with work rows times event times and bounded memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from survival.arrays import Floats, crossproduct, group_sums

if TYPE_CHECKING:
    from survival.partial_likelihood import Model, State

CELLS = 2**21  # of E held at a time


def _blocks(model: Model, gamma: Floats) -> Iterator[tuple[slice, slice, Floats]]:
    """Event times (a slice of K), the rows that may be at risk at them (a slice of m), and E for both."""
    width = max(1, CELLS // len(model.x))
    first = model.sets.offset[model.sets.stratum[model.place]]
    first[model.late] = model.missed + 1
    ends = np.append(model.sets.offset[1:], 0)
    for start in range(0, model.sets.size, width):
        stop = min(start + width, model.sets.size)
        # Rows are in the order of the last risk set they belong to: earlier ones have left, later strata not begun.
        last_stratum = model.sets.stratum[stop - 1]
        rows = slice(*np.searchsorted(model.place, [start, ends[last_stratum]]))
        k = np.arange(start, stop)
        member = (first[rows, None] <= k) & (k <= model.place[rows, None])
        e = np.exp((model.u[rows] * gamma) @ model.g[start:stop].T, where=member, out=np.zeros(member.shape))
        yield slice(start, stop), rows, e


def path_sums(model: Model, risk: Floats, gamma: Floats) -> tuple[Floats, Floats, Floats]:
    """(K, 1+P) sums of r (1, x(t)) over those at risk, the same over events, and each event's own factor (e,)."""
    p, k = model.fixed, model.sets.size
    at_risk = np.zeros((k, 1 + p + len(gamma)))
    for times, rows, e in _blocks(model, gamma):
        weighted = e * risk[rows, None]
        at_risk[times, : 1 + p] = weighted.T @ model.x[rows]
        at_risk[times, 1 + p :] = (weighted.T @ model.u[rows]) * model.g[times]
    at, dead = model.at, model.dead
    moving = model.moving_at_events()
    own = np.exp(moving @ gamma)
    columns = np.hstack([model.x[dead], moving]) * (risk[dead] * own)[:, None]
    return at_risk, np.column_stack([group_sums(at, column, k) for column in columns.T]), own


def path_exposure(model: Model, state: State, values: Floats, tied: Floats) -> Floats:
    """(m, c) each row's sum of e_ik values[k] over its risk sets, less e_ik tied[k] at its own event."""
    total = np.zeros((len(model.x), values.shape[1]))
    for times, rows, e in _blocks(model, state.b[model.fixed :]):
        total[rows] += e @ values[times]
    total[model.dead] -= state.own[:, None] * tied[model.at]
    return total


def path_moments(model: Model, state: State, h: Floats) -> Floats:
    """(P, P) sum over risk sets and f of h m (S2 - f d2) / D."""
    p, q = model.fixed, model.g.shape[1]
    pairs = (model.g[:, :, None] * model.g[:, None, :]).reshape(-1, q * q)
    basis = np.hstack([np.ones((len(h), 1)), model.g, pairs])
    a = path_exposure(model, state, basis * (h * state.c)[:, None], basis * (h * state.c_share)[:, None])
    a *= state.risk[:, None]
    total = np.empty((p + q, p + q))
    total[:p, :p] = crossproduct(model.x, a[:, 0])[1:, 1:]
    total[:p, p:] = model.x[:, 1:].T @ (a[:, 1 : 1 + q] * model.u)
    total[p:, :p] = total[:p, p:].T
    total[p:, p:] = np.einsum("mqr,mq,mr->qr", a[:, 1 + q :].reshape(-1, q, q), model.u, model.u)
    return total


def path_influence(model: Model, state: State, z_over_d: Floats, z_share: Floats, mean: Floats) -> Floats:
    """(m, P) weighted score residuals; z_over_d, z_share and mean (K, P) as in `influence`."""
    p = model.fixed
    basis = np.hstack([np.ones((model.sets.size, 1)), model.g])
    a = path_exposure(model, state, basis * state.c[:, None], basis * state.c_share[:, None])
    total = state.risk[:, None] * path_exposure(model, state, z_over_d, z_share)
    total[:, :p] += (model.event_weight - state.risk * a[:, 0])[:, None] * model.x[:, 1:]
    total[:, p:] -= state.risk[:, None] * a[:, 1:] * model.u
    dead, at = model.dead, model.at
    total[dead, p:] += model.weight[dead, None] * model.moving_at_events()
    total[dead] -= model.weight[dead, None] * mean[at]
    return total
