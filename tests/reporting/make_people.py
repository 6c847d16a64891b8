"""People drawn to resemble the published evaluation; they stay reachable, so that tests know the truth."""

from __future__ import annotations

import numpy as np
import pandas as pd

# Share that reaches the outcome by a day, on the published points (facts section 4).
REACHED = {
    1: ([0, 30, 183, 274, 365, 613, 960], [0, 0.015, 0.23, 0.33, 0.40, 0.50, 0.60]),
    0: ([0, 30, 183, 274, 365, 613, 960], [0, 0.03, 0.14, 0.20, 0.25, 0.35, 0.43]),
}
DESTINATIONS = {
    1: {"category_33": 30, "category_30": 16, "category_51": 15, "reason_1": 15, "reason_7": 9, "reason_2": 6,
        "category_42": 5, "category_22": 3, "category_35": 0.4, "reason_4": 0.6},
    0: {"reason_1": 37, "category_33": 24, "reason_7": 10, "reason_2": 8, "category_22": 9, "category_30": 5,
        "category_51": 4, "category_42": 2, "reason_4": 1},
}  # fmt: skip
SUBGROUPS = {
    "women": ("Kvinnor", "Women", "woman"),
    "men": ("Män", "Men", "not woman"),
    "participants_only": ("Bara deltagare", "Participants only", "participant"),
    "controls_only": ("Bara kontrollgrupp", "Controls only", "not participant"),
    "women_outside_europe": (
        "Kvinnor födda utanför Europa", "Women born outside Europe", "woman and born_outside_europe"),
    "women_europe": ("Kvinnor födda i Europa", "Women born in Europe", "woman and not born_outside_europe"),
    "men_outside_europe": ("Män födda utanför Europa", "Men born outside Europe", "not woman and born_outside_europe"),
    "men_europe": ("Män födda i Europa", "Men born in Europe", "not woman and not born_outside_europe"),
    "social_assistance": (
        "Ekonomiskt bistånd i familjen", "Social assistance in the family", "social_assistance"),
    "no_social_assistance": (
        "Inget ekonomiskt bistånd i familjen", "No social assistance in the family", "not social_assistance"),
    "disability": ("Funktionsnedsättning", "Disability", "disability"),
    "no_disability": ("Ingen funktionsnedsättning", "No disability", "not disability"),
}  # fmt: skip


def draw(participants: int = 2756, controls: int = 7988, seed: int = 1, disability: float = 0.2) -> pd.DataFrame:
    """People with traits, follow-up (days, whole), event and destination."""
    random = np.random.default_rng(seed)
    arm = np.repeat([1, 0], [participants, controls])
    n = len(arm)
    latent = np.empty(n)
    destination = np.empty(n, dtype=object)
    for value in (1, 0):
        rows = arm == value
        days, reached = REACHED[value]
        u = random.uniform(size=rows.sum())
        latent[rows] = np.where(u < reached[-1], np.interp(u, reached, days), np.inf)
        names, shares = zip(*DESTINATIONS[value].items(), strict=True)
        destination[rows] = random.choice(names, rows.sum(), p=np.array(shares) / sum(shares))
    end = np.floor(random.uniform(152, 960, n))
    latent = np.maximum(1, np.ceil(latent))
    event = latent <= end
    return pd.DataFrame(
        {
            "participant": arm,
            "woman": random.random(n) < 0.5,
            "born_outside_europe": random.random(n) < 0.64,
            "social_assistance": random.random(n) < 0.5,
            "disability": random.random(n) < disability,
            "days": np.where(event, latent, end),
            "event": event,
            "destination": np.where(event, destination, None),
        }
    )


def where(people: pd.DataFrame, condition: str) -> pd.DataFrame:
    """People who satisfy a conjunction of columns and negated columns."""
    rows = np.ones(len(people), dtype=bool)
    for part in condition.split(" and "):
        name = part.removeprefix("not ")
        rows &= (people[name].astype(bool) != part.startswith("not ")).to_numpy()
    return people[rows]
