"""From checked follow-up and a design to a fitted partial likelihood, or a sentence that says why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from survival.arrays import Bools, Floats, Ints, stable_order, transposed_product
from survival.inputs import FollowUp
from survival.partial_likelihood import (
    Model,
    State,
    evaluate,
    information,
    null_log_likelihood,
    score,
    tied_terms,
)
from survival.risksets import RiskSets, risk_sets
from survival.varying import Layout

MAX_ITERATIONS = 60
CLOSE = 1e-6  # a Newton step this small (in standard deviations of the columns) leaves an error of its square
ALIASED = 1e-10  # share of a column's information that must be its own
BLOCK = 4_096  # rows put together at a time, so that they are still in the cache when they are scaled
LEVEL_CELLS = 5e7  # sums by level kept at most: risk sets times levels times columns
RUNAWAY = 0.05  # a coefficient still moving this much when the likelihood no longer changes is infinite


@dataclass(frozen=True, slots=True)
class Ruler:
    """What design columns are measured by inside the model: centre and scale (p_all,)."""

    centre: Floats
    scale: Floats


@dataclass(frozen=True, slots=True)
class Prepared:
    """A Model and what leads from its coefficients back to the caller's.

    rows (m,) the caller's row of each member row; ruler of the design columns; unit (P,) what one of each of the
    model's coefficients is worth in the caller's units, and place (P,) its position in the caller's order.
    """

    model: Model
    rows: Ints
    ruler: Ruler
    unit: Floats
    place: Ints
    layout: Layout
    ties: str


@dataclass(frozen=True, slots=True)
class Maximum:
    """Where the partial likelihood is greatest: information (P, P) in the model's own units and the state there;
    null the log-likelihood at 0."""

    information: Floats
    state: State
    null: float
    iterations: int

    @property
    def b(self) -> Floats:
        """(P,) coefficients in the model's own units and order."""
        return self.state.b


def prepare(data: FollowUp, x: list[Floats], plan: Layout, ties: str, stratum: Ints | None, strata: int) -> Prepared:
    """Order rows by level and risk set, centre and scale the columns; x p_all columns (n,) in the design's order."""
    sets = risk_sets(data, stratum, strata)
    if not sets.size:
        raise ValueError("`event` never happens; a Cox model needs at least one event")
    level, levels = _levels(x, plan.source)
    pathwise = bool(plan.source) and levels * sets.size * (1 + len(plan.column)) > LEVEL_CELLS
    if pathwise:
        level, levels = np.zeros(data.n, dtype=np.int64), 1
    member = np.flatnonzero(sets.leaves < sets.size)
    rows, place = _ordered(member, level[member] * sets.size + sets.leaves[member], levels * sets.size)
    ruler = _ruler(x)
    matrix = _standardised(x, rows, plan.column, ruler)
    g, stretch = _functions(plan, sets.times)
    u = _level_values(x, rows if pathwise else _first_rows(level, levels), plan.source, ruler)
    model = _model(data, sets, rows, place, matrix, u, g, ties, level, pathwise)
    unit = np.concatenate([ruler.scale[plan.column], ruler.scale[plan.source] * stretch])
    order = np.asarray(plan.fixed + plan.moving, dtype=np.int64)
    return Prepared(model, rows, ruler, unit, order, plan, ties)


def _ordered(rows: Ints, key: Ints, size: int) -> tuple[Ints, Ints]:
    order = stable_order(key, size)
    return rows[order], key[order]


def _levels(x: list[Floats], source: list[int]) -> tuple[Ints, int]:
    """(n,) code of each row's joint value in the varying columns, and how many there are."""
    code, count = np.zeros(len(x[0]), dtype=np.int64), 1
    for j in sorted(set(source)):
        own, values = pd.factorize(x[j], sort=True)
        code, found = pd.factorize(code * len(values) + own, sort=True)
        count = len(found)
    return code, count


def _first_rows(level: Ints, levels: int) -> Ints:
    """(L,) a row of each level."""
    first = np.zeros(levels, dtype=np.int64)
    first[level[::-1]] = np.arange(len(level))[::-1]
    return first


def _level_values(x: list[Floats], rows: Ints, source: list[int], ruler: Ruler) -> Floats:
    """(len(rows), q) centred and scaled value of each varying coefficient's column in these rows."""
    values = [(x[j][rows] - ruler.centre[j]) / ruler.scale[j] for j in source]
    return np.column_stack([np.zeros((len(rows), 0)), *values])


def _ruler(x: list[Floats]) -> Ruler:
    """Mean and standard deviation of each column; 1 where it does not vary."""
    centre = np.array([column.mean() for column in x])
    scale = np.array([column.std() for column in x])
    scale[scale <= 1e-12 * np.abs(centre)] = 1.0
    return Ruler(centre, scale)


def _standardised(x: list[Floats], rows: Ints, kept: list[int], ruler: Ruler) -> Floats:
    """(m, 1+p) a column of ones and the `kept` columns, centred and scaled, in the order of `rows`.

    Columns are put side by side first, so that what is looked up for each row lies in one place.
    """
    beside = np.empty((len(x[0]) if x else len(rows), 1 + len(kept)))
    for start in range(0, len(beside), BLOCK):
        part = beside[start : start + BLOCK]
        part[:, 0] = 1.0
        for i, j in enumerate(kept, start=1):
            np.subtract(x[j][start : start + BLOCK], ruler.centre[j], out=part[:, i])
        part[:, 1:] /= ruler.scale[kept]
    return beside.take(rows, axis=0)


def _functions(plan: Layout, times: Floats) -> tuple[Floats, Floats]:
    """(K, q) functions of time scaled to at most 1, and what they were divided by."""
    columns, seen = [], {j: plan.bases[j].values(times) for j in plan.bases}
    for j in dict.fromkeys(plan.source):
        columns.append(seen[j])
    g = np.hstack(columns) if columns else np.zeros((len(times), 0))
    stretch = np.abs(g).max(axis=0, initial=0.0)
    stretch[stretch == 0] = 1.0
    return g / stretch, stretch


def _model(
    data: FollowUp,
    sets: RiskSets,
    rows: Ints,
    place: Ints,
    matrix: Floats,
    u: Floats,
    g: Floats,
    ties: str,
    level: Ints,
    pathwise: bool,
) -> Model:
    """Find where each cell's rows begin, for those who leave, come late and have the event."""
    size = sets.size
    event = sets.event[rows]
    dead, censored = np.flatnonzero(event), np.flatnonzero(~event)
    position = np.full(data.n, -1)
    position[rows] = np.arange(len(rows))
    missed = level[sets.late] * size + sets.missed
    order = np.argsort(missed, kind="stable")
    died_at = place[dead]
    moving = (u[dead] if pathwise else u[died_at // size]) * g[died_at % size]
    edges = np.arange((1 if pathwise else len(u)) * size + 1)
    return Model(
        sets=sets,
        x=matrix,
        place=place,
        late=position[sets.late][order],
        missed=missed[order],
        dead=dead,
        at=died_at % size,
        censored=censored,
        leaving=np.searchsorted(place, edges),
        missing=np.searchsorted(missed[order], edges),
        dying=np.searchsorted(died_at, edges),
        censoring=np.searchsorted(place[censored], edges),
        u=u,
        g=g,
        pathwise=pathwise,
        **weighing(sets, data.weight(), rows, event, matrix, moving, dead, ties),
    )


def weighing(
    sets: RiskSets,
    weights: Floats,
    rows: Ints,
    event: Bools,
    matrix: Floats,
    moving: Floats,
    dead: Ints,
    ties: str,
) -> dict[str, Any]:
    """What of a Model depends on the weights (n,): its own weights, the likelihood's terms, the events' sums.

    rows and event (m,), matrix (m, 1+p) and dead (e,) as in Model; moving (e, q) the varying columns at the events.
    """
    weight = weights[rows]
    event_weight = weight * event
    share, mass, member, first_term = tied_terms(sets, weights, ties)
    observed = transposed_product(matrix, event_weight)[1:], transposed_product(moving, weight[dead])
    return {
        "weight": weight,
        "event_weight": event_weight,
        "share": share,
        "mass": mass,
        "member": member,
        "first_term": first_term,
        "observed": np.concatenate(observed),
    }


def maximise(model: Model, names: list[str], start: Floats | None = None) -> Maximum:
    """Newton's method with step halving; names (P,) in the model's order, for the messages.

    Raises
    ------
    ValueError : a column is constant or collinear where events happen, or a coefficient is infinite
    """
    null = null_log_likelihood(model)
    state = evaluate(model, np.zeros(len(names)) if start is None else start)
    if start is not None and not state.log_likelihood > null:
        state = evaluate(model, np.zeros(len(names)))
    for iteration in range(1, MAX_ITERATIONS):
        curvature = information(model, state)
        if iteration == 1:
            refuse_aliased(curvature, names)
        step = _solve(curvature, score(model, state), names)
        after = _improve(model, state, step)
        gained = after.log_likelihood - state.log_likelihood
        step, state = after.b - state.b, after
        if np.abs(step).max(initial=0.0) < CLOSE:
            break
        if gained < 1e-10 * abs(state.log_likelihood) and np.abs(step).max() > RUNAWAY:
            _refuse_infinite(step, names)
    else:
        _refuse_infinite(step, names)
    return Maximum(information(model, state), state, null, iteration)


def _improve(model: Model, state: State, step: Floats) -> State:
    """The state after the step, halved until it does not lower the likelihood."""
    slack = 1e-10 * abs(state.log_likelihood)
    for _ in range(30):
        after = evaluate(model, state.b + step)
        if after.log_likelihood >= state.log_likelihood - slack:
            break
        step = step / 2
    return after


def _solve(matrix: Floats, right: Floats, names: list[str]) -> Floats:
    try:
        return np.linalg.solve(matrix, right)
    except np.linalg.LinAlgError:
        _refuse_infinite(np.abs(right), names)
        raise


def refuse_aliased(matrix: Floats, names: list[str]) -> None:
    """ValueError if the information says a column is constant, or a sum of others, among those at risk at events."""
    size = np.diag(matrix)
    constant = [
        name for name, own in zip(names, size, strict=True) if own <= ALIASED * max(size.max(initial=0), 1e-300)
    ]
    if constant:
        raise ValueError(f"`formula`: {', '.join(constant)} is constant among those at risk when events happen")
    root = np.sqrt(size)
    scaled = matrix / np.outer(root, root)
    kept: list[int] = []
    for j in range(len(names)):
        on = np.linalg.lstsq(scaled[np.ix_(kept, kept)], scaled[kept, j], rcond=None)[0] if kept else np.zeros(0)
        if 1 - scaled[kept, j] @ on <= ALIASED:
            others = [names[i] for i, weight in zip(kept, on, strict=True) if abs(weight) > 1e-6]
            raise ValueError(f"`formula`: {names[j]} is collinear with {', '.join(others)}; leave one of them out")
        kept.append(j)


def _refuse_infinite(step: Floats, names: list[str]) -> None:
    size = np.abs(step)
    found = [name for name, own in zip(names, size, strict=True) if own > 0.5 * size.max()]
    raise ValueError(
        f"`formula`: {', '.join(found)} separates those who have the event from those who do not; "
        "its coefficient is infinite. Merge levels or leave it out"
    )
