"""The ledger of faults: what was put where into simulated extracts, so that a check of them can be checked.

`FAULTS.csv` stands beside the extracts, a line a place, with these columns:

- `fault`: the name of the cleaning rule, or of the form of a value, that counts it in the account
- `source`: registrations, categories, background or participants
- `file`: the file's name without its ending; in a database, the table's
- `row`: its row as people count them, the header being row 1; empty when a whole column has the fault
- `column`: our name of the column; empty when the fault is the row's
- `values`: how many rows (or values of a column) the line stands for: 1, or all that a whole column has
- `person`: the person's key where the fault is a person's, who may be a copy of somebody else under a key of their own

Faults with the name of a rule are counted in the account by `source` and rule; `sentinel_date` and `unknown_code` by
file and column in `sentinels` and `unknown`; `renamed_column` in `columns`; the other forms of a value in `forms`.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

NAME = "FAULTS.csv"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the ledger."""

    fault: str
    source: str
    file: str
    row: int | None = None
    column: str = ""
    values: int = 1
    person: str = ""


def write_ledger(entries: Iterable[Entry], path: Path) -> Path:
    """Write the ledger as CSV, lines in order of fault, file and row."""
    ordered = sorted(entries, key=lambda entry: (entry.fault, entry.file, entry.row or 0, entry.column, entry.person))
    with path.open("x", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Entry)], lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: "" if value is None else value for key, value in asdict(e).items()} for e in ordered)
    return path


def read_ledger(path: Path) -> list[Entry]:
    """The ledger as it was written."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Entry(fault, source, name, int(row) if row else None, column, int(values), person)
            for fault, source, name, row, column, values, person in list(csv.reader(file))[1:]
        ]


def counted(entries: Iterable[Entry]) -> Counter[tuple[str, str]]:
    """Rows (or values, or people) by source and fault."""
    counts: Counter[tuple[str, str]] = Counter()
    for entry in entries:
        counts[entry.source, entry.fault] += entry.values
    return counts
