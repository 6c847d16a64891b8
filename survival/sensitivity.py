"""How strong hidden confounding must be to explain a hazard ratio, and how small a ratio a study can see."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survival.inputs import confidence


@dataclass(frozen=True, slots=True)
class EValue:
    """E-value of a hazard ratio and of the limit of its interval nearer 1 (1 when the interval contains 1)."""

    estimate: float
    limit: float | None


def e_value(
    hazard_ratio: float, lower: float | None = None, upper: float | None = None, *, rare: bool = False
) -> EValue:
    """The strength, as a risk ratio, an unmeasured confounder would need to explain a hazard ratio away.

    It would need at least this association with both treatment and outcome, beyond the measured covariates.

    Parameters
    ----------
    hazard_ratio, lower, upper : estimate and its interval, all above 0
    rare : fewer than 15% have the outcome by the end of follow-up: the hazard ratio is then a risk ratio; otherwise it
        is turned into one by (1 - 0.5^sqrt(HR)) / (1 - 0.5^sqrt(1/HR))

    Raises
    ------
    ValueError : a ratio that is not above 0, limits that do not enclose the estimate

    VanderWeele and Ding (2017), Annals of Internal Medicine 167. As R `EValue::evalues.HR`.
    """
    limits = {"hazard_ratio": hazard_ratio, "lower": lower, "upper": upper}
    for name, value in limits.items():
        if value is not None and not (np.isfinite(value) and value > 0):
            raise ValueError(f"`{name}` must be above 0; got {value}")
    if (lower is not None and lower > hazard_ratio) or (upper is not None and upper < hazard_ratio):
        raise ValueError("`lower` and `upper` must enclose `hazard_ratio`")
    nearer = lower if hazard_ratio >= 1 else upper
    if nearer is None:
        return EValue(_strength(hazard_ratio, rare), None)
    crosses = nearer <= 1 if hazard_ratio >= 1 else nearer >= 1
    return EValue(_strength(hazard_ratio, rare), 1.0 if crosses else _strength(nearer, rare))


def _strength(hazard_ratio: float, rare: bool) -> float:
    ratio = hazard_ratio if rare else (1 - 0.5 ** np.sqrt(hazard_ratio)) / (1 - 0.5 ** np.sqrt(1 / hazard_ratio))
    ratio = max(ratio, 1 / ratio)
    return float(ratio + np.sqrt(ratio * (ratio - 1)))


def minimum_detectable_ratio(
    events: float, share_treated: float, *, power: float = 0.8, level: float = 0.95, design_effect: float = 1.0
) -> float:
    """The smallest hazard ratio above 1 that a two-sided test would find; its inverse is the largest below 1.

    Parameters
    ----------
    events : events in both arms together
    share_treated : share of those followed that is treated, between 0 and 1
    power : chance to find it
    level : 1 less the size of the test
    design_effect : by how much weights and clusters inflate the variance, 1 or more; events are divided by it

    Raises
    ------
    ValueError : no events, or a share, power or level outside 0 to 1

    Schoenfeld (1983): log HR = (z_alpha/2 + z_power) / sqrt(events p (1 - p)).
    """
    from scipy.special import ndtri

    if not (np.isfinite(events) and events > 0):
        raise ValueError(f"`events` must be above 0; got {events}")
    for name, value in (("share_treated", share_treated), ("power", power)):
        if not 0 < value < 1:
            raise ValueError(f"`{name}` must lie between 0 and 1; got {value}")
    if not design_effect >= 1:
        raise ValueError(f"`design_effect` must be 1 or more; got {design_effect}")
    spread = np.sqrt(events / design_effect * share_treated * (1 - share_treated))
    return float(np.exp((confidence(level) + ndtri(power)) / spread))
