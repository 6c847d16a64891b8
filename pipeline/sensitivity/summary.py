"""The specification curve in numbers: how the analyses lie, for the terminal and for the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.sensitivity.record import EffectRow, Sensitivity

QUARTILES = (0, 0.25, 0.5, 0.75, 1)


@dataclass(frozen=True, slots=True)
class Spread:
    """Analyses with a hazard ratio: how many, the least, quartiles and greatest ratio, and where intervals lie."""

    analyses: int
    lowest: float
    first_quarter: float
    middle: float
    last_quarter: float
    highest: float
    above: int
    below: int

    @property
    def across(self) -> int:
        """Analyses whose interval holds 1."""
        return self.analyses - self.above - self.below


def spread_of(rows: Sequence[EffectRow]) -> Spread | None:
    """How the hazard ratios lie; None when there are none."""
    known = [row for row in rows if row.hazard_ratio is not None]
    if not known:
        return None
    low, first, middle, last, high = np.quantile([row.hazard_ratio or np.nan for row in known], QUARTILES).tolist()
    above = sum(1 for row in known if row.lower is not None and row.lower > 1)
    below = sum(1 for row in known if row.upper is not None and row.upper < 1)
    return Spread(len(known), low, first, middle, last, high, above, below)


def in_words(found: Sensitivity) -> Iterator[str]:
    """A few lines for a terminal."""
    spread = spread_of(found.specifications)
    if spread is None:
        yield "No analysis has a hazard ratio that may be shown."
        return
    yield f"Headline: hazard ratio {_interval(found.specifications[0])}"
    made = len(found.specifications)
    shown = (
        f"{made} analyses" if spread.analyses == made else f"{spread.analyses} of {made} analyses, which can be shown"
    )
    yield (
        f"{shown}: hazard ratio {spread.lowest:.2f} to {spread.highest:.2f}, "
        f"half of them {spread.first_quarter:.2f} to {spread.last_quarter:.2f}; interval above 1 in {spread.above}, "
        f"below 1 in {spread.below}, across 1 in {spread.across}"
    )
    for name, row in found.placebos.items():
        yield f"Placebo, {name.replace('_', ' ')}: hazard ratio {_interval(row)}"
    months = [row.hazard_ratio for row in found.months if row.hazard_ratio is not None]
    if months:
        yield f"A month of start left out: hazard ratio {min(months):.2f} to {max(months):.2f}"
    if found.bootstrap is not None and found.bootstrap.lower is not None and found.bootstrap.upper is not None:
        again = found.bootstrap
        yield f"{again.resamples} resamples of people: 95% interval {again.lower:.2f} to {again.upper:.2f}"
    if found.e_value is not None and found.e_value_limit is not None:
        yield f"E-value {found.e_value:.2f}, of the interval's limit {found.e_value_limit:.2f}"
    if found.detectable_ratio is not None:
        yield f"Smallest hazard ratio found with 80% chance: {found.detectable_ratio:.2f}"


def _interval(row: EffectRow) -> str:
    if row.hazard_ratio is None or row.lower is None or row.upper is None:
        return "withheld or not estimated"
    return f"{row.hazard_ratio:.2f} ({row.lower:.2f} to {row.upper:.2f})"
