"""Curves that step only when enough people have reached the outcome, and the shares that stand on them."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.disclosure.policy import ARMS, EVENTS, Log, Policy
from pipeline.results import CurvePoint, Share

# Days within which the same person is counted on two days at most (see `people_between`).
FOUR_WEEKS = 28


@dataclass(frozen=True, slots=True)
class Mark:
    """A time at which a curve may be read: a multiple of the policy's step, or one of the report's times."""

    day: float
    point: int  # the last point of the curve by that day


def protect_curves(
    points: Sequence[CurvePoint],
    shares: Sequence[Share],
    people: dict[str, int | None],
    place: str,
    policy: Policy,
    log: Log,
) -> tuple[list[CurvePoint], list[Share]]:
    """Coarsened curves of both arms, and the shares at the report's times that stand on them."""
    times = [share.day for share in shares]
    kept: list[CurvePoint] = []
    closed: dict[str, set[float]] = {}
    for arm in ARMS:
        found = [p for p in points if p.group == arm]
        steps, closed[arm] = _steps(found, times, people[arm] or 0, policy)
        kept += [_point(found, mark, people[arm], mark.day in (0.0, *times), policy) for mark in steps]
        if len(steps) < len(found):
            log.note(f"{place}.curves.{arm}", "steps")
        # Without curves the shares have to stand for themselves.
        if not found:
            closed[arm] = _too_close(shares, arm, policy)
    return kept, [_share(share, closed, people, f"{place}.at.{share.day:g}", policy, log) for share in shares]


def reached(point: CurvePoint, people: int) -> int:
    """People who had reached the outcome by a point; from the share where they were not counted, rounded down."""
    if point.events is not None:
        return point.events
    return math.floor((point.cumulative_incidence or 0.0) * people + 1e-9)


def people_between(points: Sequence[CurvePoint], first: int, last: int, people: int) -> int:
    """At least so many different people reach the outcome after point `first` and by point `last`.

    Those who had not reached it before are counted by the points. Under every_month people also reach it again, from
    other index months; index days of a person lie a month apart but for the month of entry, which has one more. So
    within any four weeks a person is counted on two days at most.
    """
    anew = reached(points[last], people) - reached(points[first], people)
    days = [p.events_on_day or 0 for p in points[first + 1 : last + 1] if p.day > points[last].day - FOUR_WEEKS]
    return max(anew, math.ceil(sum(days) / 2))


def _steps(
    points: Sequence[CurvePoint], times: Sequence[float], people: int, policy: Policy
) -> tuple[list[Mark], set[float]]:
    """The marks at which the curve is shown, and the report's times at which nothing may be.

    The curve starts at day 0. Between two report times, marks are kept once enough people have joined since the one
    kept before; the last of them moves to the report's time, so that the share there is itself a step. After the last
    time, what is left over is not drawn.
    """
    if not points:
        return [], set()
    ended = min((p.day for p in points if p.at_risk is not None and p.at_risk < policy.minimum_count), default=math.inf)
    known = [p for p in points if p.day < ended]
    marks, closed = _marks(known, times, policy), {day for day in times if day >= ended}
    kept = [Mark(0.0, 0)] if known else []
    for start, end in zip([0.0, *times], [*times, math.inf], strict=True):
        inside = [mark for mark in marks if start < mark.day <= end]
        chosen = _enough_apart(known, inside, kept[-1], people, policy) if inside else []
        if inside and end < math.inf:
            last = chosen[-1] if chosen else kept[-1]
            if policy.small(people_between(known, last.point, inside[-1].point, people)):
                if not chosen:
                    closed.add(end)
                    continue
                chosen[-1] = inside[-1]
            elif inside[-1].day == end and inside[-1] != last:
                chosen.append(inside[-1])
        kept += chosen
    return kept, closed


def _marks(points: Sequence[CurvePoint], times: Sequence[float], policy: Policy) -> list[Mark]:
    """Every time at which the curve may be read: no day on which a single person moved."""
    if not points:
        return []
    days, end, step = [p.day for p in points], points[-1].day, policy.time_step
    grid = {step * i for i in range(1, math.floor(end / step + 1e-9) + 1)} | {day for day in times if day <= end}
    return [Mark(day, bisect_right(days, day) - 1) for day in sorted(grid)]


def _enough_apart(
    points: Sequence[CurvePoint], inside: Sequence[Mark], base: Mark, people: int, policy: Policy
) -> list[Mark]:
    """Of the marks inside a stretch, those that stand enough people after the one kept before them."""
    chosen = []
    for mark in inside:
        if people_between(points, base.point, mark.point, people) >= policy.minimum_count:
            chosen.append(mark)
            base = mark
    return chosen


def _too_close(shares: Sequence[Share], arm: str, policy: Policy) -> set[float]:
    """Times whose people stand too close to those of the time before, where there is no curve to coarsen."""
    closed, base = set(), 0
    for share in shares:
        events = getattr(share, EVENTS[arm])
        if events is None or policy.small(events - base):
            closed.add(share.day)
        else:
            base = events
    return closed


def _point(points: Sequence[CurvePoint], mark: Mark, people: int | None, counted: bool, policy: Policy) -> CurvePoint:
    """The curve at a mark; people are counted at the start and at the report's times only."""
    point = points[mark.point]
    value = point.cumulative_incidence
    update: dict[str, Any] = {
        "day": mark.day,
        "cumulative_incidence": policy.share(value, people),
        "lower": policy.limit(point.lower, value, people),
        "upper": policy.limit(point.upper, value, people),
        "events_on_day": None,
    }
    at_risk, events = _counted(point, people or 0, policy) if counted else (None, None)
    return point.model_copy(update={**update, "at_risk": at_risk, "events": events})


def _counted(point: CurvePoint, people: int, policy: Policy) -> tuple[int | None, int | None]:
    """People at risk and people who have reached the outcome.

    Counted apart, the two would give those no longer followed once a time, each time rounded anew, until they are
    known. So everyone, those who reached it and those no longer followed are rounded, and people at risk are the rest.
    """
    events = policy.rounded(point.events)
    if point.at_risk is None or events is None:
        return None, events
    ended = policy.nearest(people - point.at_risk - reached(point, people) + (point.events_on_day or 0))
    left = (policy.rounded(people) or 0) - events - ended
    return (left if left >= policy.minimum_count else None), events


def _share(
    share: Share, closed: dict[str, set[float]], people: dict[str, int | None], place: str, policy: Policy, log: Log
) -> Share:
    update: dict[str, Any] = {}
    for arm in ARMS:
        shut, value = share.day in closed[arm], getattr(share, arm)
        update[EVENTS[arm]] = None if shut else policy.rounded(getattr(share, EVENTS[arm]))
        update[arm] = None if shut else policy.share(value, people[arm])
        for limit in (f"{arm}_lower", f"{arm}_upper"):
            update[limit] = None if shut else policy.limit(getattr(share, limit), value, people[arm])
        if shut:
            log.note(f"{place}.{arm}", "steps")
    fewest = min((n for n in people.values() if n), default=0)
    both = all(update[arm] is not None for arm in ARMS)
    shown = update[ARMS[0]] - update[ARMS[1]] if both else None
    difference = policy.difference((share.difference, share.lower, share.upper), shown, fewest)
    return share.model_copy(update={**update, **dict(zip(("difference", "lower", "upper"), difference, strict=True))})
