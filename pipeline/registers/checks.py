"""What is wrong with a delivered file, and what there is in it: one sweep over its rows, then one per fault."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.account import CodeAccount, FileAccount
from pipeline.engine import named, quoted
from pipeline.errors import Fault, list_some
from pipeline.registers import values
from pipeline.registers.codes import unverified_codes
from pipeline.registers.contracts import BLANKS, MISSING, Column, Contract, Found
from pipeline.registers.pseudonyms import AS_WRITTEN

if TYPE_CHECKING:
    import ibis
    import ibis.expr.types as ir

_CODES_SHOWN = 20
# What is shown of an unknown code: short, and no more digits than a code has, for it may be a key in the wrong column.
_CODE_LIKE = r"^(\d{1,3}|[\p{L}_-][\p{L}\d_-]{0,4})$"
_ROWS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Delivered:
    """One delivered file, its rows as text: `table` has `row` (line number), `fields` and a column for each of ours.

    Values still have the blanks around them. `rows` is where they are; `text` is the DuckDB connection that reads them
    to look for faults, while `table` belongs to the engine that works on them afterwards.
    """

    source: str
    shown: str
    contract: Contract
    found: Found
    header: tuple[str, ...]
    format: str
    encoding: str
    delimiter: str
    decimal: str | None
    year: int | None
    rows: Path
    text: ibis.BaseBackend
    table: ir.Table

    @property
    def columns(self) -> list[Column]:
        """The contract's columns that the file has."""
        return [column for column in self.contract.columns if column.name in self.found.columns]

    @property
    def whole(self) -> ir.Table:
        """Rows with as many values as the header has names; without blanks around values, null for none."""
        whole = self.table.filter(self.table.fields == len(self.header))
        return whole.mutate(**{name: values.trimmed(whole[name]) for name in self.found.columns})

    def values_of(self, column: Column) -> ir.Table:
        """The different values of a column: `text` and the number of `rows`."""
        return _different_values([self], [column])


def examine(files: Sequence[Delivered]) -> list[tuple[FileAccount, list[Fault]]]:
    """Count what is in the files of a source; the account and the faults of each.

    Rows with too few or too many values are one fault, and are left out of the other checks.
    """
    return [_examined(file, counts) for file, counts in zip(files, _counts(files), strict=True)]


def _examined(file: Delivered, counts: dict[str, Any]) -> tuple[FileAccount, list[Fault]]:
    decimal, decimal_faults = _decimal(file, counts)
    faults = [*_shape(file, counts), *_values(file, counts), *_codes(file, counts), *decimal_faults]
    return _account(file, counts, decimal), faults


def code_account(source: str, column: Column, found: list[ir.Table], unknown_rows: int) -> CodeAccount:
    """Which unknown and unverified codes a column holds, over all files of a source."""
    import ibis

    assert column.codes is not None
    unverified = sorted(unverified_codes(column.codes))
    texts = ibis.union(*(table.select("text", "rows") for table in found))
    codes = texts.select(
        code=values.code(texts.text, column), unknown=values.unknown_code(texts.text, column), rows=texts.rows
    )
    shown = codes.filter((codes.unknown & codes.code.re_search(_CODE_LIKE)) | codes.code.isin(unverified))
    numbers = shown.group_by("unknown", "code").aggregate(rows=shown.rows.sum().cast("int64"))
    rows = numbers.order_by("unknown", ibis.desc("rows"), "code").limit(len(unverified) + _CODES_SHOWN)
    counted = rows.to_pyarrow().to_pylist()
    return CodeAccount(
        source,
        column.name,
        column.codes,
        unknown_rows,
        {row["code"]: row["rows"] for row in counted if row["unknown"]},
        {row["code"]: row["rows"] for row in counted if not row["unknown"]},
    )


def _different_values(files: Sequence[Delivered], columns: Sequence[Column]) -> ir.Table:
    """The different values of columns: `file` (its place among files), `name`, `raw`, `text` and the number of `rows`.

    `text` is plain, and null for none. A register has millions of rows and a few thousand dates and codes: what is
    judged once for each value costs little. Keys differ in every row and are not judged, but for whether they are there
    and have blanks around them.
    """
    parts = [
        f"SELECT {number} AS file, {quoted(column.name)} AS name, {_as_delivered(column)} AS raw, count(*) AS rows "
        f"FROM read_parquet({quoted(file.rows)}) WHERE fields = {len(file.header)} GROUP BY ALL"
        for number, file in enumerate(files)
        for column in columns
        if column.name in file.found.columns
    ]
    # Trimmed in SQL: as an expression it would stand many times in those that follow from it.
    bare, none = f"trim(raw, {quoted(BLANKS)})", ", ".join(quoted(mark) for mark in ("", *MISSING))
    found = files[0].text.sql(
        f"SELECT file, name, raw, CASE WHEN {bare} NOT IN ({none}) THEN {bare} END AS text, rows "
        f"FROM ({' UNION ALL '.join(parts)})",
        schema={"file": "int32", "name": "string", "raw": "string", "text": "string", "rows": "int64"},
    )
    return found.mutate(text=values.plain_values(found, columns))


def _as_delivered(column: Column) -> str:
    """SQL for a value as it was delivered; of a key, which is a hash by now, only how it was written."""
    if column.kind != "key":
        return column.name
    written = ", ".join(map(quoted, AS_WRITTEN))  # told by as many blanks before the hash
    return f"list_value({written})[length({column.name}) - length(ltrim({column.name})) + 1]"


def _counts(files: Sequence[Delivered]) -> list[dict[str, Any]]:
    """Measures of all columns of each file, by "column/measure", in one sweep over the different values of each."""
    if not files:
        return []
    text, columns = files[0].text, files[0].contract.columns
    rows = " UNION ALL ".join(
        f"SELECT {number} AS file, count(*), count(*) FILTER (fields <> {len(file.header)}) "
        f"FROM read_parquet({quoted(file.rows)})"
        for number, file in enumerate(files)
    )
    counts: list[dict[str, Any]] = [
        {"rows": number, "shapeless": shapeless}
        for _, number, shapeless in text.raw_sql(f"{rows} ORDER BY file").fetchall()
    ]
    different = _different_values(files, columns)
    found = text.create_table(f"found_{files[0].rows.stem.replace('-', '_')}", different, temp=True)
    found = named(values.with_days(found, columns))
    numbers = {
        what: found.rows.sum(where=condition.fill_null(False)).fill_null(0).cast("int64")
        for what, condition in values.conditions(found, columns).items()
    }
    day = values.plausible(found.day)
    measured = found.group_by("file", "name").aggregate(**numbers, first=day.min(), last=day.max())
    of_column = {(line.pop("file"), line.pop("name")): line for line in measured.to_pyarrow().to_pylist()}
    nothing = {**dict.fromkeys(numbers, 0), "first": None, "last": None}
    for number, file in enumerate(files):
        for column in file.columns:  # a file without rows has no values
            measures = of_column.get((number, column.name), nothing)
            counts[number] |= {f"{column.name}/{what}": measure for what, measure in measures.items()}
    for (number, name), years in _years(found.mutate(day=day)).items():
        counts[number][f"{name}/years"] = years
    return counts


def _years(found: ir.Table) -> dict[tuple[int, str], dict[str, int]]:
    """Rows by year, of the columns that hold dates, by file and column."""
    dated = found.filter(found.day.notnull())
    counted = dated.group_by("file", "name", year=dated.day.year()).aggregate(rows=dated.rows.sum().cast("int64"))
    years: dict[tuple[int, str], dict[str, int]] = {}
    for line in counted.order_by("file", "name", "year").to_pyarrow().to_pylist():
        years.setdefault((line["file"], line["name"]), {})[str(line["year"])] = line["rows"]
    return years


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


def _values(file: Delivered, counts: dict[str, Any]) -> Iterator[Fault]:
    for column in file.columns:
        number = counts.get(f"{column.name}/impossible")
        if number:
            judged = values.with_impossible(file.whole, column)
            rows = _first_rows(judged, judged.impossible)
            what, remedy = values.describe_impossible(column, number)
            yield Fault(f"{_place(file, column)}, {list_some(rows, _ROWS_SHOWN, number)}", what, remedy)


def _codes(file: Delivered, counts: dict[str, Any]) -> Iterator[Fault]:
    """A fault for each needed column that more than half of the codes do not belong in: it is another column."""
    for column in file.columns:
        unknown = counts.get(f"{column.name}/unknown")
        if not unknown or not column.required:
            continue
        known = counts["rows"] - counts["shapeless"] - counts[f"{column.name}/blank"] - unknown
        if unknown > known:
            what = f"{unknown} of {unknown + known} values are no code of {column.width} digits."
            remedy = "See whether it is the right column, and map it with 'columns' if not."
            if column.codes is not None:
                what = f"{unknown} of {unknown + known} codes are not in data/codes/{column.codes}.csv."
                remedy = f"{remedy[:-1]}; add codes that are right."
            yield Fault(_place(file, column), what, remedy)


def _decimal(file: Delivered, counts: dict[str, Any]) -> tuple[str | None, list[Fault]]:
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
            judged = values.with_impossible(file.whole, column)
            rows = _first_rows(judged, judged[column.name].contains(other) & ~judged.impossible)
            place = f"{_place(file, column)}, {list_some(rows, _ROWS_SHOWN, number)}"
            what = f"the decimal mark is '{other}', but '{found}' elsewhere."
            remedy = "Correct the file, or set 'decimal' for the source in the configuration."
            if file.decimal:
                what = f"the decimal mark is '{other}', but 'decimal' in the configuration says '{found}'."
                remedy = "Correct the file or the setting."
            faults.append(Fault(place, what, remedy))
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
        format=file.format,
        encoding=file.encoding,
        delimiter=file.delimiter,
        decimal=decimal,
        columns=file.found.columns,
        missing=tuple(column.title for column in file.found.missing),
        unused=file.found.unused,
        blank={column.name: counts[f"{column.name}/blank"] for column in file.columns},
        forms={
            c.name: forms
            for c in file.columns
            if (forms := {form: n for form in values.FORMS if (n := counts.get(f"{c.name}/{form}"))})
        },
        years={c.name: years for c in dates if (years := counts.get(f"{c.name}/years"))},
        sentinels={c.name: n for c in dates if (n := counts[f"{c.name}/sentinel"])},
        unknown={c.name: n for c in file.columns if (n := counts.get(f"{c.name}/unknown"))},
        dates={
            c.name: (counts[f"{c.name}/first"].isoformat(), counts[f"{c.name}/last"].isoformat())
            for c in dates
            if counts[f"{c.name}/first"] is not None
        },
    )
