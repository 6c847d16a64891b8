"""What must hold for any people: invariance to order, names and units, and the sums the weights are defined by."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from matching_populations import ESTIMANDS, bounded, populations

from matching import Bins, Cut, Exact, MatchedSample, NoMatchError, Quantiles, cem, entropy_balance, propensity_weights

RULES = {"age": Cut([30, 45]), "woman": Exact(), "place": Exact()}


def matched(people: pd.DataFrame, rules=RULES, **options) -> MatchedSample:
    try:
        return cem(people, "treated", rules, **options)
    except NoMatchError:
        assume(False)
        raise


@bounded
@given(populations(), ESTIMANDS, st.booleans(), st.randoms(use_true_random=False))
def test_shuffling_rows_changes_nothing(people: pd.DataFrame, estimand: str, k_to_k: bool, random) -> None:
    order = list(range(len(people)))
    random.shuffle(order)
    options = {"estimand": estimand, "weights": "months", "k_to_k": k_to_k, "seed": 5}
    one, other = matched(people, **options), matched(people.iloc[order], **options)
    columns = list(people.columns)
    ours, theirs = (s.data.sort_values([*columns, "weight"], ignore_index=True) for s in (one, other))
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-13)
    assert one.counts["matched"].tolist() == other.counts["matched"].tolist()
    pd.testing.assert_frame_equal(one.balance(), other.balance(), rtol=1e-9, atol=1e-12)
    assert one.l1.after == pytest.approx(other.l1.after, abs=1e-12)


@bounded
@given(populations(), ESTIMANDS)
def test_renaming_categories_changes_nothing(people: pd.DataFrame, estimand: str) -> None:
    renamed = people.assign(place=people["place"].map({"a": "zeta", "b": "10", "c": "beta"}))
    one, other = matched(people, estimand=estimand), matched(renamed, estimand=estimand)
    np.testing.assert_allclose(one.weight, other.weight, rtol=1e-14)
    assert len(one.strata) == len(other.strata)
    assert one.l1.after == pytest.approx(other.l1.after, abs=1e-12)


@bounded
@given(populations(), ESTIMANDS, st.floats(0.01, 1000))
def test_scaling_a_variable_with_its_cutpoints_changes_nothing(people: pd.DataFrame, estimand: str, by: float) -> None:
    scaled = people.assign(age=people["age"] * by)
    for rules, rescaled in (
        ({"age": Cut([30, 45])}, {"age": Cut([30 * by, 45 * by])}),
        ({"age": Quantiles(3)}, {"age": Quantiles(3)}),
    ):
        one, other = matched(people, rules, estimand=estimand), matched(scaled, rescaled, estimand=estimand)
        np.testing.assert_allclose(one.weight, other.weight, rtol=1e-13)
        np.testing.assert_allclose(one.balance()["smd_after"], other.balance()["smd_after"], rtol=1e-8, atol=1e-10)


@bounded
@given(populations(), ESTIMANDS, st.booleans())
def test_weights_sum_to_the_matched_rows(people: pd.DataFrame, estimand: str, weighted: bool) -> None:
    sample = matched(people, estimand=estimand, weights="months" if weighted else None)
    weights, matched_rows = sample.weights, sample.counts["matched"]
    reweighted = {"ATT": ["controls"], "ATC": ["treated"], "ATE": ["treated", "controls"]}[estimand]
    for arm in reweighted:
        assert weights.loc[arm, "sum"] == pytest.approx(matched_rows[arm], rel=1e-12)


@bounded
@given(populations(), ESTIMANDS, st.booleans())
def test_each_stratum_weighs_the_same_in_both_arms(people: pd.DataFrame, estimand: str, weighted: bool) -> None:
    sample = matched(people, estimand=estimand, weights="months" if weighted else None)
    share = {
        arm: rows.groupby("stratum")["weight"].sum() / rows["weight"].sum()
        for arm, rows in sample.data.groupby("treated")
    }
    pd.testing.assert_series_equal(share[0], share[1], rtol=1e-12)
    base = sample.data["months"] if weighted else pd.Series(1.0, index=sample.data.index)
    target = {"ATT": sample.data["treated"] == 1, "ATC": sample.data["treated"] == 0, "ATE": base > 0}[estimand]
    wanted = base[target].groupby(sample.data["stratum"]).sum()
    pd.testing.assert_series_equal(share[0], wanted / wanted.sum(), rtol=1e-12, check_names=False)


@bounded
@given(populations(), st.lists(st.integers(18, 66), max_size=5))
def test_finer_classes_never_match_more(people: pd.DataFrame, more: list[int]) -> None:
    wide, narrow = matched(people, {"age": Cut([40])}), None
    try:
        narrow = cem(people, "treated", {"age": Cut(sorted({40, *more})), "woman": Exact()})
    except NoMatchError:
        return
    assert (narrow.counts["matched"] <= wide.counts["matched"]).all()
    assert (wide.matched | ~narrow.matched).all()


@bounded
@given(populations(), ESTIMANDS, st.integers(0, 10))
def test_k_to_k_keeps_equal_numbers(people: pd.DataFrame, estimand: str, seed: int) -> None:
    """MatchIt #116 and #34: k2k crashed, or was not passed on."""
    everyone = matched(people, estimand=estimand)
    sample = matched(people, estimand=estimand, k_to_k=True, seed=seed)
    per_stratum, before = (
        s.data.pivot_table(index="stratum", columns="treated", values="age", aggfunc="size") for s in (sample, everyone)
    )
    assert (per_stratum[0] == per_stratum[1]).all()
    assert per_stratum[0].tolist() == before.min(axis=1).tolist()
    assert sample.counts["matched"].tolist() == [per_stratum[1].sum(), per_stratum[0].sum()]
    np.testing.assert_allclose(sample.data["weight"], 1, rtol=1e-14)


@bounded
@given(populations(30), ESTIMANDS, st.integers(2, 8))
def test_base_weights_are_case_weights(people: pd.DataFrame, estimand: str, times: int) -> None:
    """Copies of a row weigh what a row with that base weight weighs, and the scale of base weights does not matter."""
    copies = people.loc[people.index.repeat(people["months"].astype(int))]
    one, many = matched(people, estimand=estimand, weights="months"), matched(copies, estimand=estimand)
    pd.testing.assert_frame_equal(
        one.balance()[["mean_treated_after", "mean_controls_after"]],
        many.balance()[["mean_treated_after", "mean_controls_after"]],
        rtol=1e-11,
        atol=1e-12,
    )
    scaled = matched(people.assign(months=people["months"] * times), estimand=estimand, weights="months")
    for arm in (one.treated, ~one.treated):
        ours, theirs = (s.weight[arm] / s.weight[arm].sum() for s in (one, scaled))
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


@bounded
@given(populations(40), ESTIMANDS, st.sampled_from([entropy_balance, propensity_weights]))
def test_neighbours_do_not_depend_on_order_or_units(people: pd.DataFrame, estimand: str, method) -> None:
    try:
        one = method(people, "treated", ["age", "woman"], estimand, weights="months")
    except ValueError:
        assume(False)  # the target's means are beyond the other arm: refused, see test_entropy
    moved = people.iloc[::-1].assign(age=lambda p: 1000 * p["age"] + 7)
    other = method(moved, "treated", ["age", "woman"], estimand, weights="months")
    np.testing.assert_allclose(one.weight, other.weight[::-1], rtol=1e-5, atol=1e-8)


def test_bins_follow_the_units() -> None:
    people = pd.DataFrame({"treated": [0, 1] * 50, "age": np.linspace(18, 65, 100)})
    one = cem(people, "treated", {"age": Bins("scott")})
    other = cem(people.assign(age=people["age"] * 12), "treated", {"age": Bins("scott")})
    np.testing.assert_allclose(one.weight, other.weight)
