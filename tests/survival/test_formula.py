"""Designs: sums of numbers and factors made directly are those formulaic makes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from survival import formula
from survival.formula import design, rebuild

PEOPLE = pd.DataFrame(
    {
        "age": [31, 45, 28, 60, 39],
        "woman": [True, False, True, True, False],
        "education": pd.Categorical(list("bacab"), categories=list("cabd")),  # nobody has d
        "office": pd.Categorical([10, 20, 20, 10, 30]),
        "only": pd.Categorical(["same"] * 5),
    }
)
NEW = pd.DataFrame({"age": [20.0, 50.0], "woman": [0, 1], "education": ["a", "c"], "office": [30, 10]})


@pytest.mark.parametrize(
    "right",
    [
        "education",
        "age + education",
        "education + woman + office",
        "age + only + education + age",
        "office + C(education)",
    ],
)
def test_factors_have_formulaics_columns(right: str) -> None:
    ours, theirs = design(right, PEOPLE), formula._built(right, PEOPLE)
    assert (ours.columns, ours.terms) == (theirs.columns, theirs.terms)
    np.testing.assert_array_equal(np.array(ours.values), np.array(theirs.values))
    if "only" not in right:
        np.testing.assert_array_equal(rebuild(ours, NEW), rebuild(theirs, NEW))


def test_a_level_nobody_had_counts_as_the_reference() -> None:
    made = design("age + education", PEOPLE)
    with pytest.warns(match="categories outside of the nominated levels"):
        assert rebuild(made, NEW.assign(education=["d", "a"])).tolist() == [[20, 0, 0], [50, 1, 0]]


def test_missing_levels_are_refused() -> None:
    gaps = PEOPLE.assign(education=PEOPLE["education"].where(PEOPLE["age"] > 30))
    with pytest.raises(ValueError, match=r"missing values in education \(1 of 5 rows\)"):
        design("age + education", gaps)


def test_new_rows_without_a_variable_are_refused() -> None:
    with pytest.raises(ValueError, match="`data` lacks education"):
        rebuild(design("age + education", PEOPLE), NEW[["age"]])
