"""A second opinion: the same Cox model fitted by lifelines, compared where lifelines is right."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from survival.cox import CoxFit

COEFFICIENT_TOLERANCE = 1e-4  # lifelines stops its Newton steps earlier
ERROR_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """What lifelines finds.

    table: term, coefficient, other_coefficient, model_error, other_error: ours and lifelines', errors from the
    information (its robust errors ignore entry and ties); the largest differences, of errors relative; agrees when both
    are within tolerance. When lifelines cannot fit the model, table is empty, agrees None and note says why.
    """

    software: str
    table: pd.DataFrame
    coefficient_difference: float
    error_difference: float
    agrees: bool | None
    note: str


def second_opinion(fit: CoxFit) -> SecondOpinion:
    """Fit the model of `fit` with lifelines: coefficients and model-based errors, never the robust ones.

    lifelines has Efron's ties only, no effects that vary over time, and takes weights as frequencies, which changes
    neither coefficients nor the inverse information.
    """
    import lifelines

    software = f"lifelines {lifelines.__version__}"
    if fit.parts.prepared.layout.moving:
        return _silent(software, "lifelines has no coefficients that vary with time without splitting rows")
    if fit.ties != "efron":
        return _silent(software, "lifelines has Efron's handling of ties only")
    frame, arguments = _frame(fit)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of weights that are not whole; here they need not be
        try:
            other = lifelines.CoxPHFitter().fit(frame, "time", "event", **arguments)
        except (lifelines.exceptions.ConvergenceError, ValueError, ZeroDivisionError) as error:
            return _silent(software, f"lifelines did not fit the model: {str(error).splitlines()[0]}")
    names = list(fit.coefficients.index)
    own_error = np.sqrt(np.diag(fit.model_covariance))
    found, found_error = other.params_.to_numpy(), other.standard_errors_.to_numpy()
    table = pd.DataFrame(
        {
            "term": names,
            "coefficient": fit.coefficients.to_numpy(),
            "other_coefficient": found,
            "model_error": own_error,
            "other_error": found_error,
        }
    )
    off = float(np.abs(table["coefficient"] - found).max())
    error_off = float(np.abs(found_error / own_error - 1).max())
    agrees = off < COEFFICIENT_TOLERANCE and error_off < ERROR_TOLERANCE
    return SecondOpinion(software, table, off, error_off, agrees, "coefficients and model-based errors compared")


def _frame(fit: CoxFit) -> tuple[pd.DataFrame, dict[str, object]]:
    """The columns of the design beside follow-up, rows of positive weight, as lifelines wants them."""
    parts = fit.parts
    kept = parts.data.weight() > 0
    columns = {f"x{j}": values[kept] for j, values in enumerate(parts.design.values)}
    frame = pd.DataFrame({**columns, "time": parts.data.time[kept], "event": parts.data.status[kept]})
    arguments: dict[str, object] = {"robust": False}
    for name, values, argument in (
        ("weight", parts.data.weights, "weights_col"),
        ("entry", parts.data.entry, "entry_col"),
        ("stratum", None if parts.strata is None else parts.strata.codes, "strata"),
    ):
        if values is not None:
            frame[name] = values[kept]
            arguments[argument] = [name] if argument == "strata" else name
    return frame, arguments


def _silent(software: str, note: str) -> SecondOpinion:
    return SecondOpinion(software, pd.DataFrame(), float("nan"), float("nan"), None, note)
