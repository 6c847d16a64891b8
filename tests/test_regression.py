"""Backward selection, interaction and Holm's adjustment against R."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.config import Models
from pipeline.formula import variables_of
from pipeline.regression import fit_backward, fit_full, holm, interaction, model_of


@pytest.fixture(scope="module")
def rossi() -> pd.DataFrame:
    """Rossi with a three-level factor of earlier convictions, weights and clusters."""
    data = pd.read_csv(Path(__file__).parent / "reference" / "data" / "rossi.csv")
    grade = np.select([data["prio"] > 5, data["prio"] > 2], ["high", "mid"], "low")
    return data.assign(
        grp=grade, days=data["week"].astype(float), event=data["arrest"], participant=data["fin"], weight=data["w"],
        person_id=data["site"].astype(str), stratum=0,
    )  # fmt: skip


def models(*covariates: str) -> Models:
    return Models.model_validate(
        {"covariates": [*covariates, {"name": "grp", "reference": "low"}], "selection": ["none", "backward"]}
    )


def test_backward_removes_whole_factors_as_joint_wald_tests_say(rossi):
    """coxph(Surv(week, arrest) ~ fin + ..., weights = w, cluster = site), the factor with the largest joint Wald p
    removed while it is over 5%: wexp, paro, mar in that order."""
    chosen = models("age", "race", "wexp", "mar", "paro")
    fitted = fit_backward(fit_full(rossi, chosen), chosen)
    removed = {r.factor: r.p for r in fitted.removed}
    assert list(removed) == ["wexp", "paro", "mar"]
    np.testing.assert_allclose(list(removed.values()), [0.552435307042, 0.505446155855, 0.193490304156], rtol=1e-6)
    assert fitted.factors == ("participant", "age", "race", "grp")
    terms = pd.DataFrame([t.model_dump() for t in model_of(fitted).terms]).set_index("term")
    order = ["participant", "age", "race", "grp: mid", "grp: high"]
    theirs = [-0.28532708415, -0.0532201606528, 0.677108948996, 0.685179029989, 0.544010750938]
    np.testing.assert_allclose(terms.loc[order, "coefficient"], theirs, atol=1e-6)
    errors = [0.190401545159, 0.0257358698281, 0.286306810642, 0.225793729739, 0.286940522622]
    np.testing.assert_allclose(terms.loc[order, "std_error"], errors, rtol=1e-6)


def test_the_treatment_is_never_removed(rossi):
    chosen = Models.model_validate({"covariates": ["paro"], "selection_level": 1e-12})
    fitted = fit_backward(fit_full(rossi, chosen), chosen)
    assert fitted.factors == ("participant",)


def test_rows_without_a_covariate_are_counted_and_stay_out_after_selection(rossi):
    holes = rossi.assign(paro=rossi["paro"].astype(float).where(rossi.index % 10 != 0))
    chosen = Models.model_validate({"covariates": ["age", "paro"]})
    fitted = fit_backward(fit_full(holes, chosen), chosen)
    result = model_of(fitted)
    assert "paro" not in fitted.factors
    assert result.left_out == 44
    assert result.n == 432 - 44


@pytest.mark.parametrize(
    ("picked", "covariates", "coefficient", "std_error"),
    [
        (lambda d: d["age"] < 25, ["race"], -0.173919162803, 0.542729909582),
        # The subgroup is a covariate already: it gets no second main effect.
        (lambda d: d["race"] == 1, ["race"], -0.214903326429, 0.575742815697),
        (lambda d: d["race"] == 0, ["race"], 0.214903326429, 0.575742815697),
        # Terms of a formula, products with the treatment among them, which are no columns of the data.
        (lambda d: d["race"] == 1, ["log(age)", "race", "mar", "participant:mar"], -0.156736227891, 0.616470176959),
        (lambda d: d["age"] < 25, ["log(age)", "participant:mar"], -0.289145106455, 0.524009942332),
    ],
)
def test_interaction_agrees_with_r(rossi, picked, covariates, coefficient, std_error):
    """coxph(Surv(week, arrest) ~ fin + race + s + fin:s, weights = w, cluster = site)"""
    test = interaction(rossi, picked(rossi).to_numpy(), Models.model_validate({"covariates": covariates}))
    assert np.log(test.ratio) == pytest.approx(coefficient, abs=1e-6)
    assert np.log(test.upper / test.lower) / (2 * 1.959963984540054) == pytest.approx(std_error, rel=1e-6)


def test_no_interaction_without_both_arms_or_with_everyone(rossi):
    chosen = Models.model_validate({"covariates": ["race"]})
    assert interaction(rossi, (rossi["participant"] == 1).to_numpy(), chosen) is None
    assert interaction(rossi, np.ones(len(rossi), dtype=bool), chosen) is None


def test_holm_agrees_with_r():
    """p.adjust(c(.01, .04, .03, .005), "holm")"""
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


def test_nothing_to_fit_is_said_not_raised(rossi):
    chosen = Models.model_validate({"covariates": ["age"]})
    none = model_of(fit_full(rossi.assign(event=0), chosen))
    assert none.terms == []
    assert none.note == "no events"
    one_arm = fit_full(rossi[rossi["participant"] == 1], chosen)
    assert one_arm.factors == ("age",)


def test_formula_terms_may_stand_for_covariates(rossi):
    assert variables_of("C(grp)") == {"grp"}
    assert variables_of("woman:bs(age, df=3)") == {"woman", "age"}
    assert variables_of("I(np.pi * age)") == {"age"}
    fitted = fit_full(rossi, Models.model_validate({"covariates": ["age:race", "np.log(age)"]}))
    assert fitted.fit.coefficients.index[0] == "participant"
    assert len(fitted.fit.coefficients) == 3
