"""A small evaluation of simulated extracts, run through the stages once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline import cohort, load, match
from pipeline.config import Config, load_config
from pipeline.sensitivity import cohorts
from pipeline.simulation import simulate, write_extracts
from pipeline.workspace import Run

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Small:
    """`interim` holds what load, cohort and match wrote; `base` is the base cohort of the evaluation's own rules."""

    config: Config
    interim: Path
    folder: Path

    def base(self) -> cohorts.Base:
        return cohorts.read_base(self.folder, ("education", "years_in_sweden"), self.interim / "participants.parquet")

    def cohort_under(self, folder: Path, **population: object) -> Path:
        """The cohort stage under another rule."""
        assert self.config.population is not None
        folder.mkdir()
        changed = self.config.model_copy(update={"population": self.config.population.model_copy(update=population)})
        cohort.run(Run(changed, folder, self.interim, folder, lambda line: None))
        return folder / "cohort.parquet"


def small_config() -> Config:
    """config.yaml with its headline alone."""
    config = load_config(ROOT / "config.yaml")
    name = config.outcome_names[0]
    return config.model_copy(update={"outcomes": {name: config.outcomes[name]}, "subgroups": {}})


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    folder = tmp_path_factory.mktemp("sensitivity")
    interim, config = folder / "interim", small_config()
    interim.mkdir()
    write_extracts(simulate(900, seed=5), folder / "data" / "raw")
    for stage in (load, cohort, match):
        stage.run(Run(config, folder, interim, interim, lambda line: None))
    headline = config.outcome_names[0]
    outcomes = [headline, "excluding with_support"]
    cohorts.make_base(cohorts.base_config(config, outcomes), interim, folder / "base")
    return Small(config, interim, folder / "base")
