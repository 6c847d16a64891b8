"""A stage's record: what its output was made from, and what the output is."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pipeline.fingerprint import file_hashes


@dataclass(frozen=True, slots=True)
class Record:
    """`data/interim/<name>/stages/<stage>.json`.

    `fingerprint` has a hash each for inputs, configuration, code and versions; it is empty while output is being put
    in place. `outputs` has the hash of every file, and every name that may be left over from before.
    """

    fingerprint: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    finished: str = ""
    warnings: list[str] = field(default_factory=list)


def record_path(interim: Path, stage: str) -> Path:
    """Where a stage's record is kept."""
    return interim / "stages" / f"{stage}.json"


def read_record(interim: Path, stage: str) -> Record:
    """The record of a stage; an empty one when there is none that can be read."""
    try:
        return Record(**json.loads(record_path(interim, stage).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Record()


def write_record(interim: Path, stage: str, record: Record) -> None:
    """Write a record, whole or not at all."""
    path = record_path(interim, stage)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(asdict(record), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    draft.chmod(0o600)
    os.replace(draft, path)


def remove_drafts(interim: Path) -> None:
    """Remove records that a killed run was writing."""
    for draft in (interim / "stages").glob("*.new"):
        draft.unlink()


def files_under(folder: Path) -> dict[str, Path]:
    """All files in a folder and its subfolders, by their path in it."""
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}


def outputs_intact(record: Record, folder: Path) -> bool:
    """Whether every recorded output is there with the content it was written with."""
    files = {name: folder / name for name in record.outputs}
    return all(path.is_file() for path in files.values()) and file_hashes(files) == record.outputs


def reason_to_redo(record: Record, fingerprint: dict[str, str], folder: Path) -> str | None:
    """Why a stage must be done, in words; None when its output can be reused."""
    if not record.fingerprint:
        return "not done before"
    changed = [part for part, value in fingerprint.items() if record.fingerprint.get(part) != value]
    if changed:
        return f"changed: {', '.join(changed)}"
    return None if outputs_intact(record, folder) else "its output was changed or removed"
