"""Entropy balancing: its defining equations, R's optimum, and a reason whenever there is no solution."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matching_populations import COVARIATES, bounded, effect, people_with

from matching import entropy_balance
from matching.entropy import solve_dual


def test_effects_are_those_of_r(unemployed: pd.DataFrame, r_values: dict[str, np.ndarray]) -> None:
    """optim(method = "BFGS") on the same dual, then Newton steps: ATT, ATC, ATE, and ATT with base weights."""
    found = [effect(entropy_balance(unemployed, "ui", COVARIATES, e)) for e in ("ATT", "ATC", "ATE")]
    found.append(effect(entropy_balance(unemployed, "ui", COVARIATES, weights="sw")))
    np.testing.assert_allclose(found, r_values["entropy_effects"], rtol=1e-9)


def test_weights_are_those_of_r(unemployed: pd.DataFrame, r_values: dict[str, np.ndarray]) -> None:
    sample = entropy_balance(unemployed, "ui", COVARIATES)
    weights = sample.weight[~sample.treated]
    np.testing.assert_allclose(weights[[0, 49, 499, 999, -1]], r_values["entropy_att_weights"], rtol=1e-9)


@pytest.mark.parametrize("estimand", ["ATT", "ATC", "ATE"])
def test_means_agree_exactly(unemployed: pd.DataFrame, estimand: str) -> None:
    sample = entropy_balance(unemployed, "ui", COVARIATES, estimand, weights="sw")
    assert sample.balance()["smd_after"].abs().max() < 1e-9
    rows = sample.counts["matched"]
    for arm in {"ATT": ["controls"], "ATC": ["treated"], "ATE": ["treated", "controls"]}[estimand]:
        assert sample.weights.loc[arm, "sum"] == pytest.approx(rows[arm], rel=1e-12)


def test_squares_balance_variances(unemployed: pd.DataFrame) -> None:
    sample = entropy_balance(unemployed, "ui", ["age", "logwage"], squares=True, products=True)
    table = sample.balance(squares=True, products=True)
    assert table["smd_after"].abs().max() < 1e-9
    # the ratio of unbiased variances keeps only the small-sample factors of the two arms
    np.testing.assert_allclose(table["variance_ratio_after"].iloc[:2], 1, atol=2e-3)


@bounded
@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_no_weights_with_these_means_are_closer_to_the_base(seed: int, columns: int) -> None:
    """A tilt along any direction that keeps the means raises the Kullback-Leibler distance."""
    rng = np.random.default_rng(seed)
    matrix, base = rng.normal(size=(60, columns)), rng.uniform(0.5, 2, 60)
    target = rng.uniform(0.5, 1.5, 60)
    target = target @ matrix / target.sum()
    weights = solve_dual(matrix, base, target, [f"x{j}" for j in range(columns)], "controls")
    np.testing.assert_allclose(weights @ matrix, target, atol=1e-9)
    constraints = np.column_stack([np.ones(60), matrix])
    away = rng.normal(size=60)
    away -= constraints @ np.linalg.lstsq(constraints, away, rcond=None)[0]
    away *= 0.2 * weights.min() / np.abs(away).max()

    def distance(w: np.ndarray) -> float:
        return float(w @ np.log(w / (base / base.sum())))

    assert distance(weights) < min(distance(weights + away), distance(weights - away))


def test_a_single_covariate_may_be_named_alone(unemployed: pd.DataFrame) -> None:
    alone, listed = entropy_balance(unemployed, "ui", "age"), entropy_balance(unemployed, "ui", ["age"])
    np.testing.assert_array_equal(alone.weight, listed.weight)


def test_columns_that_follow_from_others_add_nothing(unemployed: pd.DataFrame) -> None:
    people = unemployed.assign(months=unemployed["age"] * 12, constant=1.0)
    plain = entropy_balance(unemployed, "ui", ["age", "tenure"])
    double = entropy_balance(people, "ui", ["age", "tenure", "months", "constant"])
    np.testing.assert_allclose(plain.weight, double.weight, rtol=1e-8)


def test_categories_the_treated_do_not_have_get_no_weight() -> None:
    people = people_with([1, 2, 3, 1, 2, 3, 4, 2], place=list("aababcca"))
    sample = entropy_balance(people, "treated", ["place"])
    assert sample.weight[people["place"] == "c"].tolist() == [0, 0]
    assert sample.counts.loc["controls", ["matched", "unmatched"]].tolist() == [3, 2]
    assert sample.notes[0].startswith("2 controls left out: they have categories")
    assert sample.balance()["smd_after"].abs().max() < 1e-10


def test_leaving_some_out_can_leave_others_no_choice() -> None:
    """The treated all live in a; there the largest x among the controls is their mean, which one control has."""
    people = people_with([4, 4, 4, 1, 4, 4, 9, 9], place=list("aaaaabcc"))
    sample = entropy_balance(people, "treated", ["x", "place"])
    assert sample.weight[3:].tolist() == [0, 1, 0, 0, 0]


def test_a_mean_beyond_the_range() -> None:
    message = r"the mean of x is to be 8, but among the controls it only runs from 1 to 4"
    with pytest.raises(ValueError, match=message):
        entropy_balance(people_with([7, 8, 9, 1, 2, 3, 4]), "treated", ["x"])


def test_a_category_only_the_treated_have() -> None:
    people = people_with([1, 2, 3, 1, 2, 3], place=list("aabaaa"))
    with pytest.raises(ValueError, match=r"the mean of place b is to be 0.333333"):
        entropy_balance(people, "treated", ["place"])


def test_means_that_are_each_in_range_but_not_together() -> None:
    """Controls on the line z = x, treated at (1, 0): each mean is between the controls', no mixture has both."""
    people = people_with([1, 1, 1, 0, 2, 1, 0.5], z=[0.5, 0.5, 0.5, 0, 2, 1, 0.5])
    with pytest.raises(ValueError, match=r"among the controls .* follows from the other columns"):
        entropy_balance(people, "treated", ["x", "z"])
    bent = people.assign(z=[0.1, 0.1, 0.1, 0, 2, 1, 0.6])
    with pytest.raises(
        ValueError, match=r"balancing: no weights on the controls reproduce the means of all 2 columns at once"
    ):
        entropy_balance(bent, "treated", ["x", "z"])


def test_missing_and_infinite_covariates() -> None:
    people = people_with([1, 2, np.nan, 1, 2, 3])
    with pytest.raises(ValueError, match=r"covariates are missing: x \(1 rows\); give missing a category of its own"):
        entropy_balance(people, "treated", ["x"])
    with pytest.raises(ValueError, match="covariates hold infinite values: x"):
        entropy_balance(people.fillna(np.inf), "treated", ["x"])


def test_few_effective_controls_are_noted() -> None:
    people = people_with([1.95, 1.95, 1.95, 2, *np.zeros(40) + np.arange(40) / 100])
    sample = entropy_balance(people, "treated", ["x"])
    assert sample.notes == ("41 controls count as 1.1 after weighting: few carry the comparison",)
