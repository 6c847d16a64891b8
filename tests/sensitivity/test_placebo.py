"""Placebos: where nothing is planted they find little, and what is planted they find."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.sensitivity import placebo
from pipeline.sensitivity.choices import own_specification
from pipeline.sensitivity.cohorts import rows_of
from pipeline.sensitivity.estimates import estimate_together
from pipeline.sensitivity.stability import matched_anew, resampled_ratios, without_each_month
from pipeline.sensitivity.weighting import matched


def test_days_before_the_start_are_those_of_the_registers(small):
    base = small.base()
    rows = base.cohort.assign(before=base.before, person=base.people[base.cohort["person_id"]])
    outcome = small.config.outcomes["work_or_studies"]
    codes = {code for group in outcome.categories.values() for code in group}
    registrations = pd.read_parquet(small.interim / "registrations.parquet")
    categories = pd.read_parquet(small.interim / "categories.parquet")
    for row in rows[rows["participant"] == 1].head(40).itertuples():
        left = registrations[(registrations["person_id"] == row.person) & registrations["reason"].isin(outcome.reasons)]
        began = categories[(categories["person_id"] == row.person) & categories["category"].isin(codes)]
        days = [day for day in (*left["deregistered_on"], *began["valid_from"]) if day < row.index_date]
        if days:
            assert row.before == (row.index_date - max(days)).days
        else:
            assert np.isnan(row.before)


def test_a_difference_planted_before_the_start_is_found(small):
    base = small.base()
    treated = base.cohort["participant"].to_numpy() == 1
    planted = np.where(treated & (np.arange(len(treated)) % 2 == 0), 100.0, base.before)
    found = placebo.outcome_before_start(replace(base, before=planted), small.config)
    assert found.lower > 1.5
    assert found.difference_lower > 0.1


def test_drawn_starts_are_of_people_who_never_take_part_as_many_as_take_part_or_half_of_the_stratum(small):
    base = small.base()
    starts = placebo.drawn_starts(base, small.config)
    assert starts["person_id"].is_unique
    assert not set(starts["person_id"]) & set(base.people[base.joiner])
    months = pd.Series(starts["started_on"]).astype(str).str[:7].value_counts()
    real = base.cohort.loc[base.cohort["participant"] == 1, "start_month"].value_counts()
    assert (months <= real.reindex(months.index)).all()
    assert months.sum() > 0.7 * real.sum()
    assert starts.equals(placebo.drawn_starts(base, small.config))


def test_a_pretended_start_is_evaluated_from_registers_without_participants(small, tmp_path):
    found = placebo.start_among_controls(small.base(), small.config, small.interim, tmp_path / "placebo")
    assert not (tmp_path / "placebo").exists()
    starts = placebo.drawn_starts(small.base(), small.config)
    assert found.participants == pytest.approx(len(starts), rel=0.05)
    assert found.hazard_ratio is not None
    # Four of its errors: a planted effect of 1.6 would be far outside, chance hardly ever is.
    error = np.log(found.upper / found.lower) / (2 * 1.96)
    assert abs(np.log(found.hazard_ratio)) < 4 * error


def test_a_month_left_out_is_an_evaluation_without_its_rows(small):
    base, own = small.base(), own_specification(small.config)
    months = without_each_month(base, own, small.config)
    month = "2021-09"
    kept = replace(base, cohort=base.cohort[base.cohort["start_month"] != month])
    [alone] = estimate_together(kept, [own], small.config)
    assert months[month].hazard_ratio == pytest.approx(alone.hazard_ratio, rel=1e-7)
    assert months[month].upper == pytest.approx(alone.upper, rel=1e-7)
    assert months[month].participants > 0


def test_resampled_weights_are_those_of_a_matching_of_the_copies(small):
    own = own_specification(small.config)
    rows = rows_of(small.base(), own, small.config)
    sample = matched(rows, own, small.config)
    weights = matched_anew(sample)
    np.testing.assert_allclose(weights(np.ones(sample.matched.sum())), sample.weight[sample.matched], rtol=1e-12)
    times = np.random.default_rng(1).integers(0, 3, len(sample.people)).astype(float)
    copies = rows.cohort.loc[np.repeat(rows.cohort.index, times.astype(int))]
    again = matched(replace(rows, cohort=copies.reset_index(drop=True)), own, small.config)
    per_row = pd.Series(again.weight).groupby(copies.index).sum().reindex(rows.cohort.index, fill_value=0.0)
    np.testing.assert_allclose(weights(times[sample.matched]), per_row[sample.matched], rtol=1e-9, atol=1e-12)


def test_resamples_are_numbered_so_that_they_can_be_shared_out(small):
    base, own = small.base(), own_specification(small.config)
    together = resampled_ratios(base, own, small.config, 0, 4)
    assert together == resampled_ratios(base, own, small.config, 0, 2) + resampled_ratios(base, own, small.config, 2, 4)
    # Among so few people a resample may have no ratio.
    assert len({ratio for ratio in together if ratio is not None}) >= 2
