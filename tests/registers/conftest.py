"""Small extracts as a project folder, and the configuration they go with."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config import Config, load_config


@pytest.fixture(scope="session")
def config() -> Config:
    return load_config(Path(__file__).parents[2] / "config.yaml")
