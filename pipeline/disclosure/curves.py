"""Curves that step only when enough people have reached the outcome, and the shares that stand on them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from pipeline.disclosure.policy import ARMS, EVENTS, Log, Policy
from pipeline.results import CurvePoint, Share


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


def _steps(
    points: Sequence[CurvePoint], times: Sequence[float], people: int, policy: Policy
) -> tuple[list[CurvePoint], set[float]]:
    """The points that may be shown, and the report's times at which nothing may be.

    Between two report times, points are kept once enough people have joined since the one kept before; the last point
    before each time takes up what remains, so that the share at that time is itself a step.
    """
    k = policy.minimum_count
    ended = min((p.day for p in points if p.at_risk is not None and p.at_risk < k), default=math.inf)
    known = [p for p in points if p.day < ended]
    closed, base = {day for day in times if day >= ended}, 0
    kept = [p for p in known[:1] if reached(p, people) == 0]
    known = known[len(kept) :]
    for start, end in zip([-math.inf, *times], [*times, math.inf], strict=True):
        inside = [p for p in known if start < p.day <= end]
        chosen: list[CurvePoint] = []
        before = [base]
        for point in inside:
            new = reached(point, people) - before[-1]
            if new >= k or (new == 0 and point.day in times):
                chosen.append(point)
                before.append(reached(point, people))
        if inside and policy.small(reached(inside[-1], people) - before[-1]):
            if len(before) > 1:
                chosen[-1], before[-1] = inside[-1], reached(inside[-1], people)
            else:
                closed.add(end)
        kept, base = kept + chosen, before[-1]
    return kept, closed


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
    return point.model_copy(update={**numbers, "at_risk": at_risk, "events": policy.rounded(point.events)})


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
