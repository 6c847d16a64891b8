"""What subtraction would tell: of two groups, one inside the other, the people by whom they differ.

Whoever knows a figure of a group and of a part of it knows it of the rest. So the rest has to be as large as a group of
its own would have to be: its people, and those of them who reached the outcome, none or at least the minimum.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.disclosure.policy import Policy

Set = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who a group is: (P,) membership of each person, by arm (controls, participants) and of those with the event."""

    people: tuple[Set, Set]
    reached: tuple[Set, Set]

    @property
    def size(self) -> int:
        """People in both arms; who stands in both counts in each."""
        return int(sum(arm.sum() for arm in self.people))


def crowds(rows: pd.DataFrame, groups: Iterable[Set]) -> list[Crowd]:
    """The people of each group of rows.

    rows : with person (codes from 0), participant and event · groups : (n,) rows of each
    """
    person = rows["person"].to_numpy()
    treated, event = rows["participant"].to_numpy() == 1, rows["event"].to_numpy() == 1
    most = int(person.max(initial=-1)) + 1

    def of(mask: Set) -> Set:
        found = np.zeros(most, dtype=bool)
        found[person[mask]] = True
        return found

    return [
        Crowd((of(g & ~treated), of(g & treated)), (of(g & ~treated & event), of(g & treated & event))) for g in groups
    ]


def told_by_subtraction(group: Crowd, others: Iterable[Crowd], policy: Policy) -> bool:
    """Whether a group and one of the others, one inside the other in an arm, differ by too few people."""
    return any(_few_apart(group, other, policy) or _few_apart(other, group, policy) for other in others)


def _few_apart(part: Crowd, whole: Crowd, policy: Policy) -> bool:
    for arm in (0, 1):
        inside, outside = part.people[arm], whole.people[arm]
        if (inside & ~outside).any() or not inside.any():
            continue
        rest = outside & ~inside
        if policy.small(int(rest.sum())) or policy.small(int((rest & whole.reached[arm]).sum())):
            return True
    return False


def told_by_outcomes(group: Crowd, other: Crowd, policy: Policy) -> bool:
    """Whether too few of the same people tell an outcome from another, when whoever reaches one reaches the other."""
    arms = zip(group.reached, other.reached, strict=True)
    pairs = [pair for a, b in arms for pair in ((a, b), (b, a))]
    return any(policy.small(int((whole & ~part).sum())) for part, whole in pairs if not (part & ~whole).any())


def hidden_levels(whole: Crowd, levels: Sequence[Crowd], shown: Sequence[bool], policy: Policy) -> list[bool]:
    """Which levels of a variable may be shown beside the whole: the smallest go until those not shown are enough."""
    allowed = list(shown)
    while any(allowed) and _rest_is_few(whole, [c for c, a in zip(levels, allowed, strict=True) if a], policy):
        smallest = min((i for i, a in enumerate(allowed) if a), key=lambda i: levels[i].size)
        allowed[smallest] = False
    return allowed


def _rest_is_few(whole: Crowd, levels: Sequence[Crowd], policy: Policy) -> bool:
    none = tuple(np.zeros_like(arm) for arm in whole.people)
    people, reached = list(none), list(none)
    for level in levels:
        people = [a | b for a, b in zip(people, level.people, strict=True)]
        reached = [a | b for a, b in zip(reached, level.reached, strict=True)]
    return _few_apart(Crowd((people[0], people[1]), (reached[0], reached[1])), whole, policy)
