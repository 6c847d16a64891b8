"""The data-quality account as lines for a terminal: `utfall check`."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.account import Account, CodeAccount, FileAccount


def account_lines(account: Account) -> Iterator[str]:
    """What was delivered, what in it is unusual, what cleaning did, and how the registers fit together."""
    for file in account.files:
        yield _delivered(file)
        yield from (f"  {line}" for line in _remarks(file))
    for codes in account.codes:
        yield from _codes(codes)
    met = [
        f"  {rule.source}: {rule.rule} ({rule.effect.replace('_', ' ')}): {rule.rows:,} rows"
        for rule in account.rules
        if rule.rows
    ]
    yield "Cleaning rules that met rows:" if met else "No cleaning rule met a row."
    yield from met
    if account.linkage:
        yield "Registers together:"
        yield from (f"  {name.replace('_', ' ')}: {count:,}" for name, count in account.linkage.items())
    if account.simulated:
        yield "These extracts are simulated."


def _delivered(file: FileAccount) -> str:
    decimal = f", decimals with '{file.decimal}'" if file.decimal else ""
    year = f" for {file.year}" if file.year else ""
    delimiter = {"": "", "\t": ", split by tab"}.get(file.delimiter, f", split by '{file.delimiter}'")
    encoding = f", {file.encoding}" if file.encoding else ""
    return f"{file.file}: {file.rows:,} rows{year} ({file.format}{encoding}{delimiter}{decimal})"


def _remarks(file: FileAccount) -> Iterator[str]:
    if file.missing:
        yield f"columns not there, and not needed: {', '.join(file.missing)}"
    if file.unused:
        yield f"columns nobody asks for: {', '.join(file.unused)}"
    if file.forms:
        yield "read from other forms: " + "; ".join(
            f"{name} " + ", ".join(f"{form.replace('_', ' ')} {count:,}" for form, count in forms.items())
            for name, forms in file.forms.items()
        )
    if file.dates:
        # Months only: a first or last day belongs to somebody.
        yield ", ".join(f"{name} {first[:7]} to {last[:7]}" for name, (first, last) in file.dates.items())
    if file.sentinels:
        yield "dates that stand for none: " + ", ".join(
            f"{name} {count:,} rows" for name, count in file.sentinels.items()
        )


def _codes(codes: CodeAccount) -> Iterator[str]:
    place = f"{codes.source}, {codes.column}"
    if codes.unknown_rows:
        named = f" ({', '.join(codes.unknown)})" if codes.unknown else ""
        yield f"{place}: {codes.unknown_rows:,} rows with codes that data/codes/{codes.list}.csv does not know{named}"
    if codes.unverified:
        counts = ", ".join(f"{code} ({rows:,} rows)" for code, rows in codes.unverified.items())
        yield f"{place}: meaning not verified of {counts}"
