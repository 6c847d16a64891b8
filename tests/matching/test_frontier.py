"""The frontier: one row per coarsening, on the same measure."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matching_populations import simulated

from matching import Bins, Cut, Exact, cem, coarsening_grid, frontier
from matching.frontier import undominated

PEOPLE = simulated(1500, 4, effect=1.0)
GRID = coarsening_grid(
    {
        "age": {"wide": Cut([40]), "tens": Cut([30, 40, 50]), "exact": Exact()},
        "education": Exact(),
        "woman": {"left out": Bins(1), "exact": Exact()},
    }
)


def difference(sample) -> dict[str, float]:
    means = {arm: np.average(rows["y"], weights=rows["weight"]) for arm, rows in sample.data.groupby("treated")}
    return {"effect": means[1] - means[0]}


def test_grid_is_every_combination_by_name() -> None:
    assert list(GRID)[:2] == ["age wide, woman left out", "age wide, woman exact"]
    assert len(GRID) == 6
    assert all(list(coarsening) == ["age", "education", "woman"] for coarsening in GRID.values())
    assert list(coarsening_grid({"age": Exact()})) == ["only"]
    with pytest.raises(ValueError, match="choices of age: name at least one rule"):
        coarsening_grid({"age": {}})


def test_each_row_is_that_match() -> None:
    table = frontier(PEOPLE, "treated", GRID, variables=["age", "education", "woman"], measure=difference)
    assert table["coarsening"].tolist() == list(GRID)
    for row in table.itertuples():
        sample = cem(PEOPLE, "treated", GRID[row.coarsening])
        smd = sample.balance()["smd_after"].abs()
        assert (row.treated, row.controls) == tuple(sample.counts["matched"])
        assert row.effective_controls == pytest.approx(sample.counts.loc["controls", "effective"])
        assert row.largest_smd == pytest.approx(smd.max())
        assert row.l1 == pytest.approx(sample.l1.after)
        assert row.effect == difference(sample)["effect"]
    assert len(set(table["l1_before"])) == 1


def test_narrower_costs_people_and_gains_balance() -> None:
    table = frontier(PEOPLE, "treated", GRID).set_index("coarsening")
    wide, exact = table.loc["age wide, woman exact"], table.loc["age exact, woman exact"]
    assert wide["treated"] > exact["treated"]
    assert wide["l1"] > exact["l1"]
    assert wide["largest_smd_in"] == "age"


def test_a_coarsening_that_matches_nobody_is_a_row() -> None:
    people = PEOPLE.assign(row=range(len(PEOPLE)))
    table = frontier(people, "treated", {"none": {"row": Exact()}, "some": {"age": Exact()}}, variables=["age"])
    assert table["treated"].tolist()[0] == 0
    assert table["l1"].isna().tolist() == [True, False]
    with pytest.raises(ValueError, match="grid must name at least one"):
        frontier(people, "treated", {})


def test_undominated() -> None:
    people, imbalance = np.array([10, 20, 20, 5, 10]), np.array([0.1, 0.3, 0.4, 0.2, 0.1])
    assert undominated(people, imbalance).tolist() == [True, True, False, False, True]


def test_other_mistakes_are_not_swallowed() -> None:
    with pytest.raises(ValueError, match="no column named 'income'"):
        frontier(PEOPLE, "treated", {"a": {"income": Exact()}})
    with pytest.raises(ValueError, match="L1: no column named 'income'"):
        frontier(PEOPLE, "treated", {"a": {"age": Exact()}}, variables=["income"])
    assert isinstance(frontier(PEOPLE, "treated", {"a": {"age": Exact()}}), pd.DataFrame)
