"""Simulated truth: selection on the matching variables biases the raw difference; each method takes the bias away."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from matching_populations import simulated

from matching import Exact, cem, entropy_balance, propensity_weights

pytestmark = pytest.mark.slow

SEEDS, PEOPLE, EFFECT = 200, 1200, 0.7
COVARIATES = ["age", "education", "woman"]


def with_cem(people: pd.DataFrame, estimand: str):
    return cem(people, "treated", {v: Exact() for v in COVARIATES}, estimand)


def with_entropy(people: pd.DataFrame, estimand: str):
    return entropy_balance(people, "treated", COVARIATES, estimand)


def with_propensity(people: pd.DataFrame, estimand: str):
    return propensity_weights(people, "treated", COVARIATES, estimand)


def difference(data: pd.DataFrame, weight: np.ndarray) -> float:
    treated = data["treated"].to_numpy() == 1
    y = data["y"].to_numpy()
    return np.average(y[treated], weights=weight[treated]) - np.average(y[~treated], weights=weight[~treated])


@cache
def populations() -> list[pd.DataFrame]:
    return [simulated(PEOPLE, seed, effect=EFFECT) for seed in range(SEEDS)]


def bias(estimates: list[float]) -> tuple[float, float]:
    """Mean error and its Monte Carlo standard error."""
    return float(np.mean(estimates)) - EFFECT, float(np.std(estimates, ddof=1)) / len(estimates) ** 0.5


def test_the_raw_difference_is_biased() -> None:
    off, error = bias([difference(people, np.ones(len(people))) for people in populations()])
    assert off < -20 * error


@pytest.mark.parametrize("method", [with_cem, with_entropy, with_propensity])
@pytest.mark.parametrize("estimand", ["ATT", "ATC", "ATE"])
def test_the_bias_is_gone(method, estimand: str) -> None:
    """Within three Monte Carlo errors of 200 seeds, and the error itself is small enough to see a bias of 0.05."""
    estimates = []
    for people in populations():
        data = method(people, estimand).data
        estimates.append(difference(data, data["weight"].to_numpy()))
    off, error = bias(estimates)
    assert abs(off) < 3 * error
    assert error < 0.02
