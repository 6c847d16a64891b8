"""Logistic regression against statsmodels, on rows and on counts, and where a maximum does not exist."""

import numpy as np
import statsmodels.api as sm

from matching.logistic import logistic


def drawn(rows: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Columns with a constant, case weights and events."""
    rng = np.random.default_rng(4)
    columns = np.column_stack(
        [np.ones(rows), rng.integers(0, 4, rows), rng.integers(0, 2, rows), rng.normal(size=rows)]
    )
    columns[:, 3] = columns[:, 3].round(1)
    chance = 1 / (1 + np.exp(-(columns @ [-1.0, 0.4, -0.7, 0.9])))
    return columns, rng.integers(1, 4, rows).astype(float), (rng.random(rows) < chance).astype(float)


def test_coefficients_and_probabilities_are_those_of_statsmodels():
    columns, weight, event = drawn()
    there = sm.GLM(event, columns, family=sm.families.Binomial(), freq_weights=weight).fit(tol=1e-12)
    here = logistic(columns, weight, weight * event)
    assert here.converged
    np.testing.assert_allclose(here.coefficients, there.params, rtol=1e-9)
    np.testing.assert_allclose(here.fitted, there.fittedvalues, rtol=1e-9)


def test_rows_of_the_same_columns_may_be_one_row():
    columns, weight, event = drawn()
    alike, cell = np.unique(columns[:, :3], axis=0, return_inverse=True)
    counts = [np.bincount(cell.ravel(), values) for values in (weight, weight * event)]
    np.testing.assert_allclose(
        logistic(alike, *counts).coefficients, logistic(columns[:, :3], weight, weight * event).coefficients, rtol=1e-9
    )


def test_columns_that_follow_from_others_change_no_probability():
    columns, weight, event = drawn()
    doubled = np.column_stack([columns, 1 - columns[:, 2]])
    np.testing.assert_allclose(
        logistic(doubled, weight, weight * event).fitted, logistic(columns, weight, weight * event).fitted, rtol=1e-9
    )


def test_a_column_that_decides_the_event_leaves_the_others_their_coefficients():
    columns, weight, event = drawn()
    never = columns[:, 1] == 3
    event = np.where(never, 0.0, event)
    found = logistic(np.column_stack([columns, never]), weight, weight * event)
    alone = logistic(columns[~never], weight[~never], (weight * event)[~never])
    assert found.converged
    assert found.fitted[never].max() < 1e-6
    np.testing.assert_allclose(found.fitted[~never], alone.fitted, rtol=1e-6)
