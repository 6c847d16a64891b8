"""AF's two registers from simulated lives: registration periods and category periods, with their histories."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.registers.codes import CATEGORIES, code_list
from pipeline.simulation import parameters as p
from pipeline.simulation import states as s
from pipeline.simulation.draws import generator
from pipeline.simulation.lives import Lives
from pipeline.simulation.timeline import LAST_DAY, NEVER, day_number, timestamps, years


def af_registers(people: pd.DataFrame, lives: Lives, seed: int) -> dict[str, pd.DataFrame]:
    """`af_inskrivning` and `af_sokandekategori`, rows by running number and date."""
    at_af = people["group"].to_numpy() != "not at AF"
    spells = _spells(people, lives, at_af)
    earlier = _earlier_registrations(people, at_af, generator(seed, "earlier registrations"))
    registrations = pd.concat([earlier, _registrations(people, spells)])
    present = _automatic(
        spells.loc[spells["code"] != "", ["row", "start", "end", "code"]], generator(seed, "automatic categories")
    )
    before = _histories(people, at_af, generator(seed, "history before the window"))
    categories = _of_their_time(pd.concat([earlier.assign(code="11").drop(columns="reason"), before, present]))
    return {
        "af_inskrivning": _delivered(
            people, registrations, {"start": "INTR_DAT", "end": "AVAKT_DATUM", "reason": "AVAKT_ORSAK"}
        ),
        "af_sokandekategori": _delivered(
            people,
            _with_disability(people, categories, generator(seed, "disability codes")),
            {"start": "inskadm", "end": "utskadm", "code": "skat", "ahkp": "ahkp"},
        ),
    }


def _spells(people: pd.DataFrame, lives: Lives, at_af: NDArray[np.bool_]) -> pd.DataFrame:
    """One row a state a person is in from the window on, in order: row, start, end, state, code, reason."""
    rows = np.flatnonzero(at_af)
    first_state = np.where(people["group"].to_numpy()[rows] == "open", s.OPEN, s.JOB)
    spells = pd.DataFrame(
        {
            "row": np.concatenate([rows, lives.person]),
            "start": np.concatenate([people["entered"].to_numpy()[rows], lives.day]),
            "state": np.concatenate([first_state, lives.state]),
            "reason": np.concatenate([np.full(len(rows), "", dtype=object), lives.reason]),
        }
    ).sort_values(["row", "start"], kind="stable", ignore_index=True)
    following = spells["row"].eq(spells["row"].shift(-1))
    spells["end"] = np.where(following, np.roll(spells["start"], -1), NEVER)
    spells["code"] = s.CATEGORY[spells["state"]]
    return spells


def _registrations(people: pd.DataFrame, spells: pd.DataFrame) -> pd.DataFrame:
    """Registration periods: from the first spell, or the return, to the next deregistration."""
    out = spells["state"].to_numpy() >= s.OUT_WORK
    first = ~spells["row"].eq(spells["row"].shift()).to_numpy()
    begins = first | (~out & np.roll(out, 1))
    period = np.cumsum(begins)
    started = spells.loc[begins, ["row", "start"]].assign(period=period[begins], first=first[begins])
    started["start"] = np.where(started["first"], people["since"].to_numpy()[started["row"]], started["start"])
    ended = spells.loc[out, ["start", "reason"]].assign(period=period[out]).rename(columns={"start": "end"})
    periods = started.set_index("period").join(ended.set_index("period").astype({"end": "Int64"}))
    periods["end"] = periods["end"].fillna(NEVER).astype(np.int64)
    return periods[["row", "start", "end", "reason"]]


def _histories(people: pd.DataFrame, at_af: NDArray[np.bool_], rng: np.random.Generator) -> pd.DataFrame:
    """Category periods between registering and coming into the window's state, with a programme in most."""
    rows = np.flatnonzero(at_af)
    since, entered = people["since"].to_numpy()[rows], people["entered"].to_numpy()[rows]
    age, years_in_sweden = _when_registered(people, rows)
    programme = rng.choice(list(p.EARLIER_PROGRAMMES), len(rows), p=list(p.EARLIER_PROGRAMMES.values())).astype(object)
    programme[years_in_sweden <= 2] = "68"  # the establishment programme
    programme[age < 25] = "69"  # the job guarantee for youth
    until_job = np.isin(programme, ["68", "69"])
    lead = np.maximum(np.where(until_job, 60, (0.25 * (entered - since)).astype(np.int64)), 1)
    begin = np.where(programme == "", entered, np.minimum(since + lead, entered))
    length = (entered - begin) * np.where(until_job, 1.0, 0.3 + 0.6 * rng.random(len(rows)))
    end = begin + length.astype(np.int64)
    parts = [(since, begin, "11"), (begin, end, programme), (end, entered, "11")]
    history = pd.concat([pd.DataFrame({"row": rows, "start": a, "end": b, "code": c}) for a, b, c in parts])
    return history[history["start"] < history["end"]]


def _earlier_registrations(people: pd.DataFrame, at_af: NDArray[np.bool_], rng: np.random.Generator) -> pd.DataFrame:
    """One registration before the present one, of some who were grown up and in Sweden long enough before it."""
    rows = np.flatnonzero(at_af)
    age, years_in_sweden = _when_registered(people, rows)
    chosen = rows[(rng.random(len(rows)) < p.EARLIER_REGISTRATION) & (age >= 23) & (years_in_sweden >= 6)]
    closed = people["since"].to_numpy()[chosen] - 20 - (rng.random(len(chosen)) * 700).astype(np.int64)
    opened = closed - 60 - (rng.random(len(chosen)) * 800).astype(np.int64)
    reasons = list(p.EARLIER_REASONS)
    reason = rng.choice(reasons, len(chosen), p=list(p.EARLIER_REASONS.values())).astype(object)
    return pd.DataFrame({"row": chosen, "start": opened, "end": closed, "reason": reason})


def _when_registered(people: pd.DataFrame, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Age, and years in Sweden (all of them for people born there), in the year of the present registration."""
    year = years(people["since"].to_numpy()[rows])
    age = year - people["birth_year"].to_numpy()[rows]
    arrived = people["immigration_year"].to_numpy()[rows]
    return age, np.where(arrived > 0, year - arrived, age)


def _automatic(categories: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Break some JOB stays by days in 96-98, pass some moves from JOB to 11 through them, and make some JOB 79."""
    categories = categories.reset_index(drop=True)
    row, start, end, code = (categories[name].to_numpy() for name in ("row", "start", "end", "code"))
    n = len(categories)
    shares = list(p.AUTOMATIC.values())
    automatic = rng.choice(list(p.AUTOMATIC), n, p=shares).astype(object)
    days = 1 + (rng.random(n) * p.AUTOMATIC_LONGEST).astype(np.int64)
    until = np.minimum(end, LAST_DAY)

    from_job = np.concatenate([[False], (code[:-1] == "70") & (row[:-1] == row[1:]) & (end[:-1] == start[1:])])
    passing = from_job & (code == "11") & (until - start > days + 1) & (rng.random(n) < p.AFTER_JOB)
    split = (code == "70") & (until - start > 60) & (rng.random(n) < p.SPLIT_STAYS)
    phase = (code == "70") & (start < 0) & (until - start > 60) & ~split & (rng.random(n) < p.EMPLOYMENT_PHASE)
    at = start + 20 + (rng.random(n) * (until - start - 40 - days)).astype(np.int64)

    def piece(where: NDArray[np.bool_], a: NDArray, b: NDArray, c: NDArray) -> pd.DataFrame:
        return pd.DataFrame({"row": row[where], "start": a[where], "end": b[where], "code": c[where]})

    whole = ~(passing | split | phase)
    pieces = [
        piece(whole, start, end, code),
        piece(passing, start, start + days, automatic),
        piece(passing, start + days, end, code),
        piece(split | phase, start, at, code),
        piece(split, at, at + days, automatic),
        piece(split, at + days, end, code),
        piece(phase, at, end, np.full(n, "79", dtype=object)),
    ]
    return pd.concat(pieces, ignore_index=True)


def _of_their_time(categories: pd.DataFrame) -> pd.DataFrame:
    """Periods with code 11 until their own code came into use, and none from before that one did."""
    since = {row["code"]: day_number(row["valid_from"]) for row in code_list(CATEGORIES) if row["valid_from"]}
    since |= dict.fromkeys(p.AUTOMATIC, since["79"])  # they follow on JOB, which came after them
    first = categories["code"].map(since).fillna(since["11"]).astype(np.int64)
    late = categories["start"] < first
    before = categories[late].assign(code="11", end=np.minimum(categories["end"], first)[late])
    after = categories.assign(start=np.where(late, first, categories["start"]))
    whole = pd.concat([before.assign(start=before["start"].clip(lower=since["11"])), after])
    return whole[whole["start"] < whole["end"]]


def _with_disability(people: pd.DataFrame, categories: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The disability code on every period of the present registration and later ones."""
    code = rng.choice(p.DISABILITY_CODES, len(people)).astype(object)
    rows = categories["row"].to_numpy()
    known = people["disability"].to_numpy()[rows] & (categories["start"].to_numpy() >= people["since"].to_numpy()[rows])
    return categories.assign(ahkp=np.where(known, code[rows], ""))


def _delivered(people: pd.DataFrame, periods: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """Periods under the register's own names, by running number and date; open ends and no code are missing."""
    periods = periods.assign(LopNr=people["person_id"].to_numpy()[periods["row"]])
    periods = periods.assign(number=periods["LopNr"].astype(np.int64)).sort_values(["number", "start"], kind="stable")
    table = periods.assign(start=timestamps(periods["start"]), end=timestamps(periods["end"]))
    for column in ("reason", "code", "ahkp"):
        if column in table:
            table[column] = table[column].replace("", None).where(table[column].notna(), None)
    return table[["LopNr", *names]].rename(columns=names).reset_index(drop=True)
