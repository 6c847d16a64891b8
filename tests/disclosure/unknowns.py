"""Counts of people as unknowns with limits: what must hold of them, and which of them are therefore small."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix

MAIN = ("participants", "controls")
EVENTS = {"participants": "participant_events", "controls": "control_events"}
K = 10
EVERYONE = 10**6


@dataclass(frozen=True)
class Finding:
    """A count of people that the files show to lie between two limits."""

    what: str
    low: int
    high: int


@dataclass
class System:
    """Linear constraints on unknown counts of people, none of them negative."""

    k: int
    names: dict[str, int] = field(default_factory=dict)
    rows: list[tuple[dict[int, float], float, float]] = field(default_factory=list)
    wanted: dict[str, dict[int, float]] = field(default_factory=dict)
    withheld: set[str] = field(default_factory=set)

    def count(self, name: str) -> dict[int, float]:
        """The unknown of this name."""
        return {self.names.setdefault(name, len(self.names)): 1.0}

    def shown(self, what: str, count: dict[int, float], value: int | None, *, least: int = 1, joined: int = 0) -> None:
        """A count is published, or withheld and then at least so many; `joined` with a total up to so many larger."""
        if value is None:
            self.withheld.add(what)
            self.bound(count, least, np.inf)
        elif self.k <= 1:
            self.bound(count, value, value)
        else:
            low, high = value - self.k // 2, value + (self.k - 1) // 2
            self.bound(count, max(low, self.k) - joined if value else 0, high if value else 0)
        self.wanted[what] = count

    def bound(self, count: dict[int, float], low: float, high: float) -> None:
        """A sum of unknowns lies between two limits."""
        self.rows.append((count, low, high))

    def same(self, left: dict[int, float], right: dict[int, float]) -> None:
        """Two sums of unknowns are equal."""
        self.bound(less(left, right), 0, 0)

    def derive(self, what: str, count: dict[int, float]) -> None:
        """A difference that is a number of people itself."""
        self.bound(count, 0, np.inf)
        self.wanted[what] = count

    def solve(self) -> list[Finding]:
        """The wanted counts that lie between 1 and k - 1 whatever the others are; of withheld ones, nearer than that.

        Every solution found on the way is one more thing that may be true, which acquits most of the other counts.
        """
        matrix, limits = self._inequalities()
        weights = np.zeros((len(self.wanted), len(self.names)))
        for i, count in enumerate(self.wanted.values()):
            weights[i, list(count)] = list(count.values())
        seen = [_extreme(matrix, limits, sign * weights.sum(axis=0)) @ weights.T for sign in (1.0, -1.0)]
        least, most = np.min(seen, axis=0), np.max(seen, axis=0)
        found = []
        for i, what in enumerate(self.wanted):
            for sign in (1.0, -1.0):
                if not self._acquitted(what, least[i], most[i]):
                    values = _extreme(matrix, limits, sign * weights[i]) @ weights.T
                    least, most = np.minimum(least, values), np.maximum(most, values)
            if not self._acquitted(what, least[i], most[i]):
                found.append(Finding(what, int(np.ceil(least[i] - 1e-6)), int(np.floor(most[i] + 1e-6))))
        return found

    def _acquitted(self, what: str, least: float, most: float) -> bool:
        full = most > K - 1 - 1e-6 and least < 1 + 1e-6  # all that a withheld count says of itself
        return least < 1 - 1e-6 or most > K - 1 + 1e-6 or (what in self.withheld and full)

    def agrees_with(self, truth: System) -> bool:
        """Whether all that follows here may be true together with what is known there."""
        both = System(self.k, dict(self.names), list(self.rows))
        known = {place: name for name, place in truth.names.items()}
        for count, low, high in truth.rows:
            both.bound(total({p: v} for n, v in count.items() for p in both.count(known[n])), low, high)
        matrix, limits = both._inequalities()
        return bool(linprog(np.zeros(len(both.names)), A_ub=matrix, b_ub=limits, method="highs").status == 0)

    def _inequalities(self) -> tuple[csr_matrix, np.ndarray]:
        data, place, line, limits = [], [], [], []
        for count, low, high in self.rows:
            for sign, limit in ((1.0, high), (-1.0, -low)):
                if np.isfinite(limit):
                    data += [sign * v for v in count.values()]
                    place += list(count)
                    line += [len(limits)] * len(count)
                    limits.append(limit)
        return csr_matrix((data, (line, place)), shape=(len(limits), len(self.names))), np.array(limits)


def total(parts: Iterable[dict[int, float]]) -> dict[int, float]:
    """The sum of sums of unknowns."""
    result: dict[int, float] = {}
    for part in parts:
        for name, value in part.items():
            result[name] = result.get(name, 0.0) + value
    return result


def less(left: dict[int, float], right: dict[int, float]) -> dict[int, float]:
    """The difference of two sums of unknowns."""
    return total([left, {name: -value for name, value in right.items()}])


def _extreme(matrix: csr_matrix, limits: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """Counts that make a sum as small as it may be; none may be larger than everyone."""
    done = linprog(cost, A_ub=matrix, b_ub=limits, bounds=(0, EVERYONE), method="highs")
    assert done.status == 0, done.message
    found: np.ndarray = done.x
    return found
