"""E-values and detectable ratios against published numbers, and what lifelines makes of a model."""

import numpy as np
import pytest
from survival_samples import COMPLETE, FORMULA, sample

from survival import cox, e_value, minimum_detectable_ratio


def test_e_values_of_the_paper():
    """VanderWeele and Ding (2017): a risk ratio of 3.9 (1.8 to 8.7) has E-values 7.26 and 3.0."""
    found = e_value(3.9, 1.8, 8.7, rare=True)
    assert (round(found.estimate, 2), round(found.limit, 1)) == (7.26, 3.0)


def test_e_value_of_a_common_outcome():
    """R EValue: evalues.HR(0.56, 0.46, 0.69, rare = FALSE) gives 2.349 and 1.908."""
    found = e_value(0.56, 0.46, 0.69)
    assert (round(found.estimate, 3), round(found.limit, 3)) == (2.350, 1.908)
    mirrored = e_value(1 / 0.56, 1 / 0.69, 1 / 0.46)
    assert mirrored.estimate == pytest.approx(found.estimate, rel=1e-12)
    assert mirrored.limit == pytest.approx(found.limit, rel=1e-12)


def test_an_interval_that_contains_one_needs_no_confounding():
    assert e_value(1.2, 0.9, 1.6).limit == 1.0
    assert e_value(1.0).estimate == 1.0
    assert e_value(1.2).limit is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"hazard_ratio": 0.0}, "`hazard_ratio` must be above 0"),
        ({"hazard_ratio": 1.2, "lower": -1}, "`lower` must be above 0"),
        ({"hazard_ratio": 1.2, "lower": 1.3, "upper": 1.6}, "`lower` and `upper` must enclose"),
    ],
)
def test_impossible_ratios_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        e_value(**arguments)


def test_detectable_ratio_needs_the_events_schoenfeld_says():
    """Events for a ratio of 1.5 at 80% and 5%: (1.96 + 0.8416)^2 / (0.25 log(1.5)^2) = 191 in equal arms."""
    assert minimum_detectable_ratio(190.97, 0.5) == pytest.approx(1.5, abs=1e-4)
    assert minimum_detectable_ratio(382, 0.5, design_effect=2) == pytest.approx(minimum_detectable_ratio(191, 0.5))
    assert minimum_detectable_ratio(191, 0.1) > minimum_detectable_ratio(191, 0.5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"events": 0, "share_treated": 0.5}, "`events` must be above 0"),
        ({"events": 9, "share_treated": 1.0}, "`share_treated` must lie between 0 and 1"),
        ({"events": 9, "share_treated": 0.5, "power": 80}, "`power` must lie between 0 and 1"),
        ({"events": 9, "share_treated": 0.5, "design_effect": 0.5}, "`design_effect` must be 1 or more"),
    ],
)
def test_impossible_designs_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        minimum_detectable_ratio(**arguments)


def test_lifelines_agrees_where_it_is_right():
    """Coefficients and model-based errors, with weights, late entry, strata and ties."""
    found = cox(FORMULA, sample(4, n=300), **COMPLETE, cluster="person", verify=True).verification
    assert found.agrees is True
    assert found.coefficient_difference < 1e-5
    assert found.error_difference < 1e-5
    assert found.table["term"].tolist() == ["participant", "age", "school: higher", "school: upper"]
    assert found.software.startswith("lifelines 0.")


def test_a_wrong_fit_is_not_confirmed():
    """The comparison can fail: ours with other weights than the second opinion gets."""
    from dataclasses import replace

    from survival.verify import second_opinion

    fit = cox(FORMULA, sample(4, n=300), **COMPLETE)
    lied = replace(fit, coefficients=fit.coefficients + 0.01)
    assert second_opinion(fit).agrees is True
    assert second_opinion(lied).agrees is False


@pytest.mark.parametrize(
    ("options", "note"),
    [({"varying": {"participant": "log"}}, "vary with time"), ({"ties": "breslow"}, "Efron")],
)
def test_no_second_opinion_is_said(options, note):
    found = cox(FORMULA, sample(4), **COMPLETE | options, verify=True).verification
    assert found.agrees is None
    assert note in found.note
    assert np.isnan(found.coefficient_difference)
