"""The stage as a whole: same bytes whatever the row order, refusals, ready cohorts."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from by_hand import Builder, Registers, configuration, with_both_arms

from pipeline import cohort
from pipeline.config import Config
from pipeline.errors import UserError
from pipeline.workspace import Run


@pytest.mark.parametrize("control_index", ["every_month", "random_month"])
def test_row_order_does_not_change_a_byte(build: Builder, control_index: str) -> None:
    registers = with_both_arms()
    for number in range(30):
        registers.in_job(f"c{number}", f"02-{number % 28 + 1:02d}")
    registers.started("c3", "04-20")
    shuffled = Registers()
    shuffled.rows = {name: random.Random(7).sample(rows, len(rows)) for name, rows in registers.rows.items()}
    folders = [build(tables, control_index=control_index).folder for tables in (registers, shuffled)]
    names = [sorted(path.name for path in folder.iterdir()) for folder in folders]
    assert names[0] == names[1]
    for name in names[0]:
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes(), name


@pytest.mark.parametrize(
    ("change", "arm", "step"),
    [
        ({"programme_categories": [71]}, "participants", "in_programme_at_start"),
        ({"municipality": "0180"}, "controls", "registered_in_municipality"),
        ({"intake": {"first": "2018-02-01", "last": "2018-04-30"}}, "participants", "started_in_intake"),
    ],
)
def test_nobody_left_names_the_step(build: Builder, change: dict[str, Any], arm: str, step: str) -> None:
    with pytest.raises(UserError) as raised:
        build(with_both_arms(), **change)
    assert f"no {arm} are left after the step '{step}'" in str(raised.value)


def ready(tmp_path: Path, people: pd.DataFrame, **cohort_section: Any) -> Path:
    """Run the stage on a ready cohort; the folder it wrote."""
    people.to_parquet(tmp_path / "cohort_input.parquet")
    config = Config.model_validate(
        {
            "evaluation": {"name": "ready", "title": "Ready"},
            "cohort": {
                "file": "people.csv",
                "treatment": {"column": "ui", "values": "yes"},
                "outcomes": {
                    "job": {
                        "label": "Job",
                        "time": "spell",
                        "event": {"column": "full"},
                        "destinations": {"part": {"column": "part"}, "other": {"column": "other"}},
                    }
                },
                **cohort_section,
            },
            "matching": {"variables": {"age": {"cut": [30]}}},
            "models": {"covariates": ["sex"]},
        }
    )
    out = tmp_path / "out"
    out.mkdir()
    cohort.run(Run(config, tmp_path, tmp_path, out, lambda line: None))
    return out


PEOPLE = pd.DataFrame(
    {
        "ui": ["yes", "no", "no", "yes"],
        "spell": [5, 7, 9, 2],
        "full": [1, 0, 0, 0],
        "part": [0, 1, 0, 0],
        "other": [0, 1, 0, 1],
        "age": [25, 41, 33, 52],
        "sex": ["man", "woman", "man", None],
    }
)


def test_ready_cohort_gets_our_columns(tmp_path: Path) -> None:
    built = pd.read_parquet(ready(tmp_path, PEOPLE) / "cohort.parquet")
    made = built[["person_id", "participant", "job_days", "job_event", "job_destination", "job_kind", "job_day_zero"]]
    assert made.to_numpy().tolist() == [
        ["1", 1, 5.0, 1, "job", "event", 0],
        ["2", 0, 7.0, 0, "part", "competing", 0],
        ["3", 0, 9.0, 0, None, None, 0],
        ["4", 1, 2.0, 0, "other", "competing", 0],
    ]
    assert built["index_date"].isna().all()
    assert set(built["index_weight"]) == {1.0}
    pd.testing.assert_frame_equal(built[list(PEOPLE)], PEOPLE)


def test_ready_cohort_flow_and_description(tmp_path: Path) -> None:
    out = ready(tmp_path, PEOPLE)
    flow = pd.read_json(out / "flow.json")
    assert flow["step"].tolist() == ["in_extract", "eligible"]
    assert flow[["participants", "controls", "participant_rows", "control_rows"]].to_numpy().tolist() == [[2] * 4] * 2
    description = pd.read_json(out / "description.json").set_index(["variable", "level"])
    assert description.loc[("sex", "man"), "share"] == 0.5
    assert description.loc[("sex", "missing"), "count"] == 1


def test_ready_cohort_with_several_rows_a_person(tmp_path: Path) -> None:
    """People are counted once; the key is text whatever it was."""
    out = ready(tmp_path, PEOPLE.assign(key=[11, 12, 12, 13]), person="key")
    flow = pd.read_json(out / "flow.json")
    assert flow[["participants", "controls", "control_rows"]].to_numpy().tolist() == [[2, 1, 2]] * 2
    assert pd.read_parquet(out / "cohort.parquet")["person_id"].tolist() == ["11", "12", "12", "13"]


def test_ready_cohort_with_a_column_of_our_name(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"people\.csv: the column 'job_event' has the name of one that is made here"):
        ready(tmp_path, PEOPLE.assign(job_event=0))


def test_treatment_column_may_be_called_participant(tmp_path: Path) -> None:
    people = PEOPLE.rename(columns={"ui": "participant"})
    out = ready(tmp_path, people, treatment={"column": "participant", "values": "yes"})
    assert pd.read_parquet(out / "cohort.parquet")["participant"].tolist() == [1, 0, 0, 1]


def test_configuration_without_months_is_refused() -> None:
    """The small configuration of these tests is itself checked: follow-up must go on after the intake."""
    with pytest.raises(ValueError, match="follow_up_to"):
        configuration(follow_up_to="2020-04-30")
