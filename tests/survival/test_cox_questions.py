"""What a fitted Cox model is asked: predictions, residuals, concordance, tests, refits. R calls: make_r_values.R."""

import numpy as np
import pandas as pd
import pytest
from survival_samples import COMPLETE, FORMULA, sample

from survival import Bands, Spline, cox

PEOPLE = pd.DataFrame({"fin": [0, 1], "age": [20, 30], "prio": [3, 1]}, index=["one", "two"])
AT = [5, 20, 50]
RTOL = 1e-6  # coefficients are stated to 1e-6; what is derived from them is no closer


@pytest.fixture(params=["efron", "breslow"])
def ties(request):
    return request.param


@pytest.fixture
def plain(rossi, ties):
    return cox("fin + age + prio", rossi, time="week", event="arrest", ties=ties)


@pytest.fixture
def weighted(rossi, ties):
    return cox("fin + age + prio", rossi, time="week", event="arrest", weights="w", cluster="site", ties=ties)


@pytest.mark.parametrize("interval", ["log-log", "log", "plain"])
def test_predicted_curves_are_those_of_survfit(plain, ties, by_r, interval):
    found = plain.predict(PEOPLE, AT, interval=interval)
    assert found["row"].tolist() == ["one"] * 3 + ["two"] * 3
    for name in ("survival", "std_error"):
        np.testing.assert_allclose(found[name], by_r[f"{ties} predict {name}"], rtol=RTOL)
    for name in ("lower", "upper"):
        np.testing.assert_allclose(found[name], by_r[f"{ties} predict {interval} {name}"], rtol=RTOL)


def test_predicted_curves_of_strata(rossi, by_r):
    fit = cox("fin + age + prio", rossi, time="week", event="arrest", strata="race")
    found = fit.predict(PEOPLE, AT).set_index(["stratum", "row"])
    own = pd.concat([found.loc[(0, "one")], found.loc[(1, "two")]])
    np.testing.assert_allclose(own["std_error"], by_r["strata predict std_error"], rtol=RTOL, atol=1e-12)


def test_residuals_are_those_of_r(plain, weighted, ties, by_r):
    np.testing.assert_allclose(plain.residuals()["martingale"][:20], by_r[f"{ties} martingale"], rtol=RTOL)
    np.testing.assert_allclose(weighted.residuals()["martingale"][:20], by_r[f"{ties} weighted martingale"], rtol=RTOL)
    for kind in ("score", "dfbeta"):
        found = weighted.residuals(kind)[:20].to_numpy().T.ravel()
        np.testing.assert_allclose(found, by_r[f"{ties} {kind}"], rtol=RTOL, atol=1e-8)


def test_residuals_under_late_entry_are_those_of_r(lung, by_r):
    fit = cox("female + age", lung, time="time", event="event", entry="entry_day", weights="w", cluster="inst")
    np.testing.assert_allclose(fit.residuals()["martingale"][:20], by_r["late martingale"], rtol=RTOL)
    np.testing.assert_allclose(
        fit.residuals("score")[:20].to_numpy().T.ravel(), by_r["late score"], rtol=RTOL, atol=1e-8
    )


def test_residuals_add_up():
    """Weighted score residuals sum to the score, which is 0; martingale residuals likewise; dfbeta to the sandwich."""
    table = sample(4)
    table.loc[:4, "weight"] = 0.0
    fit = cox(FORMULA, table, **COMPLETE, varying={"participant": "log"})
    weight = table["weight"]
    assert fit.residuals().isna().sum().item() == 5
    assert fit.residuals().mul(weight, axis=0).sum().item() == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(fit.residuals("score").mul(weight, axis=0).sum(), 0, atol=1e-6)
    dfbeta = fit.residuals("dfbeta").dropna()
    np.testing.assert_allclose(dfbeta.T @ dfbeta, fit.covariance, rtol=1e-8, atol=1e-12)
    with pytest.raises(ValueError, match="`kind` must be"):
        fit.residuals("deviance")


@pytest.mark.parametrize(
    ("case", "formula", "options"),
    [
        ("plain", "fin + age + prio", {}),
        ("weighted", "fin + age + prio", {"weights": "w", "cluster": "site", "ties": "breslow"}),
        ("strata", "fin + age + prio", {"strata": "race"}),
    ],
)
def test_concordance_is_that_of_r(rossi, by_r, case, formula, options):
    found = cox(formula, rossi, time="week", event="arrest", **options).concordance()
    numbers = [found.value, found.std_error, found.concordant, found.discordant, found.tied]
    np.testing.assert_allclose(numbers, by_r[f"concordance {case}"], rtol=1e-9)


@pytest.mark.parametrize(("case", "options"), [("late", {"weights": "w", "cluster": "inst"}), ("late unweighted", {})])
def test_concordance_under_late_entry_is_that_of_r(lung, by_r, case, options):
    fit = cox("female + age", lung, time="time", event="event", entry="entry_day", **options)
    found = fit.concordance()
    numbers = [found.value, found.std_error, found.concordant, found.discordant, found.tied]
    np.testing.assert_allclose(numbers, by_r[f"concordance {case}"], rtol=1e-9)


def test_a_spline_of_time_is_that_of_split_rows(rossi, by_r):
    varying = {"fin": Spline(df=3)}
    options = {"time": "week", "event": "arrest", "weights": "w", "cluster": "site"}
    fit = cox("fin + age + prio", rossi, **options, varying=varying)
    np.testing.assert_allclose([fit.log_likelihood_null, fit.log_likelihood], by_r["spline loglik"], rtol=1e-9)
    found = fit.ratio_over_time("fin", AT)
    np.testing.assert_allclose(np.log(found["hazard_ratio"]), by_r["spline log ratio"], rtol=1e-5)
    half = np.log(found["upper"] / found["lower"]) / (2 * 1.959963984540054)
    np.testing.assert_allclose(half, by_r["spline std_error"], rtol=1e-5)


def test_ratio_over_time_of_each_kind(rossi):
    options = {"time": "week", "event": "arrest", "cluster": "site"}
    bands = cox("fin + age", rossi, **options, varying={"fin": Bands([13, 26])})
    assert list(bands.coefficients.index) == ["fin:(0, 13]", "fin:(13, 26]", "fin:(26, inf)", "age"]
    over = bands.ratio_over_time("fin", [1, 13, 14, 26, 27, 52])
    rows = bands.hazard_ratios().set_index("term")
    expected = rows.loc[np.repeat(["fin:(0, 13]", "fin:(13, 26]", "fin:(26, inf)"], 2)]
    for name in ("hazard_ratio", "lower", "upper"):
        np.testing.assert_allclose(over[name], expected[name], rtol=1e-12)
    log = cox("fin + age", rossi, **options, varying={"fin": "log"})
    b, c = log.coefficients[["fin", "fin:log(t)"]]
    np.testing.assert_allclose(log.ratio_over_time("fin", AT)["hazard_ratio"], np.exp(b + c * np.log(AT)), rtol=1e-12)
    constant = log.ratio_over_time("age", AT)["hazard_ratio"]
    np.testing.assert_allclose(constant, np.exp(log.coefficients["age"]), rtol=1e-12)
    with pytest.raises(ValueError, match="`times` must be greater than 0"):
        log.ratio_over_time("fin", [0, 10])
    with pytest.raises(ValueError, match="`term`: wexp is not in the model"):
        log.ratio_over_time("wexp", AT)


def test_joint_tests_of_whole_factors_and_of_constancy():
    table = sample(4)
    fit = cox("participant + age + C(school)", table, **COMPLETE, varying={"participant": Bands([7, 14])})
    assert fit.terms["C(school)"] == ["school: higher", "school: upper"]
    for name in ("C(school)", "school", fit.terms["C(school)"]):
        assert fit.wald(name).tested == ("school: higher", "school: upper")
    b, v = fit.coefficients[fit.terms["C(school)"]], fit.covariance.loc[fit.terms["C(school)"], fit.terms["C(school)"]]
    assert fit.wald("school").statistic == pytest.approx(b @ np.linalg.inv(v) @ b, rel=1e-10)
    single = fit.wald("age")
    assert single.p == pytest.approx(fit.hazard_ratios().set_index("term").loc["age", "p"], rel=1e-10)
    b, v = fit.coefficients.iloc[:3].to_numpy(), fit.covariance.iloc[:3, :3].to_numpy()
    contrast = np.array([[-1.0, 1, 0], [-1, 0, 1]])
    d = contrast @ b
    test = fit.constancy("participant")
    assert (test.statistic, test.df) == (pytest.approx(d @ np.linalg.inv(contrast @ v @ contrast.T) @ d), 2)
    with pytest.raises(ValueError, match="age does not vary in this fit"):
        fit.constancy("age")
    with pytest.raises(ValueError, match="`terms` names town, not in the model"):
        fit.wald("town")


def test_a_baseline_and_predictions_agree():
    table = sample(4)
    fit = cox("participant + age", table, **COMPLETE, varying={"participant": "log"})
    nobody = pd.DataFrame({"participant": [0.0], "age": [0.0]})
    hazard = fit.baseline([3, 8, 15])
    predicted = fit.predict(nobody, [3, 8, 15])
    np.testing.assert_allclose(predicted["survival"], np.exp(-hazard["cumulative_hazard"]), rtol=1e-10)
    assert hazard["stratum"].tolist() == [0] * 3 + [1] * 3 + [2] * 3
    with pytest.raises(ValueError, match="`data` lacks age, which the model was fitted with"):
        fit.predict(nobody[["participant"]], [3])


@pytest.mark.parametrize("varying", [None, {"participant": "log", "school": Bands([7])}], ids=str)
@pytest.mark.parametrize("without", ["age", "C(school)", ["participant", "age"]], ids=str)
def test_a_refit_without_terms_is_the_smaller_model(varying, without):
    table = sample(6)
    gone = [without] if isinstance(without, str) else without
    full = cox(FORMULA, table, **COMPLETE, cluster="person", varying=varying)
    left = " + ".join(term for term in FORMULA.split(" + ") if term not in gone)
    kept = {k: v for k, v in (varying or {}).items() if k not in gone and f"C({k})" not in gone}
    fresh = cox(left, table, **COMPLETE, cluster="person", varying=kept)
    refit = full.refit(without=without)
    np.testing.assert_allclose(refit.coefficients, fresh.coefficients, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(refit.covariance, fresh.covariance, rtol=1e-7, atol=1e-10)
    assert (refit.terms, refit.formula) == (fresh.terms, left)
    people = table.iloc[:2]
    np.testing.assert_allclose(
        refit.predict(people, [8])["survival"], fresh.predict(people, [8])["survival"], rtol=1e-8
    )
    with pytest.raises(ValueError, match="`without` names town, not in the model"):
        full.refit(without="town")


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_a_refit_with_other_weights_is_a_fresh_fit(ties):
    """Also when a bootstrap leaves rows, and whole risk sets, without weight."""
    table = sample(6)
    drawn = table["weight"] * np.random.default_rng(1).poisson(0.7, len(table))
    options = {k: v for k, v in COMPLETE.items() if k != "weights"} | {"cluster": "person", "ties": ties}
    refit = cox(FORMULA, table, **options, weights="weight").refit(weights=drawn)
    fresh = cox(FORMULA, table, **options, weights=drawn)
    np.testing.assert_allclose(refit.coefficients, fresh.coefficients, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(refit.covariance, fresh.covariance, rtol=1e-7, atol=1e-10)
    assert (refit.n, refit.events) == (fresh.n, fresh.events)
    assert refit.log_likelihood_null == pytest.approx(fresh.log_likelihood_null, rel=1e-12)
    with pytest.raises(ValueError, match="`weights` is above 0 in rows that had weight 0"):
        refit.refit(weights=table["weight"])


def test_steps_towards_other_weights_square_the_distance():
    table = sample(6)
    drawn = table["weight"] * (1 + 0.1 * np.random.default_rng(2).normal(size=len(table)))
    fit = cox(FORMULA, table, **COMPLETE, varying={"participant": "log"})
    there = fit.refit(weights=drawn).coefficients
    off = [np.abs(fit.k_step(drawn, steps) - there).max() for steps in (0, 1, 2, 3)]
    assert off[1] < off[0] / 5
    assert off[2] < off[1] / 20
    assert off[3] < 1e-10
    nobody = table["weight"].where(table["event"] == 0, 0.0)
    assert fit.k_step(nobody).isna().all()
