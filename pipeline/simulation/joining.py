"""Who starts in the project: quotas by day, and chances that depend on the matching variables alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.simulation import parameters as p
from pipeline.simulation.timeline import DAYS_PER_MONTH, LAST_START, dates, month_names, month_starts, years


def daily_quotas(participants: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Starts on each day of the window (days,): an exact number a month by the intake, drawn over its weekdays."""
    weight = np.array(list(p.INTAKE.values()))
    share = participants * weight / weight.sum()
    number = np.floor(share).astype(np.int64)
    number[np.argsort(number - share, kind="stable")[: participants - number.sum()]] += 1  # largest remainders
    in_month = dict(zip(p.INTAKE, number.tolist(), strict=True))
    quota = np.zeros(LAST_START + 1, dtype=np.int64)
    for first, next_first in zip(month_starts(0, LAST_START), month_starts(0, LAST_START + 1)[1:], strict=True):
        weekdays = [day for day in range(first, next_first) if np.is_busday(dates(day))]
        starts = rng.choice(weekdays, in_month.get(month_names(first)[0], 0))
        quota += np.bincount(starts, minlength=len(quota))
    return quota


class Joining:
    """Draws who starts on which day among those in JOB, in proportion to weights from the matching variables."""

    def __init__(
        self, people: pd.DataFrame, quota: NDArray[np.int64], rng: np.random.Generator, *, selection: bool = True
    ) -> None:
        self.quota, self.rng, self.selection = quota, rng, selection
        self.may_join = (people["group"] == "frame").to_numpy()
        self.birth_year = people["birth_year"].to_numpy()
        limited = people["education"].isin(["compulsory", "unknown"]).to_numpy()
        outside, woman = (people["region"] == "outside_europe").to_numpy(), people["woman"].to_numpy()
        self.lasting = limited * p.JOINING_COMPULSORY + outside * p.JOINING_OUTSIDE_EUROPE + woman * p.JOINING_WOMAN

    def starters(self, day: int, available: NDArray[np.bool_], registered: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows of those who start today, drawn without replacement.

        Parameters
        ----------
        available : (people,) in JOB and not in the project before
        registered : (people,) day of the present registration
        """
        wanted = self.quota[day] if day < len(self.quota) else 0
        if not wanted:
            return np.empty(0, dtype=np.int64)
        candidates = np.flatnonzero(available & self.may_join)
        if len(candidates) < wanted:
            raise ValueError("people: too few of them are in JOB to fill the project's intake; simulate more people")
        age = int(years(day)) - self.birth_year[candidates]
        months = (day - registered[candidates]) / DAYS_PER_MONTH
        log_weight = (
            self.lasting[candidates]
            + np.array(p.JOINING_AGE)[np.searchsorted(p.AGE_LIMITS, age, side="right")]
            + np.array(p.JOINING_MONTHS)[np.searchsorted(p.MONTHS_LIMITS, months, side="right")]
        )
        # The smallest of exponentials divided by weights: successive sampling in proportion to the weights.
        key = self.rng.standard_exponential(len(candidates)) / np.exp(log_weight * self.selection)
        return candidates[np.argpartition(key, wanted - 1)[:wanted]]
