"""manifest.json: how each output of a report came to be. No person data and no path of a machine."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any

from pipeline.config import Config
from pipeline.fingerprint import ROOT, file_hash, file_hashes, value_hash, versions
from pipeline.provenance import shown_path, without_credentials
from pipeline.records import Record, files_under

NAME = "manifest.json"


def write_manifest(
    config: Config,
    inputs: dict[str, str],
    records: dict[str, Record],
    folder: Path,
    verification: dict[str, Any] | None = None,
) -> None:
    """Write manifest.json beside the outputs in `folder`; the record of the report itself has no outputs yet.

    verification : what a second software found of the headline, None when it was not asked
    """
    settings = configuration(config)
    content: dict[str, Any] = {
        "evaluation": config.evaluation.name,
        "seed": config.seed,
        "inputs": inputs,
        "configuration_hash": value_hash(settings),
        "configuration": settings,
        "versions": {"utfall": _own_version(), **versions(), "platform": platform.platform()},
        "code": {"commit": commit(), "hash": value_hash([record.fingerprint["code"] for record in records.values()])},
        "stages": {
            name: {"seconds": record.seconds, "finished": record.finished, "fingerprint": record.fingerprint}
            for name, record in records.items()
        },
        "warnings": [line for record in records.values() for line in record.warnings],
        "verification": verification,
        "outputs": file_hashes(files_under(folder)),
    }
    text = json.dumps(content, ensure_ascii=False, indent=1)
    (folder / NAME).write_text(text + "\n", encoding="utf-8", newline="\n")


def outputs_written(folder: Path) -> dict[str, str]:
    """The hash every file of a report was written with, and the manifest's as it is; none without a manifest."""
    try:
        outputs = dict(json.loads((folder / NAME).read_text(encoding="utf-8"))["outputs"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {**outputs, NAME: file_hash(folder / NAME)}


def configuration(config: Config) -> dict[str, Any]:
    """The configuration as plain values; of an absolute path only the name is kept, of a connection string the kind."""
    settings = config.model_dump(mode="json", by_alias=True)
    for source in (settings["sources"] or {}).values():
        source["files"] = [shown_path(Path(pattern)) for pattern in source["files"]]
        if source["database"]:
            source["database"] = without_credentials(source["database"])
    if settings["identity"]["key_file"]:
        settings["identity"]["key_file"] = shown_path(Path(settings["identity"]["key_file"]))
    if settings["cohort"] and settings["cohort"]["file"]:
        settings["cohort"]["file"] = shown_path(Path(settings["cohort"]["file"]))
    return settings


def commit() -> str | None:
    """The commit the code is at, with '+' when tracked files differ from it; None outside a checkout."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return None

    def ask(*words: str) -> str:
        answer = subprocess.run([git, *words], cwd=ROOT, capture_output=True, text=True, timeout=20, check=True)
        return answer.stdout.strip()

    try:
        return ask("rev-parse", "HEAD") + ("+" if ask("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _own_version() -> str:
    import importlib.metadata

    return importlib.metadata.version("utfall")
