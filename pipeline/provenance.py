"""Which files an evaluation is made from, and whether they are simulated."""

from __future__ import annotations

import glob
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from pipeline.config import Config
from pipeline.errors import Fault, stop_if
from pipeline.fingerprint import file_hash
from pipeline.registers.readers.database import file_of

MARKER = "SIMULATED.json"
_TEXT = {".csv", ".txt", ".tsv"}
# Keys of `report` that name a file of the house's own.
HOUSE = ("word_template", "figure_style")


def source_files(config: Config, base: Path) -> dict[str, Path]:
    """The extracts (or the ready cohort's file) that are there, by source and path as outputs may show it."""
    patterns: dict[str, list[str]] = {}
    if config.sources:
        sources = {name: getattr(config.sources, name) for name in type(config.sources).model_fields}
        patterns = {name: [*source.files, *_database_file(source.database)] for name, source in sources.items()}
    elif config.cohort and config.cohort.file:
        patterns = {"cohort": [config.cohort.file]}
    files: dict[str, Path] = {}
    for source, wanted in patterns.items():
        for path in sorted({found for pattern in wanted for found in matching(base, pattern)}):
            name = f"{source}: {shown_path(_relative(path, base))}"
            while name in files:  # same file name in two folders outside the project
                name += "'"
            files[name] = path
    return files


def house_files(config: Config, base: Path) -> dict[str, Path]:
    """The files of the house's own that the report is made with, by their key in the configuration.

    Raises
    ------
    UserError : one of them is not there
    """
    named = {f"report.{key}": value for key in HOUSE if (value := getattr(config.report, key))}
    remedy = "Paths start from the folder of the configuration."
    stop_if(
        Fault(key, f"there is no file '{shown_path(Path(value))}'.", remedy)
        for key, value in named.items()
        if not (base / value).is_file()
    )
    return {key: base / value for key, value in named.items()}


def servers(config: Config) -> list[str]:
    """The sources that are tables on a server: nobody can tell whether they have changed but by reading them."""
    if config.sources is None:
        return []
    named = {name: getattr(config.sources, name).database for name in type(config.sources).model_fields}
    return [name for name, url in named.items() if url is not None and not _database_file(url)]


def without_credentials(url: str) -> str:
    """A connection string as it may be written into outputs: the kind of database and no more."""
    return f"{url.partition('://')[0]}://…"


def _database_file(url: str | None) -> list[str]:
    file = file_of(url) if url is not None else None
    return [] if file is None else [file]


def simulated_extracts(files: Iterable[Path]) -> bool:
    """Whether these extracts are the ones that a simulation wrote, rows in any order.

    A marker beside simulated extracts holds a digest of each. Extracts that were put in their place, edited or added
    count as real.
    """
    expected = [(path, marked(path.parent).get(path.name)) for path in files]
    if not expected or any(known is None for _, known in expected):
        return False  # real extracts have no marker, and are too large to read for nothing
    return all(known == digest(path) for path, known in expected)


def marker_files(files: Iterable[Path]) -> dict[str, Path]:
    """The markers beside these files, which decide what `simulated_extracts` says."""
    folders = sorted({path.parent for path in files})
    return {f"marker {number}": folder / MARKER for number, folder in enumerate(folders) if (folder / MARKER).is_file()}


def marked(folder: Path) -> dict[str, str]:
    """Digests of the simulated files of a folder; none when there is no marker that can be read."""
    try:
        return dict(json.loads((folder / MARKER).read_text(encoding="utf-8"))["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def digest(path: Path) -> str:
    """SHA-256 of a file; of text, of its lines in order of the alphabet, so that shuffled rows are the same extract."""
    if path.suffix.lower() not in _TEXT:
        return file_hash(path)
    return hashlib.sha256(b"\n".join(sorted(path.read_bytes().splitlines()))).hexdigest()


def matching(base: Path, pattern: str) -> list[Path]:
    """The files that a path or pattern of the configuration names."""
    return [path for found in glob.glob(pattern, root_dir=base) if (path := base / found).is_file()]


def _relative(path: Path, base: Path) -> Path:
    return path.relative_to(base) if path.is_relative_to(base) else path


def shown_path(path: Path) -> str:
    """A path as it may be written into outputs: an absolute one, or one that leaves the project, by its name alone."""
    return path.name if path.is_absolute() or ".." in path.parts else path.as_posix()
