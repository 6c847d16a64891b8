"""Coarsening rules: classes, labels, missing values, and messages that name the variable and the remedy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from matching import Bins, Cut, Exact, Groups, Quantiles, coarsen
from matching.bins import class_count, round_breaks

AGE = pd.Series([18.0, 29.9, 30.0, 39.0, 40.0, 64.0], name="age")


def classes_of(column: pd.Series, rule) -> list[str]:
    found = coarsen(column, rule)
    return [found.labels[code] for code in found.codes]


def test_cut_is_left_closed() -> None:
    expected = ["(-inf, 30)", "(-inf, 30)", "[30, 40)", "[30, 40)", "[40, inf)", "[40, inf)"]
    assert classes_of(AGE, Cut([30, 40])) == expected


def test_cut_right_closed_on_request() -> None:
    expected = ["(-inf, 30]", "(-inf, 30]", "(-inf, 30]", "(30, 40]", "(30, 40]", "(40, inf)"]
    assert classes_of(AGE, Cut([30, 40], closed="right")) == expected


def test_values_outside_explicit_breaks_can_be_missing() -> None:
    """cem::cem puts them in one class with the missing values; its lowest break belongs to the first class."""
    found = classes_of(AGE, Cut([18, 30, 40], closed="right", outside="missing", missing="class"))
    assert found == ["[18, 30]", "[18, 30]", "[18, 30]", "(30, 40]", "(30, 40]", "missing"]


def test_labels_of_own_cutpoints_are_written_in_full() -> None:
    labels = coarsen(pd.Series([0.0, 2e6], name="pay"), Cut([10000.005, 1234567.5])).labels
    assert labels == ("(-inf, 10000.005)", "[10000.005, 1234567.5)", "[1234567.5, inf)")


def test_bins_divide_the_range() -> None:
    found = coarsen(AGE, Bins(2))
    assert found.labels == ("[18, 41)", "[41, 64]")
    assert found.breaks == (41.0,)
    assert found.codes.tolist() == [0, 0, 0, 0, 0, 1]


def test_bins_hold_both_ends_whichever_side_is_closed() -> None:
    values = pd.Series(np.arange(11.0), name="x")
    assert np.bincount(coarsen(values, Bins(5)).codes).tolist() == [2, 2, 2, 2, 3]
    assert np.bincount(coarsen(values, Bins(5, closed="right")).codes).tolist() == [3, 2, 2, 2, 2]


def test_bins_of_a_constant_are_one_class() -> None:
    assert coarsen(pd.Series([5.0, 5.0], name="x"), Bins()).codes.tolist() == [0, 0]


def test_quantiles_are_r_type_7(unemployed: pd.DataFrame, r_values: dict[str, np.ndarray]) -> None:
    """quantile(d$logwage, (0:5) / 5)"""
    found = coarsen(unemployed["logwage"], Quantiles(5))
    np.testing.assert_allclose(found.breaks, r_values["quantile_7"][1:-1], rtol=1e-14)
    assert np.bincount(found.codes).min() > 600  # a fifth of 3,343, less ties


@pytest.mark.parametrize(
    ("zeros", "closed", "labels"),
    [
        (90, "left", ("[0, 1]",)),  # nothing lies below a first quartile of 0
        (90, "right", ("[0, 0]", "(0, 1]")),
        (10, "left", ("[0, 1)", "[1, 1]")),
        (10, "right", ("[0, 1]",)),
    ],
)
def test_quantiles_with_many_ties_merge(zeros: int, closed: str, labels: tuple[str, ...]) -> None:
    sick = pd.Series([0.0] * zeros + [1.0] * (100 - zeros), name="sick")
    found = coarsen(sick, Quantiles(4, closed=closed))
    assert found.labels == labels
    assert (np.bincount(found.codes, minlength=len(labels)) > 0).all()


def test_class_counts_are_those_of_r(unemployed: pd.DataFrame, r_values: dict[str, np.ndarray]) -> None:
    """nclass.FD and nclass.scott, with R's fallbacks for a zero interquartile range."""
    zeros, shares = np.r_[np.zeros(90), 1:11], np.tile([0.0, 0, 0, 0, 1], 40)
    tenure, logwage = unemployed["tenure"].to_numpy(float), unemployed["logwage"].to_numpy()
    assert [class_count(x, "fd") for x in (tenure, logwage, zeros, shares)] == r_values["nclass_fd"].tolist()
    constant = np.full(9, 3.0)
    assert [class_count(x, "scott") for x in (tenure, logwage, zeros, constant)] == r_values["nclass_scott"].tolist()


@pytest.mark.parametrize(
    ("name", "ends", "number"), [("1", (0.3, 9.7), 7), ("2", (-1234.5, 88000), 23), ("3", (0, 1), 14)]
)
def test_round_breaks_are_those_of_r_pretty(
    r_values: dict[str, np.ndarray], name: str, ends: tuple, number: int
) -> None:
    np.testing.assert_allclose(round_breaks(np.array(ends), number), r_values[f"pretty_{name}"], rtol=1e-12, atol=1e-12)


def test_units_of_round_breaks_are_those_of_r_pretty(r_values: dict[str, np.ndarray]) -> None:
    """sapply(1:60, function(n) diff(pretty(c(0, 1), n))[1])"""
    found = [np.diff(round_breaks(np.array([0.0, 1.0]), n))[0] for n in range(1, 61)]
    np.testing.assert_allclose(found, r_values["pretty_units"], rtol=1e-12)


def test_groups_join_categories() -> None:
    county = pd.Series(["01", "03", "12", "01"], name="county")
    assert classes_of(county, Groups({"east": ["01", "03"], "south": ["12", "13"]})) == [
        "east",
        "east",
        "south",
        "east",
    ]


def test_category_in_no_group() -> None:
    county = pd.Series(["01", "03", "12"], name="county")
    with pytest.raises(ValueError, match=r"Groups of county: in no group: '03', '12'; add each to a group"):
        coarsen(county, Groups({"east": ["01"]}))


def test_category_in_no_group_because_of_its_type() -> None:
    with pytest.raises(ValueError, match="the column holds int, the groups str"):
        coarsen(pd.Series([1, 3], name="county"), Groups({"east": ["1", "3"]}))


def test_category_in_two_groups() -> None:
    with pytest.raises(ValueError, match=r"Groups of county: category '03' is in both 'east' and 'south'"):
        coarsen(pd.Series(["03"], name="county"), Groups({"east": ["01", "03"], "south": ["03"]}))


@pytest.mark.parametrize("column", [["1", "2", "10", "1"], pd.Categorical([1, 2, 10, 1])], ids=["text", "categorical"])
@pytest.mark.parametrize("rule", [Exact(), Bins("sturges")], ids=["Exact", "Bins"])
def test_a_factor_that_looks_like_numbers_is_matched_as_a_factor(column, rule) -> None:
    """MatchIt #160: CEM took a factor for a number and stopped at "'from' must be finite"."""
    found = coarsen(pd.Series(column, name="education"), rule)
    assert len(set(found.codes)) == 3
    assert sorted(found.labels) == ["1", "10", "2"]
    assert found.breaks is None


@pytest.mark.parametrize("rule", [Cut([1, 2]), Bins(3), Quantiles(3)])
def test_a_factor_is_not_cut(rule) -> None:
    with pytest.raises(ValueError, match=r"education is categorical, not numeric, so .* use Exact or Groups"):
        coarsen(pd.Series(pd.Categorical([1, 2, 3]), name="education"), rule)


def test_text_one_and_number_one_are_different_values() -> None:
    found = coarsen(pd.Series([1, "1", 1], name="code", dtype=object), Exact())
    assert found.codes[0] == found.codes[2] != found.codes[1]
    assert len(set(found.labels)) == 2


@pytest.mark.parametrize("points", [[40, 30], [30, 30, 40]])
def test_cutpoints_out_of_order(points: list[float]) -> None:
    with pytest.raises(ValueError, match=r"cutpoints of age are out of order: .*; write them as \[30.0, 40.0\]"):
        coarsen(AGE, Cut(points))


@pytest.mark.parametrize("points", [[], [np.nan], ["thirty"], [30, np.inf]])
def test_cutpoints_that_are_not_numbers(points: list) -> None:
    with pytest.raises(ValueError, match="cutpoints of age must be"):
        coarsen(AGE, Cut(points))


@pytest.mark.parametrize("rule", [Exact(), Cut([30]), Bins(3), Quantiles(2)])
def test_missing_values_are_refused_unless_said_otherwise(rule) -> None:
    with pytest.raises(ValueError, match="age is missing in 1 of 3 rows; give its rule missing='class'"):
        coarsen(pd.Series([20, np.nan, 40], name="age"), rule)


@pytest.mark.parametrize(
    "rule", [Exact("class"), Cut([30], missing="class"), Bins(3, missing="class"), Quantiles(2, missing="class")]
)
def test_missing_values_as_a_class_of_their_own(rule) -> None:
    found = coarsen(pd.Series([20, np.nan, 40, None], name="age"), rule)
    assert found.labels[-1] == "missing"
    assert (found.codes == len(found.labels) - 1).tolist() == [False, True, False, True]


def test_missing_in_groups_is_a_class_not_an_unknown_category() -> None:
    found = classes_of(pd.Series(["01", None], name="county"), Groups({"east": ["01"]}, missing="class"))
    assert found == ["east", "missing"]


@pytest.mark.parametrize("rule", [Exact("class"), Bins(missing="class")])
def test_all_missing(rule) -> None:
    with pytest.raises(ValueError, match="income is missing for everyone; leave it out of the matching"):
        coarsen(pd.Series([np.nan, np.nan], name="income"), rule)


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "int8", "float32", "boolean"])
def test_nullable_and_small_types_are_numbers(dtype: str) -> None:
    column = pd.Series([0, 1, 1, 0], name="x").astype(dtype)
    assert coarsen(column, Cut([0.5])).codes.tolist() == [0, 1, 1, 0]
    assert coarsen(column, Exact()).codes.tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize("dtype", ["string", "string[pyarrow]", object, "category"])
def test_text_of_any_type_is_matched_alike(dtype) -> None:
    found = coarsen(pd.Series(["b", None, "a", "b"], name="x").astype(dtype), Exact("class"))
    assert found.labels == ("a", "b", "missing")
    assert found.codes.tolist() == [1, 2, 0, 1]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (30, "is not a rule"),
        (Cut([30], closed="both"), "closed='both' is unknown"),
        (Cut([30, 40], outside="drop"), "outside='drop' is unknown"),
        (Bins("rice"), "unknown rule 'rice'"),
        (Bins(0), "whole number of at least 1"),
        (Quantiles(2.5), "whole number of at least 1"),
        (Exact("drop"), "missing='drop' is unknown"),
        (Groups({}), "must be a mapping"),
        (Groups({"young": "20"}), "must be a list"),
        (Groups({"missing": [18]}), "'missing' is the class of missing values"),
    ],
)
def test_rules_that_make_no_sense(rule, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        coarsen(AGE, rule)


def test_infinite_values_have_no_range() -> None:
    with pytest.raises(ValueError, match="x holds infinite values"):
        coarsen(pd.Series([1.0, np.inf], name="x"), Bins(2))
