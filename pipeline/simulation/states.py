"""The states people are in and the moves between them, as numbers."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.simulation import parameters as p

GROUPS: Final = tuple(p.DESTINATIONS)  # groups of destinations that are work or studies
JOB_GROUPS: Final = tuple(p.JOB_SPELLS)  # those that are applicant categories
CATEGORIES: Final = tuple(code for group in JOB_GROUPS for code in p.DESTINATIONS[group])

BEFORE, JOB, OPEN, FIRST_CATEGORY = 0, 1, 2, 3
OUT_WORK: Final = FIRST_CATEGORY + len(CATEGORIES)  # deregistered for work or studies
OUT_OTHER: Final = OUT_WORK + 1  # deregistered for another reason
GONE: Final = OUT_WORK + 2  # and never back
STATES: Final = GONE + 1

CATEGORY_OF_STATE: Final = {JOB: "70", OPEN: "11", **{FIRST_CATEGORY + k: code for k, code in enumerate(CATEGORIES)}}
SPELL_GROUP: Final = np.array([JOB_GROUPS.index(group) for group in JOB_GROUPS for _ in p.DESTINATIONS[group]])
SPELLS: Final = np.array([p.JOB_SPELLS[group] for group in JOB_GROUPS])  # (job groups, hazard and shares)


def _states_of(codes: list[str]) -> NDArray[np.int64]:
    """The state each deregistration reason or category leads to."""
    other = {code: GONE if code == p.NEVER_BACK else OUT_OTHER for code in p.OTHER_REASONS}
    states = {code: FIRST_CATEGORY + k for k, code in enumerate(CATEGORIES)} | other
    return np.array([states.get(code, OUT_WORK) for code in codes])


class _Choice:
    """A choice among codes with given shares."""

    def __init__(self, shares: dict[str, float]) -> None:
        self.codes = np.array(list(shares), dtype=object)
        self.states = _states_of(list(shares))
        self.reasons = np.where(self.states >= OUT_WORK, self.codes, "")
        cumulative = np.cumsum(list(shares.values()))
        self.limits = (cumulative / cumulative[-1])[:-1]

    def pick(self, uniform: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
        """New states and deregistration reasons for uniform numbers."""
        which = np.searchsorted(self.limits, uniform, side="right")
        return self.states[which], self.reasons[which]


IN_GROUP: Final = tuple(_Choice(p.DESTINATIONS[group]) for group in GROUPS)
OTHER_REASON: Final = _Choice(p.OTHER_REASONS)
FROM_JOB_SPELL: Final = _Choice(p.JOB_SPELL_REASONS)


def choose_group(weights: NDArray[np.float64], uniform: NDArray[np.float64]) -> NDArray[np.int64]:
    """Column chosen in each row of a table of weights (n, k), by a uniform number a row."""
    cumulative = np.cumsum(weights, axis=1)
    return (uniform[:, None] * cumulative[:, -1:] >= cumulative[:, :-1]).sum(axis=1)
