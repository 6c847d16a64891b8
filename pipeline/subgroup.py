"""One subgroup on demand: its regression as a table, from the matched cohort of a run."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline import effects, regression
from pipeline.config import Config, Covariate
from pipeline.errors import Fault, UserError
from pipeline.results import Model
from pipeline.where import mask

COLUMNS = ["term", "hazard_ratio", "lower", "upper", "p"]


def run_subgroup(
    config: Config,
    interim: Path,
    *,
    where: str,
    outcome: str | None = None,
    model: str | None = None,
    select: str | None = None,
    format: str = "table",
) -> str:
    """Fit the Cox model among the people a condition picks, and give it as text.

    where : a condition on the cohort's columns · outcome : one of the configuration, the first when left out · model :
    covariates as a formula, those of the configuration when left out · select : backward or none · format : table, csv
    or json

    Raises
    ------
    UserError : an unknown outcome or column, a formula that cannot be read, or fewer people or events than may be shown
    """
    name = _known_outcome(outcome, config)
    matched = pd.read_parquet(interim / "matched.parquet")
    picked = matched[mask(where, matched)]
    data = effects.follow_up(picked, name)
    models = config.models
    if model is not None:
        models = models.model_copy(update={"covariates": _covariates(model, matched)})
    fitted = regression.fit_full(data.rows, models)
    if (select or "none") == "backward":
        fitted = regression.fit_backward(fitted, models)
    result = regression.model_of(fitted)
    _enough(result, config)
    if fitted.fit is None:
        raise UserError(Fault("--where", f"no model can be fitted: {result.note}.", "Try a wider condition."))
    return _formatted(result, where, name, format)


def _known_outcome(outcome: str | None, config: Config) -> str:
    names = config.outcome_names
    if outcome is None:
        return names[0]
    if outcome not in names:
        near = difflib.get_close_matches(outcome, names, n=1)
        remedy = f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(names)}."
        raise UserError(Fault("--outcome", f"there is no outcome '{outcome}'.", remedy))
    return outcome


def _covariates(model: str, matched: pd.DataFrame) -> list[Covariate]:
    """The terms of a formula, the treatment left out because it is always there."""
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    try:
        terms = [str(term) for term in Formula(f"0 + {model}")]
        variables = sorted({v for term in terms for v in regression.variables_of(term)})
    except (FormulaicError, SyntaxError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            Fault("--model", f"cannot be read: {reason}.", "Write it as 'woman + age + C(education)'.")
        ) from None
    faults = []
    for variable in variables:
        if variable not in matched:
            near = difflib.get_close_matches(variable, map(str, matched.columns), n=3)
            remedy = f"Near: {', '.join(near)}." if near else ""
            faults.append(Fault("--model", f"the cohort has no column '{variable}'.", remedy))
    if faults:
        raise UserError(faults)
    return [Covariate(name=term) for term in terms if term not in ("0", "1", regression.TREATMENT)]


def _enough(result: Model, config: Config) -> None:
    least = config.disclosure.minimum_count
    counts = {
        "people": result.people,
        "participants": result.participants,
        "controls": result.controls,
        "people with the event": result.events,
    }
    short = [what for what, count in counts.items() if count is not None and 0 < count < least]
    if not result.people or short:
        what = f"fewer than {least} {' and '.join(short)}" if short else "nobody"
        raise UserError(Fault("--where", f"picks {what}; nothing is shown.", "Try a wider condition."))


def _formatted(result: Model, where: str, outcome: str, format: str) -> str:
    if format == "json":
        return json.dumps({"where": where, "outcome": outcome, **result.model_dump(mode="json")}, indent=1)
    table = pd.DataFrame([term.model_dump() for term in result.terms])[COLUMNS]
    if format == "csv":
        return table.to_csv(index=False).rstrip("\n")
    return _table(table, result, where, outcome)


def _table(table: pd.DataFrame, result: Model, where: str, outcome: str) -> str:
    shown: dict[str, Any] = {
        "": table["term"],
        "hazard ratio": table["hazard_ratio"].map("{:.3f}".format),
        "95% interval": [f"{low:.3f} to {high:.3f}" for low, high in zip(table["lower"], table["upper"], strict=True)],
        "p": ["<0.001" if p < 0.001 else f"{p:.3f}" for p in table["p"]],
    }
    head = [
        f"{outcome}, where {where}",
        f"{result.participants} participants, {result.controls} controls, {result.events} people with the event",
    ]
    if result.left_out:
        head.append(f"{result.left_out} rows left out: a covariate is missing")
    if result.selection.removed:
        gone = ", ".join(f"{r.factor} (p {r.p:.2f})" for r in result.selection.removed)
        head.append(f"removed by backward selection: {gone}; p-values after selection are too small")
    return "\n".join([*head, "", pd.DataFrame(shown).to_string(index=False)])
