"""The ESF participant file: everyone who took part, also those AF does not know."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.simulation import parameters as p
from pipeline.simulation import states as s
from pipeline.simulation.draws import generator
from pipeline.simulation.lives import Lives
from pipeline.simulation.timeline import LAST_DAY, NEVER, timestamps

OTHER_ENDINGS = ("Åter till Arbetsförmedlingen", "Sjukdom", "Flyttat", "Avbrutit", "Övrigt")
OTHER_ENDING_SHARES = (0.55, 0.12, 0.05, 0.18, 0.10)


def esf_register(people: pd.DataFrame, lives: Lives, seed: int) -> pd.DataFrame:
    """`esf_deltagare`: start, end, origin and why they left, in order of running number."""
    rng = generator(seed, "ESF")
    from_af = np.flatnonzero(lives.joined != NEVER)
    elsewhere = np.flatnonzero(people["group"].to_numpy() == "not at AF")
    rows = np.concatenate([from_af, elsewhere])
    start = np.concatenate([lives.joined[from_af], rng.choice(lives.joined[from_af], len(elsewhere))])
    origin = np.full(len(rows), "AF", dtype=object)
    origin[len(from_af) :] = rng.choice(["FK", "KOMMUN"], len(elsewhere), p=[0.6, 0.4])

    mean, spread = p.STAY_DAYS
    stay = rng.gamma((mean / spread) ** 2, spread**2 / mean, len(rows))
    planned = start + np.clip(stay, 7, p.STAY_LONGEST).astype(np.int64)
    reached, studies = first_work(lives, after=lives.joined)
    ended_by_work = reached[rows] <= planned
    end = np.where(ended_by_work, reached[rows], planned)
    reason = rng.choice(OTHER_ENDINGS, len(rows), p=OTHER_ENDING_SHARES).astype(object)
    reason[ended_by_work] = np.where(studies[rows], "Studier", "Arbete")[ended_by_work]
    going_on = end > LAST_DAY
    reason[going_on] = None
    table = pd.DataFrame(
        {
            "LopNr": people["person_id"].to_numpy()[rows],
            "startdatum": timestamps(start),
            "slutdatum": timestamps(np.where(going_on, NEVER, end)),
            "ursprung": origin,
            "avslutsorsak": reason,
        }
    )
    return table.iloc[np.argsort(table["LopNr"].astype(np.int64), kind="stable")].reset_index(drop=True)


def first_work(lives: Lives, after: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """First move to work or studies after a day of each person.

    Parameters
    ----------
    after : (people,) day

    Returns
    -------
    day of the move (people,), NEVER for none, and whether it was to studies
    """
    work = s.is_work(lives.state) & (lives.day > after[lives.person])
    person, first = np.unique(lives.person[work], return_index=True)  # moves are in order of day
    day, studies = np.full(len(after), NEVER), np.zeros(len(after), dtype=bool)
    day[person] = lives.day[work][first]
    studies[person] = lives.reason[work][first] == "7"
    return day, studies
