"""Formulas that multiply variables: what a row is called, what its ratio holds for, and what it rests on."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from matched_project import Project

from pipeline import effects, regression
from pipeline.config import Models
from pipeline.few_events import fewest_events

# People with the event, in the cells of participant (1, 0) and woman (1, 0).
CELLS = {(1, 1): 3, (1, 0): 12, (0, 1): 20, (0, 0): 40}


def reached(cells: dict[tuple[int, int], int]) -> pd.DataFrame:
    rows = [(p, w) for (p, w), people in cells.items() for _ in range(people)]
    frame = pd.DataFrame(rows, columns=["participant", "woman"])
    return frame.assign(person_id=range(len(frame)), age=30 + frame.index % 7)


@pytest.mark.parametrize(
    ("term", "fewest"),
    [
        (("participant", "woman"), 3),  # compares all four cells
        (("participant",), 12),  # among men
        (("woman",), 20),  # among controls
        (("age",), None),
        (("bs(age, df=3): 1",), None),
    ],
)
def test_a_product_rests_on_its_smallest_cell(term: tuple[str, ...], fewest: int | None) -> None:
    assert fewest_events(reached(CELLS), "person_id", term, [("participant", "woman")]) == fewest


def test_a_part_is_compared_where_the_others_are_at_their_reference() -> None:
    few_men = reached(CELLS | {(1, 1): 50, (1, 0): 2})
    assert fewest_events(few_men, "person_id", ("participant",), [("participant", "woman")]) == 2
    assert fewest_events(few_men, "person_id", ("participant",), []) == 52


def test_a_product_about_few_people_is_withheld(project: Project) -> None:
    rows = effects.follow_up(pd.read_parquet(project.interim / "matched.parquet"), "work_or_studies").rows
    reached = rows[(rows["event"] == 1) & (rows["woman"] == 1) & (rows["age"] < 45)]
    own = reached[(reached["participant"] == 1) & (reached["sickness_benefit"] == 1)]
    assert 0 < own["person_id"].nunique() < 10
    formula = "age + sickness_benefit + participant:sickness_benefit"
    (model,) = project.ask(where="woman and age < 45", model=formula).groups["everyone"].models.values()
    found = {term.term: term.hazard_ratio for term in model.terms}
    assert found["participant:sickness_benefit"] is None
    assert found["participant"] is not None
    (model,) = project.ask(where="woman and age < 45", model=formula, minimum=1).groups["everyone"].models.values()
    assert all(term.hazard_ratio is not None for term in model.terms)


def test_levels_of_a_product_and_splines_are_shown_where_people_are_many(project: Project) -> None:
    rows = effects.follow_up(pd.read_parquet(project.interim / "matched.parquet"), "work_or_studies").rows
    rows = rows.assign(half=np.where(rows["age"] < 40, "young", "old"))
    models = Models.model_validate({"covariates": ["C(half)", "woman", "C(half):woman", "bs(age, df=3)"]})
    model = regression.model_of(regression.fit_full(rows, models))
    crossed = next(term for term in model.terms if term.factor == "half:woman")
    assert crossed.level is None
    assert crossed.fewest_events > 50
    assert {term.fewest_events for term in model.terms if term.factor.startswith("bs(")} == {None}


def test_readers_are_told_what_a_product_is(utfall) -> None:
    status, out, err = utfall("subgroup", "--model", "participant*woman + age", "--language", "sv")
    assert status == 0, err
    assert "Deltagare × kvinna  " in out
    assert "Hazardkvoten beror enligt formeln på kvinna, och gäller där sådana variabler är 0 eller på sin" in out
    assert "× visar hur många gånger större den ena variabelns kvot är" in out
    status, out, _ = utfall("subgroup", "--model", "C(education)*woman + age")
    assert "Education: post-secondary × woman  " in out
    assert "By the formula the hazard ratio depends" not in out


def test_the_columns_of_a_function_stand_together_and_are_said_to_be_a_whole(utfall) -> None:
    formula = "bs(age, df=3) + poly(months_registered, 2) + woman"
    status, out, err = utfall("subgroup", "--model", formula)
    assert status == 0, err
    rows = [line.split("  ")[0] for line in out.splitlines() if re.match(r"(bs|poly)\(", line)]
    assert rows == [*(f"bs(age, df=3): {i}" for i in (1, 2, 3)), *(f"poly(months_registered, 2): {i}" for i in (1, 2))]
    assert "The numbered rows of bs(age, df=3) and poly(months_registered, 2) belong together" in out
    _, out, _ = utfall("subgroup", "--model", "woman + log(age)")
    assert "belong together" not in out


def test_groups_are_tested_beside_a_formula_unless_it_tells_them_apart(utfall) -> None:
    ask = ("subgroup", "--by", "sex", "--interaction", "--model")
    status, out, err = utfall(*ask, "participant*age + bs(months_registered, df=3)")
    assert status == 0, err
    assert "Test that the hazard ratio is the same at all levels of sex: " in out
    status, out, err = utfall(*ask, "participant*woman + age")
    assert (status, out) == (2, "")
    assert "--interaction: no group's ratio can be tested" in err
