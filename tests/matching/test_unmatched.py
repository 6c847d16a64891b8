"""Treated without a match: who they are, and which variable would let them in."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from matching_populations import bounded, populations

from matching import Cut, Exact, NoMatchError, cem

PEOPLE = pd.DataFrame(
    {
        "treated": [1, 0, 1, 1, 1, 0, 1],
        "age": [25, 25, 35, 35, 45, 45, 55],
        "sex": ["w", "w", "w", "w", "w", "m", "w"],
    }
)
RULES = {"age": Cut([30, 40, 50]), "sex": Exact()}


def test_who_they_are_and_what_would_let_them_in() -> None:
    table = cem(PEOPLE, "treated", RULES).unmatched()
    described = table[["age", "sex", "people", "dropping", "widening"]].astype(str).to_numpy().tolist()
    assert described == [
        ["[30, 40)", "w", "2", "age", "age to (-inf, 30)"],  # two people first, then in the order of strata
        ["[40, 50)", "w", "1", "age, sex", ""],
        ["[50, inf)", "w", "1", "age", ""],
    ]


def test_controls_on_request() -> None:
    table = cem(PEOPLE, "treated", RULES).unmatched("controls")
    assert table[["sex", "people", "dropping", "widening"]].astype(str).to_numpy().tolist() == [["m", "1", "sex", ""]]
    with pytest.raises(ValueError, match="arm='both' is unknown"):
        cem(PEOPLE, "treated", RULES).unmatched("both")


def test_missing_is_next_to_no_class() -> None:
    people = PEOPLE.assign(age=PEOPLE["age"].where(PEOPLE["age"] < 50))
    table = cem(people, "treated", {"age": Cut([30, 40, 45], missing="class")}).unmatched()
    assert table.set_index("age")["widening"].astype(str).to_dict() == {
        "[30, 40)": "age to (-inf, 30)",
        "missing": "",
    }


def test_what_each_variable_costs() -> None:
    costs = cem(PEOPLE, "treated", RULES).costs().set_index("variable")
    assert costs.loc["age"].tolist() == [1, 5, 3, 2, 5]
    assert costs.loc["sex", ["matched", "if_dropped", "if_alone", "all"]].tolist() == [1, 2, 5, 5]
    assert costs.loc["sex"].isna()["if_widened"]


@bounded
@given(populations(20))
def test_dropping_a_variable_does_what_the_table_says(people: pd.DataFrame) -> None:
    """Each number and each remedy is checked by matching again without the variable."""
    rules = {"age": Cut([25, 30, 35, 40, 45, 50, 55]), "woman": Exact(), "place": Exact()}
    try:
        sample = cem(people, "treated", rules)
    except NoMatchError:
        return
    costs, unmatched = sample.costs().set_index("variable"), sample.unmatched()
    for variable in rules:
        without = cem(people, "treated", {v: r for v, r in rules.items() if v != variable})
        assert costs.loc[variable, "if_dropped"] == without.counts.loc["treated", "matched"]
        let_in = unmatched[[variable in names.split(", ") for names in unmatched["dropping"]]]
        assert let_in["people"].sum() == (without.matched & ~sample.matched & without.treated).sum()
        try:
            alone = cem(people, "treated", {variable: rules[variable]}).counts.loc["treated", "matched"]
        except NoMatchError:
            alone = 0
        assert costs.loc[variable, "if_alone"] == alone


def test_the_table_adds_up() -> None:
    rng = np.random.default_rng(2)
    people = pd.DataFrame(
        {"treated": rng.integers(0, 2, 200), "x": rng.integers(0, 90, 200), "z": rng.integers(0, 3, 200)}
    )
    sample = cem(people, "treated", {"x": Exact(), "z": Exact()})
    assert sample.unmatched()["people"].sum() == sample.counts.loc["treated", "unmatched"]
    assert sample.unmatched("controls")["people"].sum() == sample.counts.loc["controls", "unmatched"]
    numbers = sample.strata[["treated", "controls", "matched_treated", "matched_controls"]].sum()
    assert numbers.tolist() == [*sample.counts["all"], *sample.counts["matched"]]
