"""Text as delivered, turned into dates, numbers and codes: what each kind of column accepts, as Ibis expressions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.engine import named
from pipeline.registers.codes import code_list, known_codes
from pipeline.registers.contracts import (
    DECIMALS,
    FIRST_YEAR,
    LAST_YEAR,
    MISSING,
    SENTINEL_DATES,
    SPECIAL_MISSING,
    Column,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir

_MIDNIGHT = r"^[ T]00:00(:00(\.0+)?)?$"
_NO_DATE = ("0", "00000000", "0000-00-00")
_AMOUNT = r"^-?\d{1,15}([.,]\d+)?$"
_WHOLE = r"^-?\d{1,15}$"
_YEAR = r"^(\d{4}|0)$"  # 0 is a 0000 that lost its zeros
_PATTERNS = {"year": _YEAR, "whole": _WHOLE, "amount": _AMOUNT}
_WITHOUT_DECIMALS = ("key", "date", "year", "whole", "code")  # kinds of columns
# Forms in which a value can be delivered that mean the same as the usual one.
FORMS = ("padded", "packed_date", "time_of_day", "partial_date", "lost_zeros", "decimals", "label")
_WRONG = {
    "date": ("impossible date", "impossible dates"),
    "year": ("value that is no year", "values that are no years"),
    "whole": ("text in a column of whole numbers", "texts in a column of whole numbers"),
    "amount": ("text in a column of numbers", "texts in a column of numbers"),
}
_REMEDY = {
    "date": "Dates are written YYYY-MM-DD or YYYYMMDD (not day first, no numbers of days, no time but midnight); "
    "blank means none.",
    "year": "Years are written with four digits; blank or 0000 means none.",
    "whole": "See whether the column is the right one and its lines are whole.",
    "amount": "See whether the column is the right one and its lines are whole.",
}


def trimmed(text: ir.StringValue) -> ir.StringValue:
    """A text without the blanks around it; null for nothing and for marks of no value."""
    import ibis

    bare = text.strip()
    return ibis.ifelse(bare.isin(["", *MISSING]), ibis.null("string"), bare)


def code(text: ir.StringValue, column: Column) -> ir.StringValue:
    """The code of a trimmed text, its leading zeros restored; null where there is none."""
    return _code(plain(text, column), column.width)


def plain(text: ir.StringValue, column: Column) -> ir.StringValue:
    """A trimmed text without what programs add to it: 70 for 70.0, null for SAS's and Stata's marks of no value."""
    return _plain(text, has_decimals(text) if column.kind in _WITHOUT_DECIMALS else None)


def plain_values(found: ir.Table, columns: Sequence[Column]) -> ir.StringValue:
    """As `plain`, of values of several columns: `name` of the column and trimmed `text`."""
    whole = [column.name for column in columns if column.kind in _WITHOUT_DECIMALS]
    return _plain(found.text, found.name.isin(whole or [""]) & has_decimals(found.text))


def _plain(text: ir.StringValue, decimals: ir.BooleanValue | None) -> ir.StringValue:
    import ibis

    bare = text if decimals is None else ibis.ifelse(decimals, text.substr(0, text.length() - 2), text)
    return _when(bare, ~text.re_search(SPECIAL_MISSING))


def has_decimals(text: ir.StringValue) -> ir.BooleanValue:
    """Whether a text ends as a whole number that was written with a decimal, 70.0 or 70,0."""
    import ibis

    return ibis.or_(*(text.endswith(mark) for mark in DECIMALS))


def typed_columns(rows: ir.Table, columns: Sequence[Column]) -> ir.Table:
    """Rows of text with the values of columns.

    Null where there is none, where a sentinel stands for none, and where it is impossible. Each step reads the one
    before by name: a date has many cases, and is worked out once.
    """
    for step in (lambda text, column: trimmed(text), _in_one_form, _value, _believable):
        rows = named(rows.mutate(**{column.name: step(rows[column.name], column) for column in columns}))
    return rows


def _in_one_form(text: ir.StringValue, column: Column) -> ir.StringValue:
    """A trimmed text as it is written most often. Dates take decimals themselves; marks of no value name no day."""
    return _dashed(text) if column.kind == "date" else plain(text, column)


def _value(text: ir.StringValue, column: Column) -> ir.Value:
    """What a text in one form says."""
    if column.kind == "date":
        return _named_day(text)
    if column.kind == "year":
        year = text.try_cast("int32")
        return _when(year, text.re_search(_YEAR) & (year > 0))
    if column.kind == "whole":
        return text.try_cast("int64")
    if column.kind == "amount":
        return text.replace(",", ".").try_cast("float64")
    return _code(text, column.width) if column.kind == "code" else text


def _believable(value: ir.Value, column: Column) -> ir.Value:
    return plausible(value) if column.kind == "date" else value


def with_impossible(rows: ir.Table, column: Column) -> ir.Table:
    """Rows of trimmed text with `impossible`: whether there is a value that the column cannot hold.

    Null where the column can hold any text. In steps, as in `typed_columns`.
    """
    import ibis

    rows = named(rows.mutate(plain_text=plain(rows[column.name], column)))
    text = rows.plain_text
    if column.kind == "date":
        rows = named(rows.mutate(day_in_one_form=_dashed(text)))
        rows = named(rows.mutate(named_day=_named_day(rows.day_in_one_form)))
        text, day = rows.plain_text, rows.named_day
        right = stands_for_none(text, day) | _plausible(day).fill_null(False)
        return rows.mutate(impossible=text.notnull() & ~right).drop("plain_text", "day_in_one_form", "named_day")
    pattern = _PATTERNS.get(column.kind)
    wrong = ibis.null("boolean") if pattern is None else text.notnull() & ~text.re_search(pattern)
    return rows.mutate(impossible=wrong).drop("plain_text")


def describe_impossible(column: Column, number: int) -> tuple[str, str]:
    """What to say of so many values that a column cannot hold, and what to do about it."""
    one, many = _WRONG[column.kind]
    return f"1 {one}." if number == 1 else f"{number} {many}.", _REMEDY[column.kind]


def as_date(text: ir.StringValue) -> ir.DateValue:
    """The day a text names, sentinels included; null when it names none.

    A partial date, with 00 for the day, or for month and day, counts as the middle of what it names: the 15th, 1 July.
    """
    return _named_day(_dashed(text))


def _named_day(day: ir.StringValue) -> ir.DateValue:
    """The day that a text of the form YYYY-MM-DD names; null when there is none."""
    import ibis

    whole = ibis.cases(
        (~day.endswith("-00"), day),
        (day.endswith("-00-00"), day.substr(0, 5) + "07-01"),
        else_=day.substr(0, 8) + "15",
    )
    return whole.try_cast("date")


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
        ((text.length() == 10) & has_decimals(text), packed),
        ((text.length() > 10) & day.like("____-__-__") & text.substr(10).re_search(_MIDNIGHT), day),
    )


def is_sentinel(day: ir.DateValue) -> ir.BooleanValue:
    """Whether a day stands for "no date"."""
    import ibis

    return day.isin([ibis.literal(sentinel) for sentinel in SENTINEL_DATES])


def stands_for_none(text: ir.StringValue, day: ir.DateValue) -> ir.BooleanValue:
    """Whether a text, and the day that it names, are what registers write for "no date"."""
    return (is_sentinel(day) | text.isin(_NO_DATE)).fill_null(False)


def unknown_code(text: ir.StringValue, column: Column) -> ir.BooleanValue | None:
    """Whether there is a code that the column's list does not know, or of another form where there is no list.

    None for columns that can hold any code.
    """
    if column.codes is None:
        return text.notnull() & ~text.re_search(rf"^\d{{1,{column.width}}}$") if column.width else None
    known = sorted({code.upper() for code in known_codes(column.codes)})
    return text.notnull() & ~_code(text, column.width).upper().isin(known)


def conditions(found: ir.Table, columns: Sequence[Column]) -> dict[str, ir.BooleanValue]:
    """By name, what is counted of the values of several columns: what cannot be, is not known, or is written otherwise.

    Parameters
    ----------
    found : `name` of the column, `raw` and plain `text`, and `day` for those of dates (see `with_days`)
    """
    text, day = found.text, found.day
    known = day.notnull() & text.notnull()

    def of(*kinds: str) -> ir.BooleanValue:
        return found.name.isin([column.name for column in columns if column.kind in kinds] or [""])

    none = stands_for_none(text, day)
    right = {kind: text.re_search(pattern) for kind, pattern in _PATTERNS.items()}
    right["date"] = none | _plausible(day).fill_null(False)
    coded = {column.name: column for column in columns if column.kind == "code"}
    listed = {name: unknown for name, c in coded.items() if (unknown := unknown_code(text, c)) is not None}
    digits = text.re_search(r"^\d+$")
    short = [(found.name == name) & (text.length() < c.width) for name, c in coded.items() if c.width is not None]
    unknown = _any_of([(found.name == name) & unknown for name, unknown in listed.items()])
    numbered = [name for name in listed if coded[name].width is not None]
    return {
        "blank": text.isnull(),
        "padded": found.raw != found.raw.strip(),
        "impossible": text.notnull() & _any_of([of(kind) & ~fits for kind, fits in right.items()]),
        "unknown": unknown,
        "sentinel": of("date") & none,
        "comma": of("amount") & right["amount"] & text.contains(","),
        "point": of("amount") & right["amount"] & text.contains("."),
        "packed_date": known & (text.length() == 8),
        "time_of_day": known & (text.length() > 10),
        "partial_date": known & (text.substr(0, 10).endswith("-00") | ((text.length() == 8) & text.endswith("00"))),
        "lost_zeros": (of("year") & (text == "0")) | (digits & _any_of(short)),
        "decimals": of(*_WITHOUT_DECIMALS) & has_decimals(found.raw.strip()),
        "label": found.name.isin(numbered or [""]) & text.notnull() & ~digits & ~unknown,
    }


def with_days(found: ir.Table, columns: Sequence[Column]) -> ir.Table:
    """Different values with `day`, the day that a text in a column of dates names; null in other columns."""
    import ibis

    dates = [column.name for column in columns if column.kind == "date"]
    if not dates:
        return found.mutate(day=ibis.null("date"))
    return found.mutate(day=_when(as_date(found.text), found.name.isin(dates)))


def _any_of(signs: list[ir.BooleanValue]) -> ir.BooleanValue:
    import ibis

    return ibis.or_(*signs) if signs else ibis.literal(False)


def in_force(code: ir.StringValue, day: ir.DateValue, codes: str) -> ir.BooleanValue:
    """Whether a code was in use on a day, as far as its list says; codes that it does not know count as in use."""
    import ibis

    meanings: dict[str, list[ir.BooleanValue]] = {}
    for row in code_list(codes):
        within = [ibis.literal(True)]
        if row["valid_from"]:
            within.append(day >= ibis.date(row["valid_from"]))
        if row["valid_to"]:
            within.append(day <= ibis.date(row["valid_to"]))
        meanings.setdefault(row["code"], []).append(ibis.and_(*within))
    limited = {row["code"] for row in code_list(codes) if row["valid_from"] or row["valid_to"]}
    return ibis.cases(*((code == name, ibis.or_(*meanings[name])) for name in sorted(limited)), else_=True)


def grouped(code: ir.StringValue, codes: str, column: str = "group") -> ir.StringValue:
    """The group that a code list puts a code in; null for unknown codes."""
    import ibis

    members: dict[str, list[str]] = {}
    for row in code_list(codes):
        if row[column]:
            members.setdefault(row[column], []).append(row["code"].upper())
    return ibis.cases(*((code.upper().isin(of), group) for group, of in members.items()))


def plausible(day: ir.DateValue) -> ir.DateValue:
    """A day that a register can mean; null for sentinels and days that cannot be right."""
    return _when(day, _plausible(day))


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
