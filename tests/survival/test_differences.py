"""Difference of two curves when clusters may stand behind both."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from survival import kaplan_meier
from survival.differences import survival_difference

TIMES = [10, 26, 52]


@pytest.fixture(scope="module")
def rossi() -> pd.DataFrame:
    return pd.read_csv(Path(__file__).parents[1] / "reference" / "data" / "rossi.csv")


def test_clusters_that_span_both_groups_agree_with_r(rossi):
    """survfit(Surv(week, arrest) ~ fin, d, weights=w, cluster=site, influence=1): influences on both curves, summed
    within site (29 of 30 sites have people in both arms), squared and added."""
    found = survival_difference(rossi.week, rossi.arrest, rossi.fin, TIMES, weights=rossi.w, cluster=rossi.site)
    np.testing.assert_allclose(
        found.difference, [0.0134325918391905, 0.0345480195305194, 0.0708564562220341], atol=1e-12
    )
    np.testing.assert_allclose(
        found.std_error, [0.0182999374236091, 0.0392132742690574, 0.0388589342234922], atol=1e-12
    )


def test_separate_clusters_add_their_variances(rossi):
    """Also with delayed entry: the groups are then independent, and the curves' own errors must add up."""
    entry = np.minimum(rossi.id % 15, rossi.week - 1)
    own = rossi.site + 1000 * rossi.fin
    curves = kaplan_meier(rossi.week, rossi.arrest, entry=entry, group=rossi.fin, weights=rossi.w, cluster=own)
    errors = curves.at(TIMES).pivot_table(index="time", columns="group", values="std_error")
    found = survival_difference(rossi.week, rossi.arrest, rossi.fin, TIMES, entry=entry, weights=rossi.w, cluster=own)
    np.testing.assert_allclose(found.std_error, np.hypot(errors[0], errors[1]), rtol=1e-12)


def test_turning_the_groups_turns_the_sign(rossi):
    one = survival_difference(rossi.week, rossi.arrest, rossi.fin, TIMES, groups=(1, 0))
    other = survival_difference(rossi.week, rossi.arrest, rossi.fin, TIMES, groups=(0, 1))
    np.testing.assert_allclose(one.difference, -other.difference)
    np.testing.assert_allclose(one.lower, -other.upper)


def test_a_group_that_is_not_there_is_named(rossi):
    with pytest.raises(ValueError, match="`group` has no 2"):
        survival_difference(rossi.week, rossi.arrest, rossi.fin, TIMES, groups=(2, 0))
    with pytest.raises(ValueError, match="two groups"):
        survival_difference(rossi.week, rossi.arrest, np.ones(len(rossi)), TIMES)
