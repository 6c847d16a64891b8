"""The headline under each choice, against the estimate stage and against the same done by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import matching
from pipeline import effects, estimate, regression
from pipeline.sensitivity.choices import own_specification
from pipeline.sensitivity.cohorts import rows_of
from pipeline.sensitivity.estimates import estimate_together, headline_day
from pipeline.sensitivity.weighting import weighted


@pytest.fixture(scope="module")
def own(small):
    return own_specification(small.config)


def test_the_evaluations_own_is_what_the_estimate_stage_finds(small, own):
    rows = estimate.read_matched(small.interim / "matched.parquet", small.config)
    data = effects.follow_up(rows, own.outcome, pd.read_parquet(small.interim / "censoring.parquet"))
    share = effects.shares(effects.curves_of(data), data, [headline_day(small.config)])[0]
    full = regression.fit_full(data.rows, small.config.models)
    term = full.fit.hazard_ratios().set_index("term").loc["participant"]
    selected = regression.fit_backward(full, small.config.models).fit.hazard_ratios().set_index("term")
    found, backward = estimate_together(small.base(), [own, replace(own, covariates="selected")], small.config)
    assert found.hazard_ratio == pytest.approx(term["hazard_ratio"], rel=1e-9)
    assert (found.lower, found.upper) == pytest.approx((term["lower"], term["upper"]), rel=1e-9)
    assert backward.hazard_ratio == pytest.approx(selected.loc["participant", "hazard_ratio"], rel=1e-9)
    assert found.difference == pytest.approx(share.difference, abs=1e-12)
    assert (found.difference_lower, found.difference_upper) == pytest.approx((share.lower, share.upper), abs=1e-12)
    assert found.participants == rows.loc[rows["participant"] == 1, "person_id"].nunique()


@pytest.mark.parametrize("method", ["entropy", "propensity"])
def test_other_weights_are_those_of_the_matching_library(small, own, method):
    rows = rows_of(small.base(), replace(own, weights=method), small.config)
    variables, shared = list(small.config.matching.variables), rows.cohort.astype({"education": str})
    for name in ("start_month", "education"):  # those without a participant have nobody to be compared with
        shared = shared[shared[name].isin(shared.loc[shared["participant"] == 1, name])]
    function = matching.entropy_balance if method == "entropy" else matching.propensity_weights
    sample = function(shared, "participant", variables, "ATT", weights="index_weight")
    found = weighted(rows, replace(own, weights=method), small.config)
    np.testing.assert_allclose(found["weight"], sample.weight[sample.matched], rtol=1e-8)


def test_follow_up_ended_early_counts_only_early_events(small, own):
    whole, early = estimate_together(small.base(), [own, replace(own, follow_up="183")], small.config)
    assert early.hazard_ratio != whole.hazard_ratio
    people = weighted(rows_of(small.base(), own, small.config), own, small.config)
    data = effects.follow_up(people, own.outcome).rows
    data = data.assign(event=data["event"] * (data["days"] <= 183), days=data["days"].clip(upper=183))
    fit = regression.fit_full(data, small.config.models).fit
    assert early.hazard_ratio == pytest.approx(float(np.exp(fit.coefficients["participant"])), rel=1e-9)


def test_classes_that_match_nobody_are_told_not_raised(small, own):
    nobody = small.base().cohort.assign(start_month=lambda rows: np.where(rows["participant"] == 1, "2030-01", "2020"))
    base = replace(small.base(), cohort=nobody)
    [found] = estimate_together(base, [own], small.config)
    assert found.hazard_ratio is None
    assert "start_month" in found.note
