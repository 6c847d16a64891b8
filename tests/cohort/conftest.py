"""The cohort stage run on tables made by hand."""

from __future__ import annotations

from typing import Any

import pytest
from by_hand import Builder, Built, Registers, configuration

from pipeline import cohort
from pipeline.config import Config
from pipeline.workspace import Run


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """Run the stage: `build(registers, **population)`, or with a configuration of one's own."""

    def run(registers: Registers, config: Config | None = None, **population: Any) -> Built:
        folder = tmp_path_factory.mktemp("cohort")
        registers.write(folder / "read")
        (folder / "write").mkdir()
        said: list[str] = []
        config = config or configuration(**population)
        cohort.run(Run(config, folder, folder / "read", folder / "write", said.append))
        return Built(folder / "write", said)

    return run
