"""What must not change a Cox model does not: splits, order, scale, shifts, copies, idle strata."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from survival_samples import COMPLETE, FORMULA, sample, seeds, split

from survival import Bands, cox

few = settings(max_examples=12, derandomize=True, deadline=None)


def same(one, other, *, errors=True, model=True, likelihood=True, rtol=1e-8):
    """Two fits agree in all that is asked for; 1e-8 leaves room for Newton's last step and summation order."""
    np.testing.assert_allclose(one.coefficients, other.coefficients, rtol=rtol, atol=rtol)
    if errors:
        scale = np.abs(np.diag(other.covariance)).max()
        np.testing.assert_allclose(one.covariance, other.covariance, rtol=rtol, atol=rtol * scale)
    if model:
        scale = np.abs(np.diag(other.model_covariance)).max()
        np.testing.assert_allclose(one.model_covariance, other.model_covariance, rtol=rtol, atol=rtol * scale)
    if likelihood:
        assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-10)


@few
@given(seeds, st.sampled_from(["efron", "breslow"]), st.sampled_from([None, {"participant": "log"}]))
def test_splitting_rows_at_arbitrary_times_changes_nothing(seed, ties, varying):
    """lifelines' robust errors grow by 23% when rows are split: its score residuals do not know entry."""
    table = sample(seed)
    at = np.random.default_rng(seed).uniform(0, 25, len(table)).round(1)
    options = COMPLETE | {"cluster": "person", "ties": ties, "varying": varying}
    one, other = cox(FORMULA, table, **options), cox(FORMULA, split(table, at), **options)
    same(one, other)
    tests = [fit.proportionality("identity")["statistic"] for fit in (one, other)]
    np.testing.assert_allclose(*tests, rtol=1e-6, equal_nan=True)


@few
@given(seeds)
def test_splitting_rows_changes_no_default_error_when_pieces_share_a_cluster(seed):
    table = sample(seed).assign(row=lambda t: np.arange(len(t)))
    at = np.random.default_rng(seed).integers(1, 25, len(table)).astype(float)
    whole = cox(FORMULA, table, **COMPLETE)
    same(whole, cox(FORMULA, split(table, at), **COMPLETE, cluster="row"))


@few
@given(seeds)
def test_row_order_changes_nothing(seed):
    table = sample(seed)
    options = COMPLETE | {"cluster": "person", "varying": {"participant": Bands([7, 14])}}
    shuffled = table.sample(frac=1, random_state=seed)
    same(cox(FORMULA, table, **options), cox(FORMULA, shuffled, **options), rtol=1e-9)


@few
@given(seeds, st.sampled_from([1e-6, 10.0, 1e6]))
def test_the_scale_of_weights_changes_neither_coefficients_nor_robust_errors(seed, factor):
    table = sample(seed)
    one = cox(FORMULA, table, **COMPLETE, cluster="person")
    other = cox(FORMULA, table.assign(weight=table["weight"] * factor), **COMPLETE, cluster="person")
    same(one, other, model=False, likelihood=False)
    np.testing.assert_allclose(other.model_covariance * factor, one.model_covariance, rtol=1e-8, atol=1e-12)


@few
@given(seeds, st.sampled_from([-1000.0, 5.0, 1e6]))
def test_shifting_a_covariate_changes_nothing(seed, shift):
    table = sample(seed)
    options = COMPLETE | {"cluster": "person"}
    moved = table.assign(age=table["age"] + shift)
    # Adding 1e6 to an age with one decimal costs the covariate itself 1e-10 of its precision.
    same(cox(FORMULA, table, **options), cox(FORMULA, moved, **options), rtol=1e-7)


@few
@given(seeds)
def test_whole_weights_are_copies_under_breslow_ties(seed):
    table = sample(seed).assign(row=lambda t: np.arange(len(t)))
    options = {"time": "days", "event": "event", "entry": "entry", "ties": "breslow", "cluster": "row"}
    weighted = cox(FORMULA, table, **options, weights="copies")
    copied = cox(FORMULA, table.loc[table.index.repeat(table["copies"])], **options)
    same(weighted, copied)


@few
@given(seeds)
def test_strata_with_disjoint_times_are_one(seed):
    """With times of their own, and everybody entering after the stratum before has ended, strata never meet."""
    table = sample(seed)
    apart = table.assign(days=table["days"] + 100 * table["office"], entry=table["entry"] + 100 * table["office"])
    options = {"time": "days", "event": "event", "entry": "entry", "weights": "weight", "cluster": "person"}
    one, other = cox(FORMULA, apart, **options, strata="office"), cox(FORMULA, apart, **options)
    same(one, other)


@few
@given(seeds)
def test_no_cluster_is_each_row_its_own(seed):
    table = sample(seed).assign(row=lambda t: np.arange(len(t)))
    options = {k: v for k, v in COMPLETE.items() if k != "weights"}
    same(cox(FORMULA, table, **options, robust=True), cox(FORMULA, table, **options, cluster="row"))


@few
@given(seeds, st.sampled_from(["efron", "breslow"]))
def test_bands_split_by_rows_are_varying_bands(seed, ties):
    table = sample(seed)
    options = COMPLETE | {"cluster": "person", "ties": ties}
    pieces = split(split(table, np.full(len(table), 7.0)), np.full(table.shape[0] + _cut(table, 7.0), 14.0))
    band = np.searchsorted([7.0, 14.0], pieces["days"])
    columns = {f"band{j}": pieces["participant"] * (band == j) for j in range(3)}
    by_rows = cox("band0 + band1 + band2 + age + C(school)", pieces.assign(**columns), **options)
    varying = cox(FORMULA, table, **options, varying={"participant": Bands([7, 14])})
    same(varying, by_rows)


def _cut(table, at):
    return int(((table["entry"] < at) & (at < table["days"])).sum())


@few
@given(seeds)
def test_rows_of_weight_zero_are_not_there(seed):
    table = sample(seed)
    extra = sample(seed + 1, n=30).assign(weight=0.0, person=lambda t: t["person"] + 1000)
    options = COMPLETE | {"cluster": "person"}
    one, other = cox(FORMULA, table, **options), cox(FORMULA, pd.concat([table, extra], ignore_index=True), **options)
    same(one, other)
    assert (one.n, one.events) == (other.n, other.events)
