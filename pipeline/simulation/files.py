"""Extracts as files, one writer a format."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from pipeline.simulation.simulate import Simulated


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Delimited text as Swedish authorities deliver it: semicolons, decimal commas, cp1252, CRLF."""
    table.to_csv(
        path,
        sep=";",
        decimal=",",
        encoding="cp1252",
        lineterminator="\r\n",
        index=False,
        date_format="%Y-%m-%d",
        mode="xb",
    )


WRITERS: dict[str, tuple[str, Callable[[pd.DataFrame, Path], None]]] = {"csv": (".csv", write_csv)}


def write_extracts(simulated: Simulated, folder: str | Path, format: str = "csv") -> list[Path]:
    """Write the simulated registers, a file each; returns the files, in order of name.

    Each file appears whole or not at all, in place of an earlier one of its name.

    Raises
    ------
    ValueError : `format` has no writer
    """
    if format not in WRITERS:
        raise ValueError(f"format: {format!r} cannot be written; choose one of {', '.join(WRITERS)}")
    suffix, write = WRITERS[format]
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, table in sorted(simulated.tables.items()):
        path = folder / f"{name}{suffix}"
        unfinished = folder / f".{name}.{os.getpid()}{suffix}"
        try:
            write(table, unfinished)
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
        paths.append(path)
    return paths
