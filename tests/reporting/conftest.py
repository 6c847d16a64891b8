"""One report of the matched evaluation and one of the randomised, written once for all tests that read them."""

from __future__ import annotations

import json

import pytest
from make_results import jobb, ready
from written import ACCOUNT, ROOT, Report

from pipeline.config import Config, load_config
from pipeline.disclosure import Policy, protect, protect_account
from pipeline.report import run as run_stage
from pipeline.report import write_report
from pipeline.reporting.material import Material
from pipeline.reporting.words import Words
from pipeline.results import Results, write_results
from pipeline.workspace import Run


@pytest.fixture(scope="session")
def config() -> Config:
    return load_config(ROOT / "config.yaml")


@pytest.fixture(scope="session")
def results() -> Results:
    """The matched evaluation, unprotected."""
    return jobb()


@pytest.fixture(scope="session")
def protected(results: Results) -> Results:
    return protect(results, Policy.of(load_config(ROOT / "config.yaml")))


@pytest.fixture(scope="session")
def report(results: Results, config: Config, tmp_path_factory: pytest.TempPathFactory) -> Report:
    interim, folder = tmp_path_factory.mktemp("interim"), tmp_path_factory.mktemp("jobb")
    write_results(results, interim / "results.json")
    (interim / "account.json").write_text(json.dumps(ACCOUNT), encoding="utf-8")
    run_stage(Run(config=config, base=folder, read=interim, write=folder, say=lambda line: None))
    return Report(folder, interim, config)


@pytest.fixture(scope="session")
def randomised(tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder, config = tmp_path_factory.mktemp("rossi"), load_config(ROOT / "examples/rossi/config.yaml")
    write_report(ready(), config.model_copy(update={"language": ["en"]}), {}, folder)
    return Report(folder, folder, config)


@pytest.fixture(params=["sv", "en"])
def material(request: pytest.FixtureRequest, protected: Results, config: Config) -> Material:
    return Material(protected, config, protect_account(ACCOUNT, Policy(10)), Words(request.param))
