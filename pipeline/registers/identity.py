"""Personal identity numbers: how they are recognised, and where they may not stand.

A personnummer is YYYYMMDDNNNC or YYMMDD-NNNC ("+" from the year of turning 100), its last digit by Luhn over the last
ten. A samordningsnummer has the day plus 60. Interim numbers have a letter after the date, and ESF's placeholder for
protected identity is YYYYMMDDTf29: neither has a check digit.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pipeline.engine import quoted
from pipeline.errors import Fault, list_some
from pipeline.registers.contracts import DECIMALS

if TYPE_CHECKING:
    from pathlib import Path

# What may be a number, for the engine to sort out the bulk of values; `number_in` decides.
CANDIDATE = r"(^|[^0-9])((19|20)?[0-9]{6}[-+ ]?([0-9]{4}|[A-Za-z][A-Za-z0-9][0-9]{2}))($|[^0-9])"
_NUMBER = re.compile(r"(?<!\d)((?:19|20)?)(\d{2})(\d{2})(\d{2})([-+ ]?)(\d{4}|[A-Za-z][A-Za-z0-9]\d{2})(?![0-9A-Za-z])")
_ROUNDED = r"^\s*\d+([.,]\d+)?[eE]\+?\d+\s*$"  # a number with an exponent
_COORDINATION = 60  # added to the day of a samordningsnummer
SHARE = 0.5  # of the values of a column nobody uses: what is a column of numbers, and no chance
_ROWS_SHOWN = 5
MISPLACED = "there are personal identity numbers here, which may stand in the column of the person's key only."


def number_in(text: str, reference: dt.date) -> str | None:
    """The first personal number in a text, in twelve characters; None when there is none.

    Parameters
    ----------
    reference : the day on which "-" means under 100 years of age, for numbers without a century
    """
    for found in _NUMBER.finditer(text):
        century, year, month, day, mark, last = found.groups()
        born = _born(century + year, int(month), int(day), mark, reference)
        if born is not None and (not last.isdigit() or _checks(year + month + day + last)):
            return f"{born}{month}{day}{last.upper()}"
    return None


def as_compared(key: str, reference: dt.date | None) -> str:
    """A key as it is compared, however it is written: text in one register may be a number in another.

    A personal number in twelve characters; any other without zeros before it and without the decimal of 123.0.

    Parameters
    ----------
    reference : as for `number_in`; None for a key that is no personal number
    """
    whole = key[:-2] if key.endswith(DECIMALS) and key[:-2].isdigit() else key
    number = number_in(whole, reference) if reference and _NUMBER.fullmatch(whole) else None
    return number or (whole.lstrip("0") or "0" if whole.isdigit() else whole)


def rounded_keys(connection: Any, rows: Path, delivered: str, shown: str) -> Iterator[Fault]:
    """A fault for keys that a program wrote as 1.2E+11, of which the last digits are gone: they would be one person.

    Parameters
    ----------
    rows : Parquet file with `row` and `person_id` as delivered
    """
    matching = f"FROM read_parquet({quoted(rows)}) WHERE regexp_matches(person_id, '{_ROUNDED}')"
    found = connection.raw_sql(f"SELECT row, count(*) OVER () {matching} ORDER BY row LIMIT {_ROWS_SHOWN}").fetchall()
    if found:
        what = "keys are written like 1.2E+11, and without their last digits they are nobody's."
        remedy = "Ask for the extract anew, with the key as text; spreadsheets and R write long numbers in this way."
        places = list_some((row for row, _ in found), _ROWS_SHOWN, found[0][1])
        yield Fault(f"{shown}, column {delivered}, {places}", what, remedy)


def _born(year: str, month: int, day: int, mark: str, reference: dt.date) -> int | None:
    """The year of birth, None when the digits are no date."""
    years = int(year)
    if len(year) == 2:
        years += reference.year // 100 * 100
        while _date(years, month, day) is not None and years > reference.year:
            years -= 100
        years -= 100 if mark == "+" else 0
    return years if _date(years, month, day) is not None else None


def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day - _COORDINATION if day > _COORDINATION else day)
    except ValueError:
        return None


def _checks(ten: str) -> bool:
    """Whether the last of ten digits is Luhn's check digit."""
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(ten))
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0


def named_in_header(header: tuple[str, ...], shown: str, reference: dt.date) -> Fault | None:
    """A fault when the first line holds a person's number, so that there is no header; it is not shown."""
    if any(number_in(name, reference) for name in header):
        what = "has a personal number in its first line, where the names of columns stand."
        return Fault(shown, what, "Put a line of names first, or ask for the extract anew.")
    return None


def misplaced(
    connection: Any,
    rows: Path,
    columns: Mapping[str, str],
    unused: set[str],
    shown: str,
    reference: dt.date,
) -> Iterator[Fault]:
    """A fault for each column besides the key that holds personal numbers.

    One number is enough in a column that is used; in others, which go no further, half of the values must be numbers.

    Parameters
    ----------
    rows : Parquet file with `row` and the columns as text
    columns : delivered name by name in the table; `unused` are those of them that nobody asks for
    """
    table = f"read_parquet({quoted(rows)})"
    for name, delivered in columns.items():
        matching = f"FROM {table} WHERE regexp_matches({name}, '{CANDIDATE}')"
        found = connection.raw_sql(f"SELECT {name}, min(row), count(*) {matching} GROUP BY 1").fetchall()
        numbers = [(row, count) for text, row, count in found if number_in(text, reference)]
        if not numbers:
            continue
        total = sum(count for _, count in numbers)
        if name in unused:
            known = connection.raw_sql(f"SELECT count({name}) FROM {table}").fetchone()[0]
            if total < SHARE * known:
                continue
            remedy = (
                "Take the column out of the file; or, if it is the person's key, map person_id to it with 'columns'."
            )
        else:
            remedy = "See whether the columns are the right ones; take the numbers out of the file."
        places = sorted(row for row, _ in numbers)[:_ROWS_SHOWN]
        yield Fault(
            f"{shown}, column {delivered}, {list_some(places, _ROWS_SHOWN, total)}",
            MISPLACED,
            remedy,
        )
