"""Which analyses are made: the evaluation's own, each other choice alone, and combinations of choices."""

from __future__ import annotations

import difflib
import itertools
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from math import ceil, prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.config import Config, Outcome

WHOLE = "whole"
CONFIGURED = "configured"
EXCLUDING = "excluding"
# Known to find an effect where there is none (docs/index-dates.md), so tried alone and in no combination.
ALONE_ONLY = {"future_participants": ("exclude",), "weights": ("none",)}
# Combinations are drawn so that so many share a cohort and its weights, which cost more than the fits.
SHARING = 5
ROUNDS = 50


@dataclass(frozen=True, slots=True)
class Specification:
    """One analysis: a value for each choice.

    The first seven make the weighted cohort, the last four what is estimated from it. `future_participants` is
    censor (with censoring weights), censor_unweighted or exclude; `weights` is cem, entropy, propensity or none;
    `follow_up` is whole or a time; a choice that an evaluation does not have is empty.
    """

    control_index: str = ""
    future_participants: str = ""
    other_exit: str = ""
    intake: str = WHOLE
    coarsening: str = CONFIGURED
    weights: str = "cem"
    estimand: str = ""
    outcome: str = ""
    covariates: str = "full"
    ties: str = "efron"
    follow_up: str = WHOLE

    @property
    def cohort(self) -> tuple[str, ...]:
        """What its weighted cohort is made by."""
        return tuple(getattr(self, name) for name in UPSTREAM)


NAMES = tuple(field.name for field in fields(Specification))
UPSTREAM = NAMES[:7]


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice, the evaluation's own value, the others that are tried alone, and those of them that are combined."""

    name: str
    own: str
    others: tuple[str, ...]
    combined: tuple[str, ...]


def own_specification(config: Config) -> Specification:
    """The evaluation as it is configured."""
    found = Specification(outcome=config.outcome_names[0], ties=config.models.ties)
    if config.matching is None:
        found = replace(found, weights="none")
    else:
        found = replace(found, estimand=config.matching.estimand)
    population = config.population
    if population is None:
        return found
    unweighted = population.control_index == "random_month" and not population.index_weights
    uncorrected = population.future_participants == "censor" and not population.censoring_weights
    return replace(
        found,
        control_index=population.control_index + "_unweighted" * unweighted,
        future_participants=population.future_participants + "_unweighted" * uncorrected,
        other_exit=population.other_exit,
    )


def choices(config: Config) -> list[Choice]:
    """The choices of an evaluation, those without another value left out."""
    own, settings = own_specification(config), config.sensitivity
    found = []
    for name, (tried, combined) in _values(config).items():
        given = getattr(settings, name)
        if name != "intake" and given is not None:
            tried = combined = [f"{value:g}" if isinstance(value, float) else value for value in given]
        value = getattr(own, name)
        others = tuple(dict.fromkeys(v for v in tried if v != value))
        together = tuple(v for v in others if v in combined and v not in ALONE_ONLY.get(name, ()))
        if others:
            found.append(Choice(name, value, others, together))
    return found


def _values(config: Config) -> dict[str, tuple[list[str], list[str]]]:
    """For each choice the values tried alone and those combined, when the configuration does not name any."""
    same: dict[str, list[str]] = {
        "covariates": ["full", "selected", "none"] if config.models.covariates else [],
        "ties": ["efron", "breslow"],
        "follow_up": [f"{day:g}" for day in config.report.at[1:2]],
    }
    if config.population is not None:
        same["control_index"] = ["every_month", "random_month", "first_month"]
        same["future_participants"] = ["censor", "censor_unweighted", "exclude"]
        same["other_exit"] = ["remain", "censor"]
        same["intake"] = list(config.sensitivity.intake)
    found = {name: (values, values) for name, values in same.items()}
    if config.matching is not None:
        found["weights"] = (["cem", "entropy", "propensity", "none"],) * 2
        found["estimand"] = (["ATT", "ATE"],) * 2
        grid = coarsening_names(config)
        found["coarsening"] = (grid, [name for name in grid if name.endswith(" all")])
    definitions = list(outcome_definitions(config))
    groups = [f"{EXCLUDING} {group}" for group in _categories(config)]
    found["outcome"] = (definitions, [name for name in definitions if name in groups])
    return {name: found[name] for name in NAMES if name in found}


def coarsening_names(config: Config) -> list[str]:
    """Wider, narrower and fewer classes than the configured ones, by name."""
    from pipeline.coarsenings import AS_CONFIGURED, coarsenings

    grid = coarsenings(config.matching.variables) if config.matching else {}
    return [name for name in grid if name != AS_CONFIGURED]


def _categories(config: Config) -> dict[str, list[str]]:
    """The headline outcome's categories by group; none in a ready cohort."""
    outcome = config.outcomes.get(config.outcome_names[0])
    return dict(outcome.categories) if outcome else {}


def outcome_definitions(config: Config) -> dict[str, Outcome]:
    """The headline outcome with less counting as reaching it: without each group of categories, and each category."""
    groups = _categories(config)
    if not groups:
        return {}
    outcome = config.outcomes[config.outcome_names[0]]
    codes = [code for group in groups.values() for code in group]
    found = {name: {g: c for g, c in groups.items() if g != name} for name in groups}
    for code in codes:
        left = {group: [c for c in members if c != code] for group, members in groups.items()}
        found[code] = {group: members for group, members in left.items() if members}
    smaller = {f"{EXCLUDING} {name}": outcome.model_copy(update={"categories": left}) for name, left in found.items()}
    return {name: o for name, o in smaller.items() if o.reasons or o.categories}


def outcome_column(name: str) -> str:
    """A definition's name in the columns of the cohort."""
    return name.replace(" ", "_")


def specifications(config: Config) -> list[Specification]:
    """The evaluation's own, each other value alone, then combinations up to the number configured.

    Every combination when there are no more than that; otherwise draws in which the values of each choice come about
    equally often, the same for the same seed.
    """
    own, varied, most = own_specification(config), choices(config), config.sensitivity.specifications
    alone = [replace(own, **{choice.name: value}) for choice in varied for value in choice.others]
    found = dict.fromkeys([own, *(_plain(s, own) for s in alone)])
    combined = [choice for choice in varied if choice.combined]
    if prod(1 + len(choice.combined) for choice in combined) <= most - len(found):
        every = itertools.product(*((choice.own, *choice.combined) for choice in combined))
        names = [choice.name for choice in combined]
        drawn: Iterable[Specification] = (replace(own, **dict(zip(names, v, strict=True))) for v in every)
    else:
        drawn = _drawn(own, combined, most - len(found), config.seed)
    for specification in drawn:
        if len(found) >= most:
            break
        found[_plain(specification, own)] = None
    return list(found)[: max(most, 1)]


def _plain(specification: Specification, own: Specification) -> Specification:
    """The same analysis under one name: classes matter to matching only, an estimand to weights only."""
    if specification.weights != "cem":
        specification = replace(specification, coarsening=own.coarsening)
    return replace(specification, estimand=own.estimand) if specification.weights == "none" else specification


def _drawn(own: Specification, combined: list[Choice], count: int, seed: int) -> Iterator[Specification]:
    """Combinations, `SHARING` of each cohort; each round takes the values of a choice in turn, in shuffled order."""
    rng = random.Random(f"specifications {seed}")
    groups = ceil(max(count, 0) / SHARING)
    for _ in range(ROUNDS if count > 0 else 0):
        columns = {}
        for choice in combined:
            upstream = choice.name in UPSTREAM
            length = groups if upstream else groups * SHARING
            values = list(itertools.islice(itertools.cycle((choice.own, *choice.combined)), length))
            rng.shuffle(values)
            columns[choice.name] = [v for v in values for _ in range(SHARING)] if upstream else values
        for row in zip(*columns.values(), strict=True):
            yield replace(own, **dict(zip(columns, row, strict=True)))


def varied_in(specification: Specification, own: Specification) -> list[str]:
    """The choices in which an analysis differs from the evaluation's own."""
    return [name for name in NAMES if getattr(specification, name) != getattr(own, name)]


def unknown_choices(config: Config) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Values under `sensitivity:` that this evaluation does not have: where, what is wrong, what to do."""
    settings = config.sensitivity
    known = {"coarsening": coarsening_names(config), "outcome": list(outcome_definitions(config))}
    for name, values in known.items():
        for value in getattr(settings, name) or []:
            if value not in values:
                near = difflib.get_close_matches(value, values, n=1)
                remedy = f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(values) or 'none'}."
                yield ("sensitivity", name), f"'{value}' is no other choice of this evaluation.", remedy
    if config.population is None and config.cohort is None:
        return  # it is faulty itself
    whole = config.population.intake if config.population else None
    for name, period in settings.intake.items():
        if whole is None or period.first < whole.first or period.last > whole.last:
            remedy = "Choose a period within 'population: intake'." if whole else "Leave it out: there is no intake."
            yield ("sensitivity", "intake", name), "lies outside the evaluation's intake.", remedy
