"""Days as the simulation counts them: whole numbers from the first day of the window."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.simulation import parameters

ORIGIN = np.datetime64(parameters.WINDOW_START, "D")
DAYS_PER_MONTH = 30.4375
NEVER = np.iinfo(np.int64).max // 2  # the day of what does not happen, and the end of what goes on


def day_number(date: str) -> int:
    """Days from the first day of the window to an ISO date."""
    return int((np.datetime64(date, "D") - ORIGIN).astype(int))


LAST_START = day_number(parameters.WINDOW_END)
LAST_DAY = day_number(parameters.FOLLOW_UP_END)


def dates(days: ArrayLike) -> NDArray[np.datetime64]:
    """Calendar dates of day numbers."""
    return ORIGIN + np.asarray(days, dtype="timedelta64[D]")


def timestamps(days: ArrayLike) -> NDArray[np.datetime64]:
    """Calendar dates of day numbers as pandas keeps them, missing for NEVER."""
    days = np.asarray(days, dtype=np.int64)
    stamps = dates(np.where(days == NEVER, 0, days)).astype("datetime64[ns]")
    stamps[days == NEVER] = np.datetime64("NaT")
    return stamps


def years(days: ArrayLike) -> NDArray[np.int64]:
    """Calendar years of day numbers."""
    return dates(days).astype("datetime64[Y]").astype(np.int64) + 1970


def month_starts(first: int, last: int) -> NDArray[np.int64]:
    """Day numbers of the first days of the months from the one holding `first` to the one holding `last`."""
    month, last_month = (int(np.int64(dates(day).astype("datetime64[M]"))) for day in (first, last))
    months = np.arange(month, last_month + 1).astype("datetime64[M]")
    return (months.astype("datetime64[D]") - ORIGIN).astype(np.int64)


def month_names(days: ArrayLike) -> list[str]:
    """Months of day numbers as YYYY-MM."""
    return [str(month) for month in np.atleast_1d(dates(days)).astype("datetime64[M]")]
