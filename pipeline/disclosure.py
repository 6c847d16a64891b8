"""What may leave `data/`: one policy, applied to results and to the data-quality account before anyone else sees them.

With `minimum_count` k (1 for public data: nothing is changed), no count from 1 to k-1 leaves, as a figure or as a
difference of figures:

1. Small counts are withheld (null), and with them whatever rests on so few people or events: shares, curves, models.
2. Every other count is rounded to the nearest k, so that totals, parts and complements cannot be subtracted.
   Only the totals of the flow and of the matching stay exact, and only where neighbouring steps differ by 0 or at
   least k; a step that does not is withheld.
3. Shares are given no more finely than one person of the group they are of, so that no count can be computed back
   from their digits.
4. Curves step only when at least k more people have reached the outcome since the step before, and at the report's
   times; they end where fewer than k are at risk. A share at a time that would stand fewer than k people from the
   step before is withheld.
5. Destinations with fewer than k people in either group are folded together with the smallest of their kind.

What is withheld or changed is listed in `suppressed`. Hazard ratios and other coefficients are kept as they are: they
are safe once they rest on enough people (SDC handbook, "regression coefficients").
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.results import (
    Balance,
    BalanceRow,
    Band,
    CurvePoint,
    DescriptionRow,
    Destination,
    FlowStep,
    Matching,
    Model,
    OutcomeResult,
    Results,
    Share,
    SubgroupResult,
    Suppression,
)

ARMS = ("participants", "controls")
EVENTS = {"participants": "participant_events", "controls": "control_events"}
FOLDED = "folded"
SMD_DECIMALS = 3


@dataclass(frozen=True, slots=True)
class Policy:
    """The rule, and the arithmetic that follows from it."""

    minimum_count: int

    def small(self, count: int | None) -> bool:
        """Whether a count is about someone, but too few to be shown."""
        return count is not None and 0 < count < self.minimum_count

    def rounded(self, count: int | None) -> int | None:
        """A count to the nearest minimum count, halves upwards; null when it is small."""
        if count is None or self.small(count):
            return None
        k = self.minimum_count
        return (2 * count + k) // (2 * k) * k

    def share(self, value: float | None, people: int | None) -> float | None:
        """A share (or a limit of its interval) no finer than one of so many people."""
        if value is None or not people:
            return None
        return round(value, int(math.log10(people)))


@dataclass(slots=True)
class _Log:
    """What was withheld or changed, each place once."""

    entries: dict[str, str] = field(default_factory=dict)

    def note(self, place: str, reason: str) -> None:
        self.entries.setdefault(place, reason)

    def suppressions(self) -> list[Suppression]:
        return [Suppression(place=place, reason=reason) for place, reason in self.entries.items()]


def protect(results: Results, policy: Policy) -> Results:
    """Results that may leave, with the list of what was withheld or changed. Public data come back as they are."""
    if policy.minimum_count <= 1:
        return results
    log = _Log()
    flow, matching = _flow(results.flow, results.matching, policy, log)
    exact = {step.participants for step in flow} | {step.controls for step in flow}
    if matching is not None:
        exact |= {matching.participants, matching.controls, matching.participants_matched, matching.controls_matched}
    return results.model_copy(
        update={
            "flow": flow,
            "matching": matching,
            "description": _description(results.description, policy, log),
            "balance": _balance(results, policy, log),
            "outcomes": {
                name: _outcome(outcome, f"outcomes.{name}", exact, policy, log)
                for name, outcome in results.outcomes.items()
            },
            "suppressed": [*results.suppressed, *log.suppressions()],
        }
    )


def _flow(
    steps: Sequence[FlowStep], matching: Matching | None, policy: Policy, log: _Log
) -> tuple[list[FlowStep], Matching | None]:
    """Exact totals where neighbours differ by nothing or enough; a step in between that does not is withheld.

    The last step and the matched totals are what the evaluation stands on: an earlier step yields to them.
    """
    ends: dict[str, int | None] = {}
    if matching is not None:
        ends = {
            "participants": matching.participants_matched,
            "controls": matching.controls_matched,
            "participant_rows": matching.participants_matched,
            "control_rows": matching.control_rows_matched,
        }
    changed: list[dict[str, int | None]] = [{} for _ in steps]
    for column in ("participants", "controls", "participant_rows", "control_rows"):
        later = ends.get(column)
        for i in range(len(steps) - 1, -1, -1):
            count = getattr(steps[i], column)
            if policy.small(count) or (count is not None and later is not None and policy.small(abs(count - later))):
                changed[i][column] = None
                log.note(f"flow.{steps[i].step}.{column}", "few_people" if policy.small(count) else "difference")
            elif count is not None:
                later = count
    flow = [step.model_copy(update=change) for step, change in zip(steps, changed, strict=True)]
    return flow, _matching(matching, flow, policy, log) if matching is not None else None


def _matching(matching: Matching, flow: Sequence[FlowStep], policy: Policy, log: _Log) -> Matching:
    update: dict[str, Any] = {}
    for arm in ARMS:
        everyone, matched = getattr(matching, arm), getattr(matching, f"{arm}_matched")
        if policy.small(matched):
            update[f"{arm}_matched"] = None
            log.note(f"matching.{arm}_matched", "few_people")
        if policy.small(everyone) or policy.small(abs((everyone or 0) - (matched or 0))):
            update[arm] = None
            log.note(f"matching.{arm}", "difference")
    if policy.small(matching.control_rows_matched):
        update["control_rows_matched"] = None
    classes = [c.model_copy(update=_counts(c, ARMS, f"matching.classes.{c.variable}.{c.level}", policy, log))
               for c in matching.classes]  # fmt: skip
    unmatched = [u.model_copy(update=_counts(u, ARMS[:1], f"matching.unmatched.{u.variable}", policy, log))
                 for u in matching.unmatched]  # fmt: skip
    return matching.model_copy(update={**update, "classes": classes, "unmatched": unmatched})


def _counts(record: Any, names: Iterable[str], place: str, policy: Policy, log: _Log) -> dict[str, int | None]:
    """Rounded counts of a record, small ones withheld and noted."""
    update = {}
    for name in names:
        count = getattr(record, name)
        update[name] = policy.rounded(count)
        if policy.small(count):
            log.note(f"{place}.{name}", "few_people")
    return update


def _description(rows: Sequence[DescriptionRow], policy: Policy, log: _Log) -> list[DescriptionRow]:
    protected = []
    for row in rows:
        place = f"description.{row.variable}{'.' + row.level if row.level else ''}"
        update: dict[str, Any] = _counts(row, ("count",), place, policy, log)
        if policy.small(row.count):
            update |= {"share": None, "mean": None, "median": None}
        elif row.share and row.count:
            update["share"] = policy.share(row.share, round(row.count / row.share))
        protected.append(row.model_copy(update=update))
    return protected


def _balance(results: Results, policy: Policy, log: _Log) -> Balance:
    """Shares that stand for few people are withheld in all columns, and with one level the next smallest."""
    balance, matching, last = results.balance, results.matching, results.flow[-1] if results.flow else None
    before = {arm: getattr(matching or last, arm, None) for arm in ARMS}
    after = {arm: getattr(matching, f"{arm}_matched", None) if matching else before[arm] for arm in ARMS}
    hidden: set[tuple[str, str | None]] = set()
    for rows, people in ((balance.before, before), (balance.after, after)):
        hidden |= {(row.variable, row.level) for row in rows if _tells(row, people, policy)}
    for variable in sorted({name for name, level in hidden if level is not None}):
        levels = [r for r in balance.before if r.variable == variable and r.level is not None]
        rest = sorted((r for r in levels if (variable, r.level) not in hidden), key=lambda r: r.participants or 0)
        if len(levels) - len(rest) == 1 and rest:
            hidden.add((variable, rest[0].level))
    for variable, level in sorted(hidden, key=str):
        log.note(f"balance.{variable}{'.' + level if level else ''}", "few_people")
    return balance.model_copy(
        update={
            "before": [_balance_row(row, before, hidden, policy) for row in balance.before],
            "after": [_balance_row(row, after, hidden, policy) for row in balance.after],
        }
    )


def _is_share(row: BalanceRow) -> bool:
    values = [value for value in (row.participants, row.controls) if value is not None]
    return row.participants_median is None and all(0 <= value <= 1 for value in values)


def _tells(row: BalanceRow, people: dict[str, int | None], policy: Policy) -> bool:
    """Whether a share, or its complement, stands for too few people of either arm."""
    if not _is_share(row):
        return False
    for arm in ARMS:
        share, number = getattr(row, arm), people[arm]
        if share is not None and number:
            with_it = round(share * number)
            if policy.small(with_it) or policy.small(number - with_it):
                return True
    return False


def _balance_row(
    row: BalanceRow, people: dict[str, int | None], hidden: set[tuple[str, str | None]], policy: Policy
) -> BalanceRow:
    if (row.variable, row.level) in hidden:
        gone = dict.fromkeys(("participants", "controls", "smd", "variance_ratio"))
        return row.model_copy(update={**gone, "participants_median": None, "controls_median": None})
    update: dict[str, Any] = {"smd": None if row.smd is None else round(row.smd, SMD_DECIMALS)}
    if _is_share(row):
        update |= {arm: policy.share(getattr(row, arm), people[arm]) for arm in ARMS}
    return row.model_copy(update=update)


def _outcome(outcome: OutcomeResult, place: str, exact: set[int | None], policy: Policy, log: _Log) -> OutcomeResult:
    """An outcome; all of it is withheld when either arm has too few people or too few who reached it."""
    people = {arm: getattr(outcome, arm) for arm in ARMS}
    reached = {arm: getattr(outcome, EVENTS[arm]) for arm in ARMS}
    totals = {arm: n if n in exact and not policy.small(n) else policy.rounded(n) for arm, n in people.items()}
    update: dict[str, Any] = {
        **totals,
        **{EVENTS[arm]: policy.rounded(n) for arm, n in reached.items()},
        "day_zero_events": policy.rounded(outcome.day_zero_events),
    }
    if policy.small(outcome.day_zero_events):
        log.note(f"{place}.day_zero_events", "few_people")
    if any(policy.small(n) for n in (*people.values(), *reached.values())):
        log.note(place, "few_people" if any(policy.small(n) for n in people.values()) else "few_events")
        return outcome.model_copy(update={**update, **_nothing(outcome)})
    curves, shares = _curves(outcome.curves, outcome.at, people, totals, place, policy, log)
    end = min((points[-1].day for arm in ARMS if (points := [p for p in curves if p.group == arm])), default=0.0)
    return outcome.model_copy(
        update={
            **update,
            "curves": curves,
            "at": shares,
            "models": _models(outcome.models, place, policy, log),
            "hazard_ratio_over_time": _bands(outcome.hazard_ratio_over_time, place, policy, log),
            "hazard_ratio_curve": [p for p in outcome.hazard_ratio_curve if p.day <= end],
            "destinations": _destinations(outcome.destinations, reached, place, policy, log),
            "subgroups": {
                name: _subgroup(group, f"{place}.subgroups.{name}", policy, log)
                for name, group in outcome.subgroups.items()
            },
        }
    )


def _nothing(outcome: OutcomeResult) -> dict[str, Any]:
    """Every number of an outcome gone."""
    open_ = {"value": None, "lower": None, "upper": None}
    return {
        "curves": [], "at": [], "logrank": None, "rmst": None, "models": {}, "proportionality": [],
        "median_days": type(outcome.median_days).model_validate({"participants": open_, "controls": open_}),
        "hazard_ratio_over_time": [], "hazard_ratio_curve": [], "bands_test": None, "destinations": [],
        "subgroups": {},
    }  # fmt: skip


def _curves(
    points: Sequence[CurvePoint],
    shares: Sequence[Share],
    people: dict[str, int | None],
    shown: dict[str, int | None],
    place: str,
    policy: Policy,
    log: _Log,
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


def _reached(point: CurvePoint, people: int) -> int:
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
    known = [p for p in points if p.at_risk is None or p.at_risk >= k]
    kept, closed, base = [p for p in known[:1] if _reached(p, people) == 0], set[float](), 0
    known = known[len(kept) :]
    for start, end in zip([-math.inf, *times], [*times, math.inf], strict=True):
        inside = [p for p in known if start < p.day <= end]
        chosen: list[CurvePoint] = []
        before = [base]
        for point in inside:
            if _reached(point, people) - before[-1] >= k or (
                point.day in times and _reached(point, people) == before[-1]
            ):
                chosen.append(point)
                before.append(_reached(point, people))
        if inside and 0 < _reached(inside[-1], people) - before[-1] < k:
            if len(before) > 1:
                chosen[-1], before[-1] = inside[-1], _reached(inside[-1], people)
            elif math.isfinite(end):
                closed.add(end)
        if math.isfinite(end) and end > (known[-1].day if known else 0):
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
    share: Share, closed: dict[str, set[float]], people: dict[str, int | None], place: str, policy: Policy, log: _Log
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


def _models(models: dict[str, Model], place: str, policy: Policy, log: _Log) -> dict[str, Model]:
    return {name: _model(model, f"{place}.models.{name}", policy, log) for name, model in models.items()}


def _model(model: Model, place: str, policy: Policy, log: _Log) -> Model:
    """A regression with rounded counts, or without its terms when it rests on too little."""
    update: dict[str, Any] = {
        name: policy.rounded(getattr(model, name))
        for name in ("n", "people", "participants", "controls", "events", "left_out")
    }
    if policy.small(model.left_out):
        log.note(f"{place}.left_out", "few_people")
    people = (model.people, model.participants, model.controls)
    if any(policy.small(n) for n in (*people, model.events)):
        reason = "few_people" if any(policy.small(n) for n in people) else "few_events"
        log.note(place, reason)
        update |= {"terms": [], "selection": model.selection.model_copy(update={"removed": []}), "note": None}
    return model.model_copy(update=update)


def _bands(bands: Sequence[Band], place: str, policy: Policy, log: _Log) -> list[Band]:
    protected = []
    for band in bands:
        update: dict[str, Any] = {"events": policy.rounded(band.events)}
        if policy.small(band.events):
            log.note(f"{place}.hazard_ratio_over_time.{band.from_day:g}", "few_events")
            update |= dict.fromkeys(("hazard_ratio", "lower", "upper"))
        protected.append(band.model_copy(update=update))
    return protected


def _destinations(
    rows: Sequence[Destination], reached: dict[str, int | None], place: str, policy: Policy, log: _Log
) -> list[Destination]:
    """Destinations with few people folded with the smallest of their kind; with all others when a kind is too small."""
    people: dict[str, dict[str, int]] = {}
    kinds: dict[str, str] = {}
    for row in rows:
        people.setdefault(row.destination, dict.fromkeys(ARMS, 0))[row.group] = row.people or 0
        kinds[row.destination] = row.kind
    folds: dict[str, str] = {}
    leftover: list[str] = []
    for kind in dict.fromkeys(kinds.values()):
        inside = [name for name in people if kinds[name] == kind]
        fold = _fold(inside, people, policy)
        if fold is None:
            leftover += inside
        folds |= dict.fromkeys(fold or [], f"{FOLDED}_{kind}")
    if leftover:
        rest = [name for name in people if name not in folds and name not in leftover]
        fold = _fold([*leftover, *rest], people, policy, always=leftover)
        folds |= dict.fromkeys([*leftover, *rest] if fold is None else fold, FOLDED)
    for name in sorted(set(folds.values())):
        log.note(f"{place}.destinations.{name}", "folded")
    return [_destination(row, reached, policy) for row in _merged(rows, folds, people)]


def _fold(
    names: Sequence[str], people: dict[str, dict[str, int]], policy: Policy, always: Sequence[str] = ()
) -> list[str] | None:
    """Which of these destinations to fold so that nothing small is left; None when all of them together are too few."""
    fold = [n for n in names if n in always or any(policy.small(people[n][arm]) for arm in ARMS)]
    rest = sorted((n for n in names if n not in fold), key=lambda n: sum(people[n].values()), reverse=True)
    while fold and any(policy.small(sum(people[n][arm] for n in fold)) for arm in ARMS):
        if not rest:
            return None
        fold.append(rest.pop())
    return fold


def _merged(rows: Sequence[Destination], folds: dict[str, str], people: dict[str, dict[str, int]]) -> list[Destination]:
    found: dict[tuple[str, str], Destination] = {}
    for row in rows:
        if row.destination not in folds:
            found[row.group, row.destination] = row
            continue
        name = folds[row.destination]
        kind = name.removeprefix(f"{FOLDED}_") if name != FOLDED else "other"
        sums = found.get((row.group, name))
        numbers = {
            key: (getattr(row, key) or 0) + (getattr(sums, key) or 0 if sums else 0)
            for key in ("people", "share", "incidence")
        }
        open_ = {"incidence_lower": None, "incidence_upper": None}
        found[row.group, name] = row.model_copy(update={"destination": name, "kind": kind, **numbers, **open_})
    return list(found.values())


def _destination(row: Destination, reached: dict[str, int | None], policy: Policy) -> Destination:
    names = ("share", "incidence", "incidence_lower", "incidence_upper")
    shares = {name: policy.share(getattr(row, name), reached[row.group]) for name in names}
    return row.model_copy(update={**shares, "people": policy.rounded(row.people)})


def _subgroup(group: SubgroupResult, place: str, policy: Policy, log: _Log) -> SubgroupResult:
    """A subgroup; all of it is withheld when an arm of it has too few people or too few who reached the outcome."""
    people = {arm: getattr(group, arm) for arm in ARMS}
    totals = {arm: policy.rounded(n) for arm, n in people.items()}
    last = [max((getattr(share, EVENTS[arm]) or 0 for share in group.at), default=0) for arm in ARMS]
    last += [max((p.events or 0 for p in group.curves if p.group == arm), default=0) for arm in ARMS]
    few_people = any(policy.small(n) for n in people.values())
    if few_people or any(policy.small(n) for n in last):
        log.note(place, "few_people" if few_people else "few_events")
        return group.model_copy(
            update={**dict.fromkeys(ARMS), "at": [], "models": {}, "interaction": None, "curves": []}
        )
    curves, shares = _curves(group.curves, group.at, people, totals, place, policy, log)
    models = _models(group.models, place, policy, log)
    return group.model_copy(update={**totals, "at": shares, "models": models, "curves": curves})


def protect_account(account: dict[str, Any], policy: Policy) -> dict[str, Any]:
    """The data-quality account with small counts withheld and others rounded; texts and years are left alone."""
    return (
        account if policy.minimum_count <= 1 else {key: _quality(key, value, policy) for key, value in account.items()}
    )


def _quality(key: str, value: Any, policy: Policy) -> Any:
    if isinstance(value, dict):
        return {inner: _quality(inner, item, policy) for inner, item in value.items()}
    if isinstance(value, list):
        return [_quality(key, item, policy) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and policy.small(value):
        return f"<{policy.minimum_count}"
    return value
