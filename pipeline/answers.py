"""The answers an option of a question may have: known to the command line without loading what reads configurations."""

from __future__ import annotations

from typing import Literal

Adjustment = Literal["holm", "bh", "none"]
Weighting = Literal["matching", "none", "entropy", "propensity"]
ADJUSTMENTS: tuple[Adjustment, ...] = ("holm", "bh", "none")
WEIGHTINGS: tuple[Weighting, ...] = ("matching", "none", "entropy", "propensity")
