"""Text as delivered, turned into dates, numbers and codes: what each kind of column accepts, as Ibis expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.registers.codes import code_list, known_codes
from pipeline.registers.contracts import FIRST_YEAR, LAST_YEAR, SENTINEL_DATES, Column

if TYPE_CHECKING:
    import ibis.expr.types as ir

_MIDNIGHT = r"^[ T]00:00(:00(\.0+)?)?$"
_NO_DATE = ("0", "00000000", "0000-00-00")
_AMOUNT = r"^-?\d{1,15}([.,]\d+)?$"
_WHOLE = r"^-?\d{1,15}$"
_YEAR = r"^(\d{4}|0)$"  # 0 is a 0000 that lost its zeros
_WRONG = {
    "date": ("impossible date", "impossible dates"),
    "year": ("value that is no year", "values that are no years"),
    "whole": ("text in a column of whole numbers", "texts in a column of whole numbers"),
    "amount": ("text in a column of numbers", "texts in a column of numbers"),
}
_REMEDY = {
    "date": "Dates are written YYYY-MM-DD or YYYYMMDD; blank means none.",
    "year": "Years are written with four digits; blank or 0000 means none.",
    "whole": "See whether the column is the right one and its lines are whole.",
    "amount": "See whether the column is the right one and its lines are whole.",
}


def typed(text: ir.StringValue, column: Column) -> ir.Value:
    """The value of a column; null where there is none, where a sentinel stands for none, and where it is impossible."""
    if column.kind == "date":
        day = as_date(text)
        return _when(day, _plausible(day))
    if column.kind == "year":
        year = text.try_cast("int32")
        return _when(year, text.re_search(_YEAR) & (year > 0))
    if column.kind == "whole":
        return text.try_cast("int64")
    if column.kind == "amount":
        return text.replace(",", ".").try_cast("float64")
    return _code(text, column.width) if column.kind == "code" else text


def impossible(text: ir.StringValue, column: Column) -> ir.BooleanValue | None:
    """Whether there is a value that the column cannot hold; None for columns that can hold any text."""
    if column.kind == "date":
        day = as_date(text)
        return text.notnull() & ~(stands_for_none(text) | _plausible(day).fill_null(False))
    pattern = {"year": _YEAR, "whole": _WHOLE, "amount": _AMOUNT}.get(column.kind)
    return None if pattern is None else text.notnull() & ~text.re_search(pattern)


def describe_impossible(column: Column, number: int) -> tuple[str, str]:
    """What to say of so many values that a column cannot hold, and what to do about it."""
    one, many = _WRONG[column.kind]
    return f"1 {one}." if number == 1 else f"{number} {many}.", _REMEDY[column.kind]


def as_date(text: ir.StringValue) -> ir.DateValue:
    """The day a text names, sentinels included; null when it names none.

    A partial date, with 00 for the day, or for month and day, counts as the middle of what it names: the 15th, 1 July.
    """
    import ibis

    day = _dashed(text)
    whole = ibis.cases(
        (~day.endswith("-00"), day),
        (day.endswith("-00-00"), day.substr(0, 5) + "07-01"),
        else_=day.substr(0, 8) + "15",
    )
    return whole.try_cast("date")


def is_partial(text: ir.StringValue) -> ir.BooleanValue:
    """Whether a text names a day with 00 for the day, or for month and day."""
    return as_date(text).notnull() & _dashed(text).endswith("-00")


def _dashed(text: ir.StringValue) -> ir.StringValue:
    """The day of a text in the form YYYY-MM-DD, whatever its digits say; null when it has no such form.

    Told by length and by the places of the dashes, which is much cheaper than a regular expression for every value.
    """
    import ibis

    day = text.substr(0, 10)
    packed = text.substr(0, 4) + "-" + text.substr(4, 2) + "-" + text.substr(6, 2)
    return ibis.cases(
        ((text.length() == 10) & day.like("____-__-__"), text),
        ((text.length() == 8) & ~text.contains("-"), packed),
        ((text.length() > 10) & day.like("____-__-__") & text.substr(10).re_search(_MIDNIGHT), day),
    )


def is_sentinel(day: ir.DateValue) -> ir.BooleanValue:
    """Whether a day stands for "no date"."""
    import ibis

    return day.isin([ibis.literal(sentinel) for sentinel in SENTINEL_DATES])


def stands_for_none(text: ir.StringValue) -> ir.BooleanValue:
    """Whether a text is one that registers write for "no date"."""
    return is_sentinel(as_date(text)).fill_null(False) | text.isin(_NO_DATE).fill_null(False)


def unknown_code(text: ir.StringValue, column: Column) -> ir.BooleanValue | None:
    """Whether there is a code that the column's code list does not know; None for columns without a list."""
    if column.codes is None:
        return None
    known = sorted({code.upper() for code in known_codes(column.codes)})
    return text.notnull() & ~_code(text, column.width).upper().isin(known)


def grouped(code: ir.StringValue, codes: str, column: str = "group") -> ir.StringValue:
    """The group that a code list puts a code in; null for unknown codes."""
    import ibis

    members: dict[str, list[str]] = {}
    for row in code_list(codes):
        if row[column]:
            members.setdefault(row[column], []).append(row["code"].upper())
    return ibis.cases(*((code.upper().isin(of), group) for group, of in members.items()))


def _plausible(day: ir.DateValue) -> ir.BooleanValue:
    return day.year().between(FIRST_YEAR, LAST_YEAR) & ~is_sentinel(day)


def _code(text: ir.StringValue, width: int | None) -> ir.StringValue:
    """A code with its leading zeros restored; anything but digits is left as it is."""
    if width is None:
        return text
    import ibis

    bare = text.re_replace("^0+", "")
    return ibis.cases(
        (text.re_search(r"^\d+$"), ibis.ifelse(bare.length() < width, bare.lpad(width, "0"), bare)), else_=text
    )


def _when(value: ir.Value, condition: ir.BooleanValue) -> ir.Value:
    import ibis

    return ibis.ifelse(condition, value, ibis.null(value.type()))
