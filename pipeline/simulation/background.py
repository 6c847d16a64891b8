"""What LISA says of each person, year by year: values that drift, and who has no row."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.simulation import parameters as p
from pipeline.simulation.draws import generator

LISA_YEARS = (2018, 2019, 2020, 2021)
MOST_CHILDREN = 4


@dataclass(frozen=True, slots=True)
class Background:
    """Yearly values, arrays (people, years of LISA) unless said."""

    social_assistance: NDArray[np.bool_]
    sickness_benefit: NDArray[np.bool_]
    partner: NDArray[np.bool_]
    married: NDArray[np.bool_]  # (people,) what a partner is: husband or wife, or cohabiting with a common child
    children: NDArray[np.int64]  # (people, MOST_CHILDREN) years of birth of children at home, 0 for none
    present: NDArray[np.bool_]  # has a row

    def of(self, rows: NDArray[np.int64]) -> Background:
        """The values of some of the people."""
        return Background(*(getattr(self, field.name)[rows] for field in fields(self)))


def draw_background(people: pd.DataFrame, seed: int) -> Background:
    """Draw the yearly values of everyone."""
    region = people["region"].to_numpy()
    disabled = people["disability"].to_numpy()
    assistance = pd.Series(region).map(p.SOCIAL_ASSISTANCE).to_numpy()
    sickness = np.where(disabled, p.SICKNESS_BENEFIT[1], p.SICKNESS_BENEFIT[0])
    partner = _drift(pd.Series(region).map(p.PARTNER).to_numpy(), p.KEEP_PARTNER, generator(seed, "partner"))
    rng = generator(seed, "family")
    return Background(
        social_assistance=_drift(assistance, p.KEEP_SOCIAL_ASSISTANCE, generator(seed, "social assistance")),
        sickness_benefit=_drift(sickness, p.KEEP_SICKNESS_BENEFIT, generator(seed, "sickness benefit")),
        partner=partner,
        married=rng.random(len(people)) < 0.72,
        children=_children(people, partner[:, 1], rng),
        present=_present(people, generator(seed, "presence")),
    )


def _drift(chance: NDArray[np.float64], keep: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """A flag by year that keeps its share: each year repeats the year before or is drawn anew from `chance`."""
    n = len(chance)
    values = np.empty((n, len(LISA_YEARS)), dtype=bool)
    values[:, 0] = rng.random(n) < chance
    for year in range(1, len(LISA_YEARS)):
        values[:, year] = np.where(rng.random(n) < keep, values[:, year - 1], rng.random(n) < chance)
    return values


def _children(people: pd.DataFrame, partner: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.int64]:
    """Years of birth of the children at home: born when the parent was 20 to 44, at home until 22 in 2019."""
    n = len(people)
    woman, birth_year = people["woman"].to_numpy(), people["birth_year"].to_numpy()
    single = np.where(woman, p.CHILDREN_AT_HOME["single woman"], p.CHILDREN_AT_HOME["single man"])
    parent = rng.random(n) < np.where(partner, p.CHILDREN_AT_HOME["partner"], single)
    earliest = np.maximum(birth_year + 20, 1998)
    latest = np.maximum(np.minimum(birth_year + 44, 2018), earliest)
    born = earliest[:, None] + (rng.random((n, MOST_CHILDREN)) * (latest - earliest + 1)[:, None]).astype(np.int64)
    number = 1 + rng.binomial(MOST_CHILDREN - 1, 0.35, n)
    kept = parent[:, None] & (np.arange(MOST_CHILDREN) < number[:, None])
    return np.where(kept, born, 0)


def _present(people: pd.DataFrame, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Who has a row which year; in 2018 or 2019 always, so that every month of the window has an earlier year."""
    present = rng.random((len(people), len(LISA_YEARS))) >= p.ABSENT_FROM_LISA
    arrived = people["immigration_year"].to_numpy()
    present &= arrived[:, None] <= np.array(LISA_YEARS)
    missing = ~present[:, :2].any(axis=1)
    present[missing, 1] = True
    return present
