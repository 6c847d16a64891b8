"""Description of the participants at start: shares of levels, mean and median of numbers."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from pipeline.results import DescriptionRow

# Table 2 of the published evaluation; further numbers and yes-or-no covariates after it.
NUMBERS = ("age", "months_registered")
AGE_CLASSES = (("under_30", 0, 30), ("30_to_59", 30, 60), ("60_or_older", 60, 200))
INDICATORS = ("woman", "social_assistance", "has_children", "is_single", "sickness_benefit", "disability")
FACTORS = {
    "education": ("compulsory", "upper_secondary", "post_secondary", "unknown"),
    "birth_region": ("sweden", "europe", "outside_europe", "unknown"),
    "years_in_sweden": ("born_in_sweden", "0-3", "4-7", "8-11", "12+"),
}
MISSING = "missing"


def describe(people: pd.DataFrame) -> list[DescriptionRow]:
    """Participants (a row each) by the covariates of an evaluation from register extracts.

    Shares are of everyone described; people whose value is missing have a row of their own, so that the shares of a
    variable always add up to one.
    """
    rows: list[DescriptionRow] = []
    for name in NUMBERS:
        rows += describe_number(name, people[name])
    classes = {label: people["age"].between(low, high, inclusive="left") for label, low, high in AGE_CLASSES}
    rows += [_share("age", label, inside.sum(), len(people)) for label, inside in classes.items()]
    for name in INDICATORS:
        rows += describe_levels(name, people[name].map({0: "no", 1: "yes"}), ("yes", "no"))
    for name, levels in FACTORS.items():
        rows += describe_levels(name, people[name], levels)
    return rows


def describe_number(name: str, values: pd.Series) -> list[DescriptionRow]:
    """Mean and median over those whose value is known, and a row for those whose value is not."""
    known = np.sort(values.dropna().to_numpy(float))
    mean, median = (float(known.mean()), float(np.median(known))) if len(known) else (None, None)
    rows = [DescriptionRow(variable=name, level=None, count=len(known), share=None, mean=mean, median=median)]
    missing = len(values) - len(known)
    return [*rows, _share(name, MISSING, missing, len(values))] if missing else rows


def describe_levels(name: str, values: pd.Series, levels: Iterable[str]) -> list[DescriptionRow]:
    """People and shares at each level, in the given order, then at levels not listed, then missing."""
    counts = values.value_counts()
    known = list(levels)
    rest = sorted(set(counts.index) - set(known))
    rows = [_share(name, level, counts.get(level, 0), len(values)) for level in [*known, *rest]]
    missing = int(values.isna().sum())
    return [*rows, _share(name, MISSING, missing, len(values))] if missing else rows


def _share(variable: str, level: str, count: int, total: int) -> DescriptionRow:
    share = int(count) / total if total else None
    return DescriptionRow(variable=variable, level=level, count=int(count), share=share, mean=None, median=None)
