"""The data-quality account as lines for a terminal: `utfall check`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.account import Account, CodeAccount, FileAccount, MonthAccount
from pipeline.disclosure.account import years_with_enough
from pipeline.disclosure.policy import Policy

_BARS = "▁▂▃▄▅▆▇█"


def account_lines(account: Account, policy: Policy) -> Iterator[str]:
    """What was delivered, what in it is unusual, what cleaning did, and how the registers fit together.

    Counts are those that may be shown: lines of a terminal end up in mails and notes.
    """
    for file in account.files:
        yield _delivered(file, policy)
        yield from (f"  {line}" for line in _remarks(file, policy))
    for codes in account.codes:
        yield from _codes(codes, policy)
    met = [
        f"  {rule.source}: {rule.rule} ({rule.effect.replace('_', ' ')}): {policy.told(rule.rows)} {rule.unit}"
        for rule in account.rules
        if rule.rows
    ]
    yield "Cleaning rules that met rows:" if met else "No cleaning rule met a row."
    yield from met
    if account.linkage:
        yield "Registers together:"
        yield from (f"  {name.replace('_', ' ')}: {policy.told(count)}" for name, count in account.linkage.items())
    if account.months:
        yield "Stays in the programme on the first day of each month, and those that begin in it:"
        yield from (f"  {line}" for line in _months(account.months, policy))
    if account.simulated:
        yield "These extracts are simulated."


def _delivered(file: FileAccount, policy: Policy) -> str:
    decimal = f", decimals with '{file.decimal}'" if file.decimal else ""
    year = f" for {file.year}" if file.year else ""
    delimiter = {"": "", "\t": ", split by tab"}.get(file.delimiter, f", split by '{file.delimiter}'")
    encoding = f", {file.encoding}" if file.encoding else ""
    return f"{file.file}: {policy.told(file.rows)} rows{year} ({file.format}{encoding}{delimiter}{decimal})"


def _remarks(file: FileAccount, policy: Policy) -> Iterator[str]:
    if file.missing:
        yield f"columns not there, and not needed: {', '.join(file.missing)}"
    if file.unused:
        yield f"columns nobody asks for: {', '.join(file.unused)}"
    if file.forms:
        yield "read from other forms: " + "; ".join(
            f"{name} " + ", ".join(f"{form.replace('_', ' ')} {policy.told(count)}" for form, count in forms.items())
            for name, forms in file.forms.items()
        )
    blank = {name: rows for name, rows in file.blank.items() if rows}
    if blank:
        yield "without a value: " + ", ".join(
            f"{name} {_share(rows, file.rows, policy)}" for name, rows in blank.items()
        )
    ranges = {name: years_with_enough(years, policy) for name, years in file.years.items()}
    if any(ranges.values()):
        # A first or last day belongs to somebody.
        yield "dates: " + ", ".join(f"{name} {shown[0]} to {shown[1]}" for name, shown in ranges.items() if shown)
    if file.sentinels:
        yield "dates that stand for none: " + ", ".join(
            f"{name} {policy.told(count)} rows" for name, count in file.sentinels.items()
        )


def _share(rows: int, of: int, policy: Policy) -> str:
    """A share of a file's rows, or that there are few of them."""
    return f"{policy.told(rows)} rows" if policy.small(rows) else f"{policy.share(rows / of, of):.1%}"


def _months(months: Sequence[MonthAccount], policy: Policy) -> Iterator[str]:
    """A line of stock and one of inflow a year, each with a picture; withheld numbers are a gap in it."""
    for name in ("stock", "inflow"):
        shown = {month.month: policy.rounded(getattr(month, name)) for month in months}
        highest = max((number for number in shown.values() if number), default=0)
        for year in dict.fromkeys(month[:4] for month in shown):
            numbers = [number for month, number in shown.items() if month.startswith(year)]
            told = " ".join(".." if number is None else f"{number:,}" for number in numbers)
            yield f"{name:6} {year} {''.join(_bar(number, highest) for number in numbers):12} {told}"


def _bar(number: int | None, highest: int) -> str:
    if number is None or not highest:
        return " "
    return _BARS[min(number * len(_BARS) // highest, len(_BARS) - 1)]


def _codes(codes: CodeAccount, policy: Policy) -> Iterator[str]:
    place = f"{codes.source}, {codes.column}"
    if codes.unknown_rows:
        named = f" ({', '.join(codes.unknown)})" if codes.unknown else ""
        rows = f"{policy.told(codes.unknown_rows)} rows"
        yield f"{place}: {rows} with codes that data/codes/{codes.list}.csv does not know{named}"
    if codes.unverified:
        counts = ", ".join(f"{code} ({policy.told(number)} rows)" for code, number in codes.unverified.items())
        yield f"{place}: meaning not verified of {counts}"
