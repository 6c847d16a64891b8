"""Codes and columns that a configuration names and that must be there: told with the configuration's other faults."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.registers.codes import unknown_in
from pipeline.wheresyntax import columns_of, parse

if TYPE_CHECKING:
    from pipeline.config import Config

COVARIATES = (
    "age",
    "woman",
    "birth_region",
    "born_outside_europe",
    "years_in_sweden",
    "months_registered",
    "education",
    "disability",
    "no_disability",
    "sickness_benefit",
    "social_assistance",
    "has_children",
    "is_single",
    "family_type",
)
OUTCOME_COLUMNS = ("days", "event", "destination", "kind", "day_zero")
_ABOUT_THE_ROW = ("participant", "start_month", "index_date", "index_weight", "origin", "background_year")

Unknown = tuple[tuple[str, ...], str, str]


def unknown_names(config: Config) -> Iterator[Unknown]:
    """Codes no list knows and columns the cohort will not have: where (a path of keys), what is wrong, what to do.

    Columns of a ready cohort are known only when its file is read.
    """
    from pipeline.sensitivity.choices import unknown_choices  # it reads the configuration's types

    yield from unknown_in(config)
    yield from unknown_choices(config)
    if config.population is not None:
        known = [*COVARIATES, *_ABOUT_THE_ROW, *(f"{o}_{part}" for o in config.outcomes for part in OUTCOME_COLUMNS)]
        for where, name in named_columns(config):
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                remedy = f"Did you mean '{near[0]}'?" if near else f"It has {', '.join(COVARIATES)}."
                yield where, f"the cohort has no column '{name}'.", remedy


def named_columns(config: Config) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every column of the cohort that matching, models and subgroups name, with the place."""
    if config.matching is not None:
        yield from ((("matching", "variables", name), name) for name in config.matching.variables)
        yield from ((("matching", "balance"), name) for name in config.matching.balance)
    for covariate in config.models.covariates:
        if covariate.name.isidentifier():  # a formula term is read with the model
            yield ("models", "covariates"), covariate.name
    for group, subgroup in config.subgroups.items():
        yield from ((("subgroups", group, "where"), name) for name in columns_of(parse(subgroup.where)))
