"""The truth: what the participants' shares in work or studies would be with the project and without it.

Computed from the hazards, not from what was drawn. Given a participant's traits at joining, and the yearly values that
drift by themselves, the states JOB, openly unemployed, deregistered for another reason, gone and reached form a Markov
chain by day, the same one the state machine draws from; its distribution is carried forward exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.simulation import parameters as p
from pipeline.simulation.hazards import CONTROL, NEVER, PARTICIPANT, Hazards, calendar_factor, period
from pipeline.simulation.timeline import month_starts

BACK_SHARE = 1 - p.OTHER_REASONS[p.NEVER_BACK] / sum(p.OTHER_REASONS.values())


@dataclass(frozen=True, slots=True)
class Truth:
    """What the expected shares are computed from."""

    hazards: Hazards  # of everyone
    joined: NDArray[np.int64]  # (people,) day of joining, NEVER


def reached_by_day(truth: Truth, last: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Expected shares in work or studies of each participant, under both arms.

    Returns
    -------
    rows of the participants, and shares (participants, last + 1, arms) by day since joining, 0 at day 0
    """
    rows = np.flatnonzero(truth.joined != NEVER)
    reached = np.zeros((len(rows), last + 1, 2))
    for arm in (CONTROL, PARTICIPANT):
        _carry_forward(truth, rows, arm, reached[:, :, arm])
    return rows, reached


def _carry_forward(truth: Truth, rows: NDArray[np.int64], arm: int, reached: NDArray[np.float64]) -> None:
    """Fill the shares reached (participants, days), calendar day by calendar day."""
    hazards, joined = truth.hazards, truth.joined[rows]
    last = reached.shape[1] - 1
    in_job, is_open, out = np.ones(len(rows)), np.zeros(len(rows)), np.zeros(len(rows))
    months = set(month_starts(int(joined.min()), int(joined.max()) + last).tolist())
    for day in range(int(joined.min()), int(joined.max()) + last + 1):
        if day in months or day == joined.min():
            month = max(month for month in months if month <= day)
            work_now = hazards.searching(month)[rows, arm]
            calendar = calendar_factor(month)
        now = np.flatnonzero((joined < day) & (day <= joined + last))
        since = day - joined[now]
        step = period(since)
        work = work_now[now] * (
            hazards.total_effect[hazards.disability[rows[now]], step] if arm == PARTICIPANT else 1.0
        )
        other = calendar * (hazards.other_effect[step] if arm == PARTICIPANT else np.ones(len(now)))
        job, opened, left = in_job[now], is_open[now], out[now]
        from_job = _flows(job, work, other * p.OTHER_EXIT["JOB"], np.full(len(now), p.CHANGE["JOB"] * calendar))
        from_open = _flows(opened, work, other * p.OTHER_EXIT["open"], np.full(len(now), p.CHANGE["open"] * calendar))
        back = left * -np.expm1(-p.BACK_AFTER_OTHER * calendar)
        in_job[now] = job - sum(from_job) + from_open[2]
        is_open[now] = opened - sum(from_open) + from_job[2] + back
        out[now] = left + BACK_SHARE * (from_job[1] + from_open[1]) - back
        reached[now, since] = reached[now, since - 1] + from_job[0] + from_open[0]


def _flows(mass: NDArray, work: NDArray, other: NDArray, change: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Probability moved in a day to work or studies, out for another reason, and between JOB and 11."""
    total = work + other + change
    moved = mass * -np.expm1(-total) / total
    return moved * work, moved * other, moved * change


def expected_shares(truth: Truth, days: list[int]) -> pd.DataFrame:
    """Expected share in work or studies by day since joining, with the project and without it."""
    _, reached = reached_by_day(truth, max(days))
    share = reached.mean(axis=0)
    at = np.asarray(days)
    hazard = np.diff(share, axis=0, prepend=0.0)[at] / (1 - share[np.maximum(at - 1, 0)])
    with np.errstate(invalid="ignore"):
        ratio = hazard[:, PARTICIPANT] / hazard[:, CONTROL]
    return pd.DataFrame(
        {
            "day": at,
            "participants": share[at, PARTICIPANT],
            "controls": share[at, CONTROL],
            "difference": share[at, PARTICIPANT] - share[at, CONTROL],
            "hazard_ratio": ratio,
        }
    )
