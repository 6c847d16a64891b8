"""Reference cases of kind cem: real data with values computed by R (MatchIt and cem), read from JSON."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from matching import Bins, Cut, Exact, MatchedSample, cem
from matching.coarsen import Rule

HERE = Path(__file__).parent.parent / "reference"
SHARED = Path(__file__).parents[3] / "shared" / "reference"


def reference_checks() -> list[tuple[str, str, Path]]:
    """(case, check, folder) of every check of kind cem, the project's own folder first."""
    found: dict[tuple[str, str], Path] = {}
    for folder in (HERE, SHARED):
        for file in sorted(folder.glob("*.json")) if folder.is_dir() else []:
            for check in json.loads(file.read_text())["checks"]:
                if check["kind"] == "cem":
                    found.setdefault((file.stem, check["id"]), folder)
    return [(case, check, folder) for (case, check), folder in found.items()]


@cache
def read_check(case: str, check: str, folder: Path) -> dict[str, Any]:
    """The check, with the name of its data in the spec."""
    content = json.loads((folder / f"{case}.json").read_text())
    found = next(c for c in content["checks"] if c["id"] == check)
    found["spec"].setdefault("data", content["data"])
    return found


@cache
def reference_file(name: str) -> Path:
    """A data file of a case; the test is skipped when the file stays in shared/reference and that is not here."""
    for folder in (HERE, SHARED):
        if (folder / name).exists():
            return folder / name
    pytest.skip(f"{name} stays in shared/reference, which is not here")


def load_check(case: str, check: str, folder: Path) -> tuple[dict[str, Any], pd.DataFrame]:
    """The check and its data."""
    found = read_check(case, check, folder)
    return found, pd.read_csv(reference_file(found["spec"]["data"]))


def is_cem_package(check: dict[str, Any]) -> bool:
    """Whether the values come from the cem package, whose intervals are right-closed, and not from MatchIt."""
    return check["spec"]["intervals"].startswith("right-closed")


def matched_sample(check: dict[str, Any], people: pd.DataFrame) -> MatchedSample:
    """The match the check describes."""
    rule = _right_closed_rule if is_cem_package(check) else _left_closed_rule
    spec = check["spec"]
    coarsening = {v: rule(check, v, people[v]) for v in spec["covariates"]}
    return cem(people, treatment=spec["treat"], coarsening=coarsening, estimand=spec.get("estimand", "ATT"))


def _left_closed_rule(check: dict[str, Any], variable: str, column: pd.Series) -> Rule:
    """MatchIt: text or a cutpoint of 0 is exact, a name is a rule, a list is cutpoints; sturges when unsaid."""
    cutpoints = check["spec"]["cutpoints"]
    points = cutpoints if isinstance(cutpoints, str) else cutpoints.get(variable, "sturges")
    if not pd.api.types.is_numeric_dtype(column) or points == [0] or points == 0:
        return Exact()
    if isinstance(points, str):
        return Bins(points)  # type: ignore[arg-type]
    return Cut(sorted(set(points)))


def _right_closed_rule(check: dict[str, Any], variable: str, column: pd.Series) -> Rule:
    """cem: breaks with both ends; automatic ones divide the range into one bin fewer than Sturges' number."""
    if not pd.api.types.is_numeric_dtype(column):
        return Exact()
    cutpoints = check["spec"]["cutpoints"]
    if isinstance(cutpoints, str) or variable not in cutpoints:
        return Bins(len(check["expected"]["breaks_used"][variable]) - 1, closed="right")
    return Cut(cutpoints[variable], closed="right", outside="missing", missing="class")
