"""Propensity score weights against R's glm, and what trimming reports."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from matching_populations import COVARIATES, effect, people_with

from matching import propensity_weights
from matching.propensity import _weights


def test_coefficients_are_those_of_r(unemployed: pd.DataFrame, r_values: dict[str, np.ndarray]) -> None:
    """glm(ui ~ age + logwage + tenure + place, binomial, d), and with weights = sw"""
    plain = propensity_weights(unemployed, "ui", COVARIATES)
    assert plain.coefficients.index.tolist() == [
        *("intercept", "age", "logwage", "tenure"),
        *("place r1", "place r2", "place r3", "place r4"),
    ]
    np.testing.assert_allclose(plain.coefficients, r_values["logit"], rtol=1e-9)
    weighted = propensity_weights(unemployed, "ui", COVARIATES, weights="sw")
    np.testing.assert_allclose(weighted.coefficients, r_values["logit_weighted"], rtol=1e-9)


def test_statsmodels_gives_a_second_opinion(unemployed: pd.DataFrame) -> None:
    sample = propensity_weights(unemployed, "ui", COVARIATES, weights="sw", verify=True)
    apart = re.fullmatch(r"statsmodels' scores differ from these by (\S+) at most", sample.notes[-1])
    assert apart is not None
    assert float(apart[1]) < 1e-10


def test_effects_are_those_of_r(unemployed: pd.DataFrame, r_values: dict[str, np.ndarray]) -> None:
    found = [effect(propensity_weights(unemployed, "ui", COVARIATES, e)) for e in ("ATT", "ATC", "ATE")]
    np.testing.assert_allclose(found, r_values["propensity_effects"], rtol=1e-10)


def test_overlap_is_reported(unemployed: pd.DataFrame, r_values: dict[str, np.ndarray]) -> None:
    sample = propensity_weights(unemployed, "ui", COVARIATES, trim="overlap")
    low, high, treated, controls = r_values["overlap"]
    assert sample.bounds == pytest.approx((low, high), rel=1e-10)
    assert sample.counts["matched"].tolist() == [treated, controls]
    assert sample.notes[0].startswith("1 treated and 2 controls left out: their score is not between 0.2513 and 0.9147")


@pytest.mark.parametrize("estimand", ["ATT", "ATC", "ATE"])
def test_weights_by_their_formula(unemployed: pd.DataFrame, estimand: str) -> None:
    sample = propensity_weights(unemployed, "ui", COVARIATES, estimand, weights="sw", trim=(0.3, 0.8))
    kept = (sample.score >= 0.3) & (sample.score <= 0.8)
    assert ((sample.weight > 0) == kept).all()
    e = sample.score
    raw = {
        "ATT": np.where(sample.treated, 1, e / (1 - e)),
        "ATC": np.where(sample.treated, (1 - e) / e, 1),
        "ATE": np.where(sample.treated, 1 / e, 1 / (1 - e)),
    }[estimand]
    for arm, keeps_its_weights in ((sample.treated, estimand == "ATT"), (~sample.treated, estimand == "ATC")):
        rows = arm & kept
        ratio = sample.weight[rows] / (raw * unemployed["sw"].to_numpy())[rows]
        np.testing.assert_allclose(ratio, ratio[0], rtol=1e-12)
        if keeps_its_weights:
            assert ratio[0] == 1
        else:
            assert sample.weight[rows].sum() == pytest.approx(rows.sum())


def test_covariates_that_tell_the_arms_apart() -> None:
    with pytest.raises(ValueError, match=r"tell treated and controls apart completely: x alone does; leave it out"):
        propensity_weights(people_with([7, 8, 9, 1, 2, 3, 4]), "treated", ["x"])


def test_a_score_of_one_among_the_controls_has_no_weight() -> None:
    score, treated = np.array([0.5, 0.4, 0.5, 1.0]), np.array([True, True, False, False])
    kept = np.ones(4, dtype=bool)
    with pytest.raises(ValueError, match="some scores are 0 or 1, so their weights have no bound; use trim"):
        _weights(score, treated, np.ones(4), kept, "ATT")
    assert _weights(score, treated, np.ones(4), score < 1, "ATT").tolist() == [1, 1, 1, 0]


@pytest.mark.parametrize("trim", [(0.9, 0.1), (0.1,), "crump", (-1, 2)])
def test_trim_that_makes_no_sense(trim) -> None:
    with pytest.raises(ValueError, match=r"trim=.* is unknown; use"):
        propensity_weights(people_with([1, 2, 3, 1, 2, 3]), "treated", ["x"], trim=trim)


def test_trim_that_leaves_nobody() -> None:
    with pytest.raises(ValueError, match=r"trim: no treated have a score between 0.99 and 1; widen it"):
        propensity_weights(people_with([1, 2, 3, 1, 2, 3]), "treated", ["x"], trim=(0.99, 1))
