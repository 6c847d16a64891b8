"""The figures of a report, drawn over processes: they are most of its work."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.config import Config
from pipeline.parallel import spread
from pipeline.reporting import figures
from pipeline.reporting.document import Document
from pipeline.reporting.figures import Drawn, Figure
from pipeline.reporting.material import Material
from pipeline.reporting.sections import build
from pipeline.reporting.words import Words
from pipeline.results import Results

FIGURES_WORTH_PROCESSES = 12


@dataclass(frozen=True, slots=True)
class Given:
    """What a report is made from: protected results and account, the configuration, and the house's style sheet."""

    results: Results
    config: Config
    account: dict[str, Any]
    house: Path | None

    def material(self, language: str) -> Material:
        """The same in a language."""
        return Material(self.results, self.config, self.account, Words(language))

    def documents(self) -> list[Document]:
        """The report in each language of the configuration."""
        return [build(self.material(language)) for language in self.config.language]


def worth_processes(documents: list[Document]) -> bool:
    """Whether there are so many figures that other processes are worth their start."""
    return sum(len(document.figures()) for document in documents) >= FIGURES_WORTH_PROCESSES


def draw_figures(given: Given, documents: list[Document], processes: int | None = None) -> list[list[Drawn]]:
    """Draw the figures of each language's document, in at most so many processes.

    Raises
    ------
    UserError : the style sheet cannot be read
    """
    figures.house_settings(given.house)  # what is wrong with it is told here, not in a process
    wanted = [document.figures() for document in documents]
    pieces = [(position, place) for position, own in enumerate(wanted) for place in range(len(own))]
    drawn: dict[tuple[int, int], Drawn] = {}
    for number, files in spread(_draw_piece, pieces, processes=processes, prepare=_wanted, given=(given,)):
        position, place = pieces[number]
        drawn[position, place] = Drawn(wanted[position][place], files)
    return [[drawn[position, place] for place in range(len(own))] for position, own in enumerate(wanted)]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The figures of each language, and the house's style sheet."""

    figures: list[list[Figure]]
    house: Path | None


def _wanted(given: Given) -> _Wanted:
    # A figure that knows how to draw itself cannot be sent to a process, which makes its own.
    return _Wanted([document.figures() for document in given.documents()], given.house)


def _draw_piece(wanted: _Wanted, piece: tuple[int, int]) -> dict[tuple[str, str], bytes]:
    """One figure in a language, as files."""
    position, place = piece
    return figures.draw(wanted.figures[position][place], wanted.house).files
