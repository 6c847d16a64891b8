"""The states people are in, and the kinds of moves between them."""

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

_CATEGORY: Final = {JOB: "70", OPEN: "11", **{FIRST_CATEGORY + k: code for k, code in enumerate(CATEGORIES)}}
CATEGORY: Final = np.array([_CATEGORY.get(state, "") for state in range(STATES)], dtype=object)  # by state, "" for none
SPELL_GROUP: Final = np.array([JOB_GROUPS.index(group) for group in JOB_GROUPS for _ in p.DESTINATIONS[group]])
SPELLS: Final = np.array([p.JOB_SPELLS[group] for group in JOB_GROUPS])  # (job groups, hazard and four shares)


def is_searching(state: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Registered without work: in JOB or openly unemployed."""
    return (state == JOB) | (state == OPEN)


def is_category(state: NDArray[np.int64]) -> NDArray[np.bool_]:
    """In an applicant category that is work."""
    return (state >= FIRST_CATEGORY) & (state < OUT_WORK)


def is_work(state: NDArray[np.int64]) -> NDArray[np.bool_]:
    """In a category that is work, or deregistered for work or studies: the main outcome."""
    return (state >= FIRST_CATEGORY) & (state <= OUT_WORK)


class Choice:
    """A choice among categories and deregistration reasons with given shares."""

    def __init__(self, shares: dict[str, float]) -> None:
        states = {code: state for state, code in _CATEGORY.items()}
        states |= {code: GONE if code == p.NEVER_BACK else OUT_OTHER for code in p.OTHER_REASONS}
        self.states = np.array([states.get(code, OUT_WORK) for code in shares])
        self.reasons = np.where(self.states >= OUT_WORK, np.array(list(shares), dtype=object), "")
        cumulative = np.cumsum(list(shares.values()))
        self.limits = (cumulative / cumulative[-1])[:-1]

    def pick(self, uniform: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
        """New states, and deregistration reasons where there is one, for uniform numbers."""
        which = np.searchsorted(self.limits, uniform, side="right")
        return self.states[which], self.reasons[which]


# Kinds of moves, the columns of a table of hazards: one for each group of destinations, then these.
TO_OTHER, TO_LEAVE_WITH_JOB, TO_JOB, TO_OPEN = range(len(GROUPS), len(GROUPS) + 4)
MOVES: Final = (
    *(Choice(p.DESTINATIONS[group]) for group in GROUPS),
    Choice(p.OTHER_REASONS),
    Choice(p.JOB_SPELL_REASONS),
    Choice({"70": 1.0}),
    Choice({"11": 1.0}),
)
