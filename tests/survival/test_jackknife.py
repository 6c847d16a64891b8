"""Robust errors equal what they approximate: derivatives by weight, and leaving clusters out one at a time."""

import numpy as np
import pytest
from survival_samples import COMPLETE, FORMULA, sample

from survival import Bands, Spline, cox, cumulative_incidence, kaplan_meier, logrank, restricted_mean

TIMES = [4, 9, 15]
STEP = 1e-4  # central differences are then right to 1e-7


def derivative(table, numbers):
    """(C, k) derivative of `numbers(weights)` by the log weight of each person."""
    rows = []
    for person in table["person"].unique():
        up, down = (table["weight"] * np.where(table["person"] == person, 1 + s, 1.0) for s in (STEP, -STEP))
        rows.append((numbers(up) - numbers(down)) / (2 * STEP))
    return np.array(rows)


def test_errors_of_curves_incidences_and_means_are_derivatives_by_weight():
    table = sample(3)
    fixed = {"entry": table["entry"], "group": table["participant"]}

    def numbers(weights):
        curve = kaplan_meier(table["days"], table["event"], weights=weights, **fixed).at(TIMES)["survival"]
        risk = cumulative_incidence(table["days"], table["cause"], weights=weights, **fixed).at(TIMES)["incidence"]
        means = restricted_mean(table["days"], table["event"], weights=weights, until=10, **fixed)
        return np.concatenate([curve, risk, means.mean, means.difference()["difference"]])

    given = fixed | {"weights": table["weight"], "cluster": table["person"]}
    means = restricted_mean(table["days"], table["event"], until=10, **given)
    errors = [
        kaplan_meier(table["days"], table["event"], **given).at(TIMES)["std_error"],
        cumulative_incidence(table["days"], table["cause"], **given).at(TIMES)["std_error"],
        means.table()["std_error"],
        means.difference()["std_error"],
    ]
    expected = np.sqrt((derivative(table, numbers) ** 2).sum(axis=0))
    np.testing.assert_allclose(np.concatenate(errors), expected, rtol=1e-6)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize(
    "varying",
    [None, {"participant": "log"}, {"school": Bands([5])}, {"participant": "linear", "age": Spline(df=2)}],
    ids=str,
)
def test_robust_covariance_of_cox_is_the_derivative_by_weight(ties, varying):
    """Efron's mean weight of tied events and an effect's course over time are part of the derivative, too."""
    table = sample(5)
    fit = cox(FORMULA, table, **COMPLETE, cluster="person", ties=ties, varying=varying)
    rows = derivative(table, lambda weights: fit.refit(weights=weights).coefficients.to_numpy())
    scale = np.sqrt(np.diag(fit.covariance))
    np.testing.assert_allclose(
        rows.T @ rows / np.outer(scale, scale), fit.covariance / np.outer(scale, scale), atol=1e-5
    )


@pytest.mark.parametrize(
    "options", [{}, {"varying": {"participant": "log"}}, {"strata": None}, {"ties": "breslow"}], ids=str
)
def test_errors_of_predicted_curves_are_derivatives_by_weight(options):
    table = sample(5)
    fit = cox(FORMULA, table, **COMPLETE | {"cluster": "person"} | options)
    people = table.iloc[[0, 1]]
    rows = derivative(table, lambda w: fit.refit(weights=w).predict(people, TIMES)["survival"].to_numpy())
    np.testing.assert_allclose(fit.predict(people, TIMES)["std_error"], np.sqrt((rows**2).sum(axis=0)), rtol=1e-5)


def test_leaving_persons_out_one_at_a_time_gives_the_same_errors_to_first_order():
    """The jackknife itself: 10% is what is left of the second order with 200 persons."""
    table = sample(7, n=600, days=200)
    options = {key: value for key, value in COMPLETE.items() if key != "strata"} | {"cluster": "person"}
    fit = cox("participant + age", table, **options)
    left_out = np.array(
        [
            cox("participant + age", table[table["person"] != person], **options).coefficients.to_numpy()
            for person in table["person"].unique()
        ]
    )
    jackknife = np.sqrt(((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0))
    np.testing.assert_allclose(fit.standard_errors, jackknife, rtol=0.1)


def test_weighted_log_rank_variance_is_the_derivative_by_weight():
    """Of observed less expected, at equal hazards: what the robust score test squares."""
    table = sample(11)

    def difference(weights):
        test = logrank(table["days"], table["event"], table["participant"], entry=table["entry"], weights=weights)
        return test.observed.to_numpy() - test.expected.to_numpy()

    given = {"entry": table["entry"], "weights": table["weight"], "cluster": table["person"]}
    test = logrank(table["days"], table["event"], table["participant"], **given)
    rows = derivative(table, difference)
    np.testing.assert_allclose(test.variance, rows.T @ rows, rtol=1e-5)
