"""What an extract of each register holds: its columns under their delivered names, their types and their codes.

Delivered names differ in case between years and deliveries, so they are compared without it. A delivered name is a
regular expression; when an extract holds several columns that fit, the earlier name counts.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["key", "date", "year", "whole", "amount", "code", "text"]

BLANKS = " \t\n\r\v\f"  # what is trimmed from around values
# What stands for "no value" beside an empty field, as statistical programs, spreadsheets and databases write it.
MISSING = (".", "NA", "NaN", "nan", "NULL", "None", "<NA>", "#N/A")
DECIMALS = (".0", ",0")  # of a whole number that a program kept as a decimal one, since others of its column are blank
SPECIAL_MISSING = r"^\.[A-Za-z_]$"  # kinds of it: .A to .Z and ._ in SAS, .a to .z in Stata
# Dates that registers write for "no date": two in AF's case system, one that databases use for an open end.
SENTINEL_DATES = (dt.date(7, 1, 1), dt.date(1989, 1, 1), dt.date(9999, 12, 31))
# Other dates outside these years cannot be right.
FIRST_YEAR, LAST_YEAR = 1900, 2100


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an extract: our name, what it holds, and the names it is delivered under, the usual one first.

    `required` columns stop the run when they are missing. `used` is false for columns that are only checked: text in a
    column of numbers tells that a line or a file is damaged, whichever column it is. `width` is the number of digits
    of a code whose leading zeros may have been lost.
    """

    name: str
    kind: Kind
    delivered: tuple[str, ...]
    required: bool = True
    used: bool = True
    codes: str | None = None
    width: int | None = None

    @property
    def title(self) -> str:
        """The usual delivered name, as people know the column."""
        return self.delivered[0]


@dataclass(frozen=True, slots=True)
class Contract:
    """A register: what it is called, its columns, and whether its year stands in the file name."""

    register: str
    title: str
    columns: tuple[Column, ...]
    yearly: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """Columns of one file: delivered name by our name, missing columns, and delivered columns nobody uses."""

    columns: dict[str, str]
    missing: tuple[Column, ...]
    unused: tuple[str, ...]


_PERSON = Column("person_id", "key", ("LopNr", r"(P\d+_)?LopNr(_Person(Nr)?)?", "PersonLopNr", "SOKANDE_ID"))

AF_REGISTRATIONS = Contract(
    "af_registrations",
    "AF's registration periods",
    (
        _PERSON,
        Column("registered_on", "date", ("INTR_DAT", "REGDATUM")),
        Column("deregistered_on", "date", ("AVAKT_DATUM",)),
        Column("reason", "code", ("AVAKT_ORSAK",), codes="deregistration_reasons", width=1),
    ),
)

AF_CATEGORIES = Contract(
    "af_categories",
    "AF's applicant category periods",
    (
        _PERSON,
        Column("valid_from", "date", ("inskadm", "SKAT_SEDAN")),
        Column("valid_to", "date", ("utskadm", "AVAKT_DATUM")),
        Column("category", "code", ("skat",), codes="applicant_categories", width=2),
        Column("disability", "code", ("ahkp",)),
    ),
)

# Later versions of the grouping first: they differ in which countries count as the EU.
BIRTH_REGION_NAMES = ("FodGrEg5", "FodGrEg4", "FodGrEg3", "FodGrEg2", "FodGrEg", r"fodelseland_EU\d+")

LISA = Contract(
    "lisa",
    "LISA",
    (
        _PERSON,
        Column("sex", "code", ("Kon",), codes="sexes", width=1),
        Column("birth_year", "year", ("FodelseAr",)),
        Column("birth_region", "code", BIRTH_REGION_NAMES, codes="birth_regions", width=2),
        Column("immigration_year", "year", ("SenInvAr",)),
        Column("education", "code", ("Sun2020Niva_Old", "Sun2000Niva_Old"), codes="education_levels", width=1),
        Column("family_type", "code", ("FamTypF",), codes="family_types", width=2),
        Column("municipality", "code", ("Kommun",), width=4),
        Column("sickness_pay", "amount", ("SjukPP",)),
        Column("sickness_compensation", "amount", ("SjukErs",)),
        Column("activity_compensation", "amount", ("AktErs",)),
        Column("assistance", "amount", ("SocBidrFam",)),
        Column("assistance_flag", "whole", ("SocBidrTypF",), required=False),
        Column("died_on", "date", ("DodDatum",), required=False),
        Column("reused_number", "code", ("AterPNr",), required=False, codes="flags"),
        Column("changed_number", "code", ("LopNrByte",), required=False, codes="flags"),
        Column("wrong_number", "code", ("FelPersonNr",), required=False, codes="flags"),
        Column("earnings", "amount", ("LoneInk",), required=False, used=False),
        Column("disposable_income", "amount", ("DispInk04",), required=False, used=False),
        *(
            Column(f"children_{ages.lower()}", "whole", (f"Barn{ages}",), required=False, used=False)
            for ages in ("0_3", "4_6", "7_10", "11_15", "16_17")
        ),
    ),
    yearly=True,
)

ESF = Contract(
    "esf",
    "the project's participants",
    (
        _PERSON,
        Column("started_on", "date", ("startdatum",)),
        Column("ended_on", "date", ("slutdatum",)),
        Column("origin", "text", ("ursprung",), required=False),
        Column("end_reason", "text", ("avslutsorsak",), required=False),
    ),
)

# Försäkringskassan's system for people whom authorities support together. What its columns are called in an extract
# could not be verified: these are the words its manual uses, and `columns` maps others.
SUS = Contract(
    "sus",
    "the participants in SUS",
    (
        _PERSON,
        Column("started_on", "date", ("startdatum", "insats_start", r"datum_(fr[aå]n|start)")),
        Column("ended_on", "date", ("slutdatum", "avslutsdatum", r"datum_(till|slut)")),
        Column("origin", "text", ("insatstyp", "remittent"), required=False),
        Column("end_reason", "text", ("avslutsorsak", "avslutsanledning"), required=False),
    ),
)

CONTRACTS: Mapping[str, Contract] = {
    contract.register: contract for contract in (AF_REGISTRATIONS, AF_CATEGORIES, LISA, ESF, SUS)
}


def contract_of(register: str, source: str) -> Contract:
    """The contract of a register as the configuration names it; `af` is the one of AF's two that a source needs."""
    if register == "af":
        return AF_CATEGORIES if source == "categories" else AF_REGISTRATIONS
    return CONTRACTS[register]


def find_columns(contract: Contract, delivered: Sequence[str], mapping: Mapping[str, str]) -> Found:
    """Which delivered column is which of ours.

    `mapping` (our name: delivered name) goes before the usual names, which stay in force for files that do not have
    the mapped one: names change between the years of a register.
    """
    columns: dict[str, str] = {}
    for column in contract.columns:
        mapped = [re.escape(mapping[column.name])] if column.name in mapping else []
        patterns = (*mapped, *column.delivered)
        name = next((name for pattern in patterns for name in delivered if _fits(pattern, name)), None)
        if name is not None:
            columns[column.name] = name
    taken = set(columns.values())
    return Found(
        columns=columns,
        missing=tuple(column for column in contract.columns if column.name not in columns),
        unused=tuple(name for name in delivered if name not in taken),
    )


def nearest(wanted: str, delivered: Sequence[str]) -> list[str]:
    """Delivered names that resemble a wanted one, nearest first; at most three."""
    folded = {name.casefold(): name for name in delivered}
    near = difflib.get_close_matches(wanted.casefold(), list(folded), n=3, cutoff=0.5)
    return [folded[name] for name in near]


def _fits(pattern: str, name: str) -> bool:
    return re.fullmatch(pattern, name, re.IGNORECASE) is not None
