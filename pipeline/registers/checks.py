"""What is wrong with a delivered file, and what there is in it: one sweep over its rows, then one per fault."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.account import CodeAccount, FileAccount
from pipeline.errors import Fault, list_some
from pipeline.registers import values
from pipeline.registers.codes import unverified_codes
from pipeline.registers.contracts import Column, Contract, Found

if TYPE_CHECKING:
    import ibis.expr.types as ir

_CODES_SHOWN = 20
# What is shown of an unknown code: short, and no run of digits as long as a date or a person's number.
_CODE_LIKE = r"^[\p{L}\d_-]{1,5}$"
_ROWS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Delivered:
    """One delivered file, its rows as text: `table` has `row` (line number), `fields` and a column for each of ours."""

    source: str
    shown: str
    contract: Contract
    found: Found
    header: tuple[str, ...]
    encoding: str
    delimiter: str
    decimal: str | None
    year: int | None
    table: ir.Table

    @property
    def columns(self) -> list[Column]:
        """The contract's columns that the file has."""
        return [column for column in self.contract.columns if column.name in self.found.columns]


def examine(file: Delivered) -> tuple[FileAccount, list[Fault]]:
    """Count what is in a file; its account and its faults.

    Rows with too few or too many values are one fault, and are left out of the other checks.
    """
    shapeless = file.table.fields != len(file.header)
    counts = _counts(file, file.table, shapeless)
    whole = file.table
    if counts["shapeless"]:
        whole = file.table.filter(~shapeless)
        counts = {**_counts(file, whole, shapeless), "rows": counts["rows"], "shapeless": counts["shapeless"]}
    decimal, decimal_faults = _decimal(file, whole, counts)
    faults = [*_shape(file, counts), *_values(file, whole, counts), *decimal_faults]
    return _account(file, counts, decimal), faults


def code_account(source: str, column: Column, texts: list[ir.StringColumn], unknown_rows: int) -> CodeAccount:
    """Which unknown and unverified codes a column holds, over all files of a source."""
    import ibis

    assert column.codes is not None
    unverified = sorted(unverified_codes(column.codes))
    texts_of_all = ibis.union(*(text.name("text").as_table() for text in texts))
    codes = texts_of_all.select(
        code=values.typed(texts_of_all.text, column), unknown=values.unknown_code(texts_of_all.text, column)
    )
    shown = codes.filter((codes.unknown & codes.code.re_search(_CODE_LIKE)) | codes.code.isin(unverified))
    numbers = shown.group_by("unknown", "code").aggregate(rows=shown.count())
    rows = numbers.order_by("unknown", ibis.desc("rows"), "code").limit(len(unverified) + _CODES_SHOWN)
    found = rows.to_pyarrow().to_pylist()
    return CodeAccount(
        source,
        column.name,
        column.codes,
        unknown_rows,
        {row["code"]: row["rows"] for row in found if row["unknown"]},
        {row["code"]: row["rows"] for row in found if not row["unknown"]},
    )


def _counts(file: Delivered, table: ir.Table, shapeless: ir.BooleanValue) -> dict[str, Any]:
    """Measures of all columns in one sweep, by "column/measure"."""
    measures: dict[str, ir.Scalar] = {"rows": table.count(), "shapeless": shapeless.sum()}
    for column in file.columns:
        measures |= {f"{column.name}/{what}": value for what, value in _measures(table[column.name], column)}
    # A sum over no rows is null: nothing was found.
    counted = table.aggregate(**measures).to_pyarrow().to_pylist()[0]
    return {
        name: 0 if value is None and not name.endswith(("/first", "/last")) else value
        for name, value in counted.items()
    }


def _measures(text: ir.StringColumn, column: Column) -> Iterator[tuple[str, ir.Scalar]]:
    yield "blank", text.isnull().sum()
    bad = values.impossible(text, column)
    if bad is not None:
        yield "impossible", bad.sum()
    unknown = values.unknown_code(text, column)
    if unknown is not None:
        yield "unknown", unknown.sum()
    if column.kind == "date":
        day = values.typed(text, column)
        yield "first", day.min()
        yield "last", day.max()
        yield "sentinel", values.stands_for_none(text).sum()
    if column.kind == "amount":
        yield "comma", text.contains(",").sum()
        yield "point", text.contains(".").sum()


def _shape(file: Delivered, counts: dict[str, Any]) -> Iterator[Fault]:
    if counts["rows"] == 0:
        yield Fault(file.shown, "holds no rows under its header.", "Ask for the extract anew, or name another file.")
    elif counts["shapeless"]:
        rows = _first_rows(file.table, file.table.fields != len(file.header))
        yield Fault(
            f"{file.shown}, {list_some(rows, _ROWS_SHOWN, counts['shapeless'])}",
            f"the number of values is not that of the header's {len(file.header)} columns.",
            "Look for cut lines, line breaks inside values, and delimiters inside values without quotation marks.",
        )


def _values(file: Delivered, whole: ir.Table, counts: dict[str, Any]) -> Iterator[Fault]:
    for column in file.columns:
        number = counts.get(f"{column.name}/impossible")
        if number:
            rows = _first_rows(whole, values.impossible(whole[column.name], column))
            what, remedy = values.describe_impossible(column, number)
            yield Fault(f"{_place(file, column)}, {list_some(rows, _ROWS_SHOWN, number)}", what, remedy)


def _decimal(file: Delivered, whole: ir.Table, counts: dict[str, Any]) -> tuple[str | None, list[Fault]]:
    """The decimal mark of a file's amounts; a fault for each column that holds the other one."""
    amounts = [column for column in file.columns if column.kind == "amount"]
    commas, points = (sum(counts[f"{c.name}/{mark}"] for c in amounts) for mark in ("comma", "point"))
    found = file.decimal or ("," if commas >= points else ".")
    if not commas and not points:
        return file.decimal, []
    faults = []
    other, mark = (".", "point") if found == "," else (",", "comma")
    for column in amounts:
        number = counts[f"{column.name}/{mark}"]
        if number:
            rows = _first_rows(whole, whole[column.name].contains(other))
            place = f"{_place(file, column)}, {list_some(rows, _ROWS_SHOWN, number)}"
            what = f"the decimal mark is '{other}', but '{found}' elsewhere."
            faults.append(Fault(place, what, "Correct the file, or set 'decimal' for the source in the configuration."))
    return found, faults


def _first_rows(table: ir.Table, condition: ir.BooleanValue) -> list[int]:
    found = table.filter(condition).select("row").order_by("row").limit(_ROWS_SHOWN)
    return found.to_pyarrow().column("row").to_pylist()


def _place(file: Delivered, column: Column) -> str:
    return f"{file.shown}, column {file.found.columns[column.name]}"


def _account(file: Delivered, counts: dict[str, Any], decimal: str | None) -> FileAccount:
    dates = [column for column in file.columns if column.kind == "date"]
    return FileAccount(
        source=file.source,
        register=file.contract.register,
        file=file.shown,
        rows=counts["rows"],
        year=file.year,
        encoding=file.encoding,
        delimiter=file.delimiter,
        decimal=decimal,
        columns=file.found.columns,
        missing=tuple(column.title for column in file.found.missing),
        unused=file.found.unused,
        blank={column.name: counts[f"{column.name}/blank"] for column in file.columns},
        sentinels={c.name: n for c in dates if (n := counts[f"{c.name}/sentinel"])},
        unknown={c.name: n for c in file.columns if (n := counts.get(f"{c.name}/unknown"))},
        dates={
            c.name: (counts[f"{c.name}/first"].isoformat(), counts[f"{c.name}/last"].isoformat())
            for c in dates
            if counts[f"{c.name}/first"] is not None
        },
    )
