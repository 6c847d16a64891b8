"""Stage 5: results -> tables, figures, a page and a Word document for readers, under disclosure control."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.config import Config
from pipeline.disclosure import Policy, protect, protect_account
from pipeline.parallel import spread
from pipeline.reporting import figures, tables
from pipeline.reporting.checklist import checklist
from pipeline.reporting.document import Document
from pipeline.reporting.drawing import Given, draw_figures, worth_processes
from pipeline.reporting.figures import Drawn
from pipeline.reporting.html import Other, write_page
from pipeline.reporting.material import Material
from pipeline.reporting.sections import build
from pipeline.reporting.tabletext import to_latex, to_markdown
from pipeline.results import Results, read_results, write_results
from pipeline.sensitivity.kept import read_sensitivity
from pipeline.sensitivity.table import write_sensitivity
from pipeline.workspace import Run

TEXT_TABLES = {"latex": ("tex", to_latex), "markdown": ("md", to_markdown)}


def run(run: Run) -> None:
    """Write pages, Word documents, figures/, tables/ and results.json, all of it under disclosure control."""
    account_file = run.read / "account.json"
    account = json.loads(account_file.read_text(encoding="utf-8")) if account_file.exists() else {}
    results = read_results(run.read / "results.json")
    results = results.model_copy(update={"sensitivity": read_sensitivity(run.config, run.read)})
    write_report(results, run.config, account, run.write, run.base)
    run.say(f"report in {' and '.join(run.config.language)}")


def write_report(
    results: Results, config: Config, account: dict[str, Any], folder: Path, base: Path | None = None
) -> None:
    """Protect the results, then write everything that readers get into an empty folder.

    base : the folder that paths of the configuration start from
    """
    policy = Policy.of(config)
    protected = protect(results, policy)
    shown = protect_account(account, policy)
    house = (base or Path()) / config.report.figure_style if config.report.figure_style else None
    given = Given(protected, config, shown, house)
    materials = [given.material(language) for language in config.language]
    documents = given.documents()
    processes = None if worth_processes(documents) else 1
    drawn = draw_figures(given, documents, processes)
    figures.write(folder / "figures", drawn)
    pieces = [(position, [item.files for item in pictures]) for position, pictures in enumerate(drawn)]
    for _ in spread(_write_language, pieces, processes=processes, prepare=_Asked, given=(given, folder, base)):
        pass
    write_tables(folder / "tables", materials, documents)
    write_results(protected, folder / "results.json")
    if protected.sensitivity is not None:
        write_sensitivity(protected.sensitivity, folder)
    write_checklists(folder, materials, policy)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a report is made from, the folder it goes to, and the one that paths of the configuration start from."""

    given: Given
    folder: Path
    base: Path | None


def _write_language(asked: _Asked, piece: tuple[int, list[dict[tuple[str, str], bytes]]]) -> None:
    """Write the page, the Word document and the workbook in a language, from its figures as files."""
    # Imported where they are used: other processes draw figures meanwhile.
    from pipeline.reporting.word import write_word
    from pipeline.reporting.workbook import workbook

    position, files = piece
    config = asked.given.config
    material = asked.given.material(config.language[position])
    document, words, source = build(material), material.words, material.source
    pictures = [Drawn(figure, made) for figure, made in zip(document.figures(), files, strict=True)]
    if "html" in config.report.formats:
        page = write_page(document, words, pictures, position, source, _other(config, position))
        (asked.folder / file_name(config, position, "report.html")).write_text(page, encoding="utf-8", newline="\n")
    if "docx" in config.report.formats:
        template = (asked.base or Path()) / config.report.word_template if config.report.word_template else None
        word = write_word(document, words, pictures, source, template)
        (asked.folder / file_name(config, position, "report.docx")).write_bytes(word)
    book = workbook(document, words, source)
    (asked.folder / file_name(config, position, "tables.xlsx")).write_bytes(book)


def write_checklists(folder: Path, materials: list[Material], policy: Policy) -> None:
    """Write what an output checker ticks, in every language; last, because it names the other files."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    for position, material in enumerate(materials):
        text = checklist(material.words, material.results, policy, names)
        path = folder / file_name(material.config, position, "disclosure-checklist.md")
        path.write_text(text, encoding="utf-8", newline="\n")


def file_name(config: Config, position: int, name: str) -> str:
    """A file's name in the first language, NAME.en.ENDING and so on in another."""
    stem, _, ending = name.rpartition(".")
    return name if position == 0 else f"{stem}.{config.language[position]}.{ending}"


def _other(config: Config, position: int) -> Other | None:
    if len(config.language) < 2:
        return None
    other = 1 - position
    return Other(config.language[other], file_name(config, other, "report.html"))


def write_tables(folder: Path, materials: list[Material], documents: list[Document]) -> None:
    """Write `tables/`: NAME.csv once, NAME.xlsx with a sheet per language, NAME.tex and NAME.md where asked for."""
    from pipeline.reporting.workbook import to_xlsx

    folder.mkdir(parents=True)
    config = materials[0].config
    for versions in zip(*(document.tables() for document in documents), strict=True):
        name = versions[0].name
        (folder / f"{name}.csv").write_text(tables.to_csv(versions[0]), encoding="utf-8", newline="\n")
        sheets = [(material.words, table, material.source) for material, table in zip(materials, versions, strict=True)]
        (folder / f"{name}.xlsx").write_bytes(to_xlsx(sheets))
        for wanted in config.report.tables:
            ending, write = TEXT_TABLES[wanted]
            for position, (material, table) in enumerate(zip(materials, versions, strict=True)):
                text = write(material.words, table, material.source)
                path = folder / file_name(config, position, f"{name}.{ending}")
                path.write_text(text, encoding="utf-8", newline="\n")
