"""Which files an evaluation is made from, and whether they are simulated."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeline.config import Config
from pipeline.errors import Fault, UserError
from pipeline.fingerprint import file_hash
from pipeline.manifest import shown_path

MARKER = "SIMULATED.json"
DEFAULT_PEOPLE = 19_550
_TEXT = {".csv", ".txt", ".tsv"}


def source_files(config: Config, base: Path) -> dict[str, Path]:
    """The extracts (or the ready cohort's file) that are there, by source and path as outputs may show it."""
    patterns: dict[str, list[str]] = {}
    if config.sources:
        patterns = {name: getattr(config.sources, name).files for name in type(config.sources).model_fields}
    elif config.cohort and config.cohort.file:
        patterns = {"cohort": [config.cohort.file]}
    files: dict[str, Path] = {}
    for source, wanted in patterns.items():
        for path in sorted({found for pattern in wanted for found in _matching(base, pattern)}):
            name = f"{source}: {shown_path(_relative(path, base))}"
            while name in files:  # same file name in two folders outside the project
                name += "'"
            files[name] = path
    return files


def simulated_extracts(files: Iterable[Path]) -> bool:
    """Whether these extracts are the ones that a simulation wrote, rows in any order.

    A marker beside simulated extracts holds a digest of each. Extracts that were put in their place, edited or added
    count as real.
    """
    files = list(files)
    return bool(files) and all(_marked(path.parent).get(path.name) == _digest(path) for path in files)


def marker_files(files: Iterable[Path]) -> dict[str, Path]:
    """The markers beside these files, which decide what `simulated_extracts` says."""
    folders = sorted({path.parent for path in files})
    return {f"marker {number}": folder / MARKER for number, folder in enumerate(folders) if (folder / MARKER).is_file()}


def extracts_wanting(config: Config, base: Path) -> bool:
    """Whether data/raw is to be filled by simulation: all sources point there, and it holds no extract of theirs.

    Simulated extracts of which some are missing, as after a run that was killed while writing them, count as none.
    """
    raw = base / "data" / "raw"
    if config.sources is None:
        return False
    patterns = [p for name in type(config.sources).model_fields for p in getattr(config.sources, name).files]
    if not all(raw in (base / pattern).parents for pattern in patterns):
        return False
    found = [path for pattern in patterns for path in _matching(base, pattern)]
    marked = _marked(raw)
    unfinished = any(not (raw / name).is_file() for name in marked)
    return not found or (unfinished and all(marked.get(path.name) == _digest(path) for path in found))


def write_simulated(folder: Path, people: int, seed: int, file_format: str = "csv") -> list[Path]:
    """Simulate extracts into a folder, with their marker.

    The marker is written first: a run that is killed later leaves extracts that are known to be incomplete.

    Raises
    ------
    UserError : the folder holds a file of the same name that was not simulated
    """
    from pipeline.simulation import simulate, write_extracts

    folder.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".simulating-", dir=folder))
    try:
        written = write_extracts(simulate(people=people, seed=seed), staging, file_format)
        _refuse_to_overwrite(folder, [path.name for path in written])
        files = {path.name: _digest(path) for path in sorted(written)}
        _write_marker(folder, {"people": people, "seed": seed, "format": file_format, "files": files})
        for path in written:
            os.replace(path, folder / path.name)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return [folder / path.name for path in written]


def _write_marker(folder: Path, content: dict[str, Any]) -> None:
    draft = folder / f"{MARKER}.new"
    draft.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    os.replace(draft, folder / MARKER)


def _refuse_to_overwrite(folder: Path, names: list[str]) -> None:
    marked = _marked(folder)
    real = [name for name in names if (folder / name).is_file() and marked.get(name) != _digest(folder / name)]
    if real:
        raise UserError(
            Fault(str(folder), f"holds extracts that were not simulated: {', '.join(real)}.", "Name another folder.")
        )


def _marked(folder: Path) -> dict[str, str]:
    """Digests of the simulated files of a folder; none when there is no marker that can be read."""
    try:
        return dict(json.loads((folder / MARKER).read_text(encoding="utf-8"))["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _digest(path: Path) -> str:
    """SHA-256 of a file; of text, of its lines in order of the alphabet, so that shuffled rows are the same extract."""
    if path.suffix.lower() not in _TEXT:
        return file_hash(path)
    return hashlib.sha256(b"\n".join(sorted(path.read_bytes().splitlines()))).hexdigest()


def _matching(base: Path, pattern: str) -> list[Path]:
    return [Path(found) for found in glob.glob(str(base / pattern)) if Path(found).is_file()]


def _relative(path: Path, base: Path) -> Path:
    return path.relative_to(base) if path.is_relative_to(base) else path
