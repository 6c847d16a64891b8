"""Which subgroups to withhold: small ones, those whose complement is small, and those that would give one away."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from pipeline.disclosure.policy import ARMS, EVENTS, Policy
from pipeline.results import OutcomeResult, SubgroupResult

# People, and people with the event, of participants and of controls.
Size = tuple[int, int, int, int]
MOST_PARTS = 4


def withheld_subgroups(outcome: OutcomeResult, policy: Policy) -> set[str]:
    """Names of the subgroups of an outcome that may not be shown.

    A subgroup that is nearly everyone gives away the few it leaves out, by its counts as by its estimates. So does a
    set of subgroups that with a small one makes up everyone or another subgroup: its smallest is withheld too. Which
    subgroups make up which is read from their sizes: a chance agreement withholds more than it needs to.
    """
    everyone = size_of_outcome(outcome)
    sizes = {name: size_of(group) for name, group in outcome.subgroups.items()}
    rests = {name: _rest(everyone, size) for name, size in sizes.items()}
    small = {name for name, size in sizes.items() if _few(size, policy) or _few(rests[name], policy)}
    hidden = set(small)
    primary = [sizes[name] for name in small] + [rests[name] for name in small if _few(rests[name], policy)]
    while told := next(_telling(sizes, everyone, hidden, primary), None):
        hidden.add(min(told, key=lambda name: sizes[name]))
    return hidden


def _telling(
    sizes: dict[str, Size], everyone: Size, hidden: set[str], primary: list[Size]
) -> Iterator[tuple[str, ...]]:
    """Sets of shown subgroups that differ from everyone, or from another shown subgroup, by a withheld one.

    Each arm for itself: of controls, who may be compared from several months, one may belong to both of two groups.
    """
    shown = {name: size for name, size in sizes.items() if name not in hidden and size[0] and size[1]}
    for arm in range(len(ARMS)):
        gone = {_of_arm(size, arm) for size in primary if size[arm]}
        wholes = {_of_arm(size, arm) for size in (everyone, *shown.values())}
        for number in range(1, MOST_PARTS):
            for parts in itertools.combinations(shown, number):
                together = [_of_arm(shown[name], arm) for name in parts]
                people, events = (sum(column) for column in zip(*together, strict=True))
                if people and any((people + n, events + e) in wholes for n, e in gone):
                    yield parts


def _of_arm(size: Size, arm: int) -> tuple[int, int]:
    """People of one arm, and those of them with the event."""
    return size[arm], size[arm + len(ARMS)]


def size_of_outcome(outcome: OutcomeResult) -> Size:
    """Everyone in an outcome."""
    counts = [getattr(outcome, arm) or 0 for arm in ARMS] + [getattr(outcome, EVENTS[arm]) or 0 for arm in ARMS]
    return counts[0], counts[1], counts[2], counts[3]


def size_of(group: SubgroupResult) -> Size:
    """A subgroup; people with the event by the end of its curves, none where it has no curves."""
    events = [max((p.events or 0 for p in group.curves if p.group == arm), default=0) for arm in ARMS]
    return group.participants or 0, group.controls or 0, events[0], events[1]


def _few(size: Size, policy: Policy) -> bool:
    return any(policy.small(count) for count in size)


def _rest(whole: Size, part: Size) -> Size:
    """Everyone outside a subgroup; their events only where the subgroup compares both arms."""
    people = whole[0] - part[0], whole[1] - part[1]
    return (*people, whole[2] - part[2], whole[3] - part[3]) if part[0] and part[1] else (*people, 0, 0)
