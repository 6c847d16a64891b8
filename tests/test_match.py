"""The match stage: what it writes, and faults that name the configuration."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.config import Config
from pipeline.errors import UserError
from pipeline.match import run
from pipeline.workspace import Run


def config(**changes: object) -> Config:
    content: dict = {
        "evaluation": {"name": "x", "title": "x"},
        "cohort": {
            "file": "x.csv",
            "treatment": {"column": "t"},
            "outcomes": {"work": {"label": "Work", "time": "d", "event": {"column": "e"}}},
        },
        "matching": {"variables": {"age": {"cut": [40]}, "sex": "exact"}, "balance": ["age", "sex"]},
    }
    return Config.model_validate(content | changes)


@pytest.fixture
def cohort() -> pd.DataFrame:
    """Two strata with both arms, one with participants only; the control `d` serves in two months."""
    return pd.DataFrame(
        {
            "person_id": list("abcddef"),
            "participant": [1, 1, 0, 0, 0, 1, 0],
            "age": [30, 50, 35, 36, 36, 50, 52],
            "sex": ["w", "w", "w", "w", "w", "m", "w"],
            "index_weight": 1.0,
        }
    )


def match(cohort: pd.DataFrame, settings: Config, folder: Path) -> tuple[pd.DataFrame, dict]:
    cohort.to_parquet(folder / "cohort.parquet")
    run(Run(settings, folder, folder, folder, lambda line: None))
    return pd.read_parquet(folder / "matched.parquet"), json.loads((folder / "match.json").read_text())


def test_people_are_counted_once_and_strata_weighted(cohort, tmp_path):
    matched, summary = match(cohort, config(), tmp_path)
    counts = summary["matching"]
    assert (counts["participants"], counts["participants_matched"]) == (3, 2)
    assert (counts["controls"], counts["controls_matched"], counts["control_rows_matched"]) == (3, 3, 4)
    assert counts["strata"] == 2
    weights = matched.set_index("row")["weight"]
    # Stratum (under 40, w): 1 participant, 3 control rows; (40 and over, w): 1 and 1; scale 4 rows / 2 participants.
    np.testing.assert_allclose(weights.loc[[2, 3, 4]], (1 / 3) * 2)
    assert weights.loc[6] == pytest.approx(2)
    assert weights.loc[[0, 1]].tolist() == [1, 1]


def test_classes_and_the_variable_that_leaves_someone_out_are_described(cohort, tmp_path):
    _, summary = match(cohort, config(), tmp_path)
    young = next(c for c in summary["matching"]["classes"] if c["variable"] == "age" and "40" in c["level"])
    assert (young["participants"], young["controls"]) == (1, 2)
    left_out = {u["variable"]: u["participants"] for u in summary["matching"]["unmatched"]}
    assert left_out == {"age": 0, "sex": 1}


def test_a_randomised_evaluation_keeps_everyone(cohort, tmp_path):
    settings = config(matching="none", models={"covariates": ["age"]})
    matched, summary = match(cohort, settings, tmp_path)
    assert summary["matching"] is None
    assert len(matched) == len(cohort)
    assert (matched["weight"] == 1).all()
    assert summary["balance"]["before"] == summary["balance"]["after"]
    assert summary["balance"]["before"][0]["participants"] == pytest.approx(130 / 3)


def test_unknown_variables_are_told_together(cohort, tmp_path):
    settings = config(matching={"variables": {"agee": "exact", "sx": "exact"}})
    with pytest.raises(UserError) as error:
        match(cohort, settings, tmp_path)
    assert [fault.what for fault in error.value.faults] == [
        "the cohort has no column 'agee'.",
        "the cohort has no column 'sx'.",
    ]
    assert not (tmp_path / "matched.parquet").exists()


def test_no_match_at_all_names_the_variable(cohort, tmp_path):
    lonely = cohort.assign(sex=np.where(cohort["participant"] == 1, "m", "w"))
    with pytest.raises(UserError, match="sex"):
        match(lonely, config(), tmp_path)
