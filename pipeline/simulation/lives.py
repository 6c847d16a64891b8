"""The state machine: who moves where on which day, and who joins the project when.

A day has two steps: first its moves, drawn from the hazards of the state a person was in when it began; then the
starts in the project, drawn among those in JOB after the moves. So someone who starts on a day is in JOB on it, and
the first day at risk is the next one, as for a control whose index date it is.

Moves are drawn by inversion: each person carries a unit exponential threshold, hazards accumulate day by day, and the
person moves when they pass it. Thresholds and choices come from numbers fixed per person and move, so that the same
person can be run again under the other arm's hazards with the same luck.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from pipeline.simulation import parameters as p
from pipeline.simulation import states as s
from pipeline.simulation.draws import choose
from pipeline.simulation.hazards import CONTROL, PARTICIPANT, Hazards, calendar_factor, period
from pipeline.simulation.joining import Joining
from pipeline.simulation.timeline import NEVER, month_starts

MOVES_DRAWN = 40  # numbers per person; whoever moves more often starts over with the first


@dataclass(frozen=True, slots=True)
class Luck:
    """Numbers fixed per person and move: arrays (people, MOVES_DRAWN)."""

    threshold: NDArray[np.float64]  # unit exponential
    choice: NDArray[np.float64]  # uniform: which group of destinations
    detail: NDArray[np.float64]  # uniform: which destination within the group

    @classmethod
    def draw(cls, people: int, rng: np.random.Generator) -> Luck:
        shape = (people, MOVES_DRAWN)
        return cls(rng.standard_exponential(shape), rng.random(shape), rng.random(shape))

    def of(self, rows: NDArray[np.int64]) -> Luck:
        """The same numbers for some of the people."""
        return Luck(self.threshold[rows], self.choice[rows], self.detail[rows])


@dataclass(frozen=True, slots=True)
class Start:
    """How people begin: arrays (people,)."""

    day: NDArray[np.int64]  # the day they are first in `state`; at risk from the next
    state: NDArray[np.int64]
    move: NDArray[np.int64]  # how many moves they have made
    used: NDArray[np.float64]  # how much of the present threshold is used up
    joined: NDArray[np.int64]  # day of joining, NEVER where it does not happen or is still to be drawn

    @classmethod
    def fresh(cls, day: NDArray[np.int64], state: NDArray[np.int64]) -> Start:
        n = len(day)
        return cls(day, state, np.zeros(n, dtype=np.int64), np.zeros(n), np.full(n, NEVER))

    def of(self, rows: NDArray[np.int64]) -> Start:
        """Some of the people."""
        return Start(*(getattr(self, field.name)[rows] for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Lives:
    """Every move in order of day, arrays of equal length, and how each participant stood on the day of joining."""

    person: NDArray[np.int64]  # row of the person
    day: NDArray[np.int64]
    state: NDArray[np.int64]  # the new state
    reason: NDArray[np.object_]  # of deregistration, empty where there is none
    joined: NDArray[np.int64]  # (people,) day of joining, NEVER
    at_joining: Start  # (people,) of no meaning for those who never join


def live(
    hazards: Hazards,
    luck: Luck,
    start: Start,
    may_enter: NDArray[np.bool_],
    last_day: int,
    joining: Joining | None = None,
) -> Lives:
    """Run everyone from the day they begin to the last.

    Parameters
    ----------
    may_enter : (people,) whether they ever enter JOB
    last_day : day after which nothing happens
    joining : draws the starts in the project; without it only those with a day in `start.joined` take part
    """
    machine = _Machine(hazards, luck, start, may_enter)
    beginning = np.argsort(start.day, kind="stable")
    beginning = beginning[start.day[beginning] <= last_day]
    day_of = start.day[beginning]
    first_day = int(day_of[0])
    machine.begin_month(first_day)
    months = set(month_starts(first_day, last_day).tolist())
    log: list[_Step] = []
    for day in range(first_day, last_day + 1):
        if day in months:
            machine.begin_month(day)
        log.extend(machine.pass_day(day))
        low, high = np.searchsorted(day_of, [day, day + 1])
        arriving = beginning[low:high]
        machine.enter(arriving, start.state[arriving], day)
        if joining is not None:
            available = (machine.state == s.JOB) & (machine.joined == NEVER)
            machine.join(joining.starters(day, available, machine.registered), day)
    return machine.lives(log)


@dataclass(frozen=True, slots=True)
class _Step:
    """The moves of one day: arrays (people who move,)."""

    person: NDArray[np.int64]
    day: NDArray[np.int64]
    state: NDArray[np.int64]
    reason: NDArray[np.object_]


class _Machine:
    """Everyone's state on one day."""

    def __init__(self, hazards: Hazards, luck: Luck, start: Start, may_enter: NDArray[np.bool_]) -> None:
        n = len(start.day)
        self.hazards, self.luck, self.may_enter = hazards, luck, may_enter
        self.state = np.full(n, s.BEFORE)
        self.since = np.zeros(n, dtype=np.int64)  # day of the last move
        self.registered = hazards.since.copy()  # day of the present registration
        self.move, self.used, self.joined = start.move.copy(), start.used.copy(), start.joined.copy()
        self.threshold = luck.threshold[np.arange(n), self.move % MOVES_DRAWN]
        self.rate = np.zeros(n)  # total hazard of the day
        self.moves_at_joining, self.used_at_joining = self.move.copy(), self.used.copy()

    def begin_month(self, day: int) -> None:
        self.work = self.hazards.searching(day)
        self.calendar = calendar_factor(day)
        everyone = np.arange(len(self.state))
        self.rate = self.moves(everyone, day).sum(axis=1)

    def pass_day(self, day: int) -> list[_Step]:
        """Accumulate the day's hazards and move those who pass their thresholds."""
        by_day = ((self.joined < day) & s.is_searching(self.state)) | (self.state == s.OUT_WORK)
        changing = np.flatnonzero(by_day)
        self.rate[changing] = self.moves(changing, day).sum(axis=1)
        self.used += self.rate
        rows = np.flatnonzero(self.used >= self.threshold)
        if not len(rows):
            return []
        state, reason = self.destinations(rows, day)
        back = rows[(self.state[rows] >= s.OUT_WORK) & (state < s.OUT_WORK)]
        self.registered[back] = day
        self.move[rows] += 1
        self.used[rows] = 0.0
        self.threshold[rows] = self.luck.threshold[rows, self.move[rows] % MOVES_DRAWN]
        self.enter(rows, state, day)
        return [_Step(rows, np.full(len(rows), day), state, reason)]

    def enter(self, rows: NDArray[np.int64], state: NDArray[np.int64], day: int) -> None:
        """Put people in new states from this day on."""
        self.state[rows] = state
        self.since[rows] = day
        self.rate[rows] = self.moves(rows, day).sum(axis=1)

    def join(self, rows: NDArray[np.int64], day: int) -> None:
        """Let people start in the project; the effect begins the day after."""
        self.joined[rows] = day
        self.moves_at_joining[rows] = self.move[rows]
        self.used_at_joining[rows] = self.used[rows]

    def moves(self, rows: NDArray[np.int64], day: int) -> NDArray[np.float64]:
        """Hazards of `rows` on this day: (rows, kinds of moves)."""
        state, joined = self.state[rows], self.joined[rows] < day
        table = np.zeros((len(rows), len(s.MOVES)))
        working = s.is_category(state)
        spell = s.SPELLS[s.SPELL_GROUP[state[working] - s.FIRST_CATEGORY]]
        for column, kind in enumerate((s.TO_LEAVE_WITH_JOB, s.TO_OTHER, s.TO_JOB, s.TO_OPEN), start=1):
            table[working, kind] = spell[:, 0] * spell[:, column] * self.calendar
        stays_out = ~self.may_enter[rows]  # whoever never enters JOB is openly unemployed instead
        table[stays_out, s.TO_OPEN] += table[stays_out, s.TO_JOB]
        table[stays_out, s.TO_JOB] = 0.0
        searching = s.is_searching(state)
        table[searching] = self._while_searching(rows[searching], joined[searching], day)
        table[state == s.OUT_OTHER, s.TO_OPEN] = p.BACK_AFTER_OTHER * self.calendar
        out = state == s.OUT_WORK
        step = np.searchsorted(p.BACK_LIMITS, day - self.since[rows[out]], side="left")
        ratio = np.where(joined[out], self.hazards.back_ratio[step], 1.0)
        table[out, s.TO_OPEN] = np.array(p.BACK_AFTER_WORK)[step] * ratio * self.calendar
        return table

    def _while_searching(self, rows: NDArray[np.int64], joined: NDArray[np.bool_], day: int) -> NDArray[np.float64]:
        """Hazards of people registered without work."""
        table = np.zeros((len(rows), len(s.MOVES)))
        step = period(np.where(joined, day - self.joined[rows], 0))
        work = self.work[rows, np.where(joined, PARTICIPANT, CONTROL)]
        effect = np.where(joined, self.hazards.group_effect[:, step], 1.0).T
        table[:, : len(s.GROUPS)] = work[:, None] * self.hazards.shares[self.hazards.disability[rows]] * effect
        is_open = self.state[rows] == s.OPEN
        other_effect = np.where(joined, self.hazards.other_effect[step], 1.0)
        table[:, s.TO_OTHER] = np.where(is_open, *p.OTHER_EXIT) * other_effect * self.calendar
        into_job, out_of_job = p.CHANGE
        change = np.where(is_open, into_job * self.may_enter[rows], out_of_job) * self.calendar
        table[np.arange(len(rows)), np.where(is_open, s.TO_JOB, s.TO_OPEN)] = change
        return table

    def destinations(self, rows: NDArray[np.int64], day: int) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
        """New states of people who move today, and the reasons of those who are deregistered."""
        number = self.move[rows] % MOVES_DRAWN
        kind = choose(self.moves(rows, day), self.luck.choice[rows, number])
        state, reason = np.empty(len(rows), dtype=np.int64), np.empty(len(rows), dtype=object)
        for which in np.unique(kind):
            here = kind == which
            state[here], reason[here] = s.MOVES[which].pick(self.luck.detail[rows[here], number[here]])
        return state, reason

    def lives(self, log: list[_Step]) -> Lives:
        state = np.full(len(self.joined), s.JOB)
        return Lives(
            person=np.concatenate([step.person for step in log]),
            day=np.concatenate([step.day for step in log]),
            state=np.concatenate([step.state for step in log]),
            reason=np.concatenate([step.reason for step in log]),
            joined=self.joined,
            at_joining=Start(self.joined, state, self.moves_at_joining, self.used_at_joining, self.joined),
        )
