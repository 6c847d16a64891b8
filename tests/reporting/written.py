"""A written report, and the data-quality account that goes with it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.config import Config

ROOT = Path(__file__).parents[2]

ACCOUNT: dict[str, Any] = {
    "simulated": True,
    "files": [
        {
            "register": "lisa", "file": "/somewhere/else/data/raw/lisa_2019.csv", "rows": 24864, "year": 2019,
            "unknown": {"education": 3}, "blank": {"education": 2486, "sex": 0, "born": 4}, "unused": ["Kommunnamn"],
            "columns": {"education": "Sun2020Niva_Old"},
            "dates": {"born": ["1951-01-02", "2001-02-03"]}, "years": {"born": {"1951": 4, "1952": 40, "2001": 12}},
        }
    ],
    "rules": [
        {"source": "background", "rule": "repeated_year", "effect": "set_aside", "rows": 7},
        {"source": "background", "rule": "exact_duplicate", "effect": "set_aside", "rows": 123},
        {"source": "background", "rule": "no_person", "effect": "set_aside", "rows": 0},
    ],
    "linkage": {"participants_in_background": 3041},
    "months": [
        {"month": "2020-01", "stock": 1234, "inflow": 57},
        {"month": "2020-02", "stock": 1241, "inflow": 8},
    ],
}  # fmt: skip


@dataclass(frozen=True)
class Report:
    """A written report with what it was made from."""

    folder: Path
    interim: Path
    config: Config

    def page(self, name: str = "report.html") -> str:
        """The page as text."""
        return (self.folder / name).read_text(encoding="utf-8")

    def index(self) -> dict[str, Any]:
        """Captions and alternative texts."""
        found: dict[str, Any] = json.loads((self.folder / "figures/index.json").read_text(encoding="utf-8"))
        return found
