"""LISA's yearly files: background in the codes and units SCB delivers."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.simulation import states as s
from pipeline.simulation.background import LISA_YEARS, Background
from pipeline.simulation.draws import generator
from pipeline.simulation.lives import Lives
from pipeline.simulation.timeline import LAST_DAY, day_number

CHILDREN = {"Barn0_3": (0, 3), "Barn4_6": (4, 6), "Barn7_10": (7, 10), "Barn11_15": (11, 15), "Barn16_17": (16, 17)}
LEAVES_HOME = 22
LEVELS = {
    "compulsory": ("1", "2"),
    "upper_secondary": ("3", "4"),
    "post_secondary": ("5", "6", "7"),
    "unknown": (None,),
}
LEVEL_SHARES = {
    "compulsory": (0.35, 0.65),
    "upper_secondary": (0.4, 0.6),
    "post_secondary": (0.45, 0.53, 0.02),
    "unknown": (1.0,),
}


def lisa_registers(people: pd.DataFrame, background: Background, lives: Lives, seed: int) -> dict[str, pd.DataFrame]:
    """`lisa_2018` to `lisa_2021`, a row for each person registered in Sweden on 31 December."""
    rng = generator(seed, "LISA")
    level = _levels(people["education"].to_numpy(), rng)
    tables = {}
    for number, year in enumerate(LISA_YEARS):
        table = _year(people, background, number, level, _share_worked(len(people), lives, year, rng), rng)
        present = table[background.present[:, number]]
        order = np.argsort(present["LopNr"].astype(np.int64), kind="stable")
        tables[f"lisa_{year}"] = present.iloc[order].reset_index(drop=True)
    return tables


def _levels(education: NDArray, rng: np.random.Generator) -> NDArray[np.object_]:
    """Seven levels of education within the three, missing for unknown."""
    level = np.empty(len(education), dtype=object)
    for name, codes in LEVELS.items():
        rows = np.flatnonzero(education == name)
        level[rows] = np.array(codes, dtype=object)[rng.choice(len(codes), len(rows), p=LEVEL_SHARES[name])]
    return level


def _year(
    people: pd.DataFrame,
    background: Background,
    number: int,
    level: NDArray[np.object_],
    worked: NDArray[np.float64],
    rng: np.random.Generator,
) -> pd.DataFrame:
    year, n = LISA_YEARS[number], len(people)
    woman = people["woman"].to_numpy()
    arrived = people["immigration_year"].to_numpy()
    child_age = np.where(background.children > 0, year - background.children, -1)
    columns = {
        "LopNr": people["person_id"].to_numpy(),
        "Kon": np.where(woman, "2", "1"),
        "FodelseAr": people["birth_year"].to_numpy(),
        "FodGrEg5": people["birth_code"].to_numpy(),
        "SenInvAr": np.char.zfill(arrived.astype(str), 4).astype(object),
        "Sun2000niva_old" if year < 2019 else "Sun2020Niva_Old": level,
        "FamTypF": _family_types(woman, background.partner[:, number], background.married, child_age),
    }
    for name, (youngest, oldest) in CHILDREN.items():
        columns[name] = ((child_age >= youngest) & (child_age <= oldest)).sum(axis=1)
    assistance = background.social_assistance[:, number]
    amount = np.where(assistance, np.maximum(rng.gamma(2.0, 350.0, n), 10.0), 0.0)
    wage = worked * 2600 * np.exp(0.3 * rng.standard_normal(n))
    columns |= _sickness(background.sickness_benefit[:, number], year - people["birth_year"].to_numpy(), rng)
    columns |= {
        "SocBidrFam": amount.round(1),
        "SocBidrTypF": np.where(assistance, "1", "0"),
        "LoneInk": wage.round(1),
        "DispInk04": (900 + 0.6 * wage + 0.5 * amount + rng.gamma(2.0, 200.0, n)).round(1),
        "Kommun": people["municipality"].to_numpy(),
    }
    return pd.DataFrame(columns)


def _family_types(
    woman: NDArray[np.bool_], partner: NDArray[np.bool_], married: NDArray[np.bool_], child_age: NDArray[np.int64]
) -> NDArray[np.object_]:
    """FamTypF: couple or single by children at home under 18, only older ones, or none."""
    at_home = (child_age >= 0) & (child_age <= LEAVES_HOME)
    minor = (at_home & (child_age < 18)).any(axis=1)
    children = np.where(minor, 1, np.where(at_home.any(axis=1), 2, 0))  # 1 under 18, 2 only 18 and over
    # Cohabiting without a common child counts as single in LISA.
    couple = np.where(married, np.array(["11", "12", "13"])[children], np.array(["50", "22", "23"])[children])
    parent = np.where(woman, np.array(["50", "41", "42"])[children], np.array(["50", "31", "32"])[children])
    return np.where(partner, couple, parent).astype(object)


def _sickness(benefit: NDArray[np.bool_], age: NDArray[np.int64], rng: np.random.Generator) -> dict[str, NDArray]:
    """Sickness benefit for most who have one, otherwise activity (under 30) or sickness compensation."""
    n = len(benefit)
    short = rng.random(n) < 0.85
    amount = np.maximum(rng.gamma(1.5, 250.0, n), 1.0).round(1)
    return {
        "SjukPP": np.where(benefit & short, amount, 0.0),
        "SjukErs": np.where(benefit & ~short & (age >= 30), amount, 0.0),
        "AktErs": np.where(benefit & ~short & (age < 30), amount, 0.0),
    }


def _share_worked(n: int, lives: Lives, year: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Share of the year in a job the simulation knows of; before the window some odd jobs."""
    odd = np.where(rng.random(n) < (0.25 if year < 2020 else 0.08), 0.3 * rng.random(n), 0.0)
    first, last = day_number(f"{year}-01-01"), min(day_number(f"{year}-12-31"), LAST_DAY)
    order = np.lexsort([lives.day, lives.person])
    person, day = lives.person[order], lives.day[order]
    end = np.where(np.append(person[1:] == person[:-1], False), np.append(day[1:], LAST_DAY), LAST_DAY)
    job = (s.is_work(lives.state) & (lives.reason != "7"))[order]
    days = np.clip(np.minimum(end, last + 1) - np.maximum(day, first), 0, None) * job
    return np.minimum(odd + np.bincount(person, days, n) / 365, 1.0)
