"""Figures: drawn once per language, written as SVG with real text, PNG, PDF and CSV, with captions and alt texts."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure as Drawing

from pipeline.errors import Fault, UserError
from pipeline.reporting.plots import Look

STYLE = Path(__file__).parent / "utfall.mplstyle"
KEPT = ("svg.fonttype", "svg.hashsalt", "pdf.fonttype", "backend")
DPI = 300
WIDE, NARROW = 6.8, 3.55
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
    """A figure as files: SVG wide and narrow for the page, and the bytes of every format by file ending."""

    figure: Figure
    wide: str
    narrow: str
    files: dict[str, bytes]


def draw(figure: Figure, house: Path | None = None) -> Drawn:
    """Draw a figure in the report's style, wide in every format and narrow for small screens.

    house : a style sheet whose settings take the place of the report's own

    Raises
    ------
    UserError : the style sheet cannot be read
    """
    with matplotlib.rc_context(house_settings(house), fname=str(STYLE)):
        drawing = figure.draw(figure.look)
        files = {ending: _bytes(drawing, ending) for ending in ("svg", "pdf", "png")}
        small = Look(**{**_fields(figure.look), "width": NARROW})
        narrow = _bytes(figure.draw(small), "svg").decode("utf-8")
    return Drawn(figure, files["svg"].decode("utf-8"), narrow, files)


def house_settings(house: Path | None) -> Any:
    """The settings of a style sheet, but for those that would turn text into outlines or make bytes differ.

    Raises
    ------
    UserError : the style sheet cannot be read
    """
    if house is None:
        return {}
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


def _fields(look: Look) -> dict[str, Any]:
    return {name: getattr(look, name) for name in look.__slots__}


def _bytes(drawing: Drawing, ending: str) -> bytes:
    out = io.BytesIO()
    more: dict[str, Any] = {"dpi": DPI, "pil_kwargs": {"compress_level": 4}} if ending == "png" else {}
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

    drawn : per language, in the order of the configuration
    """
    folder.mkdir(parents=True)
    for position, language in enumerate(drawn):
        for item in language:
            for ending, content in item.files.items():
                (folder / f"{item.figure.name}{suffix(item.figure, position)}.{ending}").write_bytes(content)
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
            "files": [f"{name}{suffix(figure, position)}.{ending}" for ending in ("svg", "png", "pdf")],
            "caption": figure.caption,
            "alternative": figure.alternative,
            "notes": list(figure.notes),
            "source": figure.source,
        }
    return entry
