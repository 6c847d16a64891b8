"""The styles a report is written in. A house template keeps its own; what it lacks is added as here."""

from __future__ import annotations

from dataclasses import dataclass

from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.oxml import OxmlElement
from docx.oxml.ns import nsdecls, qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.parts.numbering import NumberingPart
from docx.shared import Cm, Pt, RGBColor
from docx.styles.style import ParagraphStyle

from pipeline.reporting.word.layout import w

FONT = "Arial"
INK, SOFT, BLUE, TINT = "1F2933", "52606D", "0F4C81", "F3F6F9"
AMBER, AMBER_TINT = "B07D00", "FFFAF0"
LANGUAGES = {"sv": "sv-SE", "en": "en-GB"}
TABLE, KEY_TABLE = "Report Table", "Report Key Figures"


@dataclass(frozen=True, slots=True)
class Style:
    """A paragraph style. Sizes and spaces in points; `bar` colours a line at the left, `fill` the background."""

    name: str
    size: float
    before: float = 0
    after: float = 6
    bold: bool = False
    colour: str = INK
    base: str | None = "Normal"
    keep: bool = False
    bar: str = ""
    fill: str = ""
    line: float = 1.0
    align: str = ""
    builtin: bool = False


STYLES = (
    Style("Normal", 10.5, after=7, line=1.15, base=None, builtin=True),
    Style("Title", 24, before=0, after=4, bold=True, colour=BLUE, builtin=True),
    Style("Subtitle", 12.5, after=6, colour=SOFT, builtin=True),
    Style("Heading 1", 16, before=22, after=8, bold=True, colour=BLUE, keep=True, builtin=True),
    Style("Heading 2", 12, before=12, after=4, bold=True, keep=True, builtin=True),
    Style("TOC Heading", 12, before=10, after=4, bold=True, colour=BLUE, keep=True, builtin=True),
    Style("toc 1", 9.5, after=1, builtin=True),
    Style("table of figures", 9, after=1, builtin=True),
    Style("List Bullet", 10.5, after=4, line=1.15, builtin=True),
    Style("Caption", 9.5, before=10, after=4, bold=True, keep=True, builtin=True),
    Style("Header", 8.5, after=0, colour=SOFT, builtin=True),
    Style("Footer", 8.5, after=0, colour=SOFT, builtin=True),
    Style("Report Status", 10.5, after=8, bold=True, colour="6B4600"),
    Style("Report Headline", 11.5, after=5, bar=BLUE, fill=TINT, line=1.2),
    Style("Report Finding", 11, after=7, line=1.15),
    Style("Report Caution", 10.5, before=4, after=8, bar=AMBER, fill=AMBER_TINT, line=1.1),
    Style("Report Note", 9.5, after=6, colour=SOFT),
    Style("Report Figure", 10.5, after=0, keep=True),
    Style("Table Text", 8.5, after=0),
    Style("Table Number", 8.5, after=0, align="right"),
    Style("Table Head", 8.5, after=0, bold=True),
    Style("Table Head Number", 8.5, after=0, bold=True, align="right"),
    Style("Table Group", 8.5, after=0, bold=True, align="center"),
    Style("Table Notes", 8, before=3, after=14, colour=SOFT),
    Style("Key Number", 18, after=0, bold=True),
)


def prepare(document: WordDocument, language: str, *, own_look: bool) -> None:
    """Give a document every style of a report and its language.

    own_look : set the look of styles that are there already, and the page; a house template keeps its own
    """
    if own_look:
        _page(document)
        _without_table_styles(document)
    present = {style.name for style in document.styles}
    for style in STYLES:
        missing = style.name not in present and style.name.lower() not in present
        if missing or own_look:
            _paragraph_style(document, style, add=missing)
    if own_look or "List Bullet" not in present:
        _bullets(document)
    if "Strong" not in present:
        document.styles.add_style("Strong", WD_STYLE_TYPE.CHARACTER, builtin=True).font.bold = True
    for name, xml in ((TABLE, _table_style()), (KEY_TABLE, _key_table_style())):
        if name not in present:
            document.styles.element.append(xml)
    _language(document, LANGUAGES[language])


def _page(document: WordDocument) -> None:
    """A4 with room for notes; as of Word 2013, so that no compatibility mode is spoken of."""
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.2)
    section.top_margin, section.bottom_margin = Cm(2.3), Cm(2.0)
    for setting in document.settings.element.iter(qn("w:compatSetting")):
        if setting.get(qn("w:name")) == "compatibilityMode":
            setting.set(qn("w:val"), "15")


def _without_table_styles(document: WordDocument) -> None:
    """python-docx brings a hundred table styles of Word 2007; the plain ones are enough."""
    for style in document.styles.element.findall(qn("w:style")):
        plain = style.get(qn("w:styleId")) in ("TableNormal", "TableGrid")
        if style.get(qn("w:type")) == "table" and not plain:
            document.styles.element.remove(style)


def _paragraph_style(document: WordDocument, wanted: Style, *, add: bool) -> None:
    styles = document.styles
    if add:
        styles.add_style(wanted.name, WD_STYLE_TYPE.PARAGRAPH, builtin=wanted.builtin)
    style = styles[wanted.name]
    assert isinstance(style, ParagraphStyle)
    if wanted.base is not None:
        style.base_style = styles[wanted.base]
    style.quick_style, style.hidden = True, False
    _font(style.element.get_or_add_rPr(), own=document, name=FONT)
    style.font.size, style.font.bold, style.font.italic = Pt(wanted.size), wanted.bold, False
    style.font.color.rgb = RGBColor.from_string(wanted.colour)
    shape = style.paragraph_format
    shape.space_before, shape.space_after = Pt(wanted.before), Pt(wanted.after)
    shape.line_spacing, shape.keep_with_next = wanted.line, wanted.keep
    properties = style.element.get_or_add_pPr()
    for tag in ("w:pBdr", "w:shd", "w:jc"):
        for old in properties.findall(qn(tag)):
            properties.remove(old)
    if wanted.bar:
        _insert(properties, w("pBdr", w("left", val="single", sz=24, space=8, color=wanted.bar)))
    if wanted.fill:
        _insert(properties, w("shd", val="clear", color="auto", fill=wanted.fill))
    if wanted.align:
        _insert(properties, w("jc", val=wanted.align))


# The order in which Word wants the properties of a paragraph that are set here, and those that may stand among them.
ORDER = (
    "keepNext", "keepLines", "pageBreakBefore", "widowControl", "numPr", "pBdr", "shd", "tabs", "spacing", "ind",
    "contextualSpacing", "jc", "outlineLvl",
)  # fmt: skip


def _insert(properties: BaseOxmlElement, child: BaseOxmlElement) -> None:
    """Put a child among a paragraph's properties, in its place."""
    names = [qn(f"w:{name}") for name in ORDER]
    place = names.index(child.tag)
    after = [i for i, other in enumerate(properties) if other.tag in names and names.index(other.tag) < place]
    properties.insert(after[-1] + 1 if after else 0, child)


def _font(properties: BaseOxmlElement, own: WordDocument, name: str) -> None:
    """One font for every script; theme fonts would win over it."""
    fonts = properties.find(qn("w:rFonts"))
    if fonts is not None:
        properties.remove(fonts)
    properties.insert(0, w("rFonts", ascii=name, hAnsi=name, cs=name, eastAsia=name))


def _bullets(document: WordDocument) -> None:
    """A real list behind the style List Bullet."""
    numbering = _numbering(document)
    taken = [int(element.get(qn("w:abstractNumId"))) for element in numbering.findall(qn("w:abstractNum"))]
    key = max(taken, default=0) + 1
    level = w("lvl", w("start", val=1), w("numFmt", val="bullet"), w("lvlText", val="•"), w("lvlJc", val="left"),
              w("pPr", w("ind", left=340, hanging=227)), ilvl=0)  # fmt: skip
    abstract = w("abstractNum", w("multiLevelType", val="singleLevel"), level, abstractNumId=key)
    numbers = numbering.findall(qn("w:num"))
    # Word wants every abstract list before the first list.
    numbers[0].addprevious(abstract) if numbers else numbering.append(abstract)
    number = max((int(element.get(qn("w:numId"))) for element in numbers), default=0) + 1
    numbering.append(w("num", w("abstractNumId", val=key), numId=number))
    properties = document.styles["List Bullet"].element.get_or_add_pPr()
    for old in properties.findall(qn("w:numPr")):
        properties.remove(old)
    _insert(properties, w("numPr", w("numId", val=number)))
    for old in properties.findall(qn("w:ind")):
        properties.remove(old)


def _numbering(document: WordDocument) -> BaseOxmlElement:
    """The file's lists; a template without any gets a part for them."""
    for relation in document.part.rels.values():
        if relation.reltype == RELATIONSHIP_TYPE.NUMBERING:
            return relation.target_part.element
    empty = f"<w:numbering {nsdecls('w')}/>".encode()
    where = PackURI("/word/numbering.xml")
    part = NumberingPart.load(where, CONTENT_TYPE.WML_NUMBERING, empty, document.part.package)
    document.part.relate_to(part, RELATIONSHIP_TYPE.NUMBERING)
    return part.element


def _table_style() -> BaseOxmlElement:
    """Rules above, under the heads and below; a thin line between rows."""
    borders = w("tblBorders", _rule("top"), _rule("bottom"), _rule("insideH", 4, "D5DBE1"))
    below = w("tcPr", w("tcBorders", _rule("bottom")), w("vAlign", val="bottom"))
    heads = w("tblStylePr", below, type="firstRow")
    return _style_of_tables(TABLE, w("tblPr", w("tblInd", w=0, type="dxa"), borders, _margins(70, 30)), heads)


def _rule(side: str, eighths: int = 8, colour: str = INK) -> BaseOxmlElement:
    """A line at one side; its thickness in eighths of a point."""
    return w(side, val="single", sz=eighths, space=0, color=colour)


def _key_table_style() -> BaseOxmlElement:
    """Key figures on the headline's ground."""
    ground = w("tcPr", w("shd", val="clear", color="auto", fill=TINT))
    return _style_of_tables(KEY_TABLE, w("tblPr", w("tblInd", w=0, type="dxa"), _margins(110, 50)), ground)


def _style_of_tables(name: str, *parts: BaseOxmlElement) -> BaseOxmlElement:
    return w("style", w("name", val=name), w("basedOn", val="TableNormal"), w("uiPriority", val=99), w("qFormat"),
              *parts, type="table", customStyle=1, styleId=name.replace(" ", ""))  # fmt: skip


def _margins(sides: int, ends: int) -> BaseOxmlElement:
    """The space inside cells, in twentieths of a point."""
    sizes = {"top": ends, "left": sides, "bottom": ends, "right": sides}
    return w("tblCellMar", *(w(side, w=size, type="dxa") for side, size in sizes.items()))


def _language(document: WordDocument, code: str) -> None:
    """The language that spelling and screen readers go by."""
    defaults = document.styles.element.find(qn("w:docDefaults"))
    if defaults is None:
        defaults = w("docDefaults")
        document.styles.element.insert(0, defaults)
    holder = defaults.find(qn("w:rPrDefault"))
    if holder is None:
        holder = w("rPrDefault")
        defaults.insert(0, holder)
    properties = holder.find(qn("w:rPr"))
    if properties is None:
        properties = OxmlElement("w:rPr")
        holder.append(properties)
    for old in properties.findall(qn("w:lang")):
        properties.remove(old)
    properties.append(w("lang", val=code, eastAsia=code, bidi="ar-SA"))
