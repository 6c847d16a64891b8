"""A document as a Word file: real styles, captions that Word lists, tables as tables, figures with alternative text.

Everything stands in named styles, so that a house template (`report.word_template`) changes the look and nothing else.
The same content gives the same bytes.
"""

from __future__ import annotations

import io
from pathlib import Path

from docx.document import Document as WordDocument
from docx.shared import Inches

from pipeline.reporting.archive import without_dates
from pipeline.reporting.document import Block, Bullets, Document, Facts, Fold, Heading, Headline, Paragraph, Section
from pipeline.reporting.figures import WIDE, Drawn, Figure
from pipeline.reporting.tables import Table, under
from pipeline.reporting.word import layout
from pipeline.reporting.word.layout import Word
from pipeline.reporting.word.styles import prepare
from pipeline.reporting.word.tables import captioned_table, key_figures
from pipeline.reporting.word.template import opened
from pipeline.reporting.words import Words

KINDS = {"plain": "Normal", "lead": "Report Finding", "caution": "Report Caution", "note": "Report Note"}
# Longer tables stay in their files: nobody reads them on paper.
LONGEST_TABLE = 45
# Of the height of the page between its margins; the rest is for the caption and the notes.
HIGHEST_FIGURE = 0.85


def write_word(
    document: Document, words: Words, drawn: list[Drawn], source: str, template: Path | None = None
) -> bytes:
    """The report as a Word file.

    drawn : the document's figures · source : the line under tables · template : a Word file whose styles, page, header
    and footer are taken; the report's own look when left out

    Raises
    ------
    UserError : the template cannot be read as a Word file
    """
    file = opened(template)
    prepare(file, document.language, own_look=template is None)
    word = Word(file, words)
    _describe(file, document)
    _front(word, document)
    pictures = {item.figure.name: item for item in drawn}
    for position, section in enumerate(document.sections):
        _section(word, section, pictures, source)
        if position == 0 and len(document.sections) > 1:
            _lists(word, document)
    if template is None:
        layout.header_and_footer(word, document)
    out = io.BytesIO()
    file.save(out)
    return without_dates(out.getvalue())


def _describe(file: WordDocument, document: Document) -> None:
    """The file's properties: nobody's name, the report's title."""
    about = file.core_properties
    about.title, about.subject, about.language = document.title, document.subtitle, document.language
    about.author = about.last_modified_by = about.comments = about.keywords = ""
    about.revision = 1


def _front(word: Word, document: Document) -> None:
    layout.text(word, document.title, "Title")
    layout.text(word, document.subtitle, "Subtitle")
    layout.text(word, document.status, "Report Status")
    if document.banner:
        layout.text(word, document.banner, "Report Caution")


def _lists(word: Word, document: Document) -> None:
    """Contents, tables and figures, as fields that Word can update, on pages of their own after the summary."""
    label = {"table": word.words("page.table"), "figure": word.words("page.figure")}
    headings = [section.title for section in document.sections]
    layout.page_break(word)
    layout.listing(word, "word.contents", 'TOC \\o "1-1" \\n \\h \\z \\u', headings, "heading", "toc 1")
    tables = [table.caption for table in document.tables() if len(table.rows) <= LONGEST_TABLE]
    for key, kind, captions in (
        ("word.tables", "table", tables),
        ("word.figures", "figure", [figure.caption for figure in document.figures()]),
    ):
        entries = [f"{label[kind]} {i}. {caption}" for i, caption in enumerate(captions, start=1)]
        layout.listing(word, key, f'TOC \\n \\h \\z \\c "{label[kind]}"', entries, kind, "table of figures")


def _section(word: Word, section: Section, pictures: dict[str, Drawn], source: str) -> None:
    layout.heading(word, section.title)
    for block in section.blocks:
        _block(word, block, pictures, source)


def _block(word: Word, block: Block, pictures: dict[str, Drawn], source: str) -> None:
    if isinstance(block, Paragraph):
        layout.text(word, block.text, KINDS[block.kind])
    elif isinstance(block, Bullets):
        for item in block.items:
            layout.text(word, item, "List Bullet")
    elif isinstance(block, Facts):
        for term, text in block.items:
            layout.text(word, f"**{term}.** {text}", "Normal")
    elif isinstance(block, Heading):
        layout.text(word, block.text, "Heading 2")
    elif isinstance(block, Headline):
        for sentence in block.sentences:
            layout.text(word, sentence, "Report Headline")
        if block.figures:
            key_figures(word, block)
    elif isinstance(block, Fold):
        for inner in block.blocks:
            _block(word, inner, pictures, source)
    elif isinstance(block, Table):
        _table(word, block, source)
    else:
        _figure(word, pictures[block.name])


def _table(word: Word, table: Table, source: str) -> None:
    if len(table.rows) > LONGEST_TABLE:
        file = f"tables/{table.name}.csv"
        said = word.words("word.long_table", caption=table.caption, rows=word.words.number(len(table.rows)), file=file)
        layout.text(word, said, "Report Note")
        return
    layout.caption(word, "table", table.caption)
    captioned_table(word, table)
    layout.text(word, " ".join(under(word.words, table, source)), "Table Notes", stressed=False)


def _figure(word: Word, item: Drawn) -> None:
    figure: Figure = item.figure
    width = min(word.text_width, Inches(WIDE), layout.fitting(word, item.formats["png"], HIGHEST_FIGURE))
    layout.caption(word, "figure", figure.caption)
    layout.picture(word, item.formats["png"], width, figure.name, figure.alternative)
    notes = [*figure.notes, *([figure.source] if figure.source else [])]
    if notes:
        layout.text(word, " ".join(notes), "Table Notes", stressed=False)
