"""The data's quality as the load stage accounts for it, and what disclosure control withheld."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any

from pipeline.disclosure.account import COARSER
from pipeline.reporting.document import Block, Fold, Paragraph, Section
from pipeline.reporting.figures import Figure
from pipeline.reporting.material import Material
from pipeline.reporting.plots.months import draw_months
from pipeline.reporting.tables import Column, Label, Table
from pipeline.reporting.words import labels

# Between a place in the results and the figure there; a dot between digits is a decimal point of a class.
LAST_DOT = re.compile(r"(?:(?<!\d)\.|\.(?!\d))(?!.*(?:(?<!\d)\.|\.(?!\d)))")


def quality_section(material: Material) -> Section | None:
    """Files, rows and what was set aside (account.json, see pipeline.account)."""
    account, words = material.account, material.words
    if not account.get("files"):
        return None
    blocks: list[Block] = [Paragraph(words("quality.reading")), files_table(material, account["files"])]
    if any(rows != 0 for file in account["files"] for rows in file.get("blank", {}).values()):
        blocks.append(Fold(words("quality.columns"), (columns_table(material, account["files"]),)))
    rules = account.get("rules", [])
    met = [rule for rule in rules if rule["rows"] != 0]
    blocks.append(rules_table(material, met) if met else Paragraph(words("quality.no_rules")))
    if account.get("linkage"):
        blocks.append(linkage_table(material, account["linkage"]))
    if any(month["stock"] for month in account.get("months", [])):
        blocks.append(months_figure(material, account["months"]))
    return Section("quality", words("section.quality"), tuple(blocks))


def files_table(material: Material, files: list[dict[str, Any]]) -> Table:
    """Each delivered file with its rows; names without folders."""
    words = material.words
    columns = (
        Column("file", words("column.file")),
        Column("register", words("column.register")),
        Column("rows", words("column.rows"), "count"),
        Column("unknown", words("column.unknown"), "count"),
        Column("unused", words("column.unused"), "count"),
    )
    rows = tuple(
        {
            "file": PurePath(file["file"]).name,
            "register": Label(file["register"], words.get(f"register.{file['register']}", file["register"])),
            "rows": file["rows"],
            "unknown": _sum(file["unknown"]),
            "unused": len(file["unused"]),
        }
        for file in files
    )
    return Table("data_files", words("caption.files"), columns, rows, _rounded_rows(material, COARSER))


def _rounded_rows(material: Material, times: int = 1) -> tuple[str, ...]:
    """The note under rows that are counted to so many times what people are: sums of the two need not agree."""
    base = material.words.number(times * material.base)
    return (material.words("note.rounded_rows", k=base),) if material.rounded else ()


def columns_table(material: Material, files: list[dict[str, Any]]) -> Table:
    """Each column of each file: the share without a value, unknown codes, and the years of its dates.

    Columns with a value in every row of which nothing is to be told are left out.
    """
    words = material.words
    columns = (
        Column("file", words("column.file")),
        Column("column", words("column.column")),
        Column("blank", words("column.blank"), "percent"),
        Column("unknown", words("column.unknown"), "count"),
        Column("years", words("column.years")),
    )
    rows = tuple(
        {
            "file": PurePath(file["file"]).name,
            "column": Label(name, str(file["columns"].get(name, name))),
            "blank": blank / file["rows"] if blank is not None and file["rows"] else None,
            "unknown": file["unknown"].get(name, 0),
            "years": "–".join(dict.fromkeys(file.get("years", {}).get(name, []))),
        }
        for file in files
        for name, blank in file["blank"].items()
        if blank != 0 or file["unknown"].get(name, 0) != 0 or file.get("years", {}).get(name)
    )
    return Table("data_columns", words("caption.columns"), columns, rows, (words("note.columns"), *material.rounded))


def months_figure(material: Material, months: list[dict[str, Any]]) -> Figure:
    """Stock and inflow of the programme by month."""
    words = material.words
    known = [month for month in months if month["stock"]]
    most = max(known, key=lambda month: month["stock"])
    told = {
        "first": words.month(months[0]["month"]),
        "last": words.month(months[-1]["month"]),
        "most": words.number(most["stock"]),
        "then": words.month(most["month"]),
        "end": words.number(known[-1]["stock"]),
    }
    return Figure(
        name="programme_months",
        caption=words("caption.programme_months"),
        alternative=words("alt.programme_months", **told),
        source=material.source,
        look=material.look,
        draw=lambda look: draw_months(look, months),
        columns=("month", "stock", "inflow"),
        rows=tuple((month["month"], month["stock"], month["inflow"]) for month in months),
        notes=(words("note.programme_months"), *material.rounded),
    )


def _sum(counts: dict[str, int | None]) -> int | None:
    """A sum of counts, withheld when one of them is."""
    known = [count for count in counts.values() if count is not None]
    return sum(known) if len(known) == len(counts) else None


def rules_table(material: Material, rules: list[dict[str, Any]]) -> Table:
    """Cleaning rules that met a row, and what was done."""
    words = material.words
    columns = (
        Column("source", words("column.register")),
        Column("rule", words("column.rule")),
        Column("effect", words("column.effect")),
        Column("rows", words("column.rows"), "count"),
    )
    rows = tuple(
        {
            **{
                key: Label(rule[key], words.get(f"{key}.{rule[key]}", rule[key].replace("_", " ")))
                for key in ("source", "rule", "effect")
            },
            "rows": rule["rows"],
        }
        for rule in rules
    )
    return Table("data_rules", words("caption.rules"), columns, rows, _rounded_rows(material))


def linkage_table(material: Material, linkage: dict[str, int | None]) -> Table:
    """How the registers meet, in people."""
    words = material.words
    columns = Column("link", words("column.link")), Column("people", words("column.people"), "count")
    rows = tuple(
        {"link": Label(name, words.get(f"link.{name}", name.replace("_", " "))), "people": people}
        for name, people in linkage.items()
    )
    return Table("data_linkage", words("caption.linkage"), columns, rows, material.rounded)


def suppressed_table(material: Material) -> Table:
    """What was withheld or changed: a row for the figures of one place that were so for one reason."""
    words, k = material.words, material.about.minimum_count
    columns = (
        Column("place", words("column.place")),
        Column("figures", words("column.figures")),
        Column("reason", words("column.reason")),
    )
    found: dict[tuple[str, str], list[str]] = {}
    for suppression in material.results.suppressed:
        place, figure = LAST_DOT.split(suppression.place, maxsplit=1)
        found.setdefault((place, suppression.reason), []).append(figure)
    rows = tuple(
        {"place": place, "figures": ", ".join(figures), "reason": Label(reason, words(f"reason.{reason}.short"))}
        for (place, reason), figures in found.items()
    )
    reasons = dict.fromkeys(reason for _, reason in found)
    notes = tuple(f"{labels.upper_first(words(f'reason.{r}.short'))}: {words(f'reason.{r}', k=k)}." for r in reasons)
    return Table("suppressed", words("caption.suppressed"), columns, rows, notes)


def disclosure_section(material: Material) -> Section | None:
    """The rule, and every place where something was withheld."""
    words, k = material.words, material.about.minimum_count
    if k <= 1:
        return None
    blocks: list[Block] = [Paragraph(words("disclosure.rule", k=k, base=words.number(material.base)))]
    if material.results.suppressed:
        count = len(material.results.suppressed)
        blocks.append(Fold(words("disclosure.all", count=count), (suppressed_table(material),)))
    else:
        blocks.append(Paragraph(words("disclosure.nothing")))
    return Section("disclosure", words("section.disclosure"), tuple(blocks))
