"""The truth: what the participants' shares in work or studies would be with the project and without it.

Computed from the hazards, not from what was drawn. Given a participant's traits at joining, and the yearly values that
drift by themselves, the states JOB, openly unemployed, deregistered for another reason, gone and reached form a Markov
chain by day, the same one the state machine draws from; its distribution is carried forward exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.simulation import parameters as p
from pipeline.simulation.hazards import CONTROL, PARTICIPANT, Hazards, calendar_factor, period
from pipeline.simulation.timeline import NEVER, month_starts

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
    joined = truth.joined[rows]
    reached = np.zeros((len(rows), last + 1, 2))
    chains = {arm: _Chain(truth.hazards, rows, arm) for arm in (CONTROL, PARTICIPANT)}
    first = int(joined.min())
    months = set(month_starts(first, int(joined.max()) + last).tolist())
    for day in range(first, int(joined.max()) + last + 1):
        if day in months or day == first:
            work = truth.hazards.searching(day)[rows]
            calendar = calendar_factor(day)
        now = np.flatnonzero((joined < day) & (day <= joined + last))
        since = day - joined[now]
        for arm, chain in chains.items():
            reached[now, since, arm] = reached[now, since - 1, arm] + chain.pass_day(
                now, since, work[now, arm], calendar
            )
    return rows, reached


class _Chain:
    """Probabilities of the participants' states in one arm on one day."""

    def __init__(self, hazards: Hazards, rows: NDArray[np.int64], arm: int) -> None:
        self.in_job, self.open, self.out = np.ones(len(rows)), np.zeros(len(rows)), np.zeros(len(rows))
        self.total_effect = hazards.total_effect[hazards.disability[rows]]  # (participants, periods)
        self.other_effect = hazards.other_effect
        if arm == CONTROL:
            self.total_effect, self.other_effect = np.ones_like(self.total_effect), np.ones_like(self.other_effect)

    def pass_day(
        self, now: NDArray[np.int64], since: NDArray[np.int64], work: NDArray[np.float64], calendar: float
    ) -> NDArray[np.float64]:
        """Carry `now` over a day, so long after joining; returns the probability that work or studies began on it."""
        step = period(since)
        work = work * self.total_effect[now, step]
        other = calendar * self.other_effect[step]
        (open_exit, job_exit), (open_change, job_change) = p.OTHER_EXIT, p.CHANGE
        from_job = _leave(self.in_job[now], work, other * job_exit, calendar * job_change)
        from_open = _leave(self.open[now], work, other * open_exit, calendar * open_change)
        back = self.out[now] * -np.expm1(-p.BACK_AFTER_OTHER * calendar)
        self.in_job[now] += from_open[2] - sum(from_job)
        self.open[now] += from_job[2] + back - sum(from_open)
        self.out[now] += BACK_SHARE * (from_job[1] + from_open[1]) - back
        return from_job[0] + from_open[0]


def _leave(
    probability: NDArray[np.float64], work: NDArray[np.float64], other: NDArray[np.float64], change: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Probability that leaves a state in a day: to work or studies, for another reason, between JOB and 11."""
    total = work + other + change
    moved = probability * -np.expm1(-total) / total
    return moved * work, moved * other, moved * change


def expected_shares(truth: Truth, days: Sequence[int], rows: NDArray[np.int64] | None = None) -> pd.DataFrame:
    """Mean over participants (`rows` of the people, or all of them) of what `reached_by_day` gives, at some days."""
    everyone, reached = reached_by_day(truth, max(days))
    share = reached.mean(axis=0) if rows is None else reached[np.isin(everyone, rows)].mean(axis=0)
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
