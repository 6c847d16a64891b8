"""Entropy balancing (Hainmueller 2012): the weights closest to the base weights that make the means agree exactly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from matching.checks import arms_and_weights, check_estimand
from matching.columns import design_matrix
from matching.sample import Sample, few_effective, names_of, weighted_rows

FORMULA = "base x exp(b'x), b such that the weighted means of {arms} equal those of {target}; scaled to sum to the rows"
FACE = 1e-12  # in standard deviations: how close to the end of its range a mean counts as lying on it
STEPS = 100


def entropy_balance(
    people: pd.DataFrame,
    treatment: str,
    variables: Sequence[str],
    estimand: str = "ATT",
    *,
    weights: str | Sequence[float] | np.ndarray | pd.Series | None = None,
    squares: bool = False,
    products: bool = False,
    tolerance: float = 1e-10,
) -> Sample:
    """Weights that reproduce the covariate means of the target exactly and differ least from the base weights.

    Parameters
    ----------
    people, treatment, estimand, weights : as in `cem`
    variables : covariates; text and categories enter as a share per level
    squares, products : balance these too (squares of numbers make variances agree)
    tolerance : largest difference left in any mean, in standard deviations of the reweighted arm

    Returns
    -------
    Sample : for ATT the controls are reweighted to the treated, for ATC the treated to the controls, for ATE both to
        everyone; rows in categories the target does not have get no weight and are left out, with a note

    Raises
    ------
    ValueError : no weights can make all means agree; the message names the covariate that cannot be reached

    Newton steps with step halving on the convex dual log sum q exp(b'(x - target)), in whitened coordinates.
    Checked against its defining equations and against R `optim` on the same dual.
    """
    variables = names_of(variables)
    check_estimand(estimand)
    treated, base = arms_and_weights(people, treatment, variables, weights)
    matrix, names = design_matrix(people, variables, squares=squares, products=products)
    weight, notes = base.copy(), []
    for arm, rows, target in _reweighted(estimand, treated):
        wanted = np.average(matrix[target], axis=0, weights=base[target])
        solved = solve_dual(matrix[rows], base[rows], wanted, names, arm, tolerance)
        weight[rows] = solved * ((solved > 0).sum() / solved.sum())
        if (left_out := int((solved == 0).sum())) > 0:
            notes.append(f"{left_out} {arm} left out: they have categories or values beyond what the target has")
    arms, target_name = {"ATT": ("controls", "treated"), "ATC": ("treated", "controls")}.get(
        estimand, ("each arm", "everyone")
    )
    return Sample(
        data=weighted_rows(people, weight > 0, weight=weight),
        method="entropy balancing",
        formula=FORMULA.format(arms=arms, target=target_name),
        treatment=treatment,
        estimand=estimand,
        variables=tuple(variables),
        people=people,
        treated=treated,
        base=base,
        weight=weight,
        notes=(*notes, *few_effective(treated, weight)),
    )


def _reweighted(estimand: str, treated: np.ndarray) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Name and rows of each arm to reweight, and the rows whose means it is to have."""
    everyone = np.ones(len(treated), dtype=bool)
    return {
        "ATT": [("controls", ~treated, treated)],
        "ATC": [("treated", treated, ~treated)],
        "ATE": [("treated", treated, everyone), ("controls", ~treated, everyone)],
    }[estimand]


def solve_dual(
    matrix: np.ndarray, base: np.ndarray, target: np.ndarray, names: Sequence[str], arm: str, tolerance: float = 1e-10
) -> np.ndarray:
    """(m,) weights proportional to base exp(b'x) whose weighted means of the (m, p) matrix are the (p,) target.

    Rows get 0 where the target lies at the end of a column's range, since only rows at that end can reach it.

    Raises
    ------
    ValueError : the target is beyond the rows; the message names the column
    """
    rows = _face(matrix, target, names, arm)
    whitened = _whiten(matrix[rows], base[rows], target, names, arm)
    share = base[rows] / base[rows].sum()
    slope = np.zeros(whitened.shape[1])
    log_share, value = np.log(share), 0.0
    # At a solution the dual is minus the Kullback-Leibler distance from q, and no weights are further than -log(min q):
    # a dual under log(min q) proves that there is no solution.
    least = log_share.min() - 1e-6
    for _ in range(STEPS):
        tilted, value = _tilt(log_share, whitened @ slope)
        gradient = tilted @ whitened
        if value < least:
            raise ValueError(_unreached("no weights", matrix[rows], tilted, target, names, arm))
        if np.abs(gradient).max(initial=0.0) <= tolerance:
            weights = np.zeros(len(matrix))
            weights[rows] = tilted
            return weights
        slope = _newton_step(whitened, log_share, slope, tilted, gradient, value)
    raise ValueError(_unreached(f"in {STEPS} steps no weights", matrix[rows], tilted, target, names, arm))


def _unreached(
    start: str, matrix: np.ndarray, share: np.ndarray, target: np.ndarray, names: Sequence[str], arm: str
) -> str:
    off = (share @ matrix - target) / matrix.std(axis=0).clip(min=1e-300)
    worst = int(np.abs(off).argmax())
    return (
        f"entropy balancing: {start} on the {arm} reproduce the means of all {len(names)} columns at once; the "
        f"furthest off is {names[worst]}, by {off[worst]:.2g} standard deviations. Balance on fewer columns, or keep "
        "to people who have a counterpart (cem)"
    )


def _tilt(log_share: np.ndarray, exponent: np.ndarray) -> tuple[np.ndarray, float]:
    """(m,) shares q exp(z) / sum, and the log of that sum."""
    log_weight = log_share + exponent
    top = log_weight.max()
    weight = np.exp(log_weight - top)
    total = weight.sum()
    return weight / total, float(top + np.log(total))


def _newton_step(
    z: np.ndarray, log_share: np.ndarray, slope: np.ndarray, tilted: np.ndarray, gradient: np.ndarray, value: float
) -> np.ndarray:
    """The next slope: a Newton step, halved until the dual falls enough (Armijo)."""
    hessian = (z.T * tilted) @ z - np.outer(gradient, gradient)
    ridge = 1e-12 * max(1.0, float(np.trace(hessian)) / len(slope))
    step = -np.linalg.solve(hessian + ridge * np.eye(len(slope)), gradient)
    decrease, length = float(gradient @ step), 1.0
    while length > 1e-10:
        _, new = _tilt(log_share, z @ (slope + length * step))
        if new <= value + 1e-4 * length * decrease + 1e-15:
            break
        length /= 2
    return slope + length * step


def _face(matrix: np.ndarray, target: np.ndarray, names: Sequence[str], arm: str) -> np.ndarray:
    """(m,) bool: rows that can have weight. A mean at the end of a column's range leaves only the rows at that end."""
    rows = np.ones(len(matrix), dtype=bool)
    spread = matrix.std(axis=0)
    slack = FACE * np.where(spread > 0, spread, np.abs(target) + 1)
    while True:
        inside = matrix[rows]
        low, high = inside.min(axis=0), inside.max(axis=0)
        beyond = np.flatnonzero((target < low - slack) | (target > high + slack))
        if len(beyond):
            j = beyond[0]
            raise ValueError(
                f"entropy balancing: the mean of {names[j]} is to be {target[j]:.6g}, but among the {arm} it only runs "
                f"from {low[j]:.6g} to {high[j]:.6g}; leave it out, or leave out the people who have no counterpart"
            )
        at_end = ((target <= low + slack) | (target >= high - slack)) & (high > low + slack)
        if not at_end.any():
            return rows
        rows &= (np.abs(matrix[:, at_end] - target[at_end]) <= slack[at_end]).all(axis=1)
        if not rows.any():
            raise ValueError(
                f"entropy balancing: no {arm} have the values of {', '.join(np.array(names)[at_end][:5])} that the "
                "target has; leave these out, or group their categories"
            )


def _whiten(matrix: np.ndarray, base: np.ndarray, target: np.ndarray, names: Sequence[str], arm: str) -> np.ndarray:
    """(m, r) coordinates centred on the target, uncorrelated and of unit variance among the rows; r is the rank.

    Columns that follow from the others add nothing when the target follows too, and contradict it when it does not.
    """
    share = base / base.sum()
    mean = share @ matrix
    spread = np.sqrt((share @ (matrix - mean) ** 2).clip(min=0))
    scale = np.where(spread > 0, spread, 1.0)
    centred = (matrix - mean) / scale
    size, axes = np.linalg.eigh((centred.T * share) @ centred)
    kept = size > 1e-10 * max(float(size.max(initial=0.0)), 1e-300)
    offset = (target - mean) / scale
    contradiction = np.abs(axes[:, ~kept].T @ offset).max(initial=0.0)
    if contradiction > 1e-6:
        worst = int(np.abs(axes[:, ~kept] @ (axes[:, ~kept].T @ offset)).argmax())
        raise ValueError(
            f"entropy balancing: among the {arm} {names[worst]} follows from the other columns, among the target it "
            "does not, so no weights reach it; leave it out"
        )
    return (centred - offset) @ axes[:, kept] / np.sqrt(size[kept])
