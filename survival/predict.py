"""What a fitted Cox model says about hazards and survival: baseline hazard and predicted curves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from survival.arrays import Floats
from survival.formula import rebuild
from survival.inputs import asked_times
from survival.intervals import checked_interval, interval_of
from survival.pathwise import path_exposure
from survival.residuals import added, levels_first

if TYPE_CHECKING:
    from survival.cox import CoxFit


def baseline(fit: CoxFit, times: ArrayLike | None = None) -> pd.DataFrame:
    """time, cumulative_hazard at covariates 0 (column stratum first where there are strata).

    At each stratum's event times when `times` is left out. Breslow's estimator, or Efron's with Efron's ties, as R
    `survival::basehaz(fit, centered = FALSE)`.
    """
    sets = fit.parts.prepared.model.sets
    zero = np.zeros((1, len(fit.parts.design.columns)))
    total = sets.prefix(fit.parts.maximum.state.c * relative_hazard(fit, zero)[0])
    asked = None if times is None else asked_times(times)
    frames = []
    for label, own in _strata(fit):
        at = sets.times[own] if asked is None else asked
        step = np.concatenate([[0.0], total[own]])[np.searchsorted(sets.times[own], at, side="right")]
        frames.append(_with_stratum(fit, label, pd.DataFrame({"time": at, "cumulative_hazard": step})))
    return pd.concat(frames, ignore_index=True)


def predict(fit: CoxFit, data: pd.DataFrame, times: ArrayLike, interval: str, level: float) -> pd.DataFrame:
    """row, time, survival, std_error, lower, upper of new rows' survival curves (column stratum first, if any).

    row is the index of `data`. Robust fits have robust errors: influence through the baseline hazard and through the
    coefficients, summed within clusters; else the model's. As R `survfit(coxph, newdata)`, which is model-based.
    """
    checked_interval(interval)
    asked = asked_times(times)
    x = rebuild(fit.parts.design, data)
    ratios = relative_hazard(fit, x)
    frames = []
    for label, own in _strata(fit):
        for i, row in enumerate(data.index):
            hazard, variance = _cumulative_hazard(fit, x[i], ratios[i], own, asked)
            survival = np.exp(-hazard)
            std_error = survival * np.sqrt(variance)
            lower, upper = interval_of(survival, std_error, interval, level)
            columns = {"survival": survival, "std_error": std_error, "lower": lower, "upper": upper}
            frame = pd.DataFrame({"row": [row] * len(asked), "time": asked, **columns})
            frames.append(_with_stratum(fit, label, frame))
    return pd.concat(frames, ignore_index=True)


def relative_hazard(fit: CoxFit, x: Floats) -> Floats:
    """(r, K) hazard of new rows x (r, p_all) at each risk set's time, in units of State's c."""
    prepared, state = fit.parts.prepared, fit.parts.maximum.state
    plan, model, b = prepared.layout, prepared.model, fit.parts.maximum.b
    z = (x - prepared.ruler.centre) / prepared.ruler.scale
    fixed = z[:, plan.column] @ b[: model.fixed]
    return np.exp(fixed[:, None] + (z[:, plan.source] * b[model.fixed :]) @ model.g.T - state.shift)


def _cumulative_hazard(fit: CoxFit, x: Floats, ratio: Floats, own: slice, times: Floats) -> tuple[Floats, Floats]:
    """(T,) cumulative hazard of a row x in one stratum at asked times, and its variance."""
    prepared, state = fit.parts.prepared, fit.parts.maximum.state
    model, plan = prepared.model, prepared.layout
    reached = np.zeros((model.sets.size, len(times)))
    reached[own] = model.sets.times[own, None] <= times
    h = ratio[:, None] * reached
    z = (x - prepared.ruler.centre) / prepared.ruler.scale
    columns = np.hstack([np.broadcast_to(z[plan.column], (len(h), model.fixed)), z[plan.source] * model.g])
    z_over_d = state.all_s1 * state.q0[:, None] - state.all_d1 * state.q1[:, None]
    gradient = h.T @ (columns * state.c[:, None] - z_over_d)
    inverse = np.linalg.inv(fit.parts.maximum.information)
    if not fit.robust:
        return h.T @ state.c, (h**2).T @ state.q0 + np.einsum("tp,pq,tq->t", gradient, inverse, gradient)
    from survival.residuals import influence

    through_b = influence(model, state, fit.parts.owner) @ inverse @ gradient.T
    return h.T @ state.c, ((_through_hazard(fit, h) + through_b) ** 2).sum(axis=0)


def _through_hazard(fit: CoxFit, h: Floats) -> Floats:
    """(C, T) influence on sum_k h_k c_k with the coefficients held fixed, summed by cluster."""
    model, state, owner = fit.parts.prepared.model, fit.parts.maximum.state, fit.parts.owner
    m = len(model.x)
    mass = np.add.reduceat(model.mass, model.first_term)
    jump = h * (state.c / np.where(mass > 0, mass, 1.0))[:, None]
    at_risk, tied = h * state.q0[:, None], h * state.q1[:, None]
    every, dead, late = np.arange(m), model.dead, model.late
    if state.levels is None:
        rows = -state.risk[:, None] * path_exposure(model, state, at_risk, tied)
        rows[dead] += model.weight[dead, None] * jump[model.at]
        return rows if owner is None else added(owner, every, np.ones(m), rows, np.arange(m + 1), m)
    factor = state.levels.factor[:, :, None]
    path = levels_first(model.sets.prefix(factor * at_risk[:, None, :]))
    total = -added(owner, every, state.risk, path, model.leaving, m)
    if len(late):
        total += added(owner, late, state.risk[late], path, model.missing, m)
    at_event = levels_first(np.broadcast_to(jump[:, None, :], (len(jump), len(model.u), jump.shape[1])))
    total += added(owner, dead, model.weight[dead], at_event, model.dying, m)
    return total + added(owner, dead, state.risk[dead], levels_first(factor * tied[:, None, :]), model.dying, m)


def _strata(fit: CoxFit) -> Iterator[tuple[Any, slice]]:
    """Label and risk sets of each stratum."""
    offset = fit.parts.prepared.model.sets.offset
    labels = [None] if fit.parts.strata is None else fit.parts.strata.labels
    for label, start, end in zip(labels, offset, offset[1:], strict=False):
        yield label, slice(start, end)


def _with_stratum(fit: CoxFit, label: Any, frame: pd.DataFrame) -> pd.DataFrame:
    if fit.parts.strata is not None:
        frame.insert(0, "stratum", [label] * len(frame))
    return frame
