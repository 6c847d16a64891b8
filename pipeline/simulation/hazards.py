"""Hazards per day: of work or studies by arm, destination and days since joining, and of the other moves."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.simulation import parameters as p
from pipeline.simulation.background import LISA_YEARS, Background
from pipeline.simulation.states import GROUPS
from pipeline.simulation.timeline import DAYS_PER_MONTH, month_names, month_starts, years

CONTROL, PARTICIPANT = 0, 1


def group_shares() -> NDArray[np.float64]:
    """Shares of the work hazard by group of destinations, without and with a registered disability: (2, groups)."""
    share = np.array([sum(p.DESTINATIONS[group].values()) for group in GROUPS])
    subsidy = np.array([group == "wage subsidy" for group in GROUPS])
    tilted = [np.where(subsidy, share * factor, share) for factor in (p.WAGE_SUBSIDY_OTHERS, p.WAGE_SUBSIDY_DISABLED)]
    return np.array([row / row.sum() for row in tilted])


class Hazards:
    """The hazards of a set of people: what the simulation draws from and the truth is computed from.

    Hazards are constant within a calendar month but for the steps of the effect. A person's hazard of work or studies
    is a total, with covariate effects by arm, times the shares of the destinations, times the effect of the project.
    """

    def __init__(self, people: pd.DataFrame, background: Background, *, effect: str) -> None:
        self.published = effect == "published"
        self.disability = people["disability"].to_numpy().astype(np.int64)
        self.since = people["since"].to_numpy()
        self._birth_year = people["birth_year"].to_numpy()
        self._yearly = {
            "social_assistance": background.social_assistance,
            "sickness_benefit": background.sickness_benefit,
        }
        woman = people["woman"].to_numpy()
        outside = (people["region"] == "outside_europe").to_numpy()
        education = people["education"].to_numpy()
        self._lasting = {
            "woman": woman,
            "outside_europe": outside,
            "woman_outside_europe": woman & outside,
            "disability": self.disability,
            "upper_secondary": education == "upper_secondary",
            "post_secondary": education == "post_secondary",
            "education_unknown": education == "unknown",
        }
        self.shares = group_shares()
        effects = np.array([p.EFFECT[group] for group in GROUPS])
        self.group_effect = effects if self.published else np.ones_like(effects)  # (groups, periods)
        self.total_effect = self.shares @ self.group_effect  # (disability, periods)
        others = np.array(p.EFFECT["other reasons"])
        self.other_effect = others if self.published else np.ones_like(others)
        self.back_ratio = np.array(p.BACK_RATIO if self.published else (1.0,) * len(p.BACK_RATIO))

    def searching(self, day: int) -> NDArray[np.float64]:
        """Total daily hazard of work or studies while registered without work, in the month of `day`: (people, arms).

        With the factor of the calendar, without that of days since joining.
        """
        month_start, year = int(month_starts(day, day)[0]), int(years(day))
        lisa = int(np.clip(year - 1 - LISA_YEARS[0], 0, len(LISA_YEARS) - 1))
        values = {
            **self._lasting,
            **{name: yearly[:, lisa] for name, yearly in self._yearly.items()},
            "age": year - self._birth_year,
            "months": np.maximum(month_start - self.since, 0) / DAYS_PER_MONTH,
        }
        log_ratio = np.zeros((len(self.since), 2))
        for name, ratios in p.COVARIATES.items():
            coefficients = np.log(ratios if self.published else (ratios[CONTROL],) * 2)
            log_ratio += np.outer(values[name] - p.REFERENCE[name], coefficients)
        return p.DAILY_HAZARD * calendar_factor(day) * np.exp(log_ratio)


def period(days_since_joining: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which period of the effect a day falls in; the periods are right-closed."""
    return np.searchsorted(p.EFFECT_LIMITS, days_since_joining, side="left")


def calendar_factor(day: int) -> float:
    """Factor of all hazards in the month of a day."""
    month = month_names(day)[0]
    return p.CALENDAR[max((key for key in p.CALENDAR if key <= month), default=min(p.CALENDAR))]
