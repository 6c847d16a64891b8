"""Stage 5: results -> tables, figures and a page for readers, under disclosure control."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline.config import Config
from pipeline.disclosure import Policy, protect, protect_account
from pipeline.reporting import figures, tables
from pipeline.reporting.document import Document
from pipeline.reporting.html import Other, write_page
from pipeline.reporting.material import Material
from pipeline.reporting.sections import build
from pipeline.reporting.words import Words
from pipeline.results import Results, read_results, write_results
from pipeline.workspace import Run


def run(run: Run) -> None:
    """Write the report: report.html, figures/, tables/ and results.json, all of it under disclosure control."""
    account_file = run.read / "account.json"
    account = json.loads(account_file.read_text(encoding="utf-8")) if account_file.exists() else {}
    write_report(read_results(run.read / "results.json"), run.config, account, run.write)
    run.say(f"report in {' and '.join(run.config.language)}")


def write_report(results: Results, config: Config, account: dict[str, Any], folder: Path) -> None:
    """Protect the results, then write everything that readers get into an empty folder."""
    policy = Policy(config.disclosure.minimum_count)
    protected = protect(results, policy)
    shown = protect_account(account, policy)
    materials = [Material(protected, config, shown, Words(language)) for language in config.language]
    documents = [build(material) for material in materials]
    drawn = [[figures.draw(figure) for figure in document.figures()] for document in documents]
    figures.write(folder / "figures", drawn)
    write_tables(folder / "tables", [m.words for m in materials], documents)
    for position, (material, document) in enumerate(zip(materials, documents, strict=True)):
        page = write_page(
            document, material.words, drawn[position], position, material.source, _other(config, position)
        )
        (folder / page_name(config, position)).write_text(page, encoding="utf-8", newline="\n")
    write_results(protected, folder / "results.json")


def page_name(config: Config, position: int) -> str:
    """report.html in the first language, report.en.html and so on in another."""
    return "report.html" if position == 0 else f"report.{config.language[position]}.html"


def _other(config: Config, position: int) -> Other | None:
    if len(config.language) < 2:
        return None
    other = 1 - position
    return Other(config.language[other], page_name(config, other))


def write_tables(folder: Path, words: list[Words], documents: list[Document]) -> None:
    """Write `tables/`: NAME.csv once, NAME.xlsx with a sheet per language."""
    folder.mkdir(parents=True)
    by_language = [document.tables() for document in documents]
    for versions in zip(*by_language, strict=True):
        name = versions[0].name
        (folder / f"{name}.csv").write_text(tables.to_csv(versions[0]), encoding="utf-8", newline="\n")
        (folder / f"{name}.xlsx").write_bytes(tables.to_xlsx(list(zip(words, versions, strict=True))))
