"""Forms in which the same values are delivered: names of columns, dates, codes and blanks, a column at a time.

None of them changes what a value means; each is counted in the account under its name here:

- `renamed_column`: a column under another name, or in other case
- `packed_date`: YYYYMMDD, `time_of_day`: a date with midnight behind it
- `padded`: a value with blanks around it, or blanks alone for no value
- `lost_zeros`: a code without the zeros it began with
- `label`: a text, or a letter, in place of a number
"""

from __future__ import annotations

import pandas as pd

from pipeline.registers.codes import code_list
from pipeline.simulation.faults.ledger import Entry
from pipeline.simulation.faults.rows import CATEGORIES, PARTICIPANTS, REGISTRATIONS, Rows, source_of

_LATER = {REGISTRATIONS: f"{REGISTRATIONS}_2023", CATEGORIES: f"{CATEGORIES}_2023"}
# File, delivered name, form, our name of the column.
_FORMS = (
    (_LATER[REGISTRATIONS], "INTR_DAT", "packed_date", "registered_on"),
    (_LATER[REGISTRATIONS], "AVAKT_DATUM", "packed_date", "deregistered_on"),
    (_LATER[REGISTRATIONS], "AVAKT_ORSAK", "padded", "reason"),
    (_LATER[CATEGORIES], "inskadm", "time_of_day", "valid_from"),
    (_LATER[CATEGORIES], "ahkp", "padded", "disability"),
    ("lisa_2018", "Kon", "label", "sex"),
    ("lisa_2018", "FodGrEg5", "label", "birth_region"),
    ("lisa_2018", "SenInvAr", "lost_zeros", "immigration_year"),
    ("lisa_2019", "FodGrEg5", "lost_zeros", "birth_region"),
    ("lisa_2020", "FamTypF", "padded", "family_type"),
    (PARTICIPANTS, "ursprung", "padded", "origin"),
)
# File, name as simulated, name as delivered, our name.
_NAMES = (
    (_LATER[REGISTRATIONS], "LopNr", "P1105_LopNr_PersonNr", "person_id"),
    (_LATER[REGISTRATIONS], "INTR_DAT", "intr_dat", "registered_on"),
    (_LATER[CATEGORIES], "skat", "SKAT", "category"),
    (_LATER[CATEGORIES], "LopNr", "lopnr", "person_id"),
    ("lisa_2018", "FodGrEg5", "fodelseland_EU28", "birth_region"),
    ("lisa_2019", "FodelseAr", "Fodelsear", "birth_year"),
    ("lisa_2020", "Kon", "KON", "sex"),
    ("lisa_2021", "LopNr", "LopNr_PersonNr", "person_id"),
)


def put_forms(files: dict[str, Rows]) -> list[Entry]:
    """Write columns of `files` (by name, changed in place) in other forms; an entry a column."""
    entries = []
    for name, column, form, ours in _FORMS:
        before = files[name][column]
        files[name][column] = after = _FORM[form](before)
        changed = int((after.notna() & (after != before)).sum())
        entries.append(Entry(form, source_of(name), name, column=ours, values=changed))
    for name, column, delivered, ours in _NAMES:
        files[name] = files[name].rename(columns={column: delivered})
        entries.append(Entry("renamed_column", source_of(name), name, column=ours))
    return entries


def _packed(column: pd.Series) -> pd.Series:
    return column.str.replace("-", "", regex=False)


def _time_of_day(column: pd.Series) -> pd.Series:
    return column + " 00:00:00"


def _padded(column: pd.Series) -> pd.Series:
    """Fixed width, as a column of characters comes out of a database; no value is blanks alone."""
    return column.fillna("").str.ljust(4)


def _lost_zeros(column: pd.Series) -> pd.Series:
    return column.str.lstrip("0").where(column.str.strip("0") != "", "0").where(column.notna(), None)


def _label(column: pd.Series) -> pd.Series:
    """Texts for the codes of birth regions, letters for those of sexes."""
    regions = {row["code"]: row["name_sv"] for row in code_list("birth_regions") if row["code"].isdigit()}
    return (
        column.map({**regions, "1": "M", "2": "K", "02": "EU28 utom Norden", "03": "Övriga Europa"}.get)
        .where(column.notna(), None)
        .fillna(column)
    )


_FORM = {
    "packed_date": _packed,
    "time_of_day": _time_of_day,
    "padded": _padded,
    "lost_zeros": _lost_zeros,
    "label": _label,
}
