"""The truth: computed from the hazards, it is what repeated draws give and what the comparison must recover."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipeline.simulation import Simulated, potential_outcomes, simulate, true_effect
from pipeline.simulation import parameters as p
from pipeline.simulation.hazards import CONTROL, PARTICIPANT, group_shares
from pipeline.simulation.timeline import LAST_DAY

DAYS = [30, 183, 365, 730]


def test_the_formula_equals_the_mean_of_many_draws(small: Simulated) -> None:
    """Shares of 289 participants drawn 60 times each, under both arms."""
    drawn = potential_outcomes(small, max(DAYS), copies=60)
    truth = true_effect(small, DAYS).set_index("day")
    for day in DAYS:
        for column, name in (("participants", "with_project"), ("controls", "without_project")):
            expected = truth.loc[day, column]
            # Given their traits the draws are independent: at most the binomial standard error, 4 of them.
            error = np.sqrt(expected * (1 - expected) / len(drawn))
            assert (drawn[name] <= day).mean() == pytest.approx(expected, abs=4 * error)


def test_the_potential_outcome_with_the_project_is_what_happened(small: Simulated) -> None:
    """The first category of work, or deregistration for work or studies, in the registers after joining."""
    registrations, categories = small.tables["af_inskrivning"], small.tables["af_sokandekategori"]
    work = [code for group in p.JOB_SPELLS for code in p.DESTINATIONS[group]]
    events = pd.concat(
        [
            registrations.loc[registrations["AVAKT_ORSAK"].isin(p.REASONS_WORK), ["LopNr", "AVAKT_DATUM"]].set_axis(
                ["person_id", "day"], axis=1
            ),
            categories.loc[categories["skat"].isin(work), ["LopNr", "inskadm"]].set_axis(["person_id", "day"], axis=1),
        ]
    )
    joined = small.people.dropna(subset="joined_on")[["person_id", "joined_on"]]
    later = events.merge(joined, on="person_id").query("day > joined_on")
    observed = (later["day"] - later["joined_on"]).dt.days.groupby(later["person_id"]).min()
    potential = potential_outcomes(small, LAST_DAY).set_index("person_id")["with_project"].dropna()
    followed = (LAST_DAY - (joined.set_index("person_id")["joined_on"] - pd.Timestamp(p.WINDOW_START)).dt.days)[
        potential.index
    ]
    in_time = potential[potential <= followed]
    pd.testing.assert_series_equal(observed.sort_index(), in_time.sort_index(), check_dtype=False, check_names=False)


def test_published_effect(default: Simulated) -> None:
    """Figure 1: 14% and 25% become 23% and 40%; behind in the first month, ahead to month nine, then even."""
    truth = true_effect(default, [15, 183, 365, 120, 230, 400, 700]).set_index("day")
    assert truth.loc[183, "controls"] == pytest.approx(0.14, abs=0.01)
    assert truth.loc[365, "controls"] == pytest.approx(0.25, abs=0.01)
    assert truth.loc[183, "participants"] == pytest.approx(0.23, abs=0.015)
    assert truth.loc[365, "participants"] == pytest.approx(0.40, abs=0.015)
    assert truth.loc[15, "hazard_ratio"] < 0.85
    assert (truth.loc[[120, 230], "hazard_ratio"] > 1.8).all()
    assert truth.loc[[400, 700], "hazard_ratio"].between(0.8, 1.3).all()


def test_without_effect_both_arms_have_the_same_hazards(without_effect: Simulated) -> None:
    hazards = without_effect.truth.hazards
    for day in (0, 400, LAST_DAY):
        work = hazards.searching(day)
        np.testing.assert_array_equal(work[:, CONTROL], work[:, PARTICIPANT])
    for factor in (hazards.group_effect, hazards.total_effect, hazards.other_effect, hazards.back_ratio):
        np.testing.assert_allclose(factor, 1.0, rtol=1e-14)
    truth = true_effect(without_effect, DAYS)
    np.testing.assert_allclose(truth["difference"], 0.0, atol=1e-14)


def test_the_destinations_share_the_whole_hazard() -> None:
    np.testing.assert_allclose(group_shares().sum(axis=1), 1.0, rtol=1e-14)
    assert sum(sum(codes.values()) for codes in p.DESTINATIONS.values()) == pytest.approx(1.0)
    published = ["22", "35", "21", "41", "31", "38", "39", "51", "30", "58", "42", "43", "33"]
    codes = [code for group in p.JOB_SPELLS for code in p.DESTINATIONS[group]]
    assert sorted(codes) == sorted(published)


def test_selection_can_be_switched_off() -> None:
    """Then participants are a random draw of those in JOB: as many women among them as among the others."""
    people = simulate(8_000, seed=2, selection=False, effect="none").people.query("group == 'frame'")
    joined = people["joined_on"].notna()
    women = people["woman"].groupby(joined).mean()
    error = np.sqrt(0.25 / joined.sum())
    assert women[True] == pytest.approx(women[False], abs=3 * error)
    selected = simulate(8_000, seed=2, effect="none").people.query("group == 'frame'")
    women = selected["woman"].groupby(selected["joined_on"].notna()).mean()
    assert women[True] - women[False] > 2 * error


def test_truth_of_some_participants(small: Simulated) -> None:
    """The mean of two halves, by their sizes, is the whole."""
    people = small.people.dropna(subset="joined_on")
    whole = true_effect(small, DAYS)
    women = people.loc[people["woman"], "person_id"]
    men = people.loc[~people["woman"], "person_id"]
    parts = [(len(ids), true_effect(small, DAYS, among=ids)) for ids in (women, men)]
    for column in ("participants", "controls", "difference"):
        mean = sum(n * part[column] for n, part in parts) / len(people)
        np.testing.assert_allclose(mean, whole[column], rtol=1e-12)
    assert (parts[0][1]["controls"] < parts[1][1]["controls"]).all()  # women reach it later without the project
