"""The comparison without matching is wrong, and matching mends it: what the extracts are made for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from matching import Cut, Exact, cem
from pipeline.simulation import Simulated, true_effect
from pipeline.simulation import parameters as p
from survival import kaplan_meier

YEAR = 365
MATCHING = {
    "month": Exact(),
    "months": Cut(list(p.MONTHS_LIMITS)),
    "limited": Exact(),
    "outside": Exact(),
    "woman": Exact(),
    "age": Cut(list(p.AGE_LIMITS)),
}


def work_events(simulated: Simulated) -> pd.DataFrame:
    """Days on which work or studies began: LopNr, event_on."""
    registrations, categories = simulated.tables["af_inskrivning"], simulated.tables["af_sokandekategori"]
    work = [code for group in p.JOB_SPELLS for code in p.DESTINATIONS[group]]
    left = registrations.loc[registrations["AVAKT_ORSAK"].isin(p.REASONS_WORK), ["LopNr", "AVAKT_DATUM"]]
    moved = categories.loc[categories["skat"].isin(work), ["LopNr", "inskadm"]]
    names = ["LopNr", "event_on"]
    return pd.concat([left.set_axis(names, axis=1), moved.set_axis(names, axis=1)]).sort_values("event_on")


def sequential_trials(simulated: Simulated) -> pd.DataFrame:
    """A row for each participant at the start and for each month someone in JOB has not joined, with time and event."""
    people = simulated.people.set_index("person_id")
    frame = people[people["group"] == "frame"]
    periods = simulated.tables["af_sokandekategori"].query("skat in ['70', '79']")
    periods = periods[periods["LopNr"].isin(frame.index)]
    months = pd.date_range(p.WINDOW_START, p.WINDOW_END, freq="MS")
    rows = []
    for month in months:
        here = periods[(periods["inskadm"] <= month) & (periods["utskadm"].isna() | (periods["utskadm"] > month))]
        rows.append(pd.DataFrame({"LopNr": here["LopNr"], "day": month, "participant": 0}))
    joined = frame["joined_on"]
    starts = joined.dropna().rename_axis("LopNr").rename("day").reset_index().assign(participant=1)
    trials = pd.concat([*rows, starts]).sort_values("day", kind="stable")
    stops = trials["LopNr"].map(joined).where(trials["participant"] == 0).fillna(pd.Timestamp(p.FOLLOW_UP_END))
    trials = trials.assign(stops_on=stops.to_numpy())
    trials = trials[(trials["participant"] == 1) | (trials["stops_on"] > trials["day"])]
    trials = pd.merge_asof(
        trials, work_events(simulated), left_on="day", right_on="event_on", by="LopNr", direction="forward",
        allow_exact_matches=False,
    )  # fmt: skip
    registrations = simulated.tables["af_inskrivning"][["LopNr", "INTR_DAT"]].sort_values("INTR_DAT")
    trials = pd.merge_asof(trials, registrations, left_on="day", right_on="INTR_DAT", by="LopNr")
    event = trials["event_on"] <= trials["stops_on"]
    traits = people.loc[trials["LopNr"]].reset_index(drop=True)
    return trials.assign(
        event=event.astype(int),
        time=(trials["event_on"].where(event, trials["stops_on"]) - trials["day"]).dt.days,
        month=trials["day"].dt.strftime("%Y-%m"),
        months=(trials["day"] - trials["INTR_DAT"]).dt.days / 30.4375,
        age=trials["day"].dt.year - traits["birth_year"],
        limited=traits["education"].isin(["compulsory", "unknown"]),
        outside=traits["region"] == "outside_europe",
        woman=traits["woman"],
    )


def share_within_a_year(rows: pd.DataFrame, weights: pd.Series | None = None) -> dict[int, float]:
    """Share in work or studies within a year by arm, one minus Kaplan-Meier."""
    weight = np.ones(len(rows)) if weights is None else weights.to_numpy()
    curves = kaplan_meier(
        rows["time"].to_numpy(), rows["event"].to_numpy(), group=rows["participant"].to_numpy(), weights=weight
    )
    at = curves.at([YEAR])
    return {int(arm): 1 - survival for arm, survival in zip(at["group"], at["survival"], strict=True)}


@pytest.fixture(scope="module")
def null_trials(without_effect: Simulated) -> pd.DataFrame:
    return sequential_trials(without_effect)


def test_without_effect_the_unmatched_comparison_finds_one(null_trials: pd.DataFrame) -> None:
    """Participants are people who take longer: fewer of them reach the outcome, project or not."""
    share = share_within_a_year(null_trials)
    participants = (null_trials["participant"] == 1).sum()
    assert share[1] - share[0] < -2 * np.sqrt(share[1] * (1 - share[1]) / participants)


def test_without_effect_the_matched_comparison_finds_none(null_trials: pd.DataFrame) -> None:
    matched = cem(null_trials, treatment="participant", coarsening=MATCHING, estimand="ATT").data
    share = share_within_a_year(matched, matched["weight"])
    participants = (matched["participant"] == 1).sum()
    # The participants' error; the controls' is small beside it. Two of them: this seed, not a rate.
    assert share[1] - share[0] == pytest.approx(0, abs=2 * np.sqrt(share[1] * (1 - share[1]) / participants))


def test_the_matched_comparison_finds_the_true_effect(default: Simulated) -> None:
    trials = sequential_trials(default)
    matched = cem(trials, treatment="participant", coarsening=MATCHING, estimand="ATT").data
    truth = true_effect(default, [YEAR])["difference"].item()
    share = share_within_a_year(matched, matched["weight"])
    participants = (matched["participant"] == 1).sum()
    error = np.sqrt(share[1] * (1 - share[1]) / participants)
    assert share[1] - share[0] == pytest.approx(truth, abs=2 * error)
