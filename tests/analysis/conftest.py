"""A small evaluation that has been matched, for questions to its data; a light model, so that each answer is quick."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import yaml
from matched_project import COVARIATES, ROOT, Project

from pipeline import cli
from pipeline.config import load_config


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
