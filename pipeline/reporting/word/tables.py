"""Tables in Word: heads that repeat on every page, numbers to the right, columns as wide as what stands in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from docx.oxml.xmlchemy import BaseOxmlElement

from pipeline.reporting.document import Headline
from pipeline.reporting.tables import Column, Head, Table, cell, heads
from pipeline.reporting.word.layout import Word, run, w
from pipeline.reporting.word.styles import KEY_TABLE, TABLE

SIZE, SMALLEST = 8.5, 7.0  # points
STEP = 0.5
PADDING = 150  # both sides of a cell, in twentieths of a point
ROOMY = 220  # what each column gets besides where there is room
# Shorter tables are not broken over pages.
KEPT_TOGETHER = 15
KEPT_ROWS = 2
# Widths of Arial's letters in shares of the size of type; others are as wide as a digit.
WIDTHS = {
    **dict.fromkeys("ijl'|", 0.23), **dict.fromkeys("tfI.,:;/! \u00a0", 0.28), **dict.fromkeys("r()-*", 0.36),
    **dict.fromkeys("ckJsvxyz", 0.5), **dict.fromkeys("ABCDEFGHKLNOPQRSTUVXYZÅÄÖw", 0.72),
    **dict.fromkeys("mMW%", 0.88),
}  # fmt: skip
DIGIT, BOLD = 0.56, 1.11


@dataclass(frozen=True, slots=True)
class _Look:
    """Of a whole table: the size of type in half points where it is not the style's; whether one page must hold it."""

    half_points: int | None = None
    together: bool = True


def captioned_table(word: Word, table: Table) -> None:
    """A table's grid; caption and notes stand around it."""
    texts = [[cell(word.words, column, row, table.absent) for column in table.columns] for row in table.rows]
    room = int(word.text_width.twips)
    natural, least = _measured(table, texts, SIZE)
    if sum(natural) > room:
        texts = [[_broken(column, value) for column, value in zip(table.columns, row, strict=True)] for row in texts]
        natural, least = _measured(table, texts, SIZE)
    size = SIZE
    while sum(least) > room and size > SMALLEST:
        size -= STEP
        natural, least = _measured(table, texts, size)
    widths = shared(natural, least, room)
    look = _Look(None if size == SIZE else round(2 * size), len(texts) <= KEPT_TOGETHER)
    grid = _grid(table.caption, widths, TABLE)
    kept = replace(look, together=True)
    grid.extend(_head_rows(table, widths, kept))
    for place, values in enumerate(texts):
        # Neither a head without rows nor notes without a table: rows at both ends stay with what is next to them.
        own = kept if place < KEPT_ROWS or place >= len(texts) - KEPT_ROWS else look
        cells = [
            _cell(value, width, "Table Text" if column.kind == "text" or i == 0 else "Table Number", own)
            for i, (column, value, width) in enumerate(zip(table.columns, values, widths, strict=True))
        ]
        grid.append(_row(cells))
    _add(word, grid)


def key_figures(word: Word, headline: Headline) -> None:
    """The key figures of the headline: a row a time, to be read at a glance."""
    unit = word.words("unit.points.many")
    names = ["", headline.participants, headline.controls, f"{headline.difference}, {unit}"]
    room = int(word.text_width.twips)
    widths = [room // 4] * 4
    grid = _grid(names[-1], widths, KEY_TABLE)
    texts = [_cell(name, width, "Table Text", _Look()) for name, width in zip(names, widths, strict=True)]
    grid.append(_row(texts, head=True))
    for figure in headline.figures:
        told = (figure.time, "Normal"), (figure.participants, "Key Number"), (figure.controls, "Key Number")
        cells = [*told, (figure.difference, "Normal")]
        grid.append(_row([_cell(t, width, s, _Look()) for (t, s), width in zip(cells, widths, strict=True)]))
    _add(word, grid)
    # Two tables without a paragraph between them become one; this one also ends the box.
    word.file.add_paragraph(style="Table Notes")


def _add(word: Word, grid: BaseOxmlElement) -> None:
    body = word.file.element.body
    body.insert(len(body) - 1, grid)  # before the page's properties, which come last


def _grid(caption: str, widths: Sequence[int], style: str) -> BaseOxmlElement:
    properties = w(
        "tblPr",
        w("tblStyle", val=style.replace(" ", "")),
        w("tblW", w=sum(widths), type="dxa"),
        w("tblLayout", type="fixed"),
        w("tblLook", val="0420", firstRow=1, lastRow=0, firstColumn=0, lastColumn=0, noHBand=0, noVBand=1),
        w("tblCaption", val=caption),
    )
    return w("tbl", properties, w("tblGrid", *(w("gridCol", w=width) for width in widths)))


def _row(cells: Sequence[BaseOxmlElement], head: bool = False) -> BaseOxmlElement:
    return w("tr", w("trPr", w("cantSplit"), *([w("tblHeader")] if head else [])), *cells)


def _cell(text: str, width: int, style: str, look: _Look, *, span: int = 1, merge: str = "") -> BaseOxmlElement:
    properties = w("tcPr", w("tcW", w=width, type="dxa"))
    if span > 1:
        properties.append(w("gridSpan", val=span))
    if merge:
        properties.append(w("vMerge", val=merge))
    kept = [w("keepNext")] if look.together else []
    paragraph = w("p", w("pPr", w("pStyle", val=style.replace(" ", "")), *kept))
    if text:
        size = look.half_points
        paragraph.append(run(text, *([w("sz", val=size), w("szCs", val=size)] if size else [])))
    return w("tc", properties, paragraph)


def _head_rows(table: Table, widths: Sequence[int], look: _Look) -> list[BaseOxmlElement]:
    """The heads, in two rows where columns stand in groups; both repeat on every page."""
    rows = heads(table)
    upper, place = [], 0
    for i, head in enumerate(rows[0]):
        width = sum(widths[place : place + head.span])
        merge = "restart" if head.down > 1 else ""
        upper.append(_cell(head.text, width, _style(head, i), look, span=head.span, merge=merge))
        place += head.span
    if len(rows) == 1:
        return [_row(upper, head=True)]
    below, lower = iter(rows[1]), []
    for column, width in zip(table.columns, widths, strict=True):
        if column.group:
            head = next(below)
            lower.append(_cell(head.text, width, _style(head, 1), look))
        else:
            lower.append(_cell("", width, "Table Head", look, merge="continue"))
    return [_row(upper, head=True), _row(lower, head=True)]


def _style(head: Head, place: int) -> str:
    if head.span > 1:
        return "Table Group"
    return "Table Head" if head.kind == "text" or place == 0 else "Table Head Number"


def _broken(column: Column, text: str) -> str:
    """An interval on a line of its own, where a table would otherwise be too wide."""
    return text.replace(" (", "\n(", 1) if column.interval else text


def _measured(table: Table, texts: list[list[str]], size: float) -> tuple[list[int], list[int]]:
    """Width of every column with its texts unbroken, and the least it can do with: words and numbers stay whole."""
    natural, least = [], []
    for i, column in enumerate(table.columns):
        lines = [line for row in texts for line in row[i].split("\n")]
        tokens = [token for line in lines for token in line.split(" ")] if column.kind == "text" else lines
        head = max(round(BOLD * text_width(word, size)) for word in column.label.split(" "))
        in_two_lines = round(0.6 * BOLD * text_width(column.label, size))
        natural.append(max([head, in_two_lines, *(text_width(line, size) for line in lines)]) + PADDING)
        least.append(max([head, *(text_width(token, size) for token in tokens)]) + PADDING)
    for group in {column.group for column in table.columns if column.group}:
        inside = [i for i, column in enumerate(table.columns) if column.group == group]
        wanted = round(BOLD * text_width(group, size)) + PADDING
        lacking = max(0, wanted - sum(natural[i] for i in inside))
        for i in inside:
            natural[i] += lacking // len(inside)
    return natural, least


def text_width(text: str, size: float) -> int:
    """The width of a text in Arial, in twentieths of a point; other fonts of the kind are near it."""
    return round(20 * size * sum(WIDTHS.get(letter, DIGIT) for letter in text))


def shared(natural: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Widths for columns: their natural ones and more where there is room, else what is left by what each lacks."""
    if sum(natural) <= room:
        more = min(ROOMY, (room - sum(natural)) // len(natural))
        return [width + more for width in natural]
    if sum(least) >= room:
        return [width * room // sum(least) for width in least]
    share = (room - sum(least)) / (sum(natural) - sum(least))
    return [low + int((high - low) * share) for low, high in zip(least, natural, strict=True)]
