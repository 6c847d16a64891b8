"""What must not change curves, tests and means does not."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from survival_samples import sample, seeds, split

from survival import cumulative_incidence, gray_test, kaplan_meier, logrank, restricted_mean

few = settings(max_examples=15, derandomize=True, deadline=None)
TIMES = [0.5, 3, 8, 14, 20]
NUMBERS = ["survival", "std_error", "lower", "upper"]
RISKS = ["incidence", "std_error", "lower", "upper"]


def arguments(table, **changed):
    """Everything a curve takes, from a sample."""
    given_ = {"group": table["participant"], "entry": table["entry"], "weights": table["weight"]}
    return given_ | {"cluster": table["person"]} | changed


def everything(table, **changed):
    """All numbers of all estimators, in one vector."""
    options = arguments(table, **changed)
    days, event, cause = table["days"], table["event"], table["cause"]
    curves = kaplan_meier(days, event, **options)
    risks = cumulative_incidence(days, cause, **options)
    until = 10.0
    means = restricted_mean(days, event, until=until, **options)
    test = logrank(days, event, options.pop("group"), strata=table["office"], **options)
    parts = [
        _with_events(curves.at(TIMES), "survival", 1.0)[NUMBERS],
        curves.quantile([0.1, 0.5])[["quantile", "lower", "upper"]],
        _with_events(risks.at(TIMES), "incidence", 0.0)[RISKS],
        means.table()[["mean", "std_error"]],
        means.difference()[["difference", "std_error", "p"]],
    ]
    return np.concatenate([np.asarray(part, dtype=float).ravel() for part in parts] + [[test.statistic, test.p]])


def _with_events(table, name, untouched):
    """Before the first event there are no log-log limits from the first end of follow-up on: that a split does move."""
    nothing = table[name] == untouched
    return table.assign(lower=table["lower"].mask(nothing, untouched), upper=table["upper"].mask(nothing, untouched))


@few
@given(seeds)
def test_splitting_rows_changes_nothing(seed):
    table = sample(seed)
    at = np.random.default_rng(seed).uniform(0, 25, len(table)).round(1)
    np.testing.assert_allclose(everything(split(table, at)), everything(table), rtol=1e-9, atol=1e-12)


@few
@given(seeds)
def test_row_order_changes_nothing(seed):
    table = sample(seed)
    shuffled = table.sample(frac=1, random_state=seed)
    np.testing.assert_allclose(everything(shuffled), everything(table), rtol=1e-10, atol=1e-12)


@few
@given(seeds, st.sampled_from([1e-6, 10.0, 1e6]))
def test_the_scale_of_weights_changes_nothing(seed, factor):
    """lifelines takes weights for frequencies: ten times the weights narrow its intervals threefold."""
    table = sample(seed)
    scaled = table.assign(weight=table["weight"] * factor)
    np.testing.assert_allclose(everything(scaled), everything(table), rtol=1e-9, atol=1e-12)
    columns = kaplan_meier(table["days"], table["event"], **arguments(table)).table()
    other = kaplan_meier(table["days"], table["event"], **arguments(scaled)).table()
    pd.testing.assert_frame_equal(columns, other, rtol=1e-9)


@few
@given(seeds)
def test_whole_weights_are_copies(seed):
    table = sample(seed).assign(person=lambda t: np.arange(len(t)), weight=lambda t: t["copies"])
    copied = table.loc[table.index.repeat(table["copies"])].assign(weight=1.0)
    np.testing.assert_allclose(everything(table), everything(copied), rtol=1e-9, atol=1e-12)


@few
@given(seeds)
def test_no_cluster_is_each_row_its_own(seed):
    table = sample(seed)
    rows = everything(table, cluster=np.arange(len(table)))
    np.testing.assert_allclose(everything(table, cluster=None), rows, rtol=1e-10, atol=1e-12)


@few
@given(seeds)
def test_rows_of_weight_zero_are_not_there(seed):
    table = sample(seed)
    extra = sample(seed + 1, n=30).assign(weight=0.0, person=lambda t: t["person"] + 1000, days=lambda t: t["days"] + 9)
    both = pd.concat([table, extra], ignore_index=True)
    np.testing.assert_allclose(everything(both), everything(table), rtol=1e-10, atol=1e-12)


@few
@given(seeds)
def test_greenwood_is_the_jackknife_without_weights_and_late_entry(seed):
    """So that weights of 1 give what no weights give."""
    table = sample(seed)
    options = {"group": table["participant"]}
    for robust in (True, False):
        curves = kaplan_meier(table["days"], table["event"], **options, robust=robust)
        means = restricted_mean(table["days"], table["event"], until=10, **options, robust=robust)
        if robust:
            first = curves.at(TIMES)["std_error"], means.table()["std_error"]
    for one, other in zip(first, (curves.at(TIMES)["std_error"], means.table()["std_error"]), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10)


@few
@given(seeds)
def test_incidences_of_all_causes_and_survival_sum_to_one(seed):
    table = sample(seed)
    options = arguments(table)
    curves = kaplan_meier(table["days"], table["event"], **options).at(TIMES)
    risks = cumulative_incidence(table["days"], table["cause"], **options).at(TIMES)
    total = risks.groupby(["group", "time"])["incidence"].sum().to_numpy()
    np.testing.assert_allclose(total, 1 - curves["survival"], atol=1e-12)
    one_cause = cumulative_incidence(table["days"], table["event"], **options).at(TIMES)
    np.testing.assert_allclose(one_cause["std_error"], curves["std_error"], rtol=1e-9, atol=1e-12)


@few
@given(seeds)
def test_log_rank_by_robust_score_knows_no_order_of_groups(seed):
    table = sample(seed)
    options = {"weights": table["weight"], "cluster": table["person"], "entry": table["entry"], "rho": 1.0}
    one = logrank(table["days"], table["event"], table["school"], **options)
    renamed = table["school"].map({"basic": "z", "higher": "y", "upper": "x"})
    other = logrank(table["days"], table["event"], renamed, **options)
    assert (one.statistic, one.df) == (pytest.approx(other.statistic, rel=1e-9), other.df)
    assert one.observed.sum() == pytest.approx(one.expected.sum(), rel=1e-10)


@few
@given(seeds)
def test_gray_test_of_a_cause_without_rivals_and_of_swapped_causes(seed):
    """With no rival the same people are compared as in a log-rank test, with a variance under pooled incidence."""
    table = sample(seed)
    both = gray_test(table["days"], table["cause"], table["participant"])
    swapped = gray_test(table["days"], table["cause"].map({0: 0, 1: 2, 2: 1}), table["participant"])
    np.testing.assert_allclose(both["statistic"], swapped["statistic"][::-1], rtol=1e-10)
    alone = gray_test(table["days"], table["event"], table["participant"])
    test = logrank(table["days"], table["event"], table["participant"])
    assert alone["statistic"][0] == pytest.approx(test.statistic, rel=0.25, abs=0.25)
