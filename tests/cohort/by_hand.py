"""Canonical tables made by hand, a small configuration, and what the stage made of them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.config import Config

SCHEMAS = {
    "persons": {
        "person_id": pa.string(),
        "sex": pa.string(),
        "birth_year": pa.int32(),
        "birth_region": pa.string(),
        "immigration_year": pa.int32(),
        "died_on": pa.date32(),
    },
    "registrations": {
        "person_id": pa.string(),
        "registered_on": pa.date32(),
        "deregistered_on": pa.date32(),
        "reason": pa.string(),
    },
    "categories": {
        "person_id": pa.string(),
        "category": pa.string(),
        "valid_from": pa.date32(),
        "valid_to": pa.date32(),
    },
    "background": {
        "person_id": pa.string(),
        "year": pa.int32(),
        "education": pa.string(),
        "family_type": pa.string(),
        "has_children": pa.bool_(),
        "is_single": pa.bool_(),
        "sickness_benefit": pa.bool_(),
        "social_assistance": pa.bool_(),
        "municipality": pa.string(),
    },
    "disabilities": {
        "person_id": pa.string(),
        "code": pa.string(),
        "valid_from": pa.date32(),
        "valid_to": pa.date32(),
    },
    "participants": {
        "person_id": pa.string(),
        "started_on": pa.date32(),
        "ended_on": pa.date32(),
        "origin": pa.string(),
        "end_reason": pa.string(),
    },
}


def day(text: str | None) -> dt.date | None:
    """A date from 2020-02-01; from 02-01 for the year 2020; None stays None."""
    if text is None:
        return None
    return dt.date.fromisoformat(text if len(text) > 5 else f"2020-{text}")


class Registers:
    """Canonical tables, filled person by person. Days without a year are in 2020."""

    def __init__(self) -> None:
        self.rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in SCHEMAS}

    def person(
        self,
        key: str,
        *,
        sex: str | None = "woman",
        born: int | None = 1980,
        region: str | None = "sweden",
        immigrated: int | None = None,
        years: dict[int, str] | None = None,
        died: str | None = None,
    ) -> None:
        """A person with yearly background: municipality by year, the rest alike."""
        self.rows["persons"].append((key, sex, born, region, immigrated, day(died)))
        for year, municipality in ({2019: "1280"} if years is None else years).items():
            self.background(key, year, municipality=municipality)

    def background(self, key: str, year: int, **values: Any) -> None:
        row = {
            "education": "compulsory",
            "family_type": "50",
            "has_children": False,
            "is_single": True,
            "sickness_benefit": False,
            "social_assistance": True,
            "municipality": "1280",
            **values,
        }
        self.rows["background"].append((key, year, *row.values()))

    def registered(self, key: str, start: str, end: str | None = None, reason: str | None = None) -> None:
        self.rows["registrations"].append((key, day(start), day(end), reason))

    def category(self, key: str, code: str, start: str, end: str | None = None) -> None:
        self.rows["categories"].append((key, code, day(start), day(end)))

    def disability(self, key: str, start: str, end: str | None = None, code: str = "61") -> None:
        self.rows["disabilities"].append((key, code, day(start), day(end)))

    def started(self, key: str, start: str, origin: str = "AF") -> None:
        self.rows["participants"].append((key, day(start), None, origin, None))

    def in_job(self, key: str, start: str = "2019-06-01", end: str | None = None, reason: str | None = None) -> None:
        """A person in JOB from `start`, deregistered at `end` for `reason`; registered since 1 January 2019."""
        self.person(key)
        self.registered(key, "2019-01-01", end, reason)
        self.category(key, "70", start, end)

    def table(self, name: str) -> pa.Table:
        schema = SCHEMAS[name]
        columns = list(zip(*self.rows[name], strict=True)) or [()] * len(schema)
        arrays = [pa.array(values, kind) for values, kind in zip(columns, schema.values(), strict=True)]
        return pa.table(dict(zip(schema, arrays, strict=True)))

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name in SCHEMAS:
            pq.write_table(self.table(name), folder / f"{name}.parquet")


def configuration(**population: Any) -> Config:
    """A small evaluation: intake February to April 2020, followed to the end of September."""
    return Config.model_validate(
        {
            "evaluation": {"name": "small", "title": "Small"},
            "sources": {
                name: {"register": register, "files": "none.csv"}
                for name, register in (
                    ("registrations", "af_registrations"),
                    ("categories", "af_categories"),
                    ("background", "lisa"),
                    ("participants", "esf"),
                )
            },
            "population": {
                "intake": {"first": "2020-02-01", "last": "2020-04-30"},
                "follow_up_to": "2020-09-30",
                "programme_categories": [70, 79],
                "municipality": "1280",
                **population,
            },
            "matching": {"variables": {"start_month": "exact", "woman": "exact"}},
            "outcomes": {
                "work": {
                    "label": "Work",
                    "reasons": [1, 2],
                    "categories": {"without_support": [21, 31], "with_support": [33]},
                },
                "out": {"label": "Deregistered", "reasons": [1, 2]},
                "back": {"label": "Return", "after": "out"},
            },
        }
    )


class Built:
    """What the stage wrote, and what it said."""

    def __init__(self, folder: Path, said: list[str]) -> None:
        self.folder = folder
        self.said = said
        self.cohort = pd.read_parquet(folder / "cohort.parquet")
        self.flow = json.loads((folder / "flow.json").read_text(encoding="utf-8"))
        self.description = json.loads((folder / "description.json").read_text(encoding="utf-8"))

    def rows(self, key: str, *columns: str, participant: int | None = None) -> list[Any]:
        """Rows of a person as tuples of these columns (a single value for one column), in order of index date."""
        rows = self.cohort[self.cohort["person_id"] == key]
        if participant is not None:
            rows = rows[rows["participant"] == participant]
        picked = [tuple(None if pd.isna(v) else v for v in row) for row in rows[list(columns)].itertuples(index=False)]
        return [row[0] if len(columns) == 1 else row for row in picked]

    def index_dates(self, key: str, participant: int = 0) -> list[str]:
        return [date.strftime("%m-%d") for date in self.rows(key, "index_date", participant=participant)]

    def step(self, name: str) -> tuple[int | None, ...]:
        line = next(line for line in self.flow if line["step"] == name)
        return tuple(line[part] for part in ("participants", "controls", "participant_rows", "control_rows"))


def with_both_arms() -> Registers:
    """Tables with one plain participant (P, started 10 March) and one plain control (C), both in JOB throughout."""
    registers = Registers()
    for key in ("P", "C"):
        registers.in_job(key)
    registers.started("P", "03-10")
    return registers


Builder = Callable[..., Built]
