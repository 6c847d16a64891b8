"""An evaluation whose matched data are asked questions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.analysis.answer import answer
from pipeline.config import Config
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
