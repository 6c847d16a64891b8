"""Put a stage's output in its place: all of it or nothing, also when the process is killed on the way.

A stage writes into a staging folder beside its destination. When it is done its record is emptied, so that whatever
happens from then on the output counts as not made; the files are moved; the record is written. Power cuts may lose
bytes that were not on disk yet: the recorded hashes tell.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
from pathlib import Path

from pipeline.errors import Fault, UserError
from pipeline.fingerprint import file_hashes
from pipeline.records import Record, files_under, read_record, write_record


def staging_beside(destination: Path, stage: str) -> Path:
    """The folder in which a stage builds what goes to `destination`, on the same file system."""
    return destination.parent / f".{destination.name}.{stage}.new"


def prepare(destination: Path, stage: str, *, private: bool) -> Path:
    """An empty staging folder."""
    staging = staging_beside(destination, stage)
    staging.mkdir(parents=True, mode=0o700 if private else 0o777)
    return staging


def clean(destination: Path, stage: str) -> None:
    """Remove a stage's staging folder."""
    shutil.rmtree(staging_beside(destination, stage), ignore_errors=True)


def publish_files(interim: Path, stage: str, record: Record) -> None:
    """Move a stage's files into the folder it shares with other stages; files it no longer writes are removed."""
    staging = staging_beside(interim, stage)
    files = files_under(staging)
    stale = read_record(interim, stage).outputs.keys() - files.keys()
    write_record(interim, stage, Record(outputs=dict.fromkeys([*files, *sorted(stale)], "")))
    for name, path in files.items():
        path.chmod(0o600)
        (interim / name).parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        os.replace(path, interim / name)
    for name in stale:
        (interim / name).unlink(missing_ok=True)
    write_record(interim, stage, record)
    clean(interim, stage)


def publish_folder(destination: Path, interim: Path, stage: str, record: Record) -> None:
    """Put a stage's staging folder in the place of its destination.

    Raises
    ------
    UserError : the old folder cannot be moved, as on Windows while one of its files is open
    """
    staging, old = staging_beside(destination, stage), _old(destination)
    write_record(interim, stage, Record())
    try:
        if destination.exists():
            os.replace(destination, old)
        os.replace(staging, destination)
    except PermissionError:
        recover_folder(destination)
        raise UserError(
            Fault(destination.name, "the report's folder cannot be replaced.", "Close files in it that are open.")
        ) from None
    write_record(interim, stage, record)
    shutil.rmtree(old, ignore_errors=True)


def keep_changed(destination: Path, written: dict[str, str]) -> Path | None:
    """Copy what somebody changed in or added to a folder that is about to be replaced; where to, if there was anything.

    `written` has the hash each file was written with.
    """
    hashes = file_hashes(files_under(destination)) if destination.exists() else {}
    changed = [name for name, value in hashes.items() if written.get(name) != value]
    if not changed:
        return None
    kept = destination.parent / f"{destination.name}-kept" / dt.datetime.now().strftime("%Y-%m-%d %H.%M.%S")
    for name in changed:
        (kept / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(destination / name, kept / name)
    return kept


def recover_folder(destination: Path) -> None:
    """Undo a swap of folders that was cut short: the old folder comes back when there is no new one."""
    old = _old(destination)
    if old.exists() and not destination.exists():
        os.replace(old, destination)
    shutil.rmtree(old, ignore_errors=True)


def _old(destination: Path) -> Path:
    return destination.parent / f".{destination.name}.old"
