"""The Word document: headings, captions, tables and figures as Word knows them, in a house's own template too."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import docx
import pytest
from docx.document import Document as WordDocument
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor
from PIL import Image
from written import Report

from pipeline.errors import UserError
from pipeline.reporting.document import Document, Section
from pipeline.reporting.figures import Drawn
from pipeline.reporting.material import Material
from pipeline.reporting.sections import build
from pipeline.reporting.tables import Table, cell
from pipeline.reporting.word import HIGHEST_FIGURE, LONGEST_TABLE, write_word
from pipeline.reporting.word.tables import KEPT_ROWS, KEPT_TOGETHER, shared
from pipeline.reporting.word.template import DOCUMENT, TEMPLATE, TYPES

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63606060000000040001f61738550000"
    "000049454e44ae426082"
)


@pytest.fixture(scope="module", params=["sv", "en"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def document(material: Material) -> Document:
    return build(material)


def word_of(report: Report, language: str) -> WordDocument:
    return docx.Document(str(report.folder / ("report.docx" if language == "sv" else "report.en.docx")))


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def captions(word: WordDocument) -> list[str]:
    return [paragraph.text for paragraph in word.paragraphs if paragraph.style.name == "Caption"]


def instructions(word: WordDocument) -> list[str]:
    return [str(element.text).strip() for element in word.element.body.iter(qn("w:instrText"))]


def short(document: Document) -> list[Table]:
    return [table for table in document.tables() if len(table.rows) <= LONGEST_TABLE]


def test_every_caption_is_numbered_by_a_field_that_word_can_list(report: Report, material: Material) -> None:
    document, words = build(material), material.words
    word = word_of(report, words.language)
    table, figure = words("page.table"), words("page.figure")
    expected = [f"{table} {i}. {t.caption}" for i, t in enumerate(short(document), start=1)]
    expected += [f"{figure} {i}. {f.caption}" for i, f in enumerate(document.figures(), start=1)]
    assert sorted(captions(word)) == sorted(expected)
    codes = instructions(word)
    assert codes.count(f"SEQ {table} \\* ARABIC") == len(short(document))
    assert codes.count(f"SEQ {figure} \\* ARABIC") == len(document.figures())
    assert f'TOC \\n \\h \\z \\c "{table}"' in codes
    assert f'TOC \\n \\h \\z \\c "{figure}"' in codes


def test_lists_lead_to_headings_and_captions(report: Report, language: str) -> None:
    body = word_of(report, language).element.body
    targets = {element.get(qn("w:name")) for element in body.iter(qn("w:bookmarkStart"))}
    links = [element.get(qn("w:anchor")) for element in body.iter(qn("w:hyperlink"))]
    assert len(links) > 30
    assert set(links) == targets
    ids = [element.get(qn("w:id")) for element in body.iter(qn("w:bookmarkStart"))]
    assert len(ids) == len(set(ids))


def test_every_table_reads_back_with_its_numbers(report: Report, material: Material) -> None:
    document, words = build(material), material.words
    # The first table is the box of key figures, which has no caption.
    found = word_of(report, words.language).tables[1:]
    assert len(found) == len(short(document))
    for grid, table in zip(found, short(document), strict=True):
        heads = 2 if any(column.group for column in table.columns) else 1
        shown = [[plain(place.text) for place in row.cells] for row in grid.rows[heads:]]
        assert shown == [
            [plain(cell(words, column, row, table.absent)) for column in table.columns] for row in table.rows
        ], table.name


def test_heads_repeat_and_rows_stay_whole(report: Report, language: str) -> None:
    for grid in word_of(report, language).tables:
        rows = grid._tbl.findall(qn("w:tr"))
        headed = [row.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is not None for row in rows]
        assert headed[0]
        assert not headed[-1]
        assert all(row.find(f"{qn('w:trPr')}/{qn('w:cantSplit')}") is not None for row in rows)
        # Head and first rows stay together, last rows with the notes; long tables break in between.
        kept = [row.find(f".//{qn('w:keepNext')}") is not None for row in rows]
        assert all(kept[: 1 + KEPT_ROWS])
        assert all(kept[-KEPT_ROWS:])
        assert all(kept) == (len(rows) - sum(headed) <= KEPT_TOGETHER)


def test_headings_are_those_of_the_sections(report: Report, material: Material) -> None:
    document = build(material)
    word = word_of(report, document.language)
    by_style = {name: [p.text for p in word.paragraphs if p.style.name == name] for name in ("Title", "Heading 1")}
    assert by_style["Title"] == [document.title]
    assert by_style["Heading 1"] == [section.title for section in document.sections]
    assert not [p.text for p in word.paragraphs if re.search(r"\*\*\w", p.text)]


def test_every_picture_has_its_alternative_text(report: Report, language: str) -> None:
    word = word_of(report, language)
    described = {e.get("name"): e.get("descr") for e in word.element.body.iter(qn("wp:docPr"))}
    assert described == {name: entry[language]["alternative"] for name, entry in report.index().items()}


def test_no_picture_is_so_high_that_its_notes_stand_on_the_next_page(document: Document, material: Material) -> None:
    figure = document.figures()[0]
    tall = io.BytesIO()
    Image.new("1", (500, 2000)).save(tall, "png")
    sections = (Section("tall", "", (figure,)),)
    drawn = [Drawn(figure, {("", "png"): tall.getvalue()})]
    word = docx.Document(io.BytesIO(write_word(replace(document, sections=sections), material.words, drawn, "")))
    page = word.sections[-1]
    room = (page.page_height or 0) - (page.top_margin or 0) - (page.bottom_margin or 0)
    shape = word.inline_shapes[0]
    assert shape.height == pytest.approx(HIGHEST_FIGURE * room, rel=0.01)
    assert shape.height == pytest.approx(4 * shape.width, rel=0.01)


def test_a_long_list_is_left_to_its_file(document: Document, material: Material) -> None:
    listed = next(table for table in document.tables() if table.name == "suppressed")
    table = replace(listed, rows=listed.rows * LONGEST_TABLE)
    sections = (Section("disclosure", "", (table,)),)
    content = write_word(replace(document, sections=sections), material.words, [], "")
    said = [p.text for p in docx.Document(io.BytesIO(content)).paragraphs if "tables/suppressed.csv" in p.text]
    assert len(said) == 1
    assert table.caption in said[0]
    assert material.words.number(len(table.rows)) in said[0]


def test_language_and_nobody_s_name(report: Report, language: str) -> None:
    word = word_of(report, language)
    code = word.styles.element.find(f"{qn('w:docDefaults')}//{qn('w:lang')}").get(qn("w:val"))
    assert code == {"sv": "sv-SE", "en": "en-GB"}[language]
    about = word.core_properties
    assert (about.author, about.last_modified_by, about.language) == ("", "", language)


def house_template(folder: Path) -> Path:
    """What a consultancy has: its own heading, header and page, and the text and logo of an old report."""
    house = docx.Document()
    house.styles["Heading 1"].font.color.rgb, house.styles["Heading 1"].font.size = RGBColor(200, 0, 0), Pt(20)
    house.sections[0].header.paragraphs[0].text = "Konsulterna AB"
    house.sections[0].page_width = Pt(500)
    house.add_paragraph("Från en annan kund")
    house.add_picture(io.BytesIO(PIXEL))
    # A template made in Word holds only the styles it uses.
    for name in ("List Bullet", "Caption", "Subtitle"):
        house.styles.element.remove(house.styles[name].element)
    house.save(str(folder / "house.docx"))
    return folder / "house.docx"


def as_template(file: Path) -> Path:
    """The same file as Word saves a template."""
    target = file.with_suffix(".dotx")
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(target, "w") as out:
        for name in source.namelist():
            content = source.read(name)
            out.writestr(name, content.replace(DOCUMENT, TEMPLATE) if name == TYPES else content)
    return target


@pytest.mark.parametrize("kind", ["docx", "dotx"])
def test_a_house_template_gives_its_look_and_keeps_its_text(
    kind: str, material: Material, document: Document, tmp_path: Path
) -> None:
    template = house_template(tmp_path)
    template = as_template(template) if kind == "dotx" else template
    drawn = [Drawn(figure, {("", "png"): PIXEL}) for figure in document.figures()]
    content = write_word(document, material.words, drawn, "", template)
    word = docx.Document(io.BytesIO(content))
    assert word.styles["Heading 1"].font.color.rgb == RGBColor(200, 0, 0)
    assert word.sections[0].header.paragraphs[0].text == "Konsulterna AB"
    assert word.sections[0].page_width == Pt(500)
    assert len(captions(word)) == len(short(document)) + len(document.figures())
    assert "Från en annan kund" not in "".join(p.text for p in word.paragraphs)
    bullets = word.styles["List Bullet"].element.find(f"{qn('w:pPr')}/{qn('w:numPr')}/{qn('w:numId')}")
    numbers = {e.get(qn("w:numId")) for e in word.part.numbering_part.element.findall(qn("w:num"))}
    assert bullets.get(qn("w:val")) in numbers
    # All pictures here are the same pixel, so one image part; the template's own reference to it is gone.
    assert len([name for name in zipfile.ZipFile(io.BytesIO(content)).namelist() if "/media/" in name]) == 1
    assert write_word(document, material.words, drawn, "", template) == content


@pytest.mark.parametrize("what", ["missing", "text"])
def test_a_template_that_cannot_be_used_is_a_user_s_fault(what: str, material: Material, tmp_path: Path) -> None:
    template = tmp_path / "mall.docx"
    if what == "text":
        template.write_text("inte Word", encoding="utf-8")
    with pytest.raises(UserError, match=r"word_template, mall\.docx"):
        write_word(build(material), material.words, [], "", template)


def test_columns_share_the_room_there_is() -> None:
    assert shared([100, 200], [50, 60], 1000) == [320, 420]
    assert shared([600, 600], [100, 300], 800) == [350, 450]
    assert sum(shared([900, 900], [600, 600], 1000)) == 1000


@pytest.mark.slow
def test_libreoffice_makes_a_pdf_of_it_without_a_warning(report: Report, tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice is not installed")
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = [office, profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path)]
    done = subprocess.run([*command, str(report.folder / "report.docx")], capture_output=True, text=True, timeout=120)
    # A Java that is not there concerns LibreOffice, not the file.
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip() and "javaldx" not in line]
    assert done.returncode == 0
    assert [line for line in said if not line.startswith("convert ")] == []
    pages = len(re.findall(rb"/Type\s*/Page[^s]", (tmp_path / "report.pdf").read_bytes()))
    assert pages > 10
