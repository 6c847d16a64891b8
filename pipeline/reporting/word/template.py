"""The Word file that a report is written into: python-docx's own, or a house template emptied of its text."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import docx
from docx.document import Document as WordDocument
from docx.oxml.ns import qn

from pipeline.errors import Fault, UserError

TEMPLATE = b"application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml"
DOCUMENT = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
TYPES = "[Content_Types].xml"
# What the text of a template brings along; its header and footer have parts of their own.
OF_THE_TEXT = ("image", "hyperlink", "chart", "oleObject", "package", "comments", "commentsExtended", "commentsIds",
               "commentsExtensible", "people", "diagramData", "diagramLayout", "diagramColors", "diagramQuickStyle",
               "diagramDrawing")  # fmt: skip


def opened(template: Path | None) -> WordDocument:
    """An empty Word document with the template's styles, page, header and footer.

    Raises
    ------
    UserError : the template is not there or is no Word file
    """
    if template is None:
        return docx.Document()
    try:
        document = docx.Document(io.BytesIO(_as_document(template.read_bytes())))
    except FileNotFoundError:
        raise UserError(fault_of(template, "is not there")) from None
    except (zipfile.BadZipFile, KeyError, ValueError, OSError):
        raise UserError(fault_of(template, "cannot be read as a Word file")) from None
    _emptied(document)
    return document


def fault_of(template: Path, what: str) -> Fault:
    """What is wrong with a template, and what to do."""
    remedy = "Name a .docx or .dotx file, or leave word_template out for the report's own look."
    return Fault(f"report.word_template, {template.name}", f"{what}.", remedy)


def _as_document(archive: bytes) -> bytes:
    """A template (.dotx) as a document (.docx): they differ in the type they say they are."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source:
        if TEMPLATE not in source.read(TYPES):
            return archive
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
            for name in source.namelist():
                content = source.read(name)
                target.writestr(name, content.replace(TEMPLATE, DOCUMENT) if name == TYPES else content)
    return out.getvalue()


def _emptied(document: WordDocument) -> None:
    """Take the text away, with the pictures and links that only it used; the last section's page stays."""
    body = document.element.body
    for element in list(body):
        if element.tag != qn("w:sectPr"):
            body.remove(element)
    relations = document.part.rels
    for key, relation in list(relations.items()):
        if relation.reltype.rsplit("/", 1)[-1] in OF_THE_TEXT:
            del relations[key]
