"""The figures of a report, drawn over processes: they are most of its work."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.config import Config
from pipeline.parallel import spread
from pipeline.reporting import figures
from pipeline.reporting.document import Document
from pipeline.reporting.figures import Drawn
from pipeline.reporting.material import Material
from pipeline.reporting.sections import build
from pipeline.reporting.words import Words
from pipeline.results import Results

PARTS = 4  # into which the figures of a language are dealt out; a process starts in the time that as many are drawn in
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


def draw_figures(given: Given, documents: list[Document]) -> list[list[Drawn]]:
    """Draw the figures of each language's document.

    Raises
    ------
    UserError : the style sheet cannot be read
    """
    figures.house_settings(given.house)  # what is wrong with it is told here, not in a process
    wanted = [document.figures() for document in documents]
    many = sum(map(len, wanted)) >= FIGURES_WORTH_PROCESSES
    pieces = [(position, part) for position in range(len(documents)) for part in range(PARTS)]
    drawn: dict[tuple[int, int], Drawn] = {}
    for number, pictures in spread(
        _draw_piece, pieces, processes=None if many else 1, prepare=_prepare, given=(given,)
    ):
        position, part = pieces[number]
        for place, picture in zip(range(part, len(wanted[position]), PARTS), pictures, strict=True):
            drawn[position, place] = Drawn(wanted[position][place], picture)
    return [[drawn[position, place] for place in range(len(own))] for position, own in enumerate(wanted)]


# What this process draws from: a figure that knows how to draw itself cannot be sent to it.
_given: Given


def _prepare(given: Given) -> None:
    global _given
    _given = given


def _draw_piece(piece: tuple[int, int]) -> list[dict[tuple[str, str], bytes]]:
    """Every `PARTS`th figure in a language, as files."""
    position, part = piece
    document = build(_given.material(_given.config.language[position]))
    drawn = [figures.draw(figure, _given.house) for figure in document.figures()[part::PARTS]]
    return [picture.files for picture in drawn]
