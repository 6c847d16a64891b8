"""Simulated people and their registers, put together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from pipeline.simulation import parameters as p
from pipeline.simulation import states as s
from pipeline.simulation.af import af_registers
from pipeline.simulation.background import Background, draw_background
from pipeline.simulation.draws import generator
from pipeline.simulation.esf import esf_register, first_work
from pipeline.simulation.hazards import Hazards
from pipeline.simulation.joining import Joining, daily_quotas
from pipeline.simulation.lisa import lisa_registers
from pipeline.simulation.lives import Lives, Luck, Start, live
from pipeline.simulation.people import draw_people, scaled
from pipeline.simulation.timeline import LAST_DAY, NEVER, timestamps
from pipeline.simulation.truth import Truth, expected_shares

EFFECTS = ("published", "none")


@dataclass(frozen=True, slots=True)
class Simulated:
    """Simulated registers, and what they were made from."""

    tables: dict[str, pd.DataFrame]  # by register, in its own columns
    people: (
        pd.DataFrame
    )  # a row each: traits, `entered` (days from the window's first) and `joined_on`, missing for never
    background: Background
    lives: Lives
    luck: Luck
    truth: Truth


def simulate(people: int = p.PEOPLE, seed: int = 1, *, effect: str = "published", selection: bool = True) -> Simulated:
    """Simulate the registers of an evaluation whose true effect is known.

    Parameters
    ----------
    people : in JOB in Malmö at some time in the window; participants and other people in proportion
    seed : the same number gives the same registers, byte for byte
    effect : "published" for the project's effect as evaluated, "none" for participants with the hazards of controls
    selection : whether joining depends on the matching variables; otherwise everyone in JOB is as likely to start

    Raises
    ------
    ValueError : `people` is too small for the project's intake, or `effect` is unknown
    """
    if effect not in EFFECTS:
        raise ValueError(f"effect: {effect!r} is not one of {', '.join(EFFECTS)}")
    if people < 200:
        raise ValueError(f"people: {people} is too few for a project of this kind; simulate at least 200")
    everyone = draw_people(people, seed)
    background = draw_background(everyone, seed)
    hazards = Hazards(everyone, background, effect=effect)
    quota = daily_quotas(scaled(p.PARTICIPANTS, people), generator(seed, "quotas"))
    joining = Joining(everyone, quota, generator(seed, "joining"), selection=selection)
    group = everyone["group"].to_numpy()
    start = Start.fresh(
        day=np.where(group == "not at AF", NEVER, everyone["entry"].to_numpy()),
        state=np.where(group == "open", s.OPEN, s.JOB),
    )
    luck = Luck.draw(len(everyone), generator(seed, "luck"))
    lives = live(hazards, luck, start, may_enter=group != "open", last_day=LAST_DAY, joining=joining)
    tables = {
        **af_registers(everyone, lives, seed),
        **lisa_registers(everyone, background, lives, seed),
        "esf_deltagare": esf_register(everyone, lives, seed),
    }
    return Simulated(
        tables=tables,
        people=everyone.assign(joined_on=timestamps(lives.joined)),
        background=background,
        lives=lives,
        luck=luck,
        truth=Truth(hazards, lives.joined),
    )


def true_effect(simulated: Simulated, days: Sequence[int], *, among: Iterable[str] | None = None) -> pd.DataFrame:
    """Expected share in work or studies by day since joining, of the participants in JOB, with and without the project.

    Exact given each participant's traits: from the hazards, not from the events that were drawn.

    Parameters
    ----------
    among : person_id of the participants it is the mean of, such as those who were matched; all when left out

    Returns
    -------
    frame with day, participants, controls (the participants without the project), difference, hazard_ratio (of the two
    on that day)
    """
    if among is None:
        return expected_shares(simulated.truth, days)
    wanted = simulated.people["person_id"].isin(set(among))
    return expected_shares(simulated.truth, days, np.flatnonzero(wanted & simulated.people["joined_on"].notna()))


def potential_outcomes(simulated: Simulated, days: int, *, copies: int = 0) -> pd.DataFrame:
    """Days from joining to work or studies of each participant in JOB, with the project and without it.

    Drawn, with the same luck in both. With their own luck the days with the project are those that happened.

    Parameters
    ----------
    days : how far to look; missing when not reached by then
    copies : of each participant, with luck drawn anew for each; 0 for the participants with their own

    Returns
    -------
    frame with person_id, with_project, without_project
    """
    rows = np.flatnonzero(simulated.truth.joined != NEVER)
    start, luck = simulated.lives.at_joining.of(rows), simulated.luck.of(rows)
    if copies:
        rows = np.repeat(rows, copies)
        start = Start.fresh(simulated.truth.joined[rows], np.full(len(rows), s.JOB))
        luck = Luck.draw(len(rows), generator(copies, "copies"))
    people, joined = simulated.people.iloc[rows], simulated.truth.joined[rows]
    effect = "published" if simulated.truth.hazards.published else "none"
    hazards = Hazards(people, simulated.background.of(rows), effect=effect)
    outcomes = {"person_id": people["person_id"].to_numpy()}
    for name, joins in (("with_project", joined), ("without_project", np.full(len(rows), NEVER))):
        may_enter = np.full(len(rows), True)
        lives = live(hazards, luck, replace(start, joined=joins), may_enter, last_day=int(joined.max()) + days)
        waited = (first_work(lives, after=joined)[0] - joined).astype(float)
        outcomes[name] = np.where(waited <= days, waited, np.nan)
    return pd.DataFrame(outcomes)
