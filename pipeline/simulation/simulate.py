"""Simulated people and their registers, put together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.simulation import parameters as p
from pipeline.simulation import states as s
from pipeline.simulation.af import af_registers
from pipeline.simulation.background import Background, draw_background
from pipeline.simulation.esf import esf_register
from pipeline.simulation.hazards import NEVER, Hazards
from pipeline.simulation.joining import Joining, daily_quotas
from pipeline.simulation.lisa import lisa_registers
from pipeline.simulation.lives import Lives, Luck, Start, live
from pipeline.simulation.people import draw_people, generator, scaled
from pipeline.simulation.timeline import LAST_DAY, dates
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
    lives = live(hazards, luck, start, may_change=group != "open", last_day=LAST_DAY, joining=joining)
    tables = {
        **af_registers(everyone, lives, seed),
        **lisa_registers(everyone, background, lives, seed),
        "esf_deltagare": esf_register(everyone, lives, seed),
    }
    joined_on = dates(np.where(lives.joined == NEVER, 0, lives.joined)).astype("datetime64[s]")
    joined_on[lives.joined == NEVER] = np.datetime64("NaT")
    return Simulated(
        tables=tables,
        people=everyone.assign(joined_on=joined_on),
        background=background,
        lives=lives,
        truth=Truth(hazards, lives.joined),
    )


def true_effect(simulated: Simulated, days: list[int]) -> pd.DataFrame:
    """Expected share in work or studies by day since joining, of the participants in JOB, with and without the project.

    Exact given each participant's traits: from the hazards, not from the events that were drawn.

    Returns
    -------
    frame with day, participants, controls (the participants without the project), difference, hazard_ratio (of the two
    on that day)
    """
    return expected_shares(simulated.truth, days)
