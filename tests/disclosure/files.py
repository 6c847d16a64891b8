"""What stands in the files of a report beside results.json: no small count, and no number finer than those there."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

COUNT_COLUMNS = re.compile(
    r"^(at_risk|events|count|people|rows|participants|controls|unknown)$|_(rows|people|events|count)$"
)
TOLD = re.compile(r"(?<![\d,.\u202f\u00a0–-])([1-9])[ \u00a0\u202f](personer|deltagare|people|participants|controls)\b")
TAGS = re.compile(r"<style.*?</style>|<script.*?</script>|<svg.*?</svg>|<[^>]+>", re.DOTALL)


def faults(folder: Path, k: int) -> Iterator[str]:
    """Every file in turn."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".csv" and not name.startswith("tables/time_"):  # these hold days
            yield from (f"{name}: {fault}" for fault in _csv(path, k))
        elif path.suffix == ".json":
            yield from (f"{name}: {fault}" for fault in _json(json.loads(path.read_text("utf-8")), k, name))
        elif path.suffix in (".html", ".md", ".svg", ".tex"):
            yield from (f"{name}: {told}" for told in _told(TAGS.sub(" ", path.read_text("utf-8"))))
        elif path.suffix in (".docx", ".xlsx"):
            yield from (f"{name}: {told}" for told in _told(_office(path)))
        if path.suffix == ".svg" and path.name.startswith(("curves_", "subgroup_curves_")):
            yield from (f"{name}: {fault}" for fault in _drawing(path, folder / "figures"))


def _csv(path: Path, k: int) -> Iterator[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for i, row in enumerate(csv.DictReader(file), start=2):
            for column, value in row.items():
                if COUNT_COLUMNS.search(column) and re.fullmatch(r"\d+", value or "") and _bad(int(value), k):
                    yield f"line {i}, {column}: {value}"


def _bad(count: int, k: int) -> bool:
    return count % k != 0


def _json(node: Any, k: int, name: str, place: str = "") -> Iterator[str]:
    """Whole numbers that are not rounded, and estimates with more digits than anyone reads."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key not in ("configuration", "versions", "day", "from_day", "to_day", "until", "df", "tests", "seed",
                           "minimum_count", "strata", "seconds", "verification", "effects"):  # fmt: skip
                yield from _json(value, k, name, f"{place}.{key}")
    elif isinstance(node, list):
        for i, item in enumerate(node):
            yield from _json(item, k, name, f"{place}.{i}")
    elif isinstance(node, int) and not isinstance(node, bool) and _bad(node, k):
        yield f"{place}: {node}"
    elif isinstance(node, float) and len(f"{node:.12g}".replace("-", "").replace(".", "").split("e")[0].strip("0")) > 5:
        yield f"{place}: {node} has too many digits"


def _told(text: str) -> list[str]:
    return [match[0] for match in TOLD.finditer(text)]


def _office(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        parts = [archive.read(name).decode("utf-8") for name in archive.namelist() if name.endswith(".xml")]
    return TAGS.sub(" ", " ".join(parts))


def _drawing(path: Path, numbers: Path) -> Iterator[str]:
    """A drawn curve has no more heights than the numbers beside it."""
    name = re.sub(r"\.[a-z]{2}$|\.[a-z]+$", "", path.stem)
    with (numbers / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    heights = {value for row in rows for key in ("cumulative_incidence", "lower", "upper") if (value := row[key])}
    groups = len({(row.get("subgroup"), row["group"]) for row in rows})
    for points in re.findall(r'<path d="([^"]+)"', path.read_text("utf-8")):
        drawn = {y for _, y in re.findall(r"[ML] (-?[\d.]+) (-?[\d.]+)", points)}
        if len(drawn) > len(heights) + 2 * groups:
            yield f"a path with {len(drawn)} heights, where {len(heights)} numbers are given"
