"""The data's quality as the load stage accounts for it, and what disclosure control withheld."""

from __future__ import annotations

from typing import Any

from pipeline.reporting.document import Block, Fold, Paragraph, Section
from pipeline.reporting.material import Material
from pipeline.reporting.tables import Column, Label, Table


def quality_section(material: Material) -> Section | None:
    """Files, rows and what was set aside."""
    if not material.account:
        return None
    words = material.words
    blocks: list[Block] = [Paragraph(words("quality.reading"))]
    rows = account_rows(material.account)
    if rows:
        columns = (
            Column("where", words("column.where")),
            Column("what", words("column.what")),
            Column("value", words("column.value")),
        )
        table = Table("data_quality", words("caption.quality"), columns, tuple(rows))
        blocks.append(Fold(words("quality.all"), (table,)) if len(rows) > 12 else table)
    return Section("quality", words("section.quality"), tuple(blocks))


def account_rows(account: Any, where: str = "") -> list[dict[str, object]]:
    """The account as flat lines: where, what, value."""
    rows: list[dict[str, object]] = []
    for key, value in account.items():
        if isinstance(value, dict):
            rows += account_rows(value, f"{where}, {key}" if where else str(key))
        elif isinstance(value, list):
            rows.append({"where": where, "what": key, "value": ", ".join(map(str, value)) or "–"})
        else:
            rows.append({"where": where, "what": str(key).replace("_", " "), "value": str(value)})
    return rows


def disclosure_section(material: Material) -> Section | None:
    """The rule, and every place where something was withheld."""
    words, k = material.words, material.about.minimum_count
    if k <= 1:
        return None
    blocks: list[Block] = [Paragraph(words("disclosure.rule", k=k))]
    if material.results.suppressed:
        columns = Column("place", words("column.place")), Column("reason", words("column.reason"))
        rows = tuple(
            {"place": s.place, "reason": Label(s.reason, words(f"reason.{s.reason}", k=k))}
            for s in material.results.suppressed
        )
        table = Table("suppressed", words("caption.suppressed"), columns, rows)
        blocks.append(Fold(words("disclosure.all", count=len(rows)), (table,)))
    else:
        blocks.append(Paragraph(words("disclosure.nothing")))
    return Section("disclosure", words("section.disclosure"), tuple(blocks))
