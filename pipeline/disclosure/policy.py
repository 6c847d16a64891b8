"""The rule for what may leave, the arithmetic that follows from it, and the list of what was changed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pipeline.config import Config
from pipeline.results import Suppression

ARMS = ("participants", "controls")
EVENTS = {"participants": "participant_events", "controls": "control_events"}
# Enough for every reading of an estimate, too few to search for the people behind it.
DIGITS = 4
SHARE_DECIMALS = 4
WEEK = 7.0
ROUNDING_ERROR = 1e-9


@dataclass(frozen=True, slots=True)
class Policy:
    """The rule, and the arithmetic that follows from it.

    minimum_count : smallest number of people that may be shown; 1 for public data, of which nothing is changed
    round_to : counts are given to the nearest multiple; at least `minimum_count`, which it is when 0
    time_step : times read from people's data (steps of curves, medians) are given to multiples of it
    """

    minimum_count: int
    round_to: int = 0
    time_step: float = 1.0

    @classmethod
    def of(cls, config: Config) -> Policy:
        """The policy an evaluation is configured with."""
        rule = config.disclosure
        days = config.report.time_unit.en == "days"
        return cls(rule.minimum_count, rule.round_to or 0, rule.time_step or (WEEK if days else 1.0))

    @property
    def public(self) -> bool:
        """Whether everything may be shown as it is."""
        return self.minimum_count <= 1

    @property
    def base(self) -> int:
        """What counts are rounded to."""
        return max(self.round_to, self.minimum_count)

    def small(self, count: int | None) -> bool:
        """Whether a count is about someone, but too few to be shown."""
        return count is not None and 0 < count < self.minimum_count

    def rounded(self, count: int | None) -> int | None:
        """A count to the nearest base, halves upwards, never to nobody; null when it is small."""
        if count is None or self.small(count):
            return None
        return self.nearest(count) or (self.base if count else 0)

    def told(self, count: int) -> str:
        """A count for a terminal, whose lines are pasted into mails and notes."""
        return f"fewer than {self.minimum_count}" if self.small(count) else f"{self.rounded(count):,}"

    def nearest(self, count: float) -> int:
        """A number to the nearest base, halves upwards; a part that is not shown itself may round to nobody."""
        return math.floor(count / self.base + 0.5) * self.base

    def share(self, value: float | None, people: int | None) -> float | None:
        """A share as rounded people over rounded people."""
        unit = self._unit(people)
        if value is None or unit is None or people is None:
            return None
        return round(min(1.0, self.nearest(value * people + 1e-9) / self.base * unit), SHARE_DECIMALS)

    def limit(self, limit: float | None, value: float | None, people: int | None) -> float | None:
        """A limit of a share's interval, moved with the share and as coarse, so that it says no more of it."""
        unit, shown = self._unit(people), self.share(value, people)
        if limit is None or value is None or unit is None or shown is None:
            return None
        moved = shown + _steps(limit - value, unit) * unit
        return round(min(1.0, max(0.0, moved)), SHARE_DECIMALS)

    def difference(
        self, values: tuple[float | None, float | None, float | None], shown: float | None, people: int | None
    ) -> tuple[float | None, float | None, float | None]:
        """A difference of shares with its limits: that of the shares as shown, the limits moved with it.

        values : difference, lower and upper as estimated · people : of the smaller group
        """
        unit, (value, *limits) = self._unit(people), values
        if shown is None or value is None or unit is None:
            return None, None, None
        moved = [None if x is None else round(shown + _steps(x - value, unit) * unit, SHARE_DECIMALS) for x in limits]
        return round(shown, SHARE_DECIMALS), moved[0], moved[1]

    def _unit(self, people: int | None) -> float | None:
        """What `base` people are of a group."""
        return self.base / self.rounded(people) if people and self.rounded(people) else None  # type: ignore[operator]

    def time(self, value: float | None) -> float | None:
        """A time read from people's data, to the nearest step."""
        return None if value is None else max(self.time_step, round(value / self.time_step) * self.time_step)


def _steps(distance: float, unit: float) -> int:
    """How many units a limit lies from its estimate, at least one: no interval becomes as short as none."""
    steps = round(distance / unit)
    return steps or (0 if abs(distance) < ROUNDING_ERROR else 1 if distance > 0 else -1)


def estimate(value: float | None, digits: int = DIGITS) -> float | None:
    """An estimate with as many digits as anyone reads."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.{digits}g}")


def estimates(record: Any, names: Iterable[str], digits: int = DIGITS) -> dict[str, float | None]:
    """Estimates of a record with as many digits as anyone reads."""
    return {name: estimate(getattr(record, name), digits) for name in names}


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
            log.note(f"{place}.{name}", "few")
    return update
