"""Designs on simulated extracts whose true effect is none: what conditioning on the future does to controls.

docs/index-dates.md has the sizes, over many seeds; here one set of extracts shows the counts and the directions.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline import cohort, effects, load, match
from pipeline.config import Config, load_config
from pipeline.simulation import simulate, write_extracts
from pipeline.workspace import Run

pytestmark = pytest.mark.slow
PEOPLE = 4_000
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def config() -> Config:
    whole = load_config(ROOT / "config.yaml")
    headline = whole.outcome_names[0]
    return whole.model_copy(update={"outcomes": {headline: whole.outcomes[headline]}})


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory, config: Config) -> Path:
    base = tmp_path_factory.mktemp("simulated")
    write_extracts(simulate(PEOPLE, seed=3, effect="none"), base / "data" / "raw")
    loaded = base / "loaded"
    loaded.mkdir()
    load.run(Run(config, base, loaded, loaded, lambda line: None))
    return loaded


Shares = dict[str, Any]


@pytest.fixture(scope="module")
def shares(tmp_path_factory: pytest.TempPathFactory, tables: Path, config: Config) -> dict[str, Shares]:
    """By design: shares in work or studies at 12 months, the difference's standard error, and the flow."""
    designs = {
        "every month": {},
        "joiners left out": {"future_participants": "exclude"},
        "random month": {"control_index": "random_month"},
        "random month unweighted": {"control_index": "random_month", "index_weights": False},
    }
    return {name: evaluated(tmp_path_factory.mktemp("design"), tables, config, how) for name, how in designs.items()}


def evaluated(folder: Path, tables: Path, config: Config, design: dict[str, Any]) -> Shares:
    changed = config.model_copy(update={"population": config.population.model_copy(update=design)})
    cohort.run(Run(changed, folder, tables, folder, lambda line: None))
    rows = pd.read_parquet(folder / "cohort.parquet").assign(row=lambda people: range(len(people)))
    weights = folder / "censoring.parquet"
    censoring = pd.read_parquet(weights) if weights.exists() else None
    data = effects.follow_up(match.match(rows, changed).data, changed.outcome_names[0], censoring)
    at = effects.curves_of(data).at([365]).set_index("group")
    flow = pd.read_json(folder / "flow.json").set_index("step")
    return {
        "controls": 1 - at.loc[0, "survival"],
        "difference": at.loc[0, "survival"] - at.loc[1, "survival"],
        "error": (at["std_error"] ** 2).sum() ** 0.5,
        "flow": flow,
    }


def test_flow_has_the_people_of_the_simulation(shares: dict[str, Shares]) -> None:
    """Participants in proportion to 2,821 of 19,550; everyone else in the programme in Malmö never took part."""
    flow = shares["every month"]["flow"]
    participants = round(2_821 * PEOPLE / 19_550)
    assert flow.loc["eligible", "participants"] == participants
    assert flow.loc["outcome_not_reached", "controls"] == PEOPLE - participants


@pytest.mark.parametrize("design", ["every month", "random month"])
def test_no_effect_is_found_where_there_is_none(shares: dict[str, Shares], design: str) -> None:
    """Within three standard errors; one seed in about 370 would fail by chance, and the seed is fixed."""
    assert abs(shares[design]["difference"]) < 3 * shares[design]["error"]


def test_leaving_out_joiners_makes_controls_too_fast(shares: dict[str, Shares]) -> None:
    """1.5 points on average over seeds: those who never join are those who left early."""
    assert shares["joiners left out"]["controls"] > shares["every month"]["controls"] + 0.005


def test_a_random_month_without_its_weight_makes_controls_too_fast(shares: dict[str, Shares]) -> None:
    """Five points and more: short stays are drawn in the month they are in, long ones seldom."""
    assert shares["random month unweighted"]["controls"] > shares["every month"]["controls"] + 0.02
