"""What analyses were made of, as hashes, and their results kept in files."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from pipeline.config import Config
from pipeline.fingerprint import ROOT, code_hash, file_hashes, value_hash, versions
from pipeline.sensitivity.record import Sensitivity

NAME = "sensitivity.json"
INPUTS = (
    "persons", "registrations", "categories", "background", "disabilities", "participants", "cohort", "matched",
)  # fmt: skip
SECTIONS = ("engine", "seed", "cohort", "population", "matching", "outcomes", "models", "sensitivity")


def fingerprint(config: Config, interim: Path) -> dict[str, str]:
    """What the analyses are made of: cohort and registers, the configuration's sections, code and libraries."""
    content = config.model_dump(mode="json")
    files = {name: path for name in INPUTS if (path := interim / f"{name}.parquet").exists()}
    return {
        "inputs": value_hash(file_hashes(files)),
        "configuration": value_hash([{name: content[name] for name in SECTIONS}, content["report"]["at"]]),
        "code": code_hash(ROOT / "pipeline" / "sensitivity" / "run.py"),
        "versions": value_hash(versions()),
    }


def read_sensitivity(config: Config, interim: Path) -> Sensitivity | None:
    """The analyses of this cohort under this configuration; None when there are none, or they are of another."""
    try:
        found = json.loads((interim / NAME).read_text(encoding="utf-8"))
        now = fingerprint(config, interim)
        if any(found["made_from"][part] != now[part] for part in ("inputs", "configuration")):
            return None
        return Sensitivity.model_validate(found["result"])
    except (OSError, ValueError, KeyError):
        return None


def read(path: Path) -> Any:
    """The result of an analysis that was kept; None when there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))["result"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(path: Path, content: dict[str, Any]) -> None:
    """JSON that appears whole or not at all, for its owner only."""
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(json.dumps(content, ensure_ascii=False) + "\n", encoding="utf-8")
    draft.chmod(0o600)
    os.replace(draft, path)
