"""Sensitivity analyses as files beside the report: everything as JSON, the specifications as CSV."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from pydantic_core import to_json

from pipeline.sensitivity.record import EffectRow, Sensitivity

NUMBERS = tuple(name for name in EffectRow.model_fields if name != "note")


def write_sensitivity(found: Sensitivity, folder: Path) -> None:
    """Write sensitivity.json and sensitivity.csv, which must be under disclosure control already."""
    (folder / "sensitivity.json").write_bytes(to_json(found.model_dump(mode="json"), indent=1) + b"\n")
    (folder / "sensitivity.csv").write_text(to_csv(found), encoding="utf-8", newline="\n")


def to_csv(found: Sensitivity) -> str:
    """A row per specification: its choices, how many are not the evaluation's own, and what it finds."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [choice.name for choice in found.choices]
    writer.writerow([*names, "varied", *NUMBERS, "note"])
    for row in found.specifications:
        values = [getattr(row, name) for name in NUMBERS]
        shown = ["" if v is None else f"{v:.12g}" if isinstance(v, float) else v for v in values]
        writer.writerow([*(row.choices[name] for name in names), len(row.varied), *shown, row.note or ""])
    return out.getvalue()
