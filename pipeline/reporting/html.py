"""A document as one HTML page: styles and figures inside it, nothing fetched from anywhere."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from pipeline.reporting.document import (
    Block,
    Bullets,
    Document,
    Facts,
    Fold,
    Heading,
    Headline,
    Paragraph,
)
from pipeline.reporting.figures import Drawn, Figure, inline, suffix
from pipeline.reporting.tables import Column, Table, cell, heads
from pipeline.reporting.words import Words
from pipeline.reporting.words.labels import lower_first

# Figures with these columns first hold curves, which the page lets readers read values off.
READ_OFF = ("group", "day", "cumulative_incidence", "lower", "upper")
TEMPLATES = Path(__file__).parent / "templates"
PLAIN = {Paragraph: "paragraph", Bullets: "bullets", Facts: "facts", Heading: "heading", Headline: "headline"}


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table on the page."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Other:
    """The same report in the other language."""

    language: str
    file: str


def write_page(
    document: Document, words: Words, drawn: list[Drawn], position: int, source: str, other: Other | None
) -> str:
    """The page as text.

    drawn : the document's figures · position : 0 for the first language, which decides the names of figure files ·
    source : the line under tables · other : where the same report stands in another language
    """
    environment = _environment()
    unit = next((lower_first(words.text(item.figure.look.unit)) for item in drawn), "")
    # Not the template's cached module: that one would keep the words of the first language.
    macros = environment.get_template("blocks.html.j2").make_module({"words": words, "source": source, "unit": unit})
    figures = {item.figure.name: item for item in drawn}
    numbers = _numbered(document)

    def render(block: Block) -> Markup:
        if isinstance(block, Fold):
            return macros.fold(block, Markup("\n").join(render(inner) for inner in block.blocks))  # type: ignore[attr-defined]
        if isinstance(block, Table):
            return macros.table(block, numbers[block.name, "table"], heads(block), _body(words, block))  # type: ignore[attr-defined]
        if isinstance(block, Figure):
            return _figure(macros, figures[block.name], numbers[block.name, "figure"], position)
        return getattr(macros, PLAIN[type(block)])(block)

    style, script = (
        Markup((TEMPLATES / name).read_text(encoding="utf-8").strip()) for name in ("style.css", "page.js")
    )
    page = environment.get_template("report.html.j2")
    return page.render(document=document, words=words, style=style, script=script, render=render, other=other) + "\n"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["rich"] = rich
    return environment


def rich(text: str) -> Markup:
    """Text with its **stressed** parts marked."""
    return Markup(re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", str(escape(text))))


def _numbered(document: Document) -> dict[tuple[str, str], int]:
    """Tables and figures numbered in reading order."""
    numbers = {(table.name, "table"): i for i, table in enumerate(document.tables(), start=1)}
    return numbers | {(figure.name, "figure"): i for i, figure in enumerate(document.figures(), start=1)}


def _figure(macros: object, item: Drawn, number: int, position: int) -> Markup:
    figure = item.figure
    name = f"{figure.name}-{figure.look.words.language}"
    wide, narrow = Markup(inline(item.wide, name)), Markup(inline(item.narrow, f"{name}-narrow"))
    numbers, names = _embedded([figure.columns, *figure.rows]), ""
    if figure.columns[: len(READ_OFF)] == READ_OFF:
        names = json.dumps({"participants": figure.look.participants, "controls": figure.look.controls})
    return macros.figure(figure, number, wide, narrow, suffix(figure, position), numbers, names)  # type: ignore[attr-defined]


def _embedded(rows: list[tuple[Any, ...]]) -> Markup:
    """Rows as JSON inside a page, which no text in them can close."""
    return Markup(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/"))


def _body(words: Words, table: Table) -> list[list[Cell]]:
    return [
        [Cell(_whole(column, cell(words, column, row, table.absent)), _kind(column)) for column in table.columns]
        for row in table.rows
    ]


def _kind(column: Column) -> str:
    return "text sentence" if column.key == "sentence" else column.kind


def _whole(column: Column, text: str) -> str:
    """A cell whose interval stays in one piece: where there is no room beside the number it stands under it."""
    number, bracket, limits = text.partition(" (")
    if not (column.interval and bracket):
        return text
    return Markup('{} <span class="limits">({}</span>').format(number, limits)
