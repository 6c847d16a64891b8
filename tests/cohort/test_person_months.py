"""The person-months among which one was drawn, kept for classes and groups other than the configured."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from by_hand import Builder, Built
from test_stratum_totals import everyone

import matching
from pipeline.stratum_totals import MONTHS, TOTAL, read_months, totals_among, with_totals_among

CLASSES = {"start_month": matching.Exact(missing="class"), "woman": matching.Exact(missing="class")}
WITHOUT_MONTH = {"woman": matching.Exact(missing="class")}


@pytest.fixture(scope="module")
def built(build: Builder) -> Built:
    return build(everyone(), control_index="random_month")


def test_every_month_of_every_control_is_kept(built: Built) -> None:
    months = read_months(built.folder)
    assert months is not None
    assert months.groupby("person_id").size().to_dict() == {"a": 3, "b": 3, "c": 2, "d": 1, "man": 3}
    assert (months["participant"] == 0).all()
    controls = built.cohort[built.cohort["participant"] == 0]
    size = months.groupby("person_id").size()
    assert controls["index_weight"].tolist() == size[controls["person_id"]].tolist()


@pytest.mark.parametrize(
    "design",
    [
        {"control_index": "every_month"},
        {"control_index": "first_month"},
        {"control_index": "random_month", "index_weights": False},
    ],
)
def test_other_designs_keep_none(build: Builder, design: dict[str, object]) -> None:
    other = build(everyone(), **design)
    assert not (other.folder / MONTHS).exists()
    assert with_totals_among(other.cohort, read_months(other.folder), CLASSES) is other.cohort


def test_totals_under_the_configured_classes_are_the_engines(built: Built) -> None:
    again = with_totals_among(built.cohort.drop(columns=TOTAL), read_months(built.folder), CLASSES)
    assert again[TOTAL].isna().tolist() == (built.cohort["participant"] == 1).tolist()
    np.testing.assert_allclose(again[TOTAL], built.cohort[TOTAL], rtol=1e-12)


def test_totals_under_wider_classes(built: Built) -> None:
    """Without the month every woman is sure to be drawn somewhere: the total is all 9 person-months of women."""
    found = with_totals_among(built.cohort, read_months(built.folder), WITHOUT_MONTH)
    controls = found[found["participant"] == 0].set_index("person_id")
    assert controls.loc["man", TOTAL] == 3
    assert (controls.drop("man")[TOTAL] == 9).all()


def test_totals_inside_a_group_are_right_on_average_over_all_draws() -> None:
    """A group that holds some of a person's months: given that it is not empty, weights over total sum to one."""
    months = pd.DataFrame(
        {
            "person_id": list("aaabbcdd"),
            "start_month": ["1", "2", "3", "1", "3", "3", "2", "3"],
            "older": [0, 0, 1, 1, 1, 0, 0, 1],
            "x": 1,
        }
    )
    inside = months["older"] == 1
    totals = totals_among(months, {"x": matching.Exact()}, inside)
    assert totals.index.tolist() == [2, 3, 4, 7]
    assert (totals == totals.iloc[0]).all()
    weight = months.groupby("person_id")["x"].transform("size").to_numpy()
    own = [np.flatnonzero(months["person_id"] == person) for person in "abcd"]
    sums = [
        sum(weight[row] for row in draw if inside[row]) / totals.iloc[0]
        for draw in itertools.product(*own)
        if any(inside[row] for row in draw)
    ]
    assert np.mean(sums) == pytest.approx(1)
