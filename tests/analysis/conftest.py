"""A small evaluation that has been matched, for questions to its data; a light model, so that each answer is quick."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline import cli
from pipeline.analysis.answer import answer
from pipeline.config import Config, load_config
from pipeline.question import Question
from pipeline.results import Analysis

ROOT = Path(__file__).parents[2]
COVARIATES = ["woman", "age", {"name": "education", "reference": "compulsory"}]


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with config.yaml, extracts and the outputs of the stages up to match."""

    folder: Path
    config: Config

    @property
    def interim(self) -> Path:
        return self.folder / "data/interim/jobb"

    def ask(self, *, curves: bool = False, minimum: int | None = None, **question: Any) -> Analysis:
        """The answer to a question; with another disclosure minimum, 1 for exact numbers."""
        config = self.config
        if minimum is not None:
            rule = config.disclosure.model_copy(update={"minimum_count": minimum})
            config = config.model_copy(update={"disclosure": rule})
        return answer(Question(**question), config, self.interim, curves=curves)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("analysts")
    settings = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    settings |= {"models": {"covariates": COVARIATES}, "costs": {"per_participant": 40_000}}
    settings["report"] = {"at": [183, 365], "horizon": 365}
    settings["matching"]["variables"].pop("start_month")
    (folder / "config.yaml").write_text(yaml.safe_dump(settings, allow_unicode=True, sort_keys=False), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert cli.run(["simulate", "--people", "2500", "--seed", "5"]) == 0
        assert cli.run(["match"]) == 0
    return Project(folder, load_config(folder / "config.yaml"))


@pytest.fixture
def utfall(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run the command in the project: exit status, what it printed, and its last words on stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.chdir(project.folder)
        capsys.readouterr()
        status = cli.run(list(arguments))
        said = capsys.readouterr()
        return status, said.out, said.err

    return run
