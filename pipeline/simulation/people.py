"""The people before anything happens: traits that stay, and when they come into the window."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.simulation import parameters as p
from pipeline.simulation.draws import choose, generator
from pipeline.simulation.timeline import DAYS_PER_MONTH, LAST_START, month_names, month_starts, years

REGIONS = ("sweden", "europe", "outside_europe")
EDUCATIONS = ("compulsory", "upper_secondary", "post_secondary", "unknown")


def scaled(count: int, people: int) -> int:
    """A count of the default extract in an extract of `people` in the frame."""
    return round(count * people / p.PEOPLE)


def draw_people(people: int, seed: int) -> pd.DataFrame:
    """Draw everyone in the registers, a row each.

    Returns
    -------
    frame with `person_id`, `group` (frame, open, elsewhere, not at AF), traits (woman, region, birth_code, birth_year,
    immigration_year with 0 for none, education, disability, municipality) and days: `since` (registered), `entered`
    (JOB or, in the group open, open unemployment) and `entry` (the same, but 0 for the stock of the first day)
    """
    counts = {
        "frame": people,
        "open": scaled(p.OPENLY_UNEMPLOYED, people),
        "elsewhere": scaled(p.JOB_ELSEWHERE, people),
        "not at AF": scaled(p.PARTICIPANTS_ELSEWHERE, people),
    }
    group = np.repeat(list(counts), list(counts.values()))
    traits = _traits(len(group), generator(seed, "traits"))
    traits.insert(0, "group", group)
    rng = generator(seed, "numbers")
    traits.insert(0, "person_id", (rng.permutation(len(group)) + 1).astype(str))
    traits["municipality"] = _municipalities(group, generator(seed, "municipality"))
    return _come_into_window(traits, generator(seed, "entry"))


def _traits(n: int, rng: np.random.Generator) -> pd.DataFrame:
    woman = rng.random(n) < p.WOMEN
    region_shares = np.array([p.BIRTH[region] for region in REGIONS])  # region, sex
    region = choose(region_shares[:, woman.astype(int)].T, rng.random(n))
    low, high, share = np.array(p.AGE_CLASSES).T
    age_class = rng.choice(len(share), n, p=share / share.sum())
    age = (low[age_class] + rng.random(n) * (high - low)[age_class]).astype(int)
    education = choose(np.array([p.EDUCATION[name] for name in REGIONS])[region], rng.random(n))
    disability = rng.random(n) < np.array([p.DISABILITY[name] for name in REGIONS])[region]
    code = np.empty(n, dtype=object)
    for number, name in enumerate(REGIONS):
        rows = np.flatnonzero(region == number)
        code[rows] = rng.choice(list(p.BIRTH_CODES[name]), len(rows), p=list(p.BIRTH_CODES[name].values()))
    return pd.DataFrame(
        {
            "woman": woman,
            "region": np.array(REGIONS)[region],
            "birth_code": code,
            "birth_year": 2020 - age,
            "immigration_year": _immigration_years(region, 2020 - age, rng),
            "education": np.array(EDUCATIONS)[education],
            "disability": disability,
        }
    )


def _immigration_years(region: NDArray[np.int64], birth_year: NDArray[np.int64], rng: np.random.Generator) -> NDArray:
    """Years of immigration, recent ones more often; 0 for people born in Sweden."""
    years_in_sweden = np.where(region == 2, rng.gamma(1.9, 7.0, len(region)), rng.gamma(2.2, 8.5, len(region)))
    arrived = np.maximum(2018 - years_in_sweden.astype(int), birth_year)
    return np.where(region == 0, 0, arrived)


def _municipalities(group: NDArray, rng: np.random.Generator) -> NDArray:
    nearby = rng.choice(list(p.MUNICIPALITIES_NEARBY), len(group), p=list(p.MUNICIPALITIES_NEARBY.values()))
    return np.where(group == "elsewhere", nearby, p.MUNICIPALITY)


def _entry_days(n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Days of entry in the window, by the inflow of its months; never its first day, which is the stock's."""
    starts = month_starts(0, LAST_START)
    weight = np.array([p.INFLOW[name[:4]] for name in month_names(starts)])
    month = rng.choice(len(starts), n, p=weight / weight.sum())
    ends = np.append(starts[1:], LAST_START + 1)
    day = starts[month] + (rng.random(n) * (ends - starts)[month]).astype(np.int64)
    return np.maximum(day, 1)


def _come_into_window(traits: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Days of registration and entry; the stock has been registered longer than those who enter."""
    n = len(traits)
    age = 2020 - traits["birth_year"].to_numpy()
    older = np.exp(p.AGE_AND_MONTHS * (age - 42))
    median, spread = p.STOCK_MONTHS
    stock_months = median * older * np.exp(spread * rng.standard_normal(n))
    share, medians, spreads = np.array(p.ENTRY_MONTHS).T
    kind = rng.choice(len(share), n, p=share / share.sum())
    lengthened = np.where(kind == len(share) - 1, older, 1.0)
    entry_months = medians[kind] * lengthened * np.exp(spreads[kind] * rng.standard_normal(n))

    first = _in_stock(traits["group"].to_numpy(), rng)
    entry = np.where(first, 0, _entry_days(n, rng))
    adult = np.maximum((age - 18) * 12.0, 3.0)
    months = np.minimum(np.where(first, stock_months, entry_months), np.minimum(adult, 300.0))
    since = entry - np.maximum(np.round(months * DAYS_PER_MONTH), 0).astype(np.int64)
    # The stock came to JOB some time between registration and the window, mostly after 450 days.
    waited = np.minimum(450 * np.exp(0.35 * rng.standard_normal(n)), (entry - since) * rng.random(n))
    entered = np.where(first, np.minimum(since + waited.astype(np.int64), -1), entry)
    since = np.minimum(since, entered)
    arrived = np.minimum(traits["immigration_year"], np.minimum(years(since), 2018))
    unknown = rng.random(n) < p.IMMIGRATION_YEAR_UNKNOWN
    return traits.assign(immigration_year=np.where(unknown, 0, arrived), entry=entry, entered=entered, since=since)


def _in_stock(group: NDArray, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Who is there on the first day: an exact share of each group."""
    stock = np.zeros(len(group), dtype=bool)
    for name in np.unique(group):
        rows = np.flatnonzero(group == name)
        stock[rng.permutation(rows)[: round(p.STOCK_SHARE * len(rows))]] = True
    return stock
