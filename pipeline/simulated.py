"""Simulated extracts in the place of real ones: when they are called for, and how they are written."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.config import Sources
from pipeline.errors import Fault, UserError
from pipeline.lock import only_run
from pipeline.provenance import MARKER, digest, marked, matching

DEFAULT_PEOPLE = 19_550


def extracts_wanting(sources: Sources, base: Path) -> bool:
    """Whether data/raw is to be filled by simulation: all sources point there, and it holds no extract of theirs.

    Simulated extracts of which some are missing, as after a run that was killed while writing them, count as none.
    """
    raw = base / "data" / "raw"
    patterns = [pattern for name in Sources.model_fields for pattern in getattr(sources, name).files]
    if not patterns or not all(raw in (base / pattern).parents for pattern in patterns):
        return False
    found = [path for pattern in patterns for path in matching(base, pattern)]
    digests = marked(raw)
    unfinished = any(not (raw / name).is_file() for name in digests)
    return not found or (unfinished and all(digests.get(path.name) == digest(path) for path in found))


def write_simulated(
    folder: Path, people: int, seed: int, file_format: str = "csv", *, faults: bool = False
) -> list[Path]:
    """Simulate extracts into a folder, with their marker; extracts that were simulated there before make room.

    The marker comes before the extracts, so that those of a run that was killed are known to be incomplete.

    Parameters
    ----------
    faults : put the faults of real extracts into them, with a ledger of them beside

    Returns
    -------
    The files, the ledger among them.

    Raises
    ------
    UserError : the folder holds a file of the same name that was not simulated, or is being filled by another process,
        or there are too few people to simulate
    """

    folder.mkdir(parents=True, exist_ok=True)
    staging = folder / ".simulating"
    with only_run(folder / ".lock", f"Folder '{folder.name}' is being filled"):
        shutil.rmtree(staging, ignore_errors=True)  # of a run that was killed
        staging.mkdir()
        try:
            written = _write(staging, people, seed, file_format, faults=faults)
            _make_room(folder, [path.name for path in written])
            files = {path.name: digest(path) for path in sorted(written)}
            _write_marker(folder, {"people": people, "seed": seed, "format": file_format, "files": files})
            for path in written:
                os.replace(path, folder / path.name)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return [folder / path.name for path in written]


def _write(folder: Path, people: int, seed: int, file_format: str, *, faults: bool) -> list[Path]:
    from pipeline.simulation import faults as faulty
    from pipeline.simulation import simulate, write_extracts

    try:
        simulated = simulate(people=people, seed=seed)
        if not faults:
            return write_extracts(simulated, folder, file_format)
        spoilt = faulty.put_faults(simulated.tables, seed)
    except ValueError as error:
        raise UserError(Fault("utfall simulate", f"{error}.")) from None
    written = write_extracts(replace(simulated, tables=spoilt.tables), folder, file_format)
    return [*written, faulty.write_ledger(spoilt.ledger, folder / faulty.LEDGER)]


def _make_room(folder: Path, names: list[str]) -> None:
    """Remove simulated extracts, so that no two simulations are ever mixed; refuse to touch any others."""
    digests = marked(folder)
    there = [path for name in {*names, *digests} if (path := folder / name).is_file()]
    real = sorted(path.name for path in there if digests.get(path.name) != digest(path))
    blocking = [name for name in real if name in names]
    if blocking:
        raise UserError(
            Fault(
                str(folder), f"holds extracts that were not simulated: {', '.join(blocking)}.", "Name another folder."
            )
        )
    for path in there:
        if path.name not in real:
            path.unlink()


def _write_marker(folder: Path, content: dict[str, Any]) -> None:
    draft = folder / f"{MARKER}.new"
    draft.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    os.replace(draft, folder / MARKER)
