"""Code lists: what the registers' codes mean, as tables in `data/codes/` that an evaluator can read and extend."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.config import Config

CATEGORIES = "applicant_categories"
REASONS = "deregistration_reasons"


def codes_folder() -> Path:
    """Where the code lists are: `data/codes/` of the project, or their copy in an installed package."""
    installed = Path(__file__).parent / "code_lists"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "data" / "codes"


@cache
def code_list(name: str) -> tuple[dict[str, str], ...]:
    """The rows of a code list; a recycled code has a row for each meaning, with the days it was valid."""
    with (codes_folder() / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def known_codes(name: str) -> frozenset[str]:
    """Every code of a list, whenever it was in use."""
    return frozenset(row["code"] for row in code_list(name))


def unverified_codes(name: str) -> frozenset[str]:
    """Codes that are in use, but whose meaning no public source confirms."""
    return frozenset(row["code"] for row in code_list(name) if row.get("verified") == "no")


def groups(name: str, column: str = "group") -> dict[str, str]:
    """The group of each code, for lists in which a code has one meaning."""
    return {row["code"]: row[column] for row in code_list(name)}


def unknown_in(config: Config) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Codes in the configuration that no list knows: where (a path of keys), what is wrong, and what to do."""
    if config.population is not None:
        for key in ("programme_categories", "gap_categories"):
            yield from _unknown(("population", key), getattr(config.population, key), CATEGORIES)
    for name, outcome in config.outcomes.items():
        yield from _unknown(("outcomes", name, "reasons"), outcome.reasons, REASONS)
        for group, categories in outcome.categories.items():
            yield from _unknown(("outcomes", name, "categories", group), categories, CATEGORIES)


def _unknown(where: tuple[str, ...], codes: list[str], name: str) -> Iterator[tuple[tuple[str, ...], str, str]]:
    known = known_codes(name)
    kind = name.removesuffix("s").replace("categorie", "category").replace("_", " ")
    for code in codes:
        if code not in known:
            near = difflib.get_close_matches(code, known, n=1)
            meant = f"Did you mean {near[0]}? " if near else ""
            yield where, f"'{code}' is no {kind}.", f"{meant}Codes are listed in data/codes/{name}.csv; add it there."
