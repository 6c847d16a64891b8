"""The same rows fitted again without sorting them again: fewer terms, or other weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from survival.arrays import Floats
from survival.fitting import Prepared, Ruler, weighing
from survival.formula import Design
from survival.inputs import checked_weights
from survival.partial_likelihood import Model, evaluate, information, score
from survival.varying import layout

if TYPE_CHECKING:
    from survival.cox import Parts


def without(parts: Parts, terms: Sequence[str]) -> tuple[Parts, Floats, str]:
    """Parts of the fit without some formula terms, coefficients to start from, and the formula that is left."""
    design, prepared = parts.design, parts.prepared
    gone = set()
    for term in terms:
        found = design.find(term)
        if found is None:
            raise ValueError(f"`without` names {term}, not in the model; it has {', '.join(design.terms)}")
        gone.update(found)
    kept = [j for j in range(len(design.columns)) if j not in gone]
    if not kept:
        raise ValueError("`without` leaves no covariates")
    place = {old: new for new, old in enumerate(kept)}
    left = {t: [place[j] for j in js if j in place] for t, js in design.terms.items()}
    smaller = Design(
        [design.values[j] for j in kept],
        [design.columns[j] for j in kept],
        {t: js for t, js in left.items() if js},
        design.spec,
    )
    plan = layout(smaller.columns, {place[j]: b for j, b in prepared.layout.bases.items() if j in place})
    fixed = [i for i, j in enumerate(prepared.layout.column) if j in place]
    moving = [i for i, j in enumerate(prepared.layout.source) if j in place]
    model = _columns_of(prepared.model, fixed, moving)
    coefficients = np.array(fixed + [prepared.model.fixed + i for i in moving], dtype=np.int64)
    order = np.asarray(plan.fixed + plan.moving, dtype=np.int64)
    ruler = Ruler(prepared.ruler.centre[kept], prepared.ruler.scale[kept])
    again = Prepared(model, prepared.rows, ruler, prepared.unit[coefficients], order, plan, prepared.ties)
    formula = " + ".join(smaller.terms)
    return replace(parts, prepared=again, design=smaller), parts.maximum.b[coefficients], formula


def _columns_of(model: Model, fixed: list[int], moving: list[int]) -> Model:
    """The likelihood of fewer columns."""
    constant = not moving  # then one level is enough, and none need be followed row by row
    return replace(
        model,
        x=np.ascontiguousarray(model.x[:, [0, *(1 + i for i in fixed)]]),
        u=np.zeros((1, 0)) if constant and model.pathwise else model.u[:, moving],
        pathwise=model.pathwise and not constant,
        g=model.g[:, moving],
        observed=model.observed[[*fixed, *(model.fixed + i for i in moving)]],
    )


def reweighted(parts: Parts, weights: ArrayLike) -> Parts:
    """Parts of the fit with other weights (n,); rows that had weight 0 must keep it, others may get it."""
    values = checked_weights(weights, parts.data.n)
    prepared = parts.prepared
    model = prepared.model
    if ((values > 0) & (parts.data.weight() == 0)).any():
        raise ValueError("`weights` is above 0 in rows that had weight 0; fit them anew with `cox`")
    moving, event = model.moving_at_events(), model.event_weight > 0
    fields = weighing(model.sets, values, prepared.rows, event, model.x, moving, model.dead, prepared.ties)
    changed = replace(model, **fields)
    return replace(parts, prepared=replace(prepared, model=changed), data=replace(parts.data, weights=values))


def k_step(parts: Parts, weights: ArrayLike, steps: int) -> pd.Series:
    """Coefficients by name after `steps` Newton steps under other weights (n,), without making sure of a maximum."""
    prepared = reweighted(parts, weights).prepared
    b = parts.maximum.b
    for _ in range(steps):
        state = evaluate(prepared.model, b)
        try:
            b = b + np.linalg.solve(information(prepared.model, state), score(prepared.model, state))
        except np.linalg.LinAlgError:
            b = np.full(len(b), np.nan)
    coefficients = np.empty(len(b))
    coefficients[prepared.place] = b / prepared.unit
    return pd.Series(coefficients, index=prepared.layout.names, name="coefficient")
