"""Balance measures against MatchIt and against their definitions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from matching import Cut, Exact, cem

CUTS = {
    "age": Cut([25.5, 30.5, 35.5, 40.5, 50.5]),
    "logwage": Cut([5.2505, 5.6005, 6.0005]),
    "tenure": Cut([0.5, 2.5, 5.5, 10.5]),
}
SUMMARY = ["mean_treated", "mean_controls", "smd", "variance_ratio", "ecdf", "ks"]  # MatchIt's columns, in its order


@pytest.fixture(scope="module")
def sample(unemployed: pd.DataFrame):
    return cem(unemployed, "ui", CUTS)


def measures(table: pd.DataFrame, when: str) -> np.ndarray:
    return table[[f"{m}_{when}" for m in SUMMARY]].to_numpy()


def by_column(values: np.ndarray) -> np.ndarray:
    """R writes a matrix column after column."""
    return values.reshape(6, -1).T


@pytest.mark.parametrize("when", ["before", "after"])
def test_every_measure_is_matchits(sample, r_values: dict[str, np.ndarray], when: str) -> None:
    """summary(matchit(ui ~ age + logwage + tenure, method = "cem"), addlvariables = d[c("place", "long")])"""
    table = sample.balance(["age", "logwage", "tenure", "place", "long"])
    assert table["level"].tolist() == ["", "", "", "r0", "r1", "r2", "r3", "r4", ""]
    assert table["kind"].tolist() == ["number"] * 3 + ["share"] * 6
    np.testing.assert_allclose(
        measures(table, when), by_column(r_values[f"balance_columns_{when}"]), rtol=1e-10, atol=1e-13
    )


@pytest.mark.parametrize("when", ["before", "after"])
def test_squares_and_products_are_matchits(sample, r_values: dict[str, np.ndarray], when: str) -> None:
    """summary(m, interactions = TRUE)"""
    table = sample.balance(squares=True, products=True).iloc[3:]
    assert table["variable"].tolist() == [
        *("age^2", "logwage^2", "tenure^2"),
        *("age * logwage", "age * tenure", "logwage * tenure"),
    ]
    np.testing.assert_allclose(
        measures(table, when), by_column(r_values[f"second_order_{when}"]), rtol=1e-9, atol=1e-12
    )


def test_before_uses_the_base_weights_as_matchit_its_sampling_weights(
    unemployed: pd.DataFrame, r_values: dict[str, np.ndarray]
) -> None:
    """summary(matchit(..., s.weights = d$sw))$sum.all"""
    table = cem(unemployed, "ui", CUTS, weights="sw").balance(["age", "logwage", "tenure", "place", "long"])
    np.testing.assert_allclose(
        measures(table, "before"), by_column(r_values["weighted_before"]), rtol=1e-10, atol=1e-13
    )


def test_standardising_by_either_arm_or_both(unemployed: pd.DataFrame, sample) -> None:
    ui = unemployed[unemployed["ui"] == 1], unemployed[unemployed["ui"] == 0]
    gap = ui[0]["age"].mean() - ui[1]["age"].mean()
    treated, controls = (arm["age"].std() for arm in ui)
    for how, divisor in (
        ("treated", treated),
        ("controls", controls),
        ("pooled", np.hypot(treated, controls) / 2**0.5),
    ):
        assert sample.balance(["age"], standardize=how)["smd_before"][0] == pytest.approx(gap / divisor, rel=1e-12)


def test_shares_are_divided_by_the_root_of_p_one_minus_p(unemployed: pd.DataFrame, sample) -> None:
    p1, p0 = (unemployed.loc[unemployed["ui"] == arm, "long"].mean() for arm in (1, 0))
    found = sample.balance(["long"])["smd_before"][0]
    assert found == pytest.approx((p1 - p0) / (p1 * (1 - p1)) ** 0.5, rel=1e-12)
    pooled = sample.balance(["long"], standardize="pooled")["smd_before"][0]
    both = [unemployed.loc[unemployed["ui"] == arm, "long"].var() for arm in (1, 0)]
    assert pooled == pytest.approx((p1 - p0) / np.mean(both) ** 0.5, rel=1e-12)


def test_variables_that_were_not_matched_on(sample) -> None:
    table = sample.balance(["spell", "region"])
    assert table["variable"].tolist() == ["spell", "region"]
    assert sample.balance("spell")["smd_after"][0] == table["smd_after"][0]


def small(values: list, kind: str | None = None):
    people = pd.DataFrame({"treated": [1, 1, 0, 0, 0, 1], "s": list("aabbba")})
    people["x"] = pd.Series(values, dtype=kind)
    return cem(people.assign(one=1), "treated", {"one": Exact()})


def test_missing_values_are_counted_and_left_out_of_the_mean() -> None:
    table = small([1.0, np.nan, 3.0, 5.0, np.nan, 3.0]).balance(["x"])
    assert table["level"].tolist() == ["", "missing"]
    assert table[["mean_treated_before", "mean_controls_before"]].to_numpy().tolist() == [[2, 4], [1 / 3, 1 / 3]]


def test_products_leave_out_rows_with_a_missing_factor() -> None:
    table = small([1.0, np.nan, 3.0, 5.0, np.nan, 3.0]).balance(["x"], squares=True)
    assert table.iloc[-1][["variable", "mean_treated_before", "mean_controls_before"]].tolist() == ["x^2", 5, 17]


def test_missing_categories_are_a_level() -> None:
    table = small(["u", None, "v", "v", None, "u"]).balance(["x"])
    assert table["level"].tolist() == ["u", "v", "missing"]
    assert table["mean_treated_before"].tolist() == pytest.approx([2 / 3, 0, 1 / 3])


def test_a_treated_arm_without_spread_falls_back_on_the_pooled_one() -> None:
    table = small([2.0, 2.0, 1.0, 5.0, 3.0, 2.0]).balance(["x"])
    assert table["smd_before"][0] == pytest.approx((2 - 3) / (4 / 2) ** 0.5)


def test_a_constant_is_balanced_and_a_hopeless_one_has_no_smd() -> None:
    assert small([7.0] * 6).balance(["x"])["smd_before"][0] == 0
    assert np.isnan(small([1.0, 1, 0, 0, 0, 1]).balance(["x"])["smd_before"][0])


def test_distances_by_their_definition() -> None:
    """Treated at 0.5 and 2.5, controls at 1.5 (twice) and 2.5: gaps 1/2 - 0, 1/2 - 2/3, 0 at the three values."""
    people = pd.DataFrame({"treated": [1, 1, 0, 0, 0], "x": [0.5, 2.5, 1.5, 1.5, 2.5], "one": 1})
    for scale in (1, 2):  # sorted by value, or counted as whole numbers
        table = cem(people.assign(x=people["x"] * scale), "treated", {"one": Exact()}).balance(["x"])
        assert table["ks_before"][0] == pytest.approx(1 / 2, abs=1e-15)
        assert table["ecdf_before"][0] == pytest.approx((1 / 2 + 1 / 6) / 3, abs=1e-15)


def test_products_of_categories() -> None:
    table = small(["u", "v", "v", "u", "v", "u"]).balance(["x", "s"], products=True, squares=True)
    products = table[table["variable"] == "x * s"].set_index("level")
    assert products.index.tolist() == ["u * a", "u * b", "v * a", "v * b"]
    assert products.loc["u * a", "mean_treated_before"] == pytest.approx(2 / 3)
    assert len(table) == 8  # shares have no square


def test_mistakes() -> None:
    sample = small([1.0] * 6)
    with pytest.raises(ValueError, match="standardize='cohen' is unknown"):
        sample.balance(standardize="cohen")
    with pytest.raises(ValueError, match="balance: no column named 'income'"):
        sample.balance(["income"])
    with pytest.raises(ValueError, match="balance: x is missing for everyone"):
        small([np.nan] * 6).balance(["x"])
