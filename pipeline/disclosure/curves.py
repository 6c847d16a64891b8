"""Curves that step only when enough people have reached the outcome, and the shares that stand on them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from pipeline.disclosure.policy import ARMS, EVENTS, Log, Policy
from pipeline.results import CurvePoint, Share

# Days within which the same person is counted on two days at most (see `people_between`).
FOUR_WEEKS = 28


def protect_curves(
    points: Sequence[CurvePoint],
    shares: Sequence[Share],
    people: dict[str, int | None],
    shown: dict[str, int | None],
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
        kept += [_point(p, people[arm], shown[arm], policy) for p in steps]
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
) -> tuple[list[CurvePoint], set[float]]:
    """The points that may be shown, and the report's times at which nothing may be.

    The curve starts at its first point, day 0. Between two report times, points are kept once enough people have
    joined since the one kept before; the last of them moves to the last point before the time, so that the share at
    that time is itself a step. After the last time, what is left over is not drawn.
    """
    if not points:
        return [], set()
    ended = min((p.day for p in points if p.at_risk is not None and p.at_risk < policy.minimum_count), default=math.inf)
    known = [p for p in points if p.day < ended]
    kept, closed = [0] if known else [], {day for day in times if day >= ended}
    for start, end in zip([0.0, *times], [*times, math.inf], strict=True):
        inside = [i for i, p in enumerate(known) if start < p.day <= end]
        chosen = _enough_apart(known, inside, kept[-1], people, policy) if inside else []
        if inside and end < math.inf:
            last = chosen[-1] if chosen else kept[-1]
            if policy.small(people_between(known, last, inside[-1], people)):
                if not chosen:
                    closed.add(end)
                    continue
                chosen[-1] = inside[-1]
            elif known[inside[-1]].day == end and inside[-1] != last:
                chosen.append(inside[-1])
        kept += chosen
    return [known[i] for i in kept], closed


def _enough_apart(
    points: Sequence[CurvePoint], inside: Sequence[int], base: int, people: int, policy: Policy
) -> list[int]:
    """Of the points inside a stretch, those that stand enough people after the one kept before them."""
    chosen = []
    for i in inside:
        if people_between(points, base, i, people) >= policy.minimum_count:
            chosen.append(i)
            base = i
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


def _point(point: CurvePoint, people: int | None, shown: int | None, policy: Policy) -> CurvePoint:
    numbers = {name: policy.share(getattr(point, name), people) for name in ("cumulative_incidence", "lower", "upper")}
    at_risk = shown if point.at_risk == people else policy.rounded(point.at_risk)
    return point.model_copy(
        update={**numbers, "at_risk": at_risk, "events": policy.rounded(point.events), "events_on_day": None}
    )


def _share(
    share: Share, closed: dict[str, set[float]], people: dict[str, int | None], place: str, policy: Policy, log: Log
) -> Share:
    update: dict[str, Any] = {EVENTS[arm]: policy.rounded(getattr(share, EVENTS[arm])) for arm in ARMS}
    for arm in ARMS:
        shut = share.day in closed[arm]
        names = (arm, f"{arm}_lower", f"{arm}_upper")
        update |= {n: None if shut else policy.share(getattr(share, n), people[arm]) for n in names}
        if shut:
            update[EVENTS[arm]] = None
            log.note(f"{place}.{arm}", "steps")
    shut = any(share.day in closed[arm] for arm in ARMS)
    fewest = min((n for n in people.values() if n), default=0)
    names = ("difference", "lower", "upper")
    update |= {n: None if shut else policy.share(getattr(share, n), fewest) for n in names}
    return share.model_copy(update=update)
