"""The data-quality account: what was delivered, what was found in it, and what was done about it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

Effect = Literal["set_aside", "changed", "counted"]


@dataclass(frozen=True, slots=True)
class FileAccount:
    """One delivered file.

    `columns` is delivered name by our name; `missing` are our names of columns that are not needed and not there;
    `unused` are delivered columns nobody asks for. By our name of a column: `blank` counts rows without a value,
    `sentinels` rows with a date that stands for none, `unknown` rows with a code that is in no list; `dates` gives the
    first and the last day, `years` rows by the year of a date; `forms` counts values written in another way than
    usual, by column and form. First and last days belong to single people: outside `data/` show years with enough rows.
    """

    source: str
    register: str
    file: str
    rows: int
    year: int | None
    encoding: str
    delimiter: str
    decimal: str | None
    columns: dict[str, str]
    missing: tuple[str, ...]
    unused: tuple[str, ...]
    blank: dict[str, int]
    sentinels: dict[str, int]
    unknown: dict[str, int]
    dates: dict[str, tuple[str, str]]
    format: str = "text"
    forms: dict[str, dict[str, int]] = field(default_factory=dict)
    years: dict[str, dict[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CodeAccount:
    """Codes in a column that its list in `data/codes/` does not know, or knows without a confirmed meaning.

    `unknown` and `unverified` count rows by code; of many unknown codes the most frequent, and only what looks like a
    code: other texts are counted in `unknown_rows` alone.
    """

    source: str
    column: str
    list: str
    unknown_rows: int
    unknown: dict[str, int]
    unverified: dict[str, int]


@dataclass(frozen=True, slots=True)
class RuleAccount:
    """A cleaning rule and the rows it met (or people: `unit`). Rules that met none are listed too, with 0."""

    source: str
    rule: str
    effect: Effect
    rows: int
    unit: Literal["rows", "people"] = "rows"


@dataclass(frozen=True, slots=True)
class MonthAccount:
    """Stays in the programme on the first day of a month (YYYY-MM), and those that begin in it."""

    month: str
    stock: int
    inflow: int


@dataclass(frozen=True, slots=True)
class Account:
    """Everything load found, without a person's key or value. `linkage` counts people, `tables` rows."""

    simulated: bool
    files: tuple[FileAccount, ...] = ()
    codes: tuple[CodeAccount, ...] = ()
    rules: tuple[RuleAccount, ...] = ()
    tables: dict[str, int] = field(default_factory=dict)
    linkage: dict[str, int] = field(default_factory=dict)
    months: tuple[MonthAccount, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As `account.json` holds it."""
        return asdict(self)


def write_account(account: Account, path: Path) -> Path:
    """Write `account.json`."""
    path.write_text(json.dumps(account.as_dict(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path
