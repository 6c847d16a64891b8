"""Every reference check of a survival kind, at its own tolerance: what R computes from the same rows."""

import numpy as np
import pytest
from survival_cases import Tolerances, checks, column, fit_of, frame

from survival import cumulative_incidence, gray_test, kaplan_meier, logrank, restricted_mean


@pytest.mark.parametrize(("check", "data"), checks("km"))
def test_kaplan_meier_is_that_of_r_survfit(check, data):
    spec, table, tolerance = check["spec"], frame(data), Tolerances(check)
    curves = kaplan_meier(
        table[spec["time"]],
        table[spec["event"]],
        entry=column(table, spec.get("entry")),
        group=column(table, spec["group"]),
        weights=column(table, spec.get("weights")),
        cluster=column(table, spec.get("cluster")),
        robust=spec["robust"],
        interval=spec["conf_type"],
        level=spec["conf_level"],
    )
    at, quantiles = curves.at(spec["times"]), curves.quantile([0.25, 0.5, 0.75])
    for curve in curves.curves:
        expected = check["expected"][str(curve.group)]
        here = at[at["group"] == curve.group]
        tolerance.holds("surv", here["survival"], expected["surv"])
        tolerance.holds("std_err", here["std_error"], expected["std_err"])
        tolerance.holds("ci", here[["lower", "upper"]].T, [expected["lower"], expected["upper"]])
        own = quantiles[quantiles["group"] == curve.group]
        names = {"quantile": "quantile", "lower": "quantile_lower", "upper": "quantile_upper"}
        for ours, theirs in names.items():
            tolerance.holds("quantile", own[ours], expected[theirs])
        assert table[spec["time"]].max() == expected["max_time"]
        # R's summary gives those at risk at the next end of follow-up, which differs where people enter in between.
        ends = np.sort(curve.data.time)
        asked = [ends[np.searchsorted(ends, t)] if t <= ends[-1] else t for t in spec["times"]]
        counts = curves.counts(asked, of="weights" if spec.get("weights") else "rows")
        tolerance.holds("n", counts.loc[counts["group"] == curve.group, "at_risk"], expected["n_risk"])
        total = curves.counts([ends[-1]], of="weights" if spec.get("weights") else "rows")
        tolerance.holds("n", total.loc[total["group"] == curve.group, "events"], [expected["n_event_total"]])


@pytest.mark.parametrize(("check", "data"), checks("logrank"))
def test_log_rank_is_that_of_r_survdiff_or_with_weights_the_robust_score_of_coxph(check, data):
    spec, expected, table, tolerance = check["spec"], check["expected"], frame(data), Tolerances(check)
    weights = spec.get("weights")
    if "replicated" in check["id"]:
        table, weights = table.loc[table.index.repeat(table[weights])], None
    test = logrank(
        table[spec["time"]],
        table[spec["event"]],
        table[spec["group"]],
        strata=column(table, spec.get("strata")),
        weights=column(table, weights),
        cluster=column(table, spec.get("cluster")),
        rho=spec.get("rho", 0),
    )
    if "chisq" in expected:
        tolerance.holds("chisq", test.statistic, expected["chisq"])
        tolerance.holds("obs_exp_var", test.observed, expected["observed"])
        tolerance.holds("obs_exp_var", test.expected, expected["expected"])
        tolerance.holds("obs_exp_var", test.variance, expected["var"])
        tolerance.holds("p", test.p, expected["p"])
        assert test.df == expected["df"]
    else:
        tolerance.holds("chisq", test.statistic, expected["chisq_robust_score"])
        tolerance.holds("obs_exp_var", [test.observed[1], test.expected[1]], [expected["O1"], expected["E1"]])
        tolerance.holds("p", test.p, expected["p_robust_score"])


@pytest.mark.parametrize(("check", "data"), checks("cox", "cox_tvc"))
def test_cox_is_that_of_r_coxph(check, data):
    expected, tolerance, fit = check["expected"], Tolerances(check), fit_of(check, data)
    tolerance.holds("coef", fit.coefficients, expected["coef"])
    tolerance.holds("se", fit.standard_errors, expected["se"])
    tolerance.holds(
        "loglik", [fit.log_likelihood_null, fit.log_likelihood], [expected["loglik_null"], expected["loglik"]]
    )
    tests = fit.tests().set_index("test")["statistic"]
    for ours, theirs in {"likelihood ratio": "lr_test", "score": "score_test", "wald": "wald_test"}.items():
        tolerance.holds("tests", tests[ours], expected[theirs])
    if expected["robust_score_test"] is not None:
        tolerance.holds("tests", tests["robust score"], expected["robust_score_test"])
    if expected["naive_se"] is not None:
        tolerance.holds("se", np.sqrt(np.diag(fit.model_covariance)), expected["naive_se"])
    _same_matrix(fit.covariance, expected["vcov"], check)
    ratios = fit.hazard_ratios(0.95)
    tolerance.holds("coef", ratios[["lower", "upper"]].T, [expected["hr_lower95"], expected["hr_upper95"]])
    np.testing.assert_allclose(ratios["p"], expected["p_wald"], rtol=1e-5)
    assert fit.events == expected["n_event"]
    if check["kind"] == "cox":  # the time-varying ones count R's split rows
        assert fit.n == expected["n"]


def _same_matrix(found, expected, check):
    """vcov within its relative tolerance, of the standard errors' product where an element is near 0."""
    expected = np.asarray(expected)
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    relative = float(check["tolerance"]["vcov"].split()[1])
    np.testing.assert_allclose(found / scale, expected / scale, rtol=relative, atol=relative * 1e-3)


@pytest.mark.parametrize(("check", "data"), checks("basehaz"))
def test_baseline_hazard_is_that_of_r_basehaz(check, data):
    found = fit_of(check, data).baseline(check["spec"]["times"])
    Tolerances(check).holds("cumhaz", found["cumulative_hazard"], check["expected"]["cumhaz"])


@pytest.mark.parametrize(("check", "data"), checks("zph"))
def test_proportionality_is_that_of_r_cox_zph(check, data):
    spec, expected, tolerance = check["spec"], check["expected"], Tolerances(check)
    by = "term" if spec["terms"] else "coefficient"
    found = fit_of(check, data).proportionality(spec["transform"], by=by)
    tolerance.holds("chisq", found["statistic"], expected["chisq"])
    tolerance.holds("p", found["p"], expected["p"])
    tolerance.holds("df", found["df"], expected["df"])


@pytest.mark.parametrize(("check", "data"), checks("rmst"))
def test_restricted_mean_is_that_of_r_rmst2_or_with_weights_of_the_jackknife_of_survfit(check, data):
    spec, expected, table, tolerance = check["spec"], check["expected"], frame(data), Tolerances(check)
    weights = column(table, spec.get("weights"))
    means = restricted_mean(
        table[spec["time"]], table[spec["event"]], group=table[spec["arm"]], until=spec["tau"], weights=weights
    )
    error = "se" if weights is None else "robust_se"
    arms = [expected["arm0"], expected["arm1"]]
    tolerance.holds("rmst", means.table()["mean"], [arm["rmst"] for arm in arms])
    tolerance.holds("se", means.table()["std_error"], [arm[error] for arm in arms])
    difference = means.difference().iloc[0]
    tolerance.holds("rmst", difference["difference"], expected["difference"]["est"])
    tolerance.holds("se", difference["std_error"], expected["difference"][error])
    if weights is None:
        limits = [[arm["lower"], arm["upper"]] for arm in arms]
        tolerance.holds("ci", means.table()[["lower", "upper"]], limits)
        for found, name, estimate in (
            (difference, "difference", "difference"),
            (means.ratio().iloc[0], "ratio", "ratio"),
            (means.ratio(of="lost").iloc[0], "rmtl_ratio", "ratio"),
        ):
            tolerance.holds("rmst", found[estimate], expected[name]["est"])
            tolerance.holds("ci", found[["lower", "upper"]], [expected[name]["lower"], expected[name]["upper"]])
            tolerance.holds("p", found["p"], expected[name]["p"])


@pytest.mark.parametrize(("check", "data"), [c for c in checks("cif") if "causes" in c.values[0]["spec"]])
def test_cumulative_incidence_is_that_of_r_survfit(check, data):
    """survival 3.5.3 ignores `cluster` here: its clustered errors are the ones of rows (see the test below)."""
    spec, table, tolerance = check["spec"], frame(data), Tolerances(check)
    weights, group = column(table, spec["weights"]), column(table, spec["group"])
    risks = cumulative_incidence(table[spec["time"]], table[spec["event_type"]], group=group, weights=weights)
    at = risks.at(spec["times"])
    for label, causes in check["expected"].items():
        for number, name in enumerate(spec["causes"], start=1):
            here = at[(at["group"].astype(str) == label) & (at["cause"] == number)]
            tolerance.holds("pstate", here["incidence"], causes[name]["cif"])
            tolerance.holds("std_err", here["std_error"], causes[name]["std_err"])
            tolerance.holds("ci", here[["lower", "upper"]].T, [causes[name]["lower"], causes[name]["upper"]])


def test_clustered_incidence_sums_r_influence_within_clusters():
    """f <- survfit(Surv(spell, factor(etype)) ~ 1, d <- d[d$ui == 0, ], weights = cemw, id = .row, influence = TRUE)
    k <- match(c(1, 5, 10, 20), f$time) + 1  # the first column is time 0
    sqrt(colSums(rowsum(d$cemw * f$influence.pstate[, k, 2], d$subclass)^2))
    """
    table = frame("data/unempdur_matched.csv").query("ui == 0")
    risks = cumulative_incidence(table["spell"], table["etype"], weights=table["cemw"], cluster=table["subclass"])
    found = risks.at([1, 5, 10, 20]).query("cause == 1")["std_error"]
    by_r = [0.014565711331778064, 0.017350341515677339, 0.018735922292668308, 0.022045381710371417]
    np.testing.assert_allclose(found, by_r, rtol=1e-12)


@pytest.mark.parametrize(("check", "data"), checks("cif", having="gray_stat"))
def test_gray_test_and_aalen_variance_are_those_of_r_cuminc(check, data):
    spec, expected, table, tolerance = check["spec"], check["expected"], frame(data), Tolerances(check)
    time, cause, group = table[spec["time"]], table[spec["event_type"]], table[spec["group"]]
    gray = gray_test(time, cause, group)
    tolerance.holds("gray", gray["statistic"], expected["gray_stat"])
    np.testing.assert_allclose(gray["p"], expected["gray_p"], atol=1e-12)
    assert gray["df"].tolist() == expected["gray_df"]
    at = cumulative_incidence(time, cause, group=group, robust=False).at(spec["times"])
    for i, row in enumerate(expected["rows"]):
        label, number = row.split()
        here = at[(at["group"].astype(str) == label) & (at["cause"] == int(number))]
        tolerance.holds("pstate", here["incidence"], expected["est"][i])
        tolerance.holds("std_err", here["std_error"], np.sqrt(expected["var"][i]))
