"""Strata, weights and the sample they make, on numbers small enough to do by hand."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from matching import Bins, Cut, Exact, NoMatchError, cem

# Two strata with both arms: young 2 treated and 1 control, old 1 treated and 3 controls. One stratum of treated only.
PEOPLE = pd.DataFrame(
    {
        "treated": [1, 1, 0, 1, 0, 0, 0, 1],
        "age": [20, 25, 28, 50, 55, 60, 52, 70],
        "sex": ["w", "w", "w", "m", "m", "m", "m", "w"],
        "y": [3.0, 5.0, 2.0, 10.0, 8.0, 9.0, 4.0, 99.0],
    },
    index=list("abcdefgh"),
)
COARSENING = {"age": Cut([30]), "sex": Exact()}


def weights_of(sample) -> dict[str, float]:
    return sample.data["weight"].to_dict()


def test_att_weights_by_hand() -> None:
    """A control in s gets (n1s/n0s)(N0/N1): 2/1 x 4/3 among the young, 1/3 x 4/3 among the old."""
    sample = cem(PEOPLE, "treated", COARSENING)
    expected = {"a": 1, "b": 1, "c": 8 / 3, "d": 1, "e": 4 / 9, "f": 4 / 9, "g": 4 / 9}
    assert weights_of(sample) == pytest.approx(expected, abs=1e-15)


def test_atc_weights_by_hand() -> None:
    """A treated in s gets (n0s/n1s)(N1/N0)."""
    sample = cem(PEOPLE, "treated", COARSENING, estimand="ATC")
    expected = {"a": 3 / 8, "b": 3 / 8, "c": 1, "d": 9 / 4, "e": 1, "f": 1, "g": 1}
    assert weights_of(sample) == pytest.approx(expected, abs=1e-15)


def test_ate_weights_by_hand() -> None:
    """An arm in s gets (ns/nas)(Na/N)."""
    sample = cem(PEOPLE, "treated", COARSENING, estimand="ATE")
    expected = {"a": 9 / 14, "b": 9 / 14, "c": 12 / 7, "d": 12 / 7, "e": 16 / 21, "f": 16 / 21, "g": 16 / 21}
    assert weights_of(sample) == pytest.approx(expected, abs=1e-15)


def test_base_weights_enter_the_stratum_totals_by_hand() -> None:
    """Controls of weight 3, 1, 1, 2: W0 is 3 among the young and 4 among the old, who are to weigh 2 : 1."""
    base = pd.Series([1, 1, 3, 1, 1, 1, 2, 1.0], index=PEOPLE.index)
    sample = cem(PEOPLE, "treated", COARSENING, weights=base)
    scale = 4 / 3  # so that control weights sum to the four matched control rows
    expected = {"a": 1, "b": 1, "c": 2 * scale, "d": 1, "e": scale / 4, "f": scale / 4, "g": scale / 2}
    assert weights_of(sample) == pytest.approx(expected, abs=1e-15)
    assert sample.weights.loc["controls", "sum"] == pytest.approx(4, abs=1e-14)


def test_treated_keep_their_base_weight() -> None:
    base = [2, 1, 1, 4, 1, 1, 1, 1]
    sample = cem(PEOPLE.assign(months=base), "treated", COARSENING, weights="months")
    assert [weights_of(sample)[i] for i in "abd"] == [2, 1, 4]
    assert weights_of(sample)["c"] == pytest.approx(4 / 7 * 3)
    assert weights_of(sample)["e"] == pytest.approx(4 / 7 * 4 / 3)


@pytest.mark.parametrize("estimand", ["ATT", "ATC", "ATE"])
def test_base_weights_of_one_change_nothing(estimand: str) -> None:
    plain, weighted = (cem(PEOPLE, "treated", COARSENING, estimand, weights=w) for w in (None, np.ones(8)))
    np.testing.assert_array_equal(plain.weight, weighted.weight)


def test_data_are_the_matched_rows_as_given() -> None:
    sample = cem(PEOPLE, "treated", COARSENING)
    assert list(sample.data.columns) == [*PEOPLE.columns, "stratum", "weight"]
    pd.testing.assert_frame_equal(sample.data[PEOPLE.columns], PEOPLE.loc[list("abcdefg")])
    assert sample.data.groupby("stratum").size().tolist() == [3, 4]
    assert "weight" not in PEOPLE.columns


def test_counts_and_weights_in_the_result() -> None:
    sample = cem(PEOPLE, "treated", COARSENING)
    assert sample.counts.loc["treated"].tolist() == [4, 3, 1, 3, 2]
    assert sample.counts.loc["controls", ["all", "matched", "unmatched", "strata"]].tolist() == [4, 4, 0, 2]
    kish = 4**2 / ((8 / 3) ** 2 + 3 * (4 / 9) ** 2)
    assert sample.counts.loc["controls", "effective"] == pytest.approx(kish)
    assert "W1s/W0s" in sample.formula


def test_strata_table() -> None:
    """MatchIt #83, #97, #155: weights that "look wrong" can be followed stratum by stratum."""
    table = cem(PEOPLE, "treated", COARSENING).strata
    young = table[(table["age"] == "(-inf, 30)")].iloc[0]
    assert young[["treated", "controls", "weight_treated", "weight_controls"]].tolist() == [2, 1, 1, 8 / 3]
    left_out = table[table["controls"] == 0].iloc[0]
    assert left_out[["age", "sex", "matched_treated", "weight_treated"]].tolist() == ["[30, inf)", "w", 0, 0]
    assert (table["weight_controls"] * table["matched_controls"]).sum() == pytest.approx(4)


def test_weights_of_a_stratum() -> None:
    sample = cem(PEOPLE, "treated", COARSENING)
    assert sample.stratum_weights(sample.data.loc["c", "stratum"]) == pytest.approx((1, 8 / 3))


def test_weights_of_a_dropped_stratum() -> None:
    sample = cem(PEOPLE, "treated", COARSENING)
    dropped = int(sample.strata.query("controls == 0")["stratum"].iloc[0])
    message = (
        rf"stratum {dropped} \(age \[30, inf\), sex w\) was left out .* leaving out one of age, sex would let it in"
    )
    with pytest.raises(ValueError, match=message):
        sample.stratum_weights(dropped)
    with pytest.raises(ValueError, match="there is no stratum 17"):
        sample.stratum_weights(17)


def test_the_classes_used_are_recorded_and_printed() -> None:
    sample = cem(PEOPLE, "treated", {"age": Bins(2), "sex": Exact()})
    assert sample.classes["age"].breaks == (45.0,)
    text = repr(sample)
    assert "age: [20, 45) | [45, 70]" in text
    assert "sums of weights: treated 3, controls 4" in text
    assert "1 strata hold treated only" in text
    table = sample.coarsening_table().set_index(["variable", "class"])
    assert table.loc[("sex", "w")].tolist() == [3, 1, 2, 1]


def test_more_cells_than_an_integer_can_number() -> None:
    """Sixteen variables of twenty classes: 20^16 > 2^63, yet the strata are those of the rows' combinations."""
    rng = np.random.default_rng(3)
    wide = pd.DataFrame(rng.integers(0, 20, (400, 16)), columns=[f"x{j}" for j in range(16)])
    people = pd.concat([wide, wide], ignore_index=True).assign(treated=np.repeat([0, 1], 400))
    sample = cem(people, "treated", {c: Exact() for c in wide})
    assert sample.counts["matched"].tolist() == [400, 400]
    cells = sample.cells.classes
    assert (np.lexsort(cells.T[::-1]) == np.arange(len(cells))).all()  # numbered in the order of their classes
    combinations = pd.Series(list(wide.itertuples(index=False)) * 2)
    assert combinations.groupby(sample.cells.cell).agg(lambda rows: len(set(rows))).max() == 1
    assert combinations.nunique() == len(sample.strata)


# --- errors: what is wrong, where, what to do ------------------------------------------------------------------------


def refused(
    message: str, people: pd.DataFrame = PEOPLE, treatment: str = "treated", coarsening=None, **options
) -> None:
    with pytest.raises(ValueError, match=message):
        cem(people, treatment, COARSENING if coarsening is None else coarsening, **options)


def test_no_match_names_the_variable_that_removes_most() -> None:
    """IQSS/cem #22 and lewisbails/cem #3: no matches gave NaN or KeyError."""
    people = PEOPLE.assign(id=range(8))
    with pytest.raises(NoMatchError, match=r"id alone removes most: without it 3 of 4 treated .* Widen its classes"):
        cem(people, "treated", {**COARSENING, "id": Exact()})


def test_no_match_when_no_single_variable_is_to_blame() -> None:
    people = PEOPLE.assign(id=range(8), number=range(8))
    with pytest.raises(NoMatchError, match="leaving out one variable is not enough; id removes most"):
        cem(people, "treated", {"sex": Exact(), "id": Exact(), "number": Exact()})


def test_a_variable_that_removes_most_is_noted() -> None:
    people = PEOPLE.assign(place=[1, 2, 3, 4, 5, 6, 4, 7])
    sample = cem(people, "treated", {"sex": Exact(), "place": Exact()})
    assert sample.notes == (
        "place alone removes 3 of 4 treated: 1 are matched, 4 would be without it; consider wider classes",
    )


def test_the_note_counts_the_arm_the_estimand_is_about() -> None:
    people = pd.DataFrame({"treated": [1, 0, 0, 0, 0, 0, 0], "place": [1, 1, 2, 3, 4, 5, 6], "sex": "w"})
    rules = {"place": Exact(), "sex": Exact()}
    assert cem(people, "treated", rules, "ATT").notes == ()
    assert cem(people, "treated", rules, "ATC").notes[0].startswith("place alone removes 5 of 6 controls")


def test_treatment_with_one_value() -> None:
    refused(r"treatment 'treated' has one value only: there are no controls \(0\)", PEOPLE[PEOPLE["treated"] == 1])
    refused(r"treatment 'treated' has one value only: there are no treated \(1\)", PEOPLE[PEOPLE["treated"] == 0])


def test_treatment_that_is_not_zero_and_one() -> None:
    refused(
        "treatment 'age' must hold 0 for controls and 1 for treated, got 20, 25",
        treatment="age",
        coarsening={"sex": Exact()},
    )
    refused(
        "treatment 'treated' is missing in 1 rows", PEOPLE.assign(treated=PEOPLE["treated"].where(PEOPLE["age"] > 20))
    )


def test_a_variable_all_missing() -> None:
    refused("age is missing for everyone", PEOPLE.assign(age=np.nan))


def test_columns_that_are_not_there_or_taken() -> None:
    refused("no column named 'income'", coarsening={"income": Exact()})
    refused("already has a column named 'weight'; rename it", PEOPLE.assign(weight=1))
    refused("several columns named 'age'", pd.concat([PEOPLE, PEOPLE["age"]], axis=1))
    refused("cannot be matched on", coarsening={"treated": Exact()})
    refused("must name at least one variable", coarsening={})


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("nothing", "no column named 'nothing'"),
        ("sex", "column 'sex' is not numeric"),
        ([1.0, 2.0], r"weights: \(2,\) does not fit 8 rows"),
        ([1, 1, 0, 1, 1, 1, np.nan, 1], "must be positive and finite; 2 rows are not"),
        ([1, 1, 0, 1, 1, 1, 1, 1], "must be positive and finite; 1 rows are not"),
        (pd.Series(np.ones(8)), "another index than people"),
    ],
)
def test_base_weights_that_do_not_fit(weights, message: str) -> None:
    refused(message, weights=weights)


def test_unknown_estimand() -> None:
    refused("estimand='LATE' is unknown", estimand="LATE")


def test_importing_is_cheap() -> None:
    """No plotting, no regression library until one is asked for."""
    code = "import sys, matching; print([m for m in ('matplotlib', 'statsmodels', 'scipy') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
