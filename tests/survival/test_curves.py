"""Curves by hand and by R: intervals, quantiles, who is counted when."""

import numpy as np
import pandas as pd
import pytest
from survival_samples import sample

from survival import cox, cumulative_incidence, gray_test, kaplan_meier, logrank

SMALL = pd.DataFrame(
    {
        "t": [1, 2, 3, 4, 5, 6, 7, 8],
        "e": [0, 0, 1, 0, 1, 1, 0, 1],
        "cause": [0, 0, 1, 0, 1, 2, 0, 1],
        "w": [1, 2, 1, 1, 0.5, 1, 1, 1],
    }
)
ASKED = [0.5, 1.5, 2, 3, 5, 8, 9]


@pytest.mark.parametrize("interval", ["log-log", "log", "plain"])
def test_limits_of_each_kind_are_those_of_r_also_where_there_are_none(by_r, interval):
    """Nobody yet, everybody already: survfit(Surv(t, e) ~ 1, conf.type = interval) at times before, in and after."""
    curve = kaplan_meier(SMALL["t"], SMALL["e"], interval=interval).at(ASKED)
    risk = cumulative_incidence(SMALL["t"], SMALL["cause"], interval=interval).at(ASKED).query("cause == 1")
    for limit in ("lower", "upper"):
        np.testing.assert_allclose(curve[limit], by_r[f"small {interval} {limit}"], rtol=1e-12)
        np.testing.assert_allclose(risk[limit], by_r[f"small incidence {interval} {limit}"], rtol=1e-9, atol=1e-12)


def test_errors_are_those_of_r_also_once_everybody_has_had_the_event(by_r):
    plain = kaplan_meier(SMALL["t"], SMALL["e"]).at(ASKED)
    np.testing.assert_allclose(plain["std_error"], by_r["small std_error"], rtol=1e-12)
    robust = kaplan_meier(SMALL["t"], SMALL["e"], weights=SMALL["w"]).at(ASKED)
    np.testing.assert_allclose(robust["std_error"], by_r["small robust std_error"], rtol=1e-12)


@pytest.mark.parametrize(
    ("case", "time", "event", "p"),
    [
        ("flat", [1, 2, 3, 4], [1, 1, 0, 0], [0.25, 0.5, 0.75]),
        ("full", [1, 2, 3, 4, 5], [1, 1, 1, 1, 1], [0.2, 0.5, 0.8, 0.999]),
    ],
)
def test_a_quantile_on_a_flat_stretch_is_its_middle(by_r, case, time, event, p):
    """The last stretch ends where follow-up ends; a quantile that is not reached is NaN, not 0."""
    found = kaplan_meier(time, event).quantile(p)
    for ours, theirs in {"quantile": "quantile", "lower": "lower", "upper": "upper"}.items():
        np.testing.assert_array_equal(found[ours], by_r[f"{case} {theirs}"])
    with pytest.raises(ValueError, match="`p` must lie between 0 and 1"):
        kaplan_meier(time, event).quantile(50)


def test_counts_under_late_entry_by_hand():
    """At risk at t: entry < t <= time. lifelines reports those at risk after t and never lets the number rise."""
    curves = kaplan_meier([4, 6, 6, 9], [1, 0, 1, 1], entry=[0, 2, 4, 6])
    table = curves.at([2, 3, 4, 5, 6, 7, 9, 10])
    assert table["at_risk"].tolist() == [1, 2, 2, 2, 2, 1, 1, 0]
    assert table["events"].tolist() == [0, 0, 1, 0, 1, 0, 1, 0]
    assert table["censored"].tolist() == [0, 0, 0, 0, 1, 0, 0, 0]
    assert curves.table()["at_risk"].tolist() == [2, 2, 1]
    assert curves.table()["survival"].tolist() == [0.5, 0.25, 0.0]


def test_people_are_counted_once_whatever_their_rows_and_weights():
    """A control of three months has three rows; lifelines and ggsurvfit print sums of weights under the figure."""
    person = ["a", "a", "a", "b", "c", "c"]
    curves = kaplan_meier([3, 5, 8, 5, 2, 6], [0, 0, 1, 1, 0, 0], weights=[0.2, 0.3, 0.5, 7, 1, 1], cluster=person)
    people = curves.counts([0, 3, 5, 6, 8, 9])
    assert people["at_risk"].tolist() == [3, 3, 3, 2, 1, 0]
    assert people["events"].tolist() == [0, 0, 1, 1, 2, 2]
    assert people["censored"].tolist() == [0, 0, 0, 1, 1, 1]
    assert curves.counts([5], of="rows")["at_risk"].tolist() == [4]
    assert curves.counts([5], of="weights")["at_risk"].tolist() == [pytest.approx(8.8)]
    strata = kaplan_meier([3, 5], [0, 1], cluster=["s", "t"], person=["a", "a"])
    assert strata.counts([1])["at_risk"].tolist() == [1]
    with pytest.raises(ValueError, match="`of` must be one of rows, people, weights"):
        curves.counts([5], of="persons")


def test_times_that_differ_in_the_last_digit_are_one():
    """0.1 + 0.2 is not 0.3 in floats, but one day in the register; as R's timefix."""
    time, event = np.array([0.1 + 0.2, 0.3, 0.5, 0.7]), [1, 1, 0, 1]
    table = kaplan_meier(time, event).table()
    assert table["survival"].tolist() == [0.5, 0.0]
    assert table["events"].tolist() == [2, 1]
    rounded = kaplan_meier(np.round(time, 1), event).table()
    pd.testing.assert_frame_equal(table, rounded, rtol=1e-12)


def test_incidence_with_competing_causes_by_hand():
    """S(t-) times the cause-specific hazard: 1/4 at 1, then 3/4 * 1/3 of each cause at 2."""
    risks = cumulative_incidence([1, 2, 2, 3], [1, 1, 2, 0])
    assert risks.at([0, 1, 2, 3]).query("cause == 1")["incidence"].tolist() == pytest.approx([0, 0.25, 0.5, 0.5])
    assert risks.at([0, 1, 2, 3]).query("cause == 2")["incidence"].tolist() == pytest.approx([0, 0, 0.25, 0.25])
    with pytest.raises(ValueError, match="`robust` is False, but Aalen's variance has neither"):
        cumulative_incidence([1, 2, 2, 3], [1, 1, 2, 0], weights=np.ones(4), robust=False)


@pytest.mark.parametrize("column", ["participant", "school"])
def test_a_weighted_log_rank_test_is_the_robust_score_test_of_a_cox_model(column):
    """With late entry, strata, clusters, and for more than two groups."""
    table = sample(8)
    given = {"entry": table["entry"], "weights": table["weight"], "strata": table["office"], "cluster": table["person"]}
    test = logrank(table["days"], table["event"], table[column], **given)
    fit = cox(f"C({column})", table, time="days", event="event", **given, ties="breslow")
    score = fit.tests().set_index("test").loc["robust score"]
    assert (test.statistic, test.df) == (pytest.approx(score["statistic"], rel=1e-9), score["df"])
    assert test.method == "robust_score"


def test_without_weights_the_log_rank_test_is_the_score_test_when_nothing_is_tied(lung):
    """Untied, the hypergeometric variance is the information."""
    times = lung["time"] + np.arange(len(lung)) / 1000
    test = logrank(times, lung["event"], lung["female"], entry=lung["entry_day"])
    fit = cox("female", lung, time=times, event="event", entry="entry_day")
    assert test.method == "hypergeometric"
    assert test.statistic == pytest.approx(fit.tests().set_index("test").loc["score", "statistic"], rel=1e-9)


def test_gray_test_of_three_groups():
    """cuminc(time, cause, group)$Tests of cmprsk 2.2-11"""
    time = [1, 1, 2, 2, 2, 3, 3, 4, 5, 5, 6, 7, 7, 8, 9, 9, 10, 11]
    cause = [1, 2, 1, 0, 2, 1, 1, 2, 0, 1, 2, 1, 0, 1, 2, 0, 1, 2]
    group = [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]
    found = gray_test(time, cause, group)
    np.testing.assert_allclose(found["statistic"], [1.954994279183798, 6.162539506564542], rtol=1e-10)
    assert found["df"].tolist() == [2, 2]
