"""Paragraphs, captions, lists of captions, pictures and page numbers, as Word stores them."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field

from docx.document import Document as WordDocument
from docx.enum.text import WD_BREAK
from docx.image.image import Image
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Length
from docx.text.paragraph import Paragraph

from pipeline.reporting.document import Document
from pipeline.reporting.words import Words

STRESSED = re.compile(r"\*\*(.+?)\*\*")


@dataclass(frozen=True, slots=True)
class Word:
    """A Word file that is being written; `counts` are its headings, tables and figures so far."""

    file: WordDocument
    words: Words
    counts: dict[str, int] = field(default_factory=lambda: {"heading": 0, "table": 0, "figure": 0})

    @property
    def text_width(self) -> Length:
        """The width between the margins of the last section, where the text goes."""
        page = self.file.sections[-1]
        return Length((page.page_width or 0) - (page.left_margin or 0) - (page.right_margin or 0))


def w(tag: str, *children: BaseOxmlElement, **attributes: str | int) -> BaseOxmlElement:
    """An element of WordprocessingML; attributes without prefix are Word's own."""
    element = OxmlElement(f"w:{tag}")
    for name, value in attributes.items():
        element.set(qn(f"w:{name}"), str(value))
    element.extend(children)
    return element


def run(text: str, *properties: BaseOxmlElement) -> BaseOxmlElement:
    """A run of text; a newline in it becomes a line break."""
    element = w("r")
    if properties:
        element.append(w("rPr", *properties))
    for i, line in enumerate(text.split("\n")):
        if i:
            element.append(w("br"))
        part = w("t")
        part.text = line
        part.set(qn("xml:space"), "preserve")
        element.append(part)
    return element


def text(word: Word, content: str, style: str, *, stressed: bool = True) -> Paragraph:
    """A paragraph, its **stressed** parts in the character style for them unless the stars are meant."""
    paragraph = word.file.add_paragraph(style=style)
    # With one group in the pattern, every second piece is a stressed one.
    for i, piece in enumerate(STRESSED.split(content) if stressed else [content]):
        if piece:
            paragraph._p.append(run(piece, *([w("rStyle", val="Strong")] if i % 2 else [])))
    return paragraph


def heading(word: Word, content: str) -> None:
    """A section's heading."""
    paragraph = word.file.add_paragraph(style="Heading 1")
    paragraph._p.extend(_marked(word, "heading", run(content)))


def caption(word: Word, kind: str, content: str) -> None:
    """A numbered caption that Word can list, kept with the table or figure under it; kind is "table" or "figure"."""
    label = word.words(f"page.{kind}")
    number = str(word.counts[kind] + 1)
    paragraph = word.file.add_paragraph(style="Caption")
    parts = [run(f"{label} "), *complex_field(f"SEQ {label} \\* ARABIC", number), run(f". {content}")]
    paragraph._p.extend(_marked(word, kind, *parts))


def _marked(word: Word, kind: str, *parts: BaseOxmlElement) -> list[BaseOxmlElement]:
    """The parts between the ends of the next bookmark of a kind."""
    word.counts[kind] += 1
    number, key = word.counts[kind], sum(word.counts.values())
    return [w("bookmarkStart", id=key, name=bookmark(kind, number)), *parts, w("bookmarkEnd", id=key)]


def bookmark(kind: str, number: int) -> str:
    """The bookmark of the n-th heading, table or figure; those that start so are hidden in Word's dialogs."""
    return f"_Toc_{kind}_{number}"


def complex_field(instruction: str, result: str) -> list[BaseOxmlElement]:
    """A field with the result it has until Word updates it."""
    code = w("instrText")
    code.text = f" {instruction} "
    code.set(qn("xml:space"), "preserve")
    return [
        w("r", w("fldChar", fldCharType="begin")),
        w("r", code),
        w("r", w("fldChar", fldCharType="separate")),
        run(result),
        w("r", w("fldChar", fldCharType="end")),
    ]


def listing(word: Word, title: str, instruction: str, entries: list[str], kind: str, style: str) -> None:
    """A table of contents, tables or figures: a field filled with links, so that it is right before Word updates it.

    Page numbers are left out, since only Word knows them; they come when the field's switch \\n is taken away.
    """
    if not entries:
        return
    text(word, word.words(title), "TOC Heading")
    begin = complex_field(instruction, "")
    for i, entry in enumerate(entries, start=1):
        paragraph = word.file.add_paragraph(style=style)
        if i == 1:
            paragraph._p.extend(begin[:3])
        paragraph._p.append(w("hyperlink", run(entry), anchor=bookmark(kind, i), history=1))
        if i == len(entries):
            paragraph._p.append(begin[-1])


def fitting(word: Word, png: bytes, part: float) -> Length:
    """The width at which a picture takes so much of the height between the margins of a page."""
    page, image = word.file.sections[-1], Image.from_blob(png)
    room = (page.page_height or 0) - (page.top_margin or 0) - (page.bottom_margin or 0)
    return Length(int(part * room * image.px_width / image.px_height))


def picture(word: Word, png: bytes, width: Length, name: str, alternative: str) -> None:
    """A picture in a paragraph of its own, kept with the notes under it."""
    paragraph = word.file.add_paragraph(style="Report Figure")
    shape = paragraph.add_run().add_picture(io.BytesIO(png), width=width)
    described = shape._inline.docPr
    described.set("name", name)
    described.set("descr", alternative)


def page_break(word: Word) -> None:
    """What follows starts on a new page."""
    word.file.add_paragraph(style="Normal").add_run().add_break(WD_BREAK.PAGE)


def header_and_footer(word: Word, document: Document) -> None:
    """Title and status above, page numbers below, on every page."""
    section = word.file.sections[-1]
    above, below = section.header.paragraphs[0], section.footer.paragraphs[0]
    above.style, below.style = word.file.styles["Header"], word.file.styles["Footer"]
    above._p.append(run(f"{document.title} · {document.status}"))
    before, between, after = word.words("word.page", page="|", pages="|").split("|")
    for part in (before, "PAGE", between, "NUMPAGES", after):
        below._p.extend(complex_field(part, "1") if part.isupper() else [run(part)] if part else [])
