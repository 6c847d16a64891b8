"""Words: one catalogue for Swedish and English, numbers and sentences made by functions.

`words = Words("sv")` is handed to everything that writes for readers. `words("key", n=3)` looks up a phrase in the
YAML files of this folder, which hold both languages side by side so that they stay alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from pipeline.config import Text
from pipeline.reporting.words import numbers

LANGUAGES = ("sv", "en")
CATALOGUE = ("labels", "phrases", "paragraphs", "frontier", "files", "compare", "analysis", "checklist", "sensitivity")


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Every phrase: key -> language -> text.

    Raises
    ------
    ValueError : a key stands in two files
    """
    phrases: dict[str, dict[str, str]] = {}
    for name in CATALOGUE:
        content = (files(__package__) / f"{name}.yaml").read_text(encoding="utf-8")
        loaded = yaml.load(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        twice = sorted(phrases.keys() & loaded.keys())
        if twice:
            raise ValueError(f"{name}.yaml: {twice[0]} stands in another file too")
        phrases |= loaded
    return phrases


@dataclass(frozen=True, slots=True)
class Words:
    """One language: its phrases and its way of writing numbers."""

    language: str

    def __call__(self, key: str, **values: Any) -> str:
        """The phrase of a key with its values filled in."""
        phrase = catalogue()[key][self.language]
        return phrase.format(**values) if values else phrase

    def get(self, key: str, default: str) -> str:
        """The phrase of a key, or the default when the catalogue has none."""
        entry = catalogue().get(key)
        return entry[self.language] if entry else default

    def text(self, text: Text) -> str:
        """A configured text in this language."""
        return text.sv if self.language == "sv" else text.en

    def number(self, value: float | None, decimals: int = 0) -> str:
        """A number as this language writes it, ".." when there is none."""
        return numbers.number(value, self.language, decimals)

    def percent(self, share: float | None, decimals: int = 0) -> str:
        """A share in per cent."""
        return numbers.percent(share, self.language, decimals)

    def small_percent(self, share: float | None) -> str:
        """A share in whole per cent, with a decimal near none and near all, so that few is not none."""
        near = share is not None and (0 < share < 0.01 or 0.99 < share < 1)
        return self.percent(share, 1 if near else 0)

    def signed_points(self, difference: float | None) -> str:
        """A difference of shares in percentage points with its sign: "+7", "−2"; one decimal under one point."""
        if difference is None:
            return numbers.WITHHELD
        points = 100 * difference
        text = self.number(points, 0 if abs(points) >= 1 else 1)
        return f"+{text}" if points > 0 and any(digit in "123456789" for digit in text) else text

    def listed(self, items: Sequence[str]) -> str:
        """Items in running text: "a, b och c"."""
        if len(items) <= 1:
            return "".join(items)
        return f"{', '.join(items[:-1])} {self('and')} {items[-1]}"

    def p_value(self, p: float | None) -> str:
        """A p-value."""
        return numbers.p_value(p, self.language)

    def date(self, iso: str | None) -> str:
        """An ISO date in words."""
        return numbers.date(iso, self("months").split(), self.language)

    def month(self, iso: str) -> str:
        """A month YYYY-MM in words."""
        return numbers.date(f"{iso}-01", self("months").split(), self.language).split(numbers.NBSP, 1)[1]


def both(key: str, **values: Any) -> Text:
    """A phrase in both languages, for what is kept before it is known who reads it."""
    return Text(**{language: Words(language)(key, **values) for language in LANGUAGES})
