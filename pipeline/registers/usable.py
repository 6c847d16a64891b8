"""Whether extracts that hold no fault of their own can be used together."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.account import Account
from pipeline.errors import Fault


def unusable(account: Account) -> Iterator[Fault]:
    """A fault for each source that has no row left, and for each register that none of the participants is in."""
    rows = delivered_rows(account)
    for source, delivered in rows.items():
        if delivered and not account.tables[source]:
            aside = (rule for rule in account.rules if rule.source == source and rule.effect == "set_aside")
            met = ", ".join(f"{rule.rule} {rule.rows}" for rule in aside if rule.rows)
            what = f"none of its {delivered} rows can be used ({met})."
            yield Fault(f"sources.{source}", what, "See whether its columns are the right ones: docs/extracts.md.")
    if not account.tables["participants"]:
        return
    for source in ("registrations", "categories", "background"):
        if account.tables[source] and not account.linkage[f"participants_in_{source}"]:
            what = f"nobody in it is in {source}, so their keys are not of one kind."
            yield Fault("sources.participants", what, "Ask for the same key in every register; map person_id to it.")


def delivered_rows(account: Account) -> dict[str, int]:
    """Rows by source, over all of its files."""
    rows: dict[str, int] = {}
    for file in account.files:
        rows[file.source] = rows.get(file.source, 0) + file.rows
    return rows
