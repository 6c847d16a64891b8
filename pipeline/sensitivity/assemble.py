"""Results of many analyses as one record, with what follows from the headline alone: E-values, detectable ratio."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.config import Config
from pipeline.sensitivity.choices import Specification, choices, own_specification, specifications, varied_in
from pipeline.sensitivity.estimates import headline_day
from pipeline.sensitivity.record import Bootstrap, ChoiceResult, EffectRow, MonthRow, Sensitivity, SensitivityRow

if TYPE_CHECKING:
    from pipeline.sensitivity.run import Task

LEVEL = 0.95
Z = 1.959963984540054
POWER = 0.8
# Under this share of events a hazard ratio is taken for a risk ratio (VanderWeele and Ding 2017).
RARE = 0.15


def assembled(config: Config, done: Mapping[Task, Any]) -> Sensitivity:
    """Everything in its place: the evaluation's own specification first, months in order."""
    effects: dict[Specification, dict[str, Any]] = {}
    for task, result in done.items():
        if task.kind == "specifications":
            effects |= dict(zip(task.part, result, strict=True))
    own, varied = own_specification(config), choices(config)
    rows = [
        SensitivityRow(
            choices={choice.name: getattr(specification, choice.name) for choice in varied},
            varied=varied_in(specification, own),
            **effects[specification],
        )
        for specification in specifications(config)
    ]
    resamples = [ratio for task, ratios in done.items() if task.kind == "resamples" for ratio in ratios]
    months: dict[str, dict[str, Any]] = next((result for task, result in done.items() if task.kind == "months"), {})
    return Sensitivity(
        day=headline_day(config),
        choices=[ChoiceResult(name=c.name, own=c.own, others=list(c.others)) for c in varied],
        specifications=rows,
        placebos={t.part[0]: EffectRow(**result) for t, result in done.items() if t.kind == "placebo"},
        placebo_before=config.sensitivity.placebo_before,
        months=[_month(month, effect) for month, effect in sorted(months.items())],
        bootstrap=_bootstrap(resamples, rows[0]),
        **_strength(rows[0]),
    )


def _month(month: str, effect: dict[str, Any]) -> MonthRow:
    return MonthRow(month=month, **{name: effect[name] for name in MonthRow.model_fields if name != "month"})


def _bootstrap(logs: list[float | None], own: EffectRow) -> Bootstrap | None:
    """The percentile interval of the hazard ratio; None when nothing was drawn."""
    known = [value for value in logs if value is not None]
    if not known:
        return None
    lower, upper = np.exp(np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]))
    return Bootstrap(
        resamples=len(known), lower=float(lower), upper=float(upper), robust_lower=own.lower, robust_upper=own.upper
    )


def _strength(own: EffectRow) -> dict[str, float | None]:
    """E-values and the smallest ratio that could have been found; null without a hazard ratio."""
    from survival import e_value, minimum_detectable_ratio

    nothing = dict.fromkeys(("e_value", "e_value_limit", "detectable_ratio", "effective_events"))
    if own.hazard_ratio is None or own.lower is None or own.upper is None:
        return nothing
    people = (own.participants or 0) + (own.controls or 0)
    events = (own.participant_events or 0) + (own.control_events or 0)
    found = e_value(own.hazard_ratio, own.lower, own.upper, rare=events < RARE * people)
    share = (own.participants or 0) / people
    error = math.log(own.upper / own.lower) / (2 * Z)
    # The events with which an unweighted comparison of these groups would have this error (Schoenfeld 1983).
    effective = 1 / (error**2 * share * (1 - share))
    ratio = minimum_detectable_ratio(effective, share, power=POWER, level=LEVEL)
    return {
        "e_value": found.estimate,
        "e_value_limit": found.limit,
        "detectable_ratio": ratio,
        "effective_events": effective,
    }
