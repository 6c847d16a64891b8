"""Figures: drawn once per language, written as SVG with real text, PNG, PDF and CSV, with captions and alt texts."""

from __future__ import annotations

import csv
import io
import json
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import Fault, UserError
from pipeline.reporting.plots import SLIDE_WIDTH, Look

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

STYLE = Path(__file__).parent / "utfall.mplstyle"
KEPT = ("svg.fonttype", "svg.hashsalt", "pdf.fonttype", "backend")
DPI = 300
# Runs of one colour are most of a figure: looking for nothing else packs as well, in a fifth less time.
PACKED = {"compress_level": 2, "compress_type": zlib.Z_RLE}
WIDE, NARROW = 6.8, 3.55
# Beside the files at the width of a page: a folder each for one of two columns, and for slides.
SIZES = {"column": NARROW, "slide": SLIDE_WIDTH}
# No program for slides takes PDF.
ENDINGS = {"": ("svg", "png", "pdf"), "column": ("svg", "png", "pdf"), "slide": ("svg", "png")}
NO_DATES: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "ModDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure in one language: how to draw it, what it says, and the numbers drawn."""

    name: str
    caption: str
    alternative: str
    source: str
    look: Look
    draw: Callable[[Look], Drawing]
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawn:
    """A figure as files: the bytes by size ("" for the width of a page, or one of `SIZES`) and file ending."""

    figure: Figure
    files: dict[tuple[str, str], bytes]

    @property
    def formats(self) -> dict[str, bytes]:
        """The figure at the width of a page, by file ending."""
        return {ending: content for (size, ending), content in self.files.items() if not size}

    @property
    def wide(self) -> str:
        """SVG for the page, where there is room."""
        return self.formats["svg"].decode("utf-8")

    @property
    def narrow(self) -> str:
        """SVG for the page on a telephone."""
        return self.files["column", "svg"].decode("utf-8")


def draw(figure: Figure, house: Path | None = None, sizes: Mapping[str, float] = SIZES) -> Drawn:
    """Draw a figure in the report's style and every format, at the width of a page and in further sizes.

    house : a style sheet whose settings take the place of the report's own

    Raises
    ------
    UserError : the style sheet cannot be read
    """
    import matplotlib

    with matplotlib.rc_context(house_settings(house), fname=str(STYLE)):
        files: dict[tuple[str, str], bytes] = {}
        for size, width in {"": figure.look.width, **sizes}.items():
            drawing = figure.draw(replace(figure.look, width=width))
            files |= {(size, ending): _bytes(drawing, ending) for ending in ENDINGS[size]}
    return Drawn(figure, files)


def house_settings(house: Path | None) -> Any:
    """The settings of a style sheet, but for those that would turn text into outlines or make bytes differ.

    Raises
    ------
    UserError : the style sheet cannot be read
    """
    if house is None:
        return {}
    import matplotlib

    try:
        lines = [
            line.split("#")[0].partition(":")[0].strip() for line in house.read_text(encoding="utf-8").splitlines()
        ]
        unknown = [name for name in lines if name and name not in matplotlib.rcParams]
        if unknown:
            raise ValueError(f"'{unknown[0]}' is no setting")
        settings = matplotlib.rc_params_from_file(house, fail_on_error=True, use_default_template=False)
    except (OSError, ValueError) as error:
        what = f"is no matplotlib style sheet: {str(error).splitlines()[0]}."
        remedy = "Write lines as in pipeline/reporting/utfall.mplstyle."
        raise UserError(Fault(f"report.figure_style, {house.name}", what, remedy)) from None
    return {name: value for name, value in settings.items() if name not in KEPT}


def _bytes(drawing: Drawing, ending: str) -> bytes:
    out = io.BytesIO()
    more: dict[str, Any] = {"dpi": DPI, "pil_kwargs": PACKED} if ending == "png" else {}
    drawing.savefig(out, format=ending, metadata=NO_DATES[ending], **more)
    return out.getvalue()


def inline(svg: str, name: str) -> str:
    """An SVG to stand inside a page: scalable, without prolog or metadata, its ids its own."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", body, count=1)
    body = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", body, count=1)
    body = re.sub(r'\bid="', f'id="{name}-', body)
    body = re.sub(r"url\(#", f"url(#{name}-", body)
    return re.sub(r'xlink:href="#', f'xlink:href="#{name}-', body).strip()


def write(folder: Path, drawn: list[list[Drawn]]) -> None:
    """Write `figures/`: NAME.svg, .png, .pdf in the first language, NAME.en.svg and so on in a second; CSV once.

    The same names stand in `figures/column/` and `figures/slide/` for those sizes.

    drawn : per language, in the order of the configuration
    """
    for size in ("", *SIZES):
        (folder / size).mkdir(parents=True)
    for position, language in enumerate(drawn):
        for item in language:
            for (size, ending), content in item.files.items():
                (folder / size / f"{item.figure.name}{suffix(item.figure, position)}.{ending}").write_bytes(content)
            if position == 0:
                (folder / f"{item.figure.name}.csv").write_text(to_csv(item.figure), encoding="utf-8", newline="\n")
    index = {item.figure.name: _entry(item.figure.name, drawn) for item in drawn[0]}
    text = json.dumps(index, ensure_ascii=False, indent=1)
    (folder / "index.json").write_text(text + "\n", encoding="utf-8", newline="\n")


def suffix(figure: Figure, position: int) -> str:
    """What stands between name and ending: nothing in the first language, its code in another."""
    return "" if position == 0 else f".{figure.look.words.language}"


def to_csv(figure: Figure) -> str:
    """The numbers drawn, unrounded."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(figure.columns)
    writer.writerows(
        [["" if v is None else f"{v:.12g}" if isinstance(v, float) else v for v in r] for r in figure.rows]
    )
    return out.getvalue()


def _entry(name: str, drawn: list[list[Drawn]]) -> dict[str, Any]:
    entry: dict[str, Any] = {"data": f"{name}.csv"}
    for position, language in enumerate(drawn):
        figure = next(item.figure for item in language if item.figure.name == name)
        entry[figure.look.words.language] = {
            **{size or "files": _names(figure, position, size) for size in ENDINGS},
            "caption": figure.caption,
            "alternative": figure.alternative,
            "notes": list(figure.notes),
            "source": figure.source,
        }
    return entry


def _names(figure: Figure, position: int, size: str) -> list[str]:
    folder = f"{size}/" if size else ""
    return [f"{folder}{figure.name}{suffix(figure, position)}.{ending}" for ending in ENDINGS[size]]
