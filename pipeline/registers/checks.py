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
    whole = file.table.filter(file.table.fields == len(file.header))
    measures = {"rows": whole.count()}
    for column in file.columns:
        measures |= {f"{column.name}/{what}": value for what, value in _measures(whole[column.name], column)}
    # An aggregate over no rows is null for sums; nothing was found then.
    counts: dict[str, Any] = whole.aggregate(**measures).to_pyarrow().to_pylist()[0]
    total = int(file.table.count().execute())
    faults = [*_shape(file, total, counts["rows"]), *_values(file, whole, counts)]
    decimal, decimal_faults = _decimal(file, whole, counts)
    return _account(file, total, counts, decimal), [*faults, *decimal_faults]


def code_account(source: str, column: Column, texts: list[ir.StringColumn]) -> CodeAccount:
    """Which unknown and unverified codes a column holds, over all files of a source."""
    import ibis

    assert column.codes is not None
    codes = ibis.union(*(text.name("code").as_table() for text in texts))
    unknown = values.unknown_code(codes.code, column)
    shown = codes.filter(unknown, codes.code.re_search(_CODE_LIKE)).group_by("code").aggregate(rows=lambda t: t.count())
    listed = shown.order_by(ibis.desc("rows"), "code").limit(_CODES_SHOWN).to_pyarrow().to_pylist()
    typed = codes.select(code=values.typed(codes.code, column))
    known = typed.filter(typed.code.isin(sorted(unverified_codes(column.codes))))
    unverified = known.group_by("code").aggregate(rows=known.count()).order_by("code").to_pyarrow().to_pylist()
    return CodeAccount(
        source,
        column.name,
        column.codes,
        int(codes.filter(unknown).count().execute()),
        {row["code"]: row["rows"] for row in listed},
        {row["code"]: row["rows"] for row in unverified},
    )


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
        yield "sentinel", values.is_sentinel(values.as_date(text)).sum()
    if column.kind == "amount":
        yield "comma", text.contains(",").sum()
        yield "point", text.contains(".").sum()


def _shape(file: Delivered, total: int, whole: int) -> Iterator[Fault]:
    if total == 0:
        yield Fault(file.shown, "holds no rows under its header.", "Ask for the extract anew, or name another file.")
    elif whole < total:
        rows = _first_rows(file.table, file.table.fields != len(file.header))
        yield Fault(
            f"{file.shown}, {list_some(rows, _ROWS_SHOWN, total - whole)}",
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
    commas, points = (sum(counts[f"{c.name}/{mark}"] or 0 for c in amounts) for mark in ("comma", "point"))
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


def _account(file: Delivered, total: int, counts: dict[str, Any], decimal: str | None) -> FileAccount:
    dates = [column for column in file.columns if column.kind == "date"]
    return FileAccount(
        source=file.source,
        register=file.contract.register,
        file=file.shown,
        rows=total,
        year=file.year,
        encoding=file.encoding,
        delimiter=file.delimiter,
        decimal=decimal,
        columns=file.found.columns,
        missing=tuple(column.title for column in file.found.missing),
        unused=file.found.unused,
        blank={column.name: counts[f"{column.name}/blank"] or 0 for column in file.columns},
        sentinels={c.name: n for c in dates if (n := counts[f"{c.name}/sentinel"] or 0)},
        unknown={c.name: n for c in file.columns if (n := counts.get(f"{c.name}/unknown") or 0)},
        dates={
            c.name: (counts[f"{c.name}/first"].isoformat(), counts[f"{c.name}/last"].isoformat())
            for c in dates
            if counts[f"{c.name}/first"] is not None
        },
    )
