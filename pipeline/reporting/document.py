"""A report as a document: sections of paragraphs, tables and figures, independent of how it is written out.

html.py writes it as a page; other writers can read the same blocks. Texts may stress a part with **double asterisks**.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.reporting.figures import Figure
from pipeline.reporting.tables import Table


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text. kind: "plain", "lead" (the section's finding), "caution" (to be read with care) or "note"."""

    text: str
    kind: str = "plain"


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Terms with their descriptions, such as the parts of a method."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside a section."""

    text: str


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """A time with both groups' shares and the interval of their difference, to be read at a glance."""

    time: str
    participants: str
    controls: str
    difference: str


@dataclass(frozen=True, slots=True)
class Headline:
    """The result in short: sentences, and key figures under the names of the groups."""

    sentences: tuple[str, ...]
    figures: tuple[KeyFigure, ...]
    participants: str
    controls: str
    difference: str


@dataclass(frozen=True, slots=True)
class Fold:
    """Blocks that most readers skip: closed on a screen, open in print."""

    title: str
    blocks: tuple[Block, ...]


Block = Paragraph | Bullets | Facts | Heading | Headline | Table | Figure | Fold


@dataclass(frozen=True, slots=True)
class Section:
    """A section with a stable key, which links and the contents use."""

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report in one language."""

    language: str
    title: str
    subtitle: str
    status: str
    final: bool
    banner: str | None
    sections: tuple[Section, ...] = field(default_factory=tuple)

    def blocks(self) -> Iterator[Block]:
        """Every block in reading order, those inside folds included."""
        for section in self.sections:
            yield from _unfolded(section.blocks)

    def tables(self) -> list[Table]:
        """Every table in reading order."""
        return [block for block in self.blocks() if isinstance(block, Table)]

    def figures(self) -> list[Figure]:
        """Every figure in reading order."""
        return [block for block in self.blocks() if isinstance(block, Figure)]


def _unfolded(blocks: tuple[Block, ...]) -> Iterator[Block]:
    for block in blocks:
        if isinstance(block, Fold):
            yield from _unfolded(block.blocks)
        else:
            yield block
