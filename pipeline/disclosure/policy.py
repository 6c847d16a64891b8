"""The rule for what may leave, the arithmetic that follows from it, and the list of what was changed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pipeline.results import Suppression

ARMS = ("participants", "controls")
EVENTS = {"participants": "participant_events", "controls": "control_events"}


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
class Log:
    """What was withheld or changed, each place once."""

    entries: dict[str, str] = field(default_factory=dict)

    def note(self, place: str, reason: str) -> None:
        """Add a place with the reason, a key of the words `reason.*`; the first reason for a place stays."""
        self.entries.setdefault(place, reason)

    def suppressions(self) -> list[Suppression]:
        """The list for results.json."""
        return [Suppression(place=place, reason=reason) for place, reason in self.entries.items()]


def rounded_counts(record: Any, names: Iterable[str], place: str, policy: Policy, log: Log) -> dict[str, int | None]:
    """Rounded counts of a record, small ones withheld and noted."""
    update = {}
    for name in names:
        count = getattr(record, name)
        update[name] = policy.rounded(count)
        if policy.small(count):
            log.note(f"{place}.{name}", "few_people")
    return update
