"""A comparison of two runs as text: for a terminal, as Markdown, and as data."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict

from pipeline.analysis.formats import aligned
from pipeline.compare import Change, Comparison, NumberChange
from pipeline.reporting.tables import Column, Label, Table, cell
from pipeline.reporting.tabletext import to_markdown
from pipeline.reporting.words import Words
from pipeline.results import SIGNIFICANT_DIGITS, Estimate

HASH_SHOWN = 12
COLUMNS = ("kind", "place", "before", "before_lower", "before_upper", "after", "after_lower", "after_upper", "change")


def written(comparison: Comparison, words: Words, form: str, *, everything: bool = False) -> str:
    """A comparison in one of the formats: table, markdown, csv or json; `everything` keeps unchanged numbers."""
    if form == "csv":
        return to_csv(comparison, everything)
    if form == "json":
        return to_json(comparison, everything)
    tables = tables_of(comparison, words, everything)
    parts = ["\n".join(comparison.sentences), *(_text(words, table, form) for table in tables)]
    return "\n\n".join(part.strip("\n") for part in parts)


def _text(words: Words, table: Table, form: str) -> str:
    return to_markdown(words, table) if form == "markdown" else aligned(words, table)


def tables_of(comparison: Comparison, words: Words, everything: bool = False) -> list[Table]:
    """A table each of the settings, inputs, software and numbers that differ; none where nothing does."""
    first, second = comparison.runs
    before = Column("before", words("compare.first", name=first))
    after = Column("after", words("compare.second", name=second))
    found = []
    for kind, changes in comparison.causes.items():
        if changes:
            what = Column("what", words(f"compare.column.{kind}"))
            rows = tuple(_change_row(words, change, kind) for change in changes)
            found.append(Table(kind, words(f"compare.caption.{kind}"), (what, before, after), rows))
    numbers = [number for number in comparison.numbers if everything or number.changed]
    if numbers:
        what, change = Column("what", words("compare.column.numbers")), Column("change", words("compare.column.change"))
        lines = tuple(_number_row(words, number) for number in numbers)
        caption, notes = words("compare.caption.numbers"), (words("note.interval"),)
        found.append(Table("numbers", caption, (what, before, after, change), lines, notes))
    return found


def _change_row(words: Words, change: Change, kind: str) -> dict[str, object]:
    """A difference in words; of files and code it is enough to know that they are others."""
    row: dict[str, object] = {"what": change.key}
    for side, value in (("before", change.before), ("after", change.after)):
        hashed = kind == "inputs" or change.key == "code"
        row[side] = words("compare.absent") if value is None else value[:HASH_SHOWN] if hashed else value
    return row


def _number_row(words: Words, number: NumberChange) -> dict[str, object]:
    quantity = number.quantity
    column = Column("x", "", quantity.kind, interval=True, decimals=3 if quantity.kind == "ratio" else None)
    return {
        "what": Label(quantity.place, quantity.label),
        "before": _told(words, column, number.before),
        "after": _told(words, column, number.after),
        "change": _signed(words, column, number.difference) if number.before and number.after else "",
    }


def _told(words: Words, column: Column, estimate: Estimate | None) -> str:
    if estimate is None:
        return words("compare.absent")
    return cell(words, column, {"x": estimate.value, "x_lower": estimate.lower, "x_upper": estimate.upper}, {})


def _signed(words: Words, column: Column, value: float | None) -> str:
    """A change with its sign; shares change by percentage points."""
    kind = "points" if column.kind == "percent" else column.kind
    text = cell(words, Column("x", "", kind, decimals=column.decimals), {"x": value}, {})
    return f"+{text}" if value is not None and value > 0 and any(digit in "123456789" for digit in text) else text


def to_csv(comparison: Comparison, everything: bool = False) -> str:
    """A row for everything that differs; settings, inputs and software have no interval."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for kind, changes in comparison.causes.items():
        writer.writerows([kind, c.key, c.before, "", "", c.after, "", "", ""] for c in changes)
    for number in comparison.numbers:
        if everything or number.changed:
            ends = [_ends(estimate) for estimate in (number.before, number.after)]
            writer.writerow(["numbers", number.quantity.place, *ends[0], *ends[1], _raw(number.difference)])
    return out.getvalue().rstrip("\n")


def _raw(value: float | None) -> str:
    """A number without the last bits, which a subtraction makes up."""
    return "" if value is None else f"{value:.{SIGNIFICANT_DIGITS}g}"


def _ends(estimate: Estimate | None) -> list[float | None]:
    return [estimate.value, estimate.lower, estimate.upper] if estimate else [None] * 3


def to_json(comparison: Comparison, everything: bool = False) -> str:
    """The same for programs, with the sentences."""
    content = {
        "runs": comparison.runs,
        "sentences": comparison.sentences,
        **{kind: [asdict(change) for change in changes] for kind, changes in comparison.causes.items()},
        "numbers": [
            {
                "place": number.quantity.place,
                "label": number.quantity.label,
                "before": number.before.model_dump() if number.before else None,
                "after": number.after.model_dump() if number.after else None,
                "change": number.difference,
            }
            for number in comparison.numbers
            if everything or number.changed
        ],
    }
    return json.dumps(content, ensure_ascii=False, indent=1)
