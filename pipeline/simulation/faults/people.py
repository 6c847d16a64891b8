"""Faults of whole people: flagged numbers, deaths, ages, starts that do not count, registers that lack them.

People who are set aside for one are copies of others under keys of their own: nothing else of an evaluation changes
when they go. What is wrong with them stands in LISA's columns of flags and of the day of death, in the year of birth,
or in the project's file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.simulation.faults.ledger import Entry
from pipeline.simulation.faults.rows import CATEGORIES, PARTICIPANTS, REGISTRATIONS, Rows, later, source_of

FLAGGED = ("reused_number", "changed_number", "wrong_number")
FLAGS = {"AterPNr": "0", "LopNrByte": "0", "FelPersonNr": "0", "DodDatum": None}
# A partial date, which counts as the middle of its month: before every start within the intake.
DIED, COUNTS_AS = "2019-06-00", "2019-06-15"
PROGRAMME = ("70", "79")
_STARTS = ("INTR_DAT", "inskadm", "startdatum")
Tables = dict[str, Rows]


@dataclass(frozen=True, slots=True)
class PersonFault:
    """A fault of people: what it does to their rows in each table.

    It is counted by people under `source`, by each of their rows when that is empty. `copied` people are set aside,
    others keep their place. `once` takes people who stand in one delivery of AF's registers only.
    """

    fault: str
    made: Callable[[str, Rows], Rows]
    source: str = ""
    copied: bool = True
    participants: bool = False
    once: bool = False

    @property
    def loses_start(self) -> bool:
        """Whether it leaves participants without a start that can be used: whoever died did so before any start."""
        return self.fault == "no_usable_start" or (self.fault == "death" and self.participants)


def put_person_faults(
    tables: Tables, free: set[str], once: set[str], rng: np.random.Generator
) -> dict[str, tuple[PersonFault, str]]:
    """Put `PERSON_FAULTS` into `tables` (changed in place): the fault of each person that has one, and whom it copies.

    LISA's tables get the columns of `FLAGS`, which only extracts with faults have.
    """
    for name in tables:
        if name.startswith("lisa"):
            tables[name] = tables[name].assign(**FLAGS)
    next_key = max(int(key) for table in tables.values() for key in table["LopNr"].dropna()) + 1
    in_project = set(tables[PARTICIPANTS]["LopNr"].dropna())
    free &= set(tables[REGISTRATIONS]["LopNr"].dropna())  # those not at AF are counted for that already
    put: dict[str, tuple[PersonFault, str]] = {}
    for number, fault in enumerate(PERSON_FAULTS):
        pool = free & in_project if fault.participants else free - in_project
        chosen = _some(sorted(pool & once if fault.once else pool, key=int), 3 + number % 4, rng)
        if not chosen:
            raise ValueError(f"people: too few for the fault {fault.fault}; simulate at least 1,000")
        free -= set(chosen)
        keys = {key: str(next_key + place) for place, key in enumerate(chosen)} if fault.copied else {}
        next_key += len(keys)
        _put(tables, chosen, keys, fault)
        put |= {keys.get(key, key): (fault, key) for key in chosen}
    return put


def _some(pool: list[str], least: int, rng: np.random.Generator) -> list[str]:
    wanted = min(least + len(pool) // 2_000, len(pool))
    return [pool[place] for place in sorted(rng.choice(len(pool), wanted, replace=False))]


def _put(tables: Tables, chosen: list[str], keys: dict[str, str], fault: PersonFault) -> None:
    for name, table in tables.items():
        rows = table[table["LopNr"].isin(chosen)]
        if not fault.copied:
            table.loc[rows.index] = fault.made(name, rows)
            continue
        copies = fault.made(name, rows.assign(LopNr=rows["LopNr"].map(keys)))
        copies.index = pd.RangeIndex(table.index.max() + 1, table.index.max() + 1 + len(copies))
        tables[name] = pd.concat([table, copies])


def person_entries(files: dict[str, Rows], put: dict[str, tuple[PersonFault, str]]) -> Iterator[Entry]:
    """The ledger's lines for people: one each, or one for each of their rows in the files as delivered."""
    for person, (fault, _) in put.items():
        if fault.source and not fault.loses_start:
            yield Entry(fault.fault, fault.source, "", person=person)
    faults = pd.Series({person: fault for person, (fault, _) in put.items()})
    for name, table in files.items():
        source = source_of(name)
        fault_of = table["LopNr"].map(faults)
        later_file = files.get(f"{name.removesuffix('_2020')}_2023")
        again = () if later_file is None or not name.endswith("_2020") else later_file.index
        for row in np.flatnonzero(fault_of.notna()):
            line, fault = table.iloc[row], fault_of.iloc[row]
            for name_of_rule, column in _met(fault, source, line):
                if name_of_rule == "no_usable_start" and table.index[row] in again:
                    continue  # the later delivery's row is the one in use
                yield Entry(name_of_rule, source, name, int(row) + 2, column, person=line["LopNr"])


def _met(fault: PersonFault, source: str, line: pd.Series) -> Iterator[tuple[str, str]]:
    """What one row of somebody with a fault is counted under, with the column where it is a value's."""
    if fault.fault in FLAGGED:
        yield fault.fault, ""
    elif fault.fault == "no_usable_start" and source == "participants":
        yield "end_before_start", ""
    elif fault.fault == "death" and starts_after_death(line):
        yield "after_death", ""
    elif fault.loses_start:
        yield "no_usable_start", ""
    if fault.fault == "death" and source == "background":
        yield "partial_date", "died_on"


def starts_after_death(line: pd.Series) -> bool:
    """Whether a period of somebody with the fault `death` starts after it."""
    return any(line[name] > COUNTS_AS for name in _STARTS if name in line)


def earlier_year_instead(tables: Tables, free: set[str], rng: np.random.Generator) -> list[Entry]:
    """Remove LISA rows of people of whom the year before says the same.

    Of participants the row of the year before their start; of others that of a year before one in which they are in
    the programme, within the intake.
    """
    stays = tables[PARTICIPANTS]
    entries = []
    for number, year in enumerate((2019, 2020, 2021)):
        asked = {
            "participants": set(stays.loc[stays["startdatum"].str[:4] == str(year + 1), "LopNr"]),
            "categories": _in_programme(tables[CATEGORIES], year + 1) - set(stays["LopNr"]),
        }
        table, before = tables[f"lisa_{year}"], tables[f"lisa_{year - 1}"].set_index("LopNr")
        alike = _says_the_same(table, before[~before.index.duplicated()])
        for source, people in asked.items():
            known = table["LopNr"].isin(free & people) & alike
            chosen = _some(sorted(table.loc[known, "LopNr"], key=int), 3 + number, rng)
            free -= set(chosen)
            tables[f"lisa_{year}"] = tables[f"lisa_{year}"][~tables[f"lisa_{year}"]["LopNr"].isin(chosen)]
            entries += [Entry("no_background_year", source, f"lisa_{year}", person=key) for key in chosen]
    return entries


def _in_programme(periods: Rows, year: int) -> set[str]:
    """People in JOB on 1 March of a year, a day of the intake in each of its years."""
    day = f"{year}-03-01"
    then = (periods["inskadm"] <= day) & (periods["utskadm"].isna() | (periods["utskadm"] > day))
    return set(periods.loc[then & periods["skat"].isin(PROGRAMME), "LopNr"])


def _says_the_same(table: Rows, before: Rows) -> pd.Series:
    """Rows whose values, as an evaluation uses them, are those of the year before."""
    alike = table["LopNr"].isin(before.index)
    level = next(name for name in before if name.startswith("Sun"))
    earlier = before.reindex(table["LopNr"]).rename(columns={level: "Sun2020Niva_Old"}).set_axis(table.index)
    for name in ("Sun2020Niva_Old", "FamTypF", "SocBidrTypF", "Kommun"):
        alike &= table[name].fillna("") == earlier[name].fillna("")
    for name in ("SjukPP", "SjukErs", "AktErs"):
        alike &= (table[name] == "0,0") == (earlier[name] == "0,0")
    return alike


def _in_lisa(**values: str) -> Callable[[str, Rows], Rows]:
    return lambda name, rows: rows.assign(**values) if name.startswith("lisa") else rows


def _in_project(made: Callable[[Rows], Rows]) -> Callable[[str, Rows], Rows]:
    return lambda name, rows: made(rows) if name == PARTICIPANTS else rows


def _long_before(rows: Rows) -> Rows:
    """Stays so much earlier that every start is before the intake."""
    return rows.assign(startdatum=later(rows["startdatum"], -1_200), slutdatum=later(rows["slutdatum"], -1_200))


def _ends_first(rows: Rows) -> Rows:
    return rows.assign(slutdatum=later(rows["startdatum"], -20))


PERSON_FAULTS: tuple[PersonFault, ...] = (
    PersonFault("no_usable_start", _in_project(_ends_first), participants=True),
    PersonFault("reused_number", _in_lisa(AterPNr="1"), once=True),
    PersonFault("changed_number", _in_lisa(LopNrByte="1"), copied=False, once=True),
    PersonFault("wrong_number", _in_lisa(FelPersonNr="1"), copied=False, once=True),
    PersonFault("death", _in_lisa(DodDatum=DIED), "background", participants=True),
    PersonFault("death", _in_lisa(DodDatum=DIED), "background"),
    PersonFault("age_out_of_range", _in_lisa(FodelseAr="2009"), "participants", participants=True),
    PersonFault("age_out_of_range", _in_lisa(FodelseAr="1932"), "participants", participants=True),
    PersonFault("outside_intake", _in_project(_long_before), "participants", participants=True),
    PersonFault(
        "not_in_af_register",
        lambda name, rows: rows if name == PARTICIPANTS else rows.iloc[:0],
        "participants",
        participants=True,
    ),
)
