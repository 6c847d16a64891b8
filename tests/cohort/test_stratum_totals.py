"""Stratum totals when one month is drawn per person."""

from __future__ import annotations

import itertools

import ibis
import numpy as np
import pandas as pd
import pytest
from by_hand import Builder, Built, Registers, configuration

import matching
from matching.coarsen import coarsen
from pipeline import match
from pipeline.classes import class_columns
from pipeline.config import Config, Cut, Groups
from pipeline.stratum_totals import expected_totals, use_expected_totals

MATCHING = {"start_month": "exact", "woman": "exact"}


def everyone() -> Registers:
    """a has all three months, b and c the last two, d the last; a man with three; a participant in March and April."""
    r = Registers()
    for key, start in (("a", "2019-06-01"), ("b", "02-29"), ("c", "03-05"), ("d", "04-10")):
        r.in_job(key, start)
    r.person("man", sex="man")
    r.registered("man", "2019-01-01")
    r.category("man", "70", "2019-06-01")
    for key, start in (("P", "03-10"), ("Q", "04-10")):
        r.in_job(key, start)
        r.started(key, start)
    return r


@pytest.fixture(scope="module")
def built(build: Builder) -> Built:
    return build(everyone(), control_index="random_month")


def test_totals_by_hand(built: Built) -> None:
    """b enters on the last of February, so a and b have three months, c two and d one.

    February holds a and b: 2 person-months, drawn with chance 1 - (2/3)(2/3). March a, b, c: 1 - (2/3)(2/3)(1/2).
    April also d, whose only month it is: somebody is drawn for sure. The man is alone in his strata.
    """
    women = {"2020-02": 2 / (1 - 4 / 9), "2020-03": 3 / (1 - 2 / 9), "2020-04": 4.0}
    controls = built.cohort[built.cohort["participant"] == 0]
    for row in controls.itertuples():
        expected = 1 / (1 - 2 / 3) if row.person_id == "man" else women[row.start_month]
        assert row.index_total == pytest.approx(expected, abs=1e-8)
    assert built.cohort.loc[built.cohort["participant"] == 1, "index_total"].isna().all()


def test_several_months_of_a_person_in_one_stratum() -> None:
    """Without the month among the variables: two people with 3 of 3 and 2 of 4 months, one with 1 of 4 elsewhere."""
    counts = pd.DataFrame(
        {"class_x": ["here", "here", "there"], "within": [3, 2, 1], "months": [3, 4, 4], "people": [1, 1, 2]}
    )
    totals = expected_totals(counts).set_index("class_x")["index_total"]
    assert totals["here"] == 5
    assert totals["there"] == pytest.approx(2 / (1 - (3 / 4) ** 2))


@pytest.mark.parametrize("stratum", ["2020-02", "2020-03", "2020-04"])
def test_weighted_mean_is_right_on_average_over_all_draws(stratum: str) -> None:
    """Every draw of one month for four people, each as likely: given that the stratum is not empty, the weights over
    its expected total sum to one on average, and the weighted mean of any trait is that of its person-months."""
    months = {
        "a": ["2020-02", "2020-03", "2020-04"],
        "b": ["2020-02", "2020-04"],
        "c": ["2020-04"],
        "d": ["2020-03", "2020-04"],
    }
    trait = {"a": 0.1, "b": 0.5, "c": 0.9, "d": 0.3}
    counts = [
        {"class_month": month, "within": 1, "months": len(own), "people": 1} for own in months.values() for month in own
    ]
    total = expected_totals(pd.DataFrame(counts)).set_index("class_month").loc[stratum, "index_total"]
    sums, means = [], []
    for draw in itertools.product(*months.values()):
        inside = [person for person, month in zip(months, draw, strict=True) if month == stratum]
        if inside:
            sums.append(sum(len(months[person]) for person in inside) / total)
            means.append(sum(len(months[person]) * trait[person] for person in inside) / total)
    assert np.mean(sums) == pytest.approx(1)
    assert np.mean(means) == pytest.approx(np.mean([trait[person] for person in months if stratum in months[person]]))


@pytest.mark.parametrize("design", [{"control_index": "every_month"}, {"control_index": "first_month"}])
def test_other_designs_have_no_totals(build: Builder, design: dict[str, str]) -> None:
    assert "index_total" not in build(everyone(), **design).cohort


def test_no_totals_without_index_weights(build: Builder) -> None:
    assert "index_total" not in build(everyone(), control_index="random_month", index_weights=False).cohort


PEOPLE = pd.DataFrame(
    {
        "person_id": list("abcdefg"),
        "participant": [1, 1, 0, 0, 0, 0, 0],
        "stratum_is": ["x", "y", "x", "x", "y", "z", "x"],
        "index_weight": [1.0, 1.0, 2.0, 4.0, 3.0, 1.0, 1.0],
        "index_total": [np.nan, np.nan, 10.0, 10.0, 6.0, 2.0, 10.0],
    }
)


@pytest.mark.parametrize("estimand", ["ATT", "ATC", "ATE"])
def test_weights_use_the_expected_totals(estimand: str) -> None:
    """ATT: index weight over expected total, times the stratum's participants, scaled to the four matched controls."""
    plain = matching.cem(
        PEOPLE, "participant", {"stratum_is": matching.Exact()}, estimand=estimand, weights="index_weight"
    )
    sample = use_expected_totals(plain)
    weight = sample.data.set_index("person_id")["weight"]
    if estimand == "ATT":
        raw = np.array([2 / 10, 4 / 10, 3 / 6, 1 / 10])
        assert weight[["c", "d", "e", "g"]].to_numpy() == pytest.approx(raw * 4 / raw.sum())
        assert weight[["a", "b"]].tolist() == [1, 1]
    if estimand == "ATC":
        assert weight[["c", "d", "e", "g"]].tolist() == [2, 4, 3, 1]
        assert weight[["a", "b"]].to_numpy() == pytest.approx(np.array([10, 6]) / 8)
    arms = weight.groupby(sample.data.set_index("person_id")["participant"]).sum()
    assert arms[1] == pytest.approx(2)
    assert sample.weight[sample.matched] == pytest.approx(sample.data["weight"])
    assert sample.notes[-1].startswith("controls' stratum totals are eligible person-months")


def test_sample_without_totals_is_left_alone() -> None:
    people = PEOPLE.drop(columns="index_total")
    sample = matching.cem(people, "participant", {"stratum_is": matching.Exact()}, weights="index_weight")
    assert use_expected_totals(sample) is sample


def test_matching_stage_uses_them(build: Builder) -> None:
    """In March and April participants meet women drawn there; whoever is there weighs index weight over total."""
    content = configuration(control_index="random_month").model_dump(by_alias=True, exclude_none=True)
    config = Config.model_validate({**content, "matching": {"variables": MATCHING}})
    cohort = build(everyone(), config).cohort
    data = match.match(cohort, config).data
    controls = data[data["participant"] == 0]
    ratio = controls["weight"] / (controls["index_weight"] / controls["index_total"])
    assert len(controls) > 0
    assert ratio.to_numpy() == pytest.approx(ratio.iloc[0])


def test_engine_classes_are_those_of_the_matching_library() -> None:
    """Same partition of rows, missing values apart, for each kind of rule."""
    rows = pd.DataFrame(
        {
            "age": [20.0, 29.9, 30.0, 44.0, 45.0, None],
            "education": ["compulsory", "unknown", "upper_secondary", "post_secondary", "compulsory", None],
            "woman": [0, 1, 1, 0, None, 1],
        }
    )
    groups = {"low": ["compulsory", "unknown"], "more": ["upper_secondary", "post_secondary"]}
    rules = {"age": Cut(cut=[30, 45]), "education": Groups(groups=groups), "woman": "exact"}
    library = {
        "age": matching.Cut([30, 45], missing="class"),
        "education": matching.Groups(groups, missing="class"),
        "woman": matching.Exact(missing="class"),
    }
    table = ibis.memtable(rows)
    ours = table.select(**class_columns(table, rules)).to_pandas()
    for name, rule in library.items():
        theirs = coarsen(rows[name], rule).codes
        assert pd.Series(theirs).groupby(ours[f"class_{name}"].to_numpy()).nunique().eq(1).all()
        assert ours[f"class_{name}"].nunique() == len(set(theirs))
