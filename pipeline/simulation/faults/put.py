"""Every fault of register extracts put into simulated ones, and the place of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import pandas as pd

from pipeline.simulation.draws import generator
from pipeline.simulation.faults.forms import put_forms
from pipeline.simulation.faults.ledger import Entry
from pipeline.simulation.faults.people import (
    PersonFault,
    earlier_year_instead,
    person_entries,
    put_person_faults,
    starts_after_death,
)
from pipeline.simulation.faults.rows import CATEGORIES, REGISTRATIONS, SENTINELS, Rows, put_row_faults, source_of

# The first delivery of AF's registers was made when nothing after this day was known.
FIRST_DELIVERY = "2020-12-31"
_DELIVERED_TWICE = {REGISTRATIONS: ("INTR_DAT", "AVAKT_DATUM"), CATEGORIES: ("inskadm", "utskadm")}


@dataclass(frozen=True, slots=True)
class Faulty:
    """Extracts with faults, a table of text a file, and where the faults are."""

    tables: dict[str, pd.DataFrame]
    ledger: tuple[Entry, ...]


def put_faults(tables: dict[str, pd.DataFrame], seed: int = 1) -> Faulty:
    """Put every fault that extracts are known to have into simulated tables, a few places each.

    AF's two registers come in two deliveries, the earlier one cut at the end of 2020. Values are text as delivered.

    Parameters
    ----------
    tables : as `Simulated.tables`; not changed
    seed : the same number puts the same faults in the same places

    Raises
    ------
    ValueError : there are too few people to carry the faults
    """
    rng = generator(seed, "faults")
    written = {name: as_delivered(table) for name, table in tables.items()}
    free = _in_every_year(written)
    marks = put_row_faults(written, free, rng)
    entries = earlier_year_instead(written, free, rng)
    people = put_person_faults(written, free, _delivered_once(written), rng)
    files: dict[str, Rows] = {}
    for name, table in written.items():
        if name in _DELIVERED_TWICE:
            files |= _deliveries(name, table)
            entries += _known_twice(name, files, people)
        else:
            files[name] = table
    entries += person_entries(files, people)
    places = {
        (name, label): (name, place)
        for name, table in files.items()
        for place, label in enumerate(table.index, start=2)
    }
    for table_name, label, entry in marks:
        # In the later delivery, if it is in both: only that one shows the row as it came to be.
        name, row = places.get((f"{table_name}_2023", label)) or _place(places, table_name, label)
        entries.append(replace(entry, file=name, row=row))
    entries += put_forms(files)
    return Faulty({name: table.reset_index(drop=True) for name, table in files.items()}, tuple(entries))


def as_delivered(table: pd.DataFrame) -> Rows:
    """A table as text: dates YYYY-MM-DD, numbers with a decimal comma, None for no value."""
    columns = {}
    for name, column in table.items():
        if pd.api.types.is_datetime64_any_dtype(column):
            text = column.dt.strftime("%Y-%m-%d")
        elif pd.api.types.is_float_dtype(column):
            text = column.map("{:.1f}".format).str.replace(".", ",", regex=False)
        else:
            text = column.astype(object).where(column.notna(), None).map(str, na_action="ignore")
        columns[name] = text.astype(object).where(column.notna(), None)
    return pd.DataFrame(columns).reset_index(drop=True)


def _in_every_year(tables: dict[str, Rows]) -> set[str]:
    """People with a row in every LISA file: what one year gets wrong, another has right."""
    years = [set(table["LopNr"]) for name, table in tables.items() if name.startswith("lisa")]
    return set.intersection(*years)


def _delivered_once(tables: dict[str, Rows]) -> set[str]:
    """People all of whose periods at AF ended before its first delivery was made."""
    both = pd.concat([tables[name][["LopNr", end]].set_axis(["person", "end"], axis=1)
                      for name, (_, end) in _DELIVERED_TWICE.items()])  # fmt: skip
    ended = (both["end"] <= FIRST_DELIVERY) & ~both["end"].isin(SENTINELS)
    return set(both["person"].dropna()) - set(both.loc[~ended, "person"].dropna())


def _deliveries(name: str, table: Rows) -> dict[str, Rows]:
    """The two deliveries of a register: the earlier one does not know how periods ended after it."""
    start, end = _DELIVERED_TWICE[name]
    still_open = table[end].isna() | table[end].isin(SENTINELS)
    after = still_open | (table[end] > FIRST_DELIVERY)
    began = table[start].isna() | (table[start] <= FIRST_DELIVERY)
    earlier = table[began].copy()
    unknown_then = after[began]
    for column in (end, "AVAKT_ORSAK"):
        if column in earlier:
            earlier.loc[unknown_then, column] = None
    return {f"{name}_2020": earlier, f"{name}_2023": table[after & (table[start].notna())].copy()}


def _known_twice(name: str, files: dict[str, Rows], people: dict[str, tuple[PersonFault, str]]) -> Iterable[Entry]:
    """Rows that are in both deliveries: alike when still open, otherwise the later one knows the end."""
    end = _DELIVERED_TWICE[name][1]
    earlier, later = files[f"{name}_2020"], files[f"{name}_2023"]
    ended = later[end].notna() & ~later[end].isin(SENTINELS)
    dead = {person for person, (fault, _) in people.items() if fault.fault == "death"}
    rows = {label: place for place, label in enumerate(earlier.index, start=2)}
    for label in later.index.intersection(earlier.index):
        line = earlier.loc[label]
        if line["LopNr"] in dead and starts_after_death(line):
            continue  # counted as that
        fault = "earlier_delivery" if ended[label] else "exact_duplicate"
        yield Entry(fault, source_of(name), f"{name}_2020", row=rows[label])


def _place(places: dict[tuple[str, int], tuple[str, int]], table: str, label: int) -> tuple[str, int]:
    return places[table, label] if (table, label) in places else places[f"{table}_2020", label]
