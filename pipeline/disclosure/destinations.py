"""Destinations with few people, folded together with the smallest of their kind; kinds of destination over time."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.disclosure.policy import ARMS, Log, Policy
from pipeline.results import Destination, KindShare, Share

FOLDED = "folded"


def protect_destinations(
    rows: Sequence[Destination],
    everyone: dict[str, int | None],
    reached: dict[str, int | None],
    place: str,
    policy: Policy,
    log: Log,
) -> list[Destination]:
    """Destinations with few people folded with the smallest of their kind; with all others when a kind is too small.

    everyone, reached : people of each arm, and those of them who reached the outcome
    """
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
        folds = dict.fromkeys(people, FOLDED) if fold is None else folds | dict.fromkeys(fold, FOLDED)
        if any(policy.small(sum(row.people or 0 for row in rows if row.group == arm)) for arm in ARMS):
            log.note(f"{place}.destinations", "few")
            return []
    for name in sorted(set(folds.values())):
        log.note(f"{place}.destinations.{name}", "folded")
    return [_destination(row, everyone[row.group], reached[row.group], policy) for row in _merged(rows, folds, people)]


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


def _destination(row: Destination, everyone: int | None, reached: int | None, policy: Policy) -> Destination:
    value = row.incidence
    return row.model_copy(
        update={
            "people": policy.rounded(row.people),
            "share": policy.share(row.share, reached),
            "incidence": policy.share(value, everyone),
            "incidence_lower": policy.limit(row.incidence_lower, value, everyone),
            "incidence_upper": policy.limit(row.incidence_upper, value, everyone),
        }
    )


def protect_kinds(
    rows: Sequence[KindShare],
    shown: Sequence[Destination],
    shares: Sequence[Share],
    everyone: dict[str, int | None],
    place: str,
    policy: Policy,
    log: Log,
) -> list[KindShare]:
    """Kinds over time, where destinations keep their kinds: a share stays as it was until enough more people are there.

    shown, shares : destinations and shares as they leave; times at which a group's share is withheld are left out
    """
    if not {row.kind for row in rows} <= {row.kind for row in shown}:
        log.note(f"{place}.kinds_over_time", "folded")
        return []
    kept = []
    for arm in ARMS:
        days = [share.day for share in shares if getattr(share, arm) is not None]
        for kind in dict.fromkeys(row.kind for row in rows):
            own = [row for row in rows if (row.group, row.kind) == (arm, kind) and row.day in days]
            kept += _in_steps(own, everyone[arm], policy)
        if any(row.people is None for row in kept if row.group == arm):
            log.note(f"{place}.kinds_over_time.{arm}", "steps")
    return kept


def _in_steps(rows: Sequence[KindShare], everyone: int | None, policy: Policy) -> list[KindShare]:
    """One kind in one group, in order of time; people are counted where the share moves."""
    found: list[KindShare] = []
    counted = 0
    moved: dict[str, float | None] = {"incidence": None, "lower": None, "upper": None}
    for row in rows:
        enough = (row.people or 0) - counted >= policy.minimum_count
        if enough:
            counted = row.people or 0
            moved = {
                "incidence": policy.share(row.incidence, everyone),
                "lower": policy.limit(row.lower, row.incidence, everyone),
                "upper": policy.limit(row.upper, row.incidence, everyone),
            }
        found.append(row.model_copy(update={**moved, "people": policy.rounded(row.people) if enough else None}))
    return found
