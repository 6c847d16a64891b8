"""Cohorts under other rules: taken from the base cohort they are what the cohort stage makes."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.sensitivity.choices import own_specification
from pipeline.sensitivity.cohorts import rows_of
from pipeline.sensitivity.weighting import matched
from pipeline.stratum_totals import TOTAL

KEYS = ["person", "participant", "index_date"]


@pytest.mark.parametrize(
    ("index", "future", "weights"),
    [("random_month", "exclude", False), ("first_month", "censor", True)],
)
def test_other_rules_give_the_rows_of_the_cohort_stage(small, tmp_path, index, future, weights):
    path = small.cohort_under(
        tmp_path / "cohort", control_index=index, future_participants=future, censoring_weights=weights
    )
    there = pd.read_parquet(path).rename(columns={"person_id": "person"}).sort_values(KEYS).reset_index(drop=True)
    base, own = small.base(), own_specification(small.config)
    rows = rows_of(base, replace(own, control_index=index, future_participants=future), small.config)
    here = rows.cohort.assign(person=base.people[rows.cohort["person_id"]]).sort_values(KEYS).reset_index(drop=True)
    for name in (*KEYS, "index_weight", "age", "work_or_studies_days", "work_or_studies_event"):
        assert here[name].tolist() == there[name].tolist(), name
    if index == "random_month":
        sample = matched(rows, replace(own, control_index=index), small.config)
        totals = sample.people.assign(person=base.people[rows.cohort["person_id"]]).sort_values(KEYS)[TOTAL]
        np.testing.assert_allclose(totals.to_numpy(float), there[TOTAL].to_numpy(float), rtol=1e-9)


@pytest.mark.parametrize("rule", ["censor", "competing"])
def test_other_exits_end_follow_up_as_in_the_cohort_stage(small, tmp_path, rule):
    there = pd.read_parquet(small.cohort_under(tmp_path / "cohort", other_exit=rule))
    base = small.base()
    here = rows_of(base, replace(own_specification(small.config), other_exit=rule), small.config).cohort
    assert base.people[here["person_id"]].tolist() == there["person_id"].tolist()
    for name in ("work_or_studies_days", "work_or_studies_event"):
        assert here[name].tolist() == there[name].tolist(), name
    assert (here["work_or_studies_event"] < base.cohort["work_or_studies_event"]).any()


def test_a_period_of_the_intake_keeps_its_months_only(small):
    rows = rows_of(small.base(), replace(own_specification(small.config), intake="before_pandemic"), small.config)
    months = set(rows.cohort["start_month"])
    assert months == {"2020-02", "2020-03"}
    assert rows.cohort["index_date"].astype(str).max() <= "2020-03-10"


def test_a_narrower_outcome_is_reached_later_or_never(small):
    cohort = small.base().cohort
    less, more = cohort["excluding_with_support_event"], cohort["work_or_studies_event"]
    assert (less <= more).all()
    assert less.sum() < more.sum()
    assert (cohort["excluding_with_support_days"] >= cohort["work_or_studies_days"]).all()
