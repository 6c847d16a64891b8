"""A group of people as results hold it: shares, restricted means, regressions and what follows from them."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline import effects, regression
from pipeline.config import Costs, Models, Text
from pipeline.effects import TREATMENT, FollowUp
from pipeline.results import SubgroupResult
from pipeline.worth import effects_of


def group_result(
    part: FollowUp,
    label: Text,
    where: str,
    models: Models,
    *,
    times: Sequence[float],
    horizon: float,
    costs: Costs | None = None,
) -> SubgroupResult:
    """Everything about the group whose rows these are; shares, curves and means where both arms are there.

    times : days at which shares are given · horizon : end of the restricted mean
    """
    people = part.rows.groupby(TREATMENT)["person"].nunique()
    both = len(people) == 2 and bool(part.rows["event"].any())
    drawn = effects.curves_of(part) if both else None
    shares = effects.shares(drawn, part, times) if both else []
    mean = effects.restricted_mean_days(part, horizon) if both else None
    return SubgroupResult(
        label=label,
        where=where,
        participants=int(people.get(1, 0)),
        controls=int(people.get(0, 0)),
        at=shares,
        models=regressions(part, models)[0],
        interaction=None,
        curves=effects.curve_points(drawn, part, times) if both else [],
        rmst=mean,
        effects=effects_of(shares, mean, costs),
    )


def regressions(data: FollowUp, models: Models) -> tuple[dict[str, regression.Model], regression.Fitted]:
    """The full model, and the one backward selection leaves when it is asked for."""
    full = regression.fit_full(data.rows, models)
    found: dict[str, regression.Model] = {}
    for method in models.selection:
        fitted = full if method == "none" else regression.fit_backward(full, models)
        found["full" if method == "none" else method] = regression.model_of(fitted)
    return found, full
