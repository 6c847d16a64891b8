"""Faults of single rows: how each is made, and on which rows it can be put without changing what is used.

Tables are text here, as delivered: dates YYYY-MM-DD, None for no value, a row a line, periods of a person in order.
Each fault is put on people of its own. It is made so that the cleaning rule that counts it brings back what was there:
rows that are set aside are added beside sound ones, and values that are changed go where others are used instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd

from pipeline.simulation.faults.ledger import Entry

REGISTRATIONS, CATEGORIES, PARTICIPANTS = "af_inskrivning", "af_sokandekategori", "esf_deltagare"
FIRST_LISA = "lisa_2018"
SOURCES = {REGISTRATIONS: "registrations", CATEGORIES: "categories", PARTICIPANTS: "participants"}
# Before this day a period is history: nothing of the evaluation is counted from it.
HISTORY = "2019-06-01"
UNKNOWN_CATEGORY, UNKNOWN_REGION = "99", "12"
ENDED_CATEGORY = "37"  # a code of 2008 and 2009
SENTINELS = ("9999-12-31", "0007-01-01", "1989-01-01")

Rows: TypeAlias = pd.DataFrame


@dataclass(frozen=True, slots=True)
class RowFault:
    """A fault of rows of one table: the rows it `fits`, and what they are with it.

    `column` is our name of the column it is in, empty when it is the row's; `added` rows stand beside the sound ones,
    others in their place. A rule named in `also` counts the same rows too.
    """

    fault: str
    table: str
    fits: Callable[[Rows], pd.Series]
    made: Callable[[Rows], Rows]
    column: str = ""
    added: bool = True
    also: str = ""


def source_of(table: str) -> str:
    """The source of the configuration that a simulated table, or a delivery of it, belongs to."""
    return SOURCES.get(table.partition("_20")[0], "background")


def put_row_faults(tables: dict[str, Rows], free: set[str], rng: np.random.Generator) -> list[tuple[str, int, Entry]]:
    """Put every fault of `ROW_FAULTS` into `tables` (changed in place), each on people of their own, taken from `free`.

    Returns
    -------
    table and label of each row with a fault, with its entry; file and row number are not known yet
    """
    marks: list[tuple[str, int, Entry]] = []
    for number, fault in enumerate(ROW_FAULTS):
        table = tables[fault.table]
        chosen = _chosen(table[fault.fits(table) & table["LopNr"].isin(free)], 3 + number % 4, rng)
        if chosen.empty:
            raise ValueError(f"people: too few for the fault {fault.fault} in {fault.table}; simulate at least 1,000")
        free -= set(chosen["LopNr"])
        made = fault.made(chosen)
        if fault.added:
            made.index = pd.RangeIndex(table.index.max() + 1, table.index.max() + 1 + len(made))
            tables[fault.table] = pd.concat([table, made])
        else:
            table.loc[made.index] = made
        for name in filter(None, (fault.fault, fault.also)):
            entry = Entry(name, source_of(fault.table), "", column=fault.column)
            marks += [(fault.table, label, entry) for label in made.index]
    return marks


def _chosen(rows: Rows, least: int, rng: np.random.Generator) -> Rows:
    """One row each of some people: a few, and more in a large extract."""
    one_each = rows[~rows["LopNr"].duplicated()]
    wanted = min(least + len(one_each) // 2_000, len(one_each))
    return one_each.iloc[np.sort(rng.choice(len(one_each), wanted, replace=False))].copy()


def later(dates: pd.Series, days: int) -> pd.Series:
    """Days after dates, as text; None stays."""
    moved = pd.to_datetime(dates) + pd.Timedelta(days=days)
    return moved.dt.strftime("%Y-%m-%d").astype(object).where(dates.notna(), None)


def _set(**values: object) -> Callable[[Rows], Rows]:
    """The rows with these values."""
    return lambda rows: rows.assign(**values)


def _moved(column: str, start: str, days: int) -> Callable[[Rows], Rows]:
    """The rows with a date so many days after the one in `start`."""
    return lambda rows: rows.assign(**{column: later(rows[start], days)})


def _alternating(column: str, values: tuple[str | None, ...]) -> Callable[[Rows], Rows]:
    return lambda rows: rows.assign(**{column: [values[place % len(values)] for place in range(len(rows))]})


def _any(rows: Rows) -> pd.Series:
    return rows["LopNr"].notna()


def _closed(start: str, end: str, days: int, before: str = HISTORY) -> Callable[[Rows], pd.Series]:
    """Periods of at least so many days that ended before a day."""
    return lambda rows: (rows[end] < before) & (later(rows[start], days) <= rows[end])


def _followed(rows: Rows) -> pd.Series:
    """Category periods of history that another of the same person follows on the day they end."""
    next_start = rows["inskadm"].shift(-1).where(rows["LopNr"] == rows["LopNr"].shift(-1))
    return (rows["utskadm"] == next_start) & (rows["utskadm"] < HISTORY)


def _unemployed(rows: Rows) -> pd.Series:
    return (rows["skat"] == "11") & (rows["utskadm"] < HISTORY)


def _unemployed_lately(rows: Rows) -> pd.Series:
    """Unemployment that began after the years in which `ENDED_CATEGORY` was in use."""
    return _unemployed(rows) & (rows["inskadm"] >= "2010-01-01")


def _stay_to_be_followed(rows: Rows) -> pd.Series:
    return (rows["startdatum"] >= "2020-02-01") & (rows["slutdatum"] < "2022-03-01")


def _second_stay(rows: Rows) -> Rows:
    return rows.assign(
        startdatum=later(rows["slutdatum"], 20), slutdatum=later(rows["slutdatum"], 60), avslutsorsak="Avbrutit"
    )


def _stay_inside(rows: Rows) -> Rows:
    return rows.assign(startdatum=later(rows["startdatum"], 1), slutdatum=rows["startdatum"].pipe(later, 3))


def _within(rows: Rows) -> Rows:
    """Registrations inside others, closed without a reason."""
    return rows.assign(
        INTR_DAT=later(rows["INTR_DAT"], 10), AVAKT_DATUM=later(rows["AVAKT_DATUM"], -10), AVAKT_ORSAK=None
    )


_REGISTRATION, _PERIOD, _STAY = ("INTR_DAT", "AVAKT_DATUM"), ("inskadm", "utskadm"), ("startdatum", "slutdatum")


def _of_periods(table: str, start: str, end: str, end_name: str) -> list[RowFault]:
    """Faults that every table of periods has in the same way."""
    known_end = _closed(start, end, 30, before="2020-12-01" if table == PARTICIPANTS else HISTORY)

    def still_open(rows: Rows) -> pd.Series:
        return rows[end].isna()

    def on_a_15th(rows: Rows) -> pd.Series:
        return known_end(rows) & rows[end].str.endswith("-15")

    def without_day(rows: Rows) -> Rows:
        return rows.assign(**{end: rows[end].str.slice(0, 8) + "00"})

    faults = [
        RowFault("end_before_start", table, known_end, _moved(end, start, -9)),
        RowFault("exact_duplicate", table, known_end, _set()),
        RowFault("no_person", table, known_end, _set(LopNr=None)),
        RowFault("no_start", table, known_end, _set(**{start: None})),
        RowFault("sentinel_date", table, still_open, _alternating(end, SENTINELS), end_name, added=False),
        RowFault("partial_date", table, on_a_15th, without_day, end_name, added=False),
    ]
    # Too few stays in the project end on a 15th.
    return faults[:-1] if table == PARTICIPANTS else faults


ROW_FAULTS: tuple[RowFault, ...] = (
    *_of_periods(REGISTRATIONS, *_REGISTRATION, "deregistered_on"),
    *_of_periods(CATEGORIES, *_PERIOD, "valid_to"),
    *_of_periods(PARTICIPANTS, *_STAY, "ended_on"),
    RowFault("same_start", REGISTRATIONS, _closed(*_REGISTRATION, 30), _moved("AVAKT_DATUM", "INTR_DAT", 3)),
    RowFault("same_start", PARTICIPANTS, _closed(*_STAY, 30, "2022-03-01"), _moved("slutdatum", "startdatum", 3)),
    RowFault(
        "same_start",
        CATEGORIES,
        _closed(*_PERIOD, 30),
        lambda rows: rows.assign(utskadm=later(rows["inskadm"], 3), skat="14"),
    ),
    RowFault("overlap", REGISTRATIONS, _closed(*_REGISTRATION, 60), _within),
    RowFault("overlap", PARTICIPANTS, _closed(*_STAY, 30, "2022-03-01"), _stay_inside, also="several_starts"),
    RowFault("overlap", CATEGORIES, _followed, _moved("utskadm", "utskadm", 25), added=False),
    RowFault("overlap", CATEGORIES, _followed, _set(utskadm=None), added=False),
    RowFault("empty_period", CATEGORIES, _closed(*_PERIOD, 30), lambda rows: rows.assign(
        inskadm=later(rows["inskadm"], 7), utskadm=later(rows["inskadm"], 7), skat="33")),
    RowFault("no_code", CATEGORIES, _closed(*_PERIOD, 30), _set(skat=None)),
    RowFault("unknown_code", CATEGORIES, _unemployed, _set(skat=UNKNOWN_CATEGORY), "category", added=False),
    RowFault("code_not_in_force", CATEGORIES, _unemployed_lately, _set(skat=ENDED_CATEGORY), "category", added=False),
    RowFault("unknown_code", FIRST_LISA, _any, _set(FodGrEg5=UNKNOWN_REGION), "birth_region", added=False),
    RowFault("exact_duplicate", FIRST_LISA, _any, _set()),
    RowFault("exact_duplicate", "lisa_2020", _any, _set()),
    RowFault("repeated_year", FIRST_LISA, _any, _set(SocBidrFam=None, FamTypF=None)),
    RowFault("no_person", FIRST_LISA, _any, _set(LopNr=None)),
    RowFault(
        "implausible_birth_year",
        FIRST_LISA,
        _any,
        _alternating("FodelseAr", ("2019", "1880")),
        "birth_year",
        added=False,
    ),
    RowFault("several_starts", PARTICIPANTS, _stay_to_be_followed, _second_stay),
)  # fmt: skip
