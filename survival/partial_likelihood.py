"""Cox's partial likelihood and its derivatives, linear in rows, with effects that vary over time.

Notation of Therneau and Grambsch (2000): r_i = w_i exp(x_i b) is a row's risk, S0 and S1 the sums of r and r x over a
risk set, d0 and d1 the same over its events. A set with d tied events counts d times in Efron's likelihood, with
denominators D_f = S0 - f d0, f = 0, 1/d, ..., (d-1)/d, and weight m = mean event weight each; once in Breslow's, with
f = 0 and m = sum of event weights. With z_f = (S1 - f d1) / D_f the information is

    sum_i r_i a_i x_i x_i'  -  sum_k sum_f m z_f z_f',      a_i = sum of m / D_f over the row's risk sets
                                                                  (m (1 - f) / D_f where the row's own event is)

so no array of second moments per risk set is needed: one matrix product does.

A coefficient that varies is gamma' g(t) times a column u. Rows with the same u (a level) share exp(gamma' g(t) u) at
every event time, so sums are kept per level and combined with that factor e[k, level]: no rows are split. Where
levels are too many, risk sets are taken a block at a time instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from survival.arrays import Floats, Ints, crossproduct, dot, group_sums, product
from survival.pathwise import path_exposure, path_moments, path_sums
from survival.risksets import RiskSets


@dataclass(frozen=True, slots=True)
class Model:
    """A partial likelihood ready to be evaluated: m member rows, ordered by level and by the risk set they leave after.

    x (m, 1+p) a column of ones and the fixed columns; weight (m,), event_weight (m,) 0 for rows without an event; place
    (m,) level * K + risk set left after; dead (e,) and censored (m-e,) member rows with and without an event, at (e,)
    the risk set of the events; late (l,) member rows that come late and missed (l,) level * K + last risk set missed,
    in rising order; leaving, dying, censoring, missing (L * K + 1,) where the run of each place begins in place,
    place[dead], place[censored], missed; u (L, q) the column each varying coefficient multiplies, by level; g (K, q)
    its function of time; share (F,), mass (F,) and member (F,) the f, m and risk set of each term of the likelihood,
    first_term (K,) where each risk set's begin; observed (P,) weighted sum of the events' columns. When `pathwise`,
    levels are too many to keep sums for: u is (m, q), a row's own, and place the risk set left after (see pathwise.py).
    """

    sets: RiskSets
    x: Floats
    weight: Floats
    event_weight: Floats
    place: Ints
    late: Ints
    missed: Ints
    dead: Ints
    at: Ints
    censored: Ints
    leaving: Ints
    missing: Ints
    dying: Ints
    censoring: Ints
    u: Floats
    g: Floats
    share: Floats
    mass: Floats
    member: Ints
    first_term: Ints
    observed: Floats
    pathwise: bool = False

    @property
    def fixed(self) -> int:
        """p, how many coefficients are constant."""
        return self.x.shape[1] - 1

    def moving_at_events(self) -> Floats:
        """(e, q) u g(t) of each row with an event, at it."""
        rows = self.dead if self.pathwise else self.place[self.dead] // self.sets.size
        return self.u[rows] * self.g[self.at]


@dataclass(frozen=True, slots=True)
class LevelSums:
    """Sums by level: factor (K, L) exp(gamma' g(t) u), and s0 (K, L), s1 (K, L, p), d0, d1 without that factor."""

    factor: Floats
    s0: Floats
    s1: Floats
    d0: Floats
    d1: Floats


@dataclass(frozen=True, slots=True)
class State:
    """The partial likelihood at coefficients b (P,).

    risk (m,) w exp(x b) of the fixed columns, all risks divided by exp(shift) (K,) so that nothing overflows; own (e,)
    exp(gamma' g(t) u) at the event of each row that has one; all_s1, all_d1 (K, P) sums of r x(t) over those at risk
    and over events; c, c_share, q0, q1, q2 (K,) sums over f of m/D, mf/D, m/D^2, mf/D^2 and mf^2/D^2.
    """

    b: Floats
    risk: Floats
    own: Floats
    all_s1: Floats
    all_d1: Floats
    c: Floats
    c_share: Floats
    q0: Floats
    q1: Floats
    q2: Floats
    shift: Floats
    log_likelihood: float
    levels: LevelSums | None


def tied_terms(sets: RiskSets, weight: Floats, ties: str) -> tuple[Floats, Floats, Ints, Ints]:
    """share, mass and risk set of each term of the likelihood, and where each set's begin, from all rows' weights."""
    total = sets.at_event(weight)
    if ties == "breslow":
        return np.zeros(sets.size), total, np.arange(sets.size), np.arange(sets.size)
    alive = sets.event & (weight > 0)
    # A risk set whose events all have weight 0, as in a bootstrap, keeps one term of no weight.
    count = np.maximum(np.bincount(sets.leaves[alive], minlength=sets.size), 1)
    member = np.repeat(np.arange(sets.size), count)
    first = np.cumsum(count) - count
    rank = np.arange(len(member)) - first[member]
    return rank / count[member], (total / count)[member], member, first


def evaluate(model: Model, b: Floats) -> State:
    """The partial likelihood at coefficients b (P,), fixed ones first; NaN where they are too large for floats."""
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        return _evaluate(model, b)


def null_log_likelihood(model: Model) -> float:
    """The log partial likelihood at coefficients 0, which needs sums of weights only."""
    size = model.sets.size
    at_risk = group_sums(model.place % size, model.weight, size)
    at_risk = model.sets.suffix(at_risk)
    if len(model.late):
        at_risk -= model.sets.suffix(group_sums(model.missed % size, model.weight[model.late], size))
    died = group_sums(model.at, model.weight[model.dead], size)
    denominator = at_risk[model.member] - model.share * died[model.member]
    denominator[model.mass == 0] = 1.0
    return -dot(model.mass, np.log(denominator))


def _evaluate(model: Model, b: Floats) -> State:
    eta = product(model.x, np.concatenate([[0.0], b[: model.fixed]]))
    top = float(eta.max())
    eta -= top
    event_eta = dot(model.event_weight, eta)
    risk = np.multiply(model.weight, np.exp(eta, out=eta), out=eta)
    levels: LevelSums | None = None
    shift: Floats = np.zeros(model.sets.size)
    if model.pathwise:
        sums, events, own = path_sums(model, risk, b[model.fixed :])
    else:
        levels, shift, own = _level_sums(model, risk, b[model.fixed :])
        sums = _over_levels(model, levels.factor, levels.s0, levels.s1)
        events = _over_levels(model, levels.factor, levels.d0, levels.d1)
    denominator = sums[model.member, 0] - model.share * events[model.member, 0]
    denominator[model.mass == 0] = 1.0
    alpha = 1 / denominator
    beta = model.share * alpha

    def over_shares(values: Floats) -> Floats:
        """(K,) sums over the shares f of each risk set of m times values (F,)."""
        return np.add.reduceat(model.mass * values, model.first_term)

    if model.g.shape[1]:
        event_eta += dot(model.weight[model.dead], np.log(own))
    return State(
        b=b,
        risk=risk,
        own=own,
        all_s1=sums[:, 1:],
        all_d1=events[:, 1:],
        c=over_shares(alpha),
        c_share=over_shares(beta),
        q0=over_shares(alpha**2),
        q1=over_shares(alpha * beta),
        q2=over_shares(beta**2),
        shift=top + shift,
        log_likelihood=event_eta - dot(model.mass, np.log(denominator)),
        levels=levels,
    )


def _level_sums(model: Model, risk: Floats, gamma: Floats) -> tuple[LevelSums, Floats, Floats]:
    """Sums by level, what the exponents of each risk set were lowered by (K,), and each event's own factor (e,)."""
    dead = _cell_sums(model, risk, model.dead, model.dying)
    total = model.sets.suffix(dead + _cell_sums(model, risk, model.censored, model.censoring))
    if len(model.late):
        total -= model.sets.suffix(_cell_sums(model, risk, model.late, model.missing))
    exponent = (model.g * gamma) @ model.u.T
    shift = exponent.max(axis=1)
    factor = np.exp(exponent - shift[:, None])
    own = factor.T.ravel()[model.place[model.dead]] if len(gamma) else np.ones(len(model.dead))
    return LevelSums(factor, total[:, :, 0], total[:, :, 1:], dead[:, :, 0], dead[:, :, 1:]), shift, own


def _cell_sums(model: Model, risk: Floats, rows: Ints, starts: Ints) -> Floats:
    """(K, L, 1+p) sums of r (1, x) over `rows`, of which each cell's begin at `starts`."""
    sums = csr_array((risk[rows], rows, starts), shape=(len(starts) - 1, len(risk))) @ model.x
    return sums.reshape(len(model.u), model.sets.size, -1).transpose(1, 0, 2)


def _over_levels(model: Model, factor: Floats, zeroth: Floats, first: Floats) -> Floats:
    """(K, 1+P) sums over levels of r (1, x(t)): the fixed columns, then u g(t)."""
    spread = factor * zeroth
    fixed = first[:, 0] if len(model.u) == 1 else np.einsum("kl,klp->kp", factor, first)
    return np.hstack([spread.sum(axis=1, keepdims=True), fixed, (spread @ model.u) * model.g])


def score(model: Model, state: State) -> Floats:
    """(P,) first derivative of the log partial likelihood."""
    return model.observed - expected(state).sum(axis=0)


def expected(state: State) -> Floats:
    """(K, P) sum over f of m z_f: what the events' columns sum to on average."""
    return state.all_s1 * state.c[:, None] - state.all_d1 * state.c_share[:, None]


def information(model: Model, state: State, emphasis: Floats | None = None) -> Floats:
    """(P, P) minus the second derivative; with `emphasis` (K,), the risk sets' contributions times it."""
    h = np.ones(model.sets.size) if emphasis is None else emphasis
    total = _second_moments(model, state, h)
    s, d = state.all_s1, state.all_d1
    cross = crossproduct(s, h * state.q1, d)
    return total - (crossproduct(s, h * state.q0) - cross - cross.T + crossproduct(d, h * state.q2))


def _second_moments(model: Model, state: State, h: Floats) -> Floats:
    """(P, P) sum over risk sets and f of h m (S2 - f d2) / D."""
    if state.levels is None:
        return path_moments(model, state, h)
    p, q, level, u, g = model.fixed, model.g.shape[1], state.levels, model.u, model.g
    total = np.empty((p + q, p + q))
    total[:p, :p] = crossproduct(model.x, state.risk * exposure(model, state, h))[1:, 1:]
    if q:
        at_risk = (h * state.c)[:, None] * level.factor
        died = (h * state.c_share)[:, None] * level.factor
        mixed = np.einsum("kl,klp,lq,kq->pq", at_risk, level.s1, u, g, optimize=True)
        mixed -= np.einsum("kl,klp,lq,kq->pq", died, level.d1, u, g, optimize=True)
        total[:p, p:], total[p:, :p] = mixed, mixed.T
        mass = at_risk * level.s0 - died * level.d0
        total[p:, p:] = np.einsum("kl,lq,kq,lr,kr->qr", mass, u, g, u, g, optimize=True)
    return total


def exposure(model: Model, state: State, h: Floats | None = None) -> Floats:
    """(m,) a_i, each row's sum of h m / D over its risk sets, less the tied share at its own event."""
    h = np.ones(model.sets.size) if h is None else h
    if state.levels is None:
        return path_exposure(model, state, (h * state.c)[:, None], (h * state.c_share)[:, None])[:, 0]
    total = model.sets.prefix((h * state.c)[:, None] * state.levels.factor).T.ravel()
    a = total[model.place]
    a[model.late] -= total[model.missed]
    a[model.dead] -= state.own * (h * state.c_share)[model.at]
    return a
