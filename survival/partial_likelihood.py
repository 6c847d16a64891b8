"""Cox's partial likelihood and its derivatives, linear in rows, with effects that vary over time.

Notation of Therneau and Grambsch (2000): r_i = w_i exp(x_i b) is a row's risk, S0 and S1 the sums of r and r x over a
risk set, d0 and d1 the same over its events. A set with d tied events counts d times in Efron's likelihood, with
denominators D_f = S0 - f d0, f = 0, 1/d, ..., (d-1)/d, and weight m = mean event weight each; once in Breslow's, with
f = 0 and m = sum of event weights. With z_f = (S1 - f d1) / D_f the information is

    sum_i r_i a_i x_i x_i'  -  sum_k sum_f m z_f z_f',      a_i = sum of m / D_f over the row's risk sets
                                                                  (m (1 - f) / D_f where the row's own event is)

so no array of second moments per risk set is needed: one matrix product does.

A coefficient that varies is gamma' g(t) times a column u. Rows with the same u (a level) share exp(gamma' g(t) u) at
every event time, so sums are kept per level and combined with that factor e[k, level]: no rows are split.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_array, csr_array

from survival.inputs import Bools, Floats, Ints, group_sums
from survival.risksets import RiskSets

BLOCK = 16_384  # rows at a time in products over all rows, so that temporaries stay in the processor's cache


@dataclass(frozen=True, slots=True)
class Model:
    """A partial likelihood ready to be evaluated: m member rows, ordered by level and by the risk set they leave after.

    x (m, 1+p) a column of ones and the fixed columns; weight, event (m,); place (m,) level * K + risk set left after;
    late (l,) member rows that come late, missed (l,) level * K + last risk set missed, in rising order; dead (e,)
    member rows with an event; leaving, missing, dying (L * K + 1,) where the run of each place begins in place,
    missed and place[dead]; u (L, q) the column each varying coefficient multiplies, by level; g (K, q) its function of time;
    share (F,), mass (F,) and member (F,) the f, m and risk set of each term of the likelihood.
    """

    sets: RiskSets
    x: Floats
    weight: Floats
    event: Bools
    place: Ints
    late: Ints
    missed: Ints
    dead: Ints
    leaving: Ints
    missing: Ints
    dying: Ints
    u: Floats
    g: Floats
    share: Floats
    mass: Floats
    member: Ints

    @property
    def fixed(self) -> int:
        """p, how many coefficients are constant."""
        return self.x.shape[1] - 1

    @property
    def levels(self) -> int:
        """L, how many levels the varying columns have together; 1 without any."""
        return len(self.u)


@dataclass(frozen=True, slots=True)
class State:
    """The partial likelihood at one value of the coefficients.

    risk (m,) r, divided by exp(shift) (K,) as all that follows so that nothing overflows; factor (K, L) e; by level
    s0 (K, L), s1 (K, L, p) and d0, d1; over levels and for all P columns all_s1, all_d1 (K, P); sums over f of m/D,
    mf/D, m/D^2, mf/D^2 and mf^2/D^2: c, c_share, q0, q1, q2 (K,).
    """

    risk: Floats
    factor: Floats
    s0: Floats
    s1: Floats
    d0: Floats
    d1: Floats
    all_s1: Floats
    all_d1: Floats
    c: Floats
    c_share: Floats
    q0: Floats
    q1: Floats
    q2: Floats
    shift: Floats
    log_likelihood: float


def tied_terms(sets: RiskSets, weight: Floats, ties: str) -> tuple[Floats, Floats, Ints]:
    """share, mass and risk set of each term of the likelihood, from all rows' weights."""
    total = sets.at_event(weight)
    if ties == "breslow":
        return np.zeros(sets.size), total, np.arange(sets.size)
    count = np.bincount(sets.leaves[sets.event], minlength=sets.size)
    member = np.repeat(np.arange(sets.size), count)
    rank = np.arange(len(member)) - np.repeat(np.cumsum(count) - count, count)
    return rank / count[member], (total / count)[member], member


def evaluate(model: Model, b: Floats) -> State:
    """The partial likelihood at coefficients b (P,), fixed ones first."""
    p, k, levels = model.fixed, model.sets.size, model.levels
    eta = model.x[:, 1:] @ b[:p]
    top = float(eta.max())
    eta -= top
    risk = model.weight * np.exp(eta)
    sums = _sums(model, risk)
    dead = _cell_sums(model, risk, model.dead, model.dying)
    exponent = (model.g * b[p:]) @ model.u.T
    shift = exponent.max(axis=1, keepdims=True)
    factor = np.exp(exponent - shift)
    s0, s1, d0, d1 = sums[:, :, 0], sums[:, :, 1:], dead[:, :, 0], dead[:, :, 1:]
    spread_s0, spread_d0 = factor * s0, factor * d0
    all_d0 = spread_d0.sum(axis=1)
    denominator = spread_s0.sum(axis=1)[model.member] - model.share * all_d0[model.member]
    alpha = 1 / denominator
    beta = model.share * alpha

    def over_shares(values: Floats) -> Floats:
        return group_sums(model.member, model.mass * values, k)

    event_eta = float(model.weight[model.dead] @ eta[model.dead])
    if levels > 1:
        level, at = np.divmod(model.place[model.dead], k)
        event_eta += float(model.weight[model.dead] @ (exponent - shift)[at, level])
    return State(
        risk=risk,
        factor=factor,
        s0=s0,
        s1=s1,
        d0=d0,
        d1=d1,
        all_s1=_all_columns(model, factor, spread_s0, s1),
        all_d1=_all_columns(model, factor, spread_d0, d1),
        c=over_shares(alpha),
        c_share=over_shares(beta),
        q0=over_shares(alpha**2),
        q1=over_shares(alpha * beta),
        q2=over_shares(beta**2),
        shift=top + shift[:, 0],
        log_likelihood=event_eta - float(model.mass @ np.log(denominator)),
    )


def _sums(model: Model, risk: Floats) -> Floats:
    """(K, L, 1+p) risk-set sums of r (1, x) by level."""
    total = model.sets.suffix(_cell_sums(model, risk, np.arange(len(risk)), model.leaving))
    if len(model.late):
        total -= model.sets.suffix(_cell_sums(model, risk, model.late, model.missing))
    return total


def _cell_sums(model: Model, risk: Floats, rows: Ints, starts: Ints) -> Floats:
    """(K, L, 1+p) sums of r (1, x) over `rows`, of which each cell's begin at `starts`."""
    sums = csr_array((risk[rows], rows, starts), shape=(len(starts) - 1, len(risk))) @ model.x
    return _by_risk_set(sums, model.sets.size, model.levels)


def _by_risk_set(sums: Floats, k: int, levels: int) -> Floats:
    return sums.reshape(levels, k, -1).transpose(1, 0, 2)


def _all_columns(model: Model, factor: Floats, spread: Floats, by_level: Floats) -> Floats:
    """(K, P) sums over levels of r x(t): fixed columns, then u g(t)."""
    fixed = by_level[:, 0] if model.levels == 1 else np.einsum("kl,klp->kp", factor, by_level)
    return np.hstack([fixed, (spread @ model.u) * model.g])


def score(model: Model, state: State) -> Floats:
    """(P,) first derivative of the log partial likelihood."""
    rows = model.dead
    level, at = np.divmod(model.place[rows], model.sets.size)
    weight = model.weight[rows]
    observed = np.concatenate([weight @ model.x[rows, 1:], weight @ (model.u[level] * model.g[at])])
    return observed - expected(state).sum(axis=0)


def expected(state: State) -> Floats:
    """(K, P) sum over f of m z_f: what the events' columns sum to on average."""
    return state.all_s1 * state.c[:, None] - state.all_d1 * state.c_share[:, None]


def information(model: Model, state: State, emphasis: Floats | None = None) -> Floats:
    """(P, P) minus the second derivative; with `emphasis` (K,), the risk sets' contributions times it."""
    h = np.ones(model.sets.size) if emphasis is None else emphasis
    c, c_share = h * state.c, h * state.c_share
    p, q = model.fixed, model.g.shape[1]
    total = np.empty((p + q, p + q))
    total[:p, :p] = crossproduct(model.x, state.risk * exposure(model, state, h))[1:, 1:]
    if q:
        at_risk, died = c[:, None] * state.factor, c_share[:, None] * state.factor
        mixed = np.einsum("kl,klp,lq,kq->pq", at_risk, state.s1, model.u, model.g, optimize=True)
        mixed -= np.einsum("kl,klp,lq,kq->pq", died, state.d1, model.u, model.g, optimize=True)
        total[:p, p:], total[p:, :p] = mixed, mixed.T
        mass = at_risk * state.s0 - died * state.d0
        total[p:, p:] = np.einsum("kl,lq,kq,lr,kr->qr", mass, model.u, model.g, model.u, model.g, optimize=True)
    s, d = state.all_s1, state.all_d1
    cross = s.T @ (d * (h * state.q1)[:, None])
    total -= s.T @ (s * (h * state.q0)[:, None]) - cross - cross.T + d.T @ (d * (h * state.q2)[:, None])
    return total


def exposure(model: Model, state: State, emphasis: Floats | None = None) -> Floats:
    """(m,) a_i, each row's sum of m / D over its risk sets, less the tied share at its own event."""
    h = 1.0 if emphasis is None else emphasis[:, None]
    total = model.sets.prefix(h * state.c[:, None] * state.factor).T.ravel()
    a = total[model.place]
    a[model.late] -= total[model.missed]
    a[model.dead] -= (h * state.c_share[:, None] * state.factor).T.ravel()[model.place[model.dead]]
    return a


def crossproduct(x: Floats, v: Floats) -> Floats:
    """x' Diag(v) x, a block of rows at a time."""
    total = np.zeros((x.shape[1], x.shape[1]))
    for start in range(0, len(x), BLOCK):
        part = x[start : start + BLOCK]
        total += part.T @ (part * v[start : start + BLOCK, None])
    return total


def influence(model: Model, state: State, owner: Ints | None = None) -> Floats:
    """(C, P) weighted score residuals summed by owner (m,) of member rows; (m, P), a row each, when None.

    Lin and Wei (1989); with Efron's ties and delayed entry as R `residuals(coxph, "score", weighted = TRUE)`.
    """
    every, dead, late = np.arange(len(model.x)), model.dead, model.late
    own = model.weight * model.event - state.risk * exposure(model, state)
    m = len(every)
    fixed = _added(owner, every, own, model.x, np.arange(m + 1), m)[:, 1:]
    total = np.hstack([fixed, np.zeros((len(fixed), model.g.shape[1]))])
    path, at_event, tied = (_table(part) for part in _score_paths(model, state))
    total -= _added(owner, every, state.risk, path, model.leaving, m)
    if len(late):
        total += _added(owner, late, state.risk[late], path, model.missing, m)
    total += _added(owner, dead, model.weight[dead], at_event, model.dying, m)
    total += _added(owner, dead, state.risk[dead], tied, model.dying, m)
    return total


def _score_paths(model: Model, state: State) -> tuple[Floats, Floats, Floats]:
    """(K, L, P) what a row's score residual is made of, beside own x: a path over its risk sets, and at its event two
    parts, one times its weight and one times its risk."""
    z_over_d = state.all_s1 * state.q0[:, None] - state.all_d1 * state.q1[:, None]
    z_share = state.all_s1 * state.q1[:, None] - state.all_d1 * state.q2[:, None]
    mean = expected(state) / group_sums(model.member, model.mass, model.sets.size)[:, None]
    moving = np.zeros((model.sets.size, model.levels, model.fixed + model.g.shape[1]))
    moving[:, :, model.fixed :] = model.u * model.g[:, None, :]
    factor = state.factor[:, :, None]
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
