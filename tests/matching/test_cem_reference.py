"""Every check of kind cem: counts and strata exactly, weights, SMD, L1 and the ATT at the tolerances of the cases."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cem_cases import SHARED, is_cem_package, load_check, matched_sample, read_check, reference_checks, reference_file

CHECKS = reference_checks()


def checks_with(*fields: str, cem_package: bool = False) -> pytest.MarkDecorator:
    """The checks whose expected values have one of these fields (all checks when none is named)."""
    chosen = []
    for case, check, folder in CHECKS:
        content = read_check(case, check, folder)
        if (not fields or any(f in content["expected"] for f in fields)) and (
            is_cem_package(content) or not cem_package
        ):
            chosen.append(pytest.param(case, check, folder, id=f"{case}-{check}"))
    return pytest.mark.parametrize(("case", "check", "folder"), chosen)


every_check = checks_with()


def test_the_cases_are_here() -> None:
    assert {"unempdur", "nsw_cps"} <= {case for case, _, _ in CHECKS}


def test_the_shared_case_is_run_when_it_is_there() -> None:
    if not SHARED.is_dir():
        pytest.skip("the data of LL stay in shared/reference, which is not here")
    assert "LL" in {case for case, _, _ in CHECKS}


@every_check
def test_counts_and_strata(case: str, check: str, folder: Path) -> None:
    spec, people = load_check(case, check, folder)
    expected, sample = spec["expected"], matched_sample(spec, people)
    counts, strata = sample.counts, sample.strata
    found = {
        "n_treated": counts.loc["treated", "all"],
        "n_control": counts.loc["controls", "all"],
        "matched_treated": counts.loc["treated", "matched"],
        "matched_control": counts.loc["controls", "matched"],
        "strata_matched": counts.loc["treated", "strata"],
        "cells_total": len(strata),
        "cells_treated_only": int((strata["controls"] == 0).sum()),
        "cells_control_only": int((strata["treated"] == 0).sum()),
    }
    assert {k: v for k, v in found.items() if k in expected} == {k: expected[k] for k in found if k in expected}


@every_check
def test_weights(case: str, check: str, folder: Path) -> None:
    spec, people = load_check(case, check, folder)
    weights = matched_sample(spec, people).weights
    for arm, name in (("treated", "weights_treated"), ("controls", "weights_control")):
        expected = spec["expected"][name]
        found = weights.loc[arm].rename({"rows": "n", "effective": "ess_kish"})
        for key in expected:
            # abs 1e-12 for single weights; sums and effective sizes are of the order of n, so relative
            assert found[key] == pytest.approx(expected[key], rel=1e-12, abs=1e-12), (arm, key)


@checks_with("weights_file")
def test_weights_row_by_row(case: str, check: str, folder: Path) -> None:
    spec, people = load_check(case, check, folder)
    stored = pd.read_csv(reference_file(spec["expected"]["weights_file"]))
    sample = matched_sample(spec, people)
    np.testing.assert_array_equal(sample.matched, stored["matched"] == 1)
    np.testing.assert_allclose(sample.weight, stored["weight"].fillna(0), rtol=0, atol=1e-12)
    together = pd.DataFrame({"ours": sample.data["stratum"], "theirs": stored["subclass"]}).dropna()
    pairs = together.drop_duplicates()
    assert pairs["ours"].is_unique
    assert pairs["theirs"].is_unique


@checks_with("smd_terms")
@pytest.mark.parametrize("definition", ["matchit", "pooled"])
def test_balance(case: str, check: str, folder: Path, definition: str) -> None:
    spec, people = load_check(case, check, folder)
    expected = spec["expected"]
    table = matched_sample(spec, people).balance(standardize="estimand" if definition == "matchit" else "pooled")
    table = table.set_index(table["variable"] + table["level"]).loc[expected["smd_terms"]]
    columns = {f"smd_{definition}_{when}": f"smd_{when}" for when in ("before", "after")}
    columns |= {
        f"mean_{a}_{w}": f"mean_{a}s_{w}".replace("treateds", "treated")
        for a in ("treated", "control")
        for w in ("before", "after")
    }
    for theirs, ours in columns.items():
        np.testing.assert_allclose(table[ours], expected[theirs], rtol=1e-9, atol=1e-9, err_msg=ours)


@checks_with("L1", "L1_breaks")
def test_l1(case: str, check: str, folder: Path) -> None:
    spec, people = load_check(case, check, folder)
    expected = spec["expected"]
    if "L1" in expected:
        wanted = expected["L1"]
    else:
        wanted = {k.removeprefix("L1_"): v for k, v in expected.items() if k.startswith("L1_")}
        wanted |= {k: expected[k] for k in ("LCS_before", "LCS_after")}
    bins = {v: b for v, b in wanted["breaks"].items() if b != "exact"}
    found = matched_sample(spec, people).imbalance(bins=bins)
    ours = [found.before, found.after, 100 * found.common_support_before, 100 * found.common_support_after]
    np.testing.assert_allclose(
        ours, [wanted[k] for k in ("before", "after", "LCS_before", "LCS_after")], rtol=0, atol=1e-12
    )
    by_variable = found.variables.set_index("variable")
    for when in ("before", "after"):
        for variable, value in wanted.get(f"univariate_{when}", {}).items():
            assert by_variable.loc[variable, when] == pytest.approx(value, abs=1e-12), (variable, when)


@checks_with("L1_breaks", cem_package=True)
def test_automatic_l1_bins(case: str, check: str, folder: Path) -> None:
    """Where R chose the bins, ours are chosen alike: round breaks by Scott's rule."""
    spec, people = load_check(case, check, folder)
    found = matched_sample(spec, people).l1
    for variable, breaks in spec["expected"]["L1_breaks"].items():
        if breaks != "exact":
            np.testing.assert_allclose(found.bins[variable], breaks, rtol=1e-12, atol=1e-12, err_msg=variable)
    assert found.after == pytest.approx(spec["expected"]["L1_after"], abs=1e-12)


@every_check
def test_breaks_used(case: str, check: str, folder: Path) -> None:
    spec, people = load_check(case, check, folder)
    sample = matched_sample(spec, people)
    for variable, breaks in spec["expected"]["breaks_used"].items():
        found = sample.classes[variable].breaks
        if breaks == "exact":
            assert found is None
            continue
        inner = breaks[1:-1] if is_cem_package(spec) and len(found) == len(breaks) - 2 else breaks
        np.testing.assert_allclose(found, inner, rtol=1e-12, atol=1e-12, err_msg=variable)


@checks_with("att")
def test_att(case: str, check: str, folder: Path) -> None:
    """The weighted difference in means on the matched rows is the coefficient of R's weighted regression."""
    spec, people = load_check(case, check, folder)
    expected = spec["expected"]["att"]
    data = matched_sample(spec, people).data
    arms = {
        arm: np.average(rows[expected["outcome"]], weights=rows["weight"])
        for arm, rows in data.groupby(spec["spec"]["treat"])
    }
    assert arms[1] - arms[0] == pytest.approx(expected["estimate"], rel=1e-9)
