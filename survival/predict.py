"""What a fitted Cox model says about hazards and survival: baseline hazard and predicted curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from survival.inputs import Floats, asked_times

if TYPE_CHECKING:
    from survival.cox import CoxFit


def baseline(fit: CoxFit, times: ArrayLike | None = None) -> pd.DataFrame:
    """time, cumulative_hazard at covariates 0 (column stratum first where there are strata).

    At each stratum's event times when `times` is left out. Breslow's estimator, or Efron's with Efron's ties, as R
    `survival::basehaz(fit, centered = FALSE)`.
    """
    sets = fit.parts.prepared.model.sets
    total = sets.prefix(hazard_at_zero(fit))
    asked = None if times is None else asked_times(times)
    frames = []
    for s in range(len(sets.offset) - 1):
        own = slice(sets.offset[s], sets.offset[s + 1])
        at = sets.times[own] if asked is None else asked
        step = np.concatenate([[0.0], total[own]])[np.searchsorted(sets.times[own], at, side="right")]
        frame = pd.DataFrame({"time": at, "cumulative_hazard": step})
        if fit.parts.strata is not None:
            frame.insert(0, "stratum", [fit.parts.strata.labels[s]] * len(frame))
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def hazard_at_zero(fit: CoxFit) -> Floats:
    """(K,) increments of the cumulative hazard of a row whose columns are all 0."""
    prepared, state = fit.parts.prepared, fit.parts.maximum.state
    return state.c * np.exp(log_risk(fit, np.zeros((1, len(prepared.ruler.centre))))[0] - state.shift)


def log_risk(fit: CoxFit, x: Floats) -> Floats:
    """(r, K) log hazard ratio of new rows x (r, p_all) to the centre of the fitted columns, at each risk set's time."""
    prepared = fit.parts.prepared
    plan, model, b = prepared.layout, prepared.model, fit.parts.maximum.b
    z = (x - prepared.ruler.centre) / prepared.ruler.scale
    fixed = z[:, plan.column] @ b[: model.fixed]
    return fixed[:, None] + (z[:, plan.source] * b[model.fixed :]) @ model.g.T
