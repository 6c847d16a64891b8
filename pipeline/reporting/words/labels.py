"""What readers call variables, levels, classes, destinations, groups, outcomes and times."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.config import Text
from pipeline.formula import parts_of
from pipeline.reporting.words import Words, catalogue
from pipeline.results import Term

INTERVAL = re.compile(r"^[\[(](-inf|[-\d.e+]+), (inf|[-\d.e+]+)[\])]$")
MONTH = re.compile(r"^\d{4}-(0[1-9]|1[0-2])$")
DAYS_IN_MONTH = 30.4375
# Two days either way still read as a whole month: 183 days are 6 months, 548 are 18.
MONTH_TOLERANCE = 2.0
DAY_UNITS = ("dagar", "days")
# Names keep their capital inside a sentence.
NAMES = ("Sverige", "Sweden", "Europa", "Europe", "Samhall", "Arbetsförmedlingen", "January", "February", "March",
         "April", "May", "June", "July", "August", "September", "October", "November", "December")  # fmt: skip


def variable(words: Words, name: str) -> str:
    """A column of the cohort as readers know it; its own name, tidied, when the catalogue does not have it."""
    if "(" in name:  # a formula's function of columns: bs(age, df=3)
        return name
    return words.get(f"variable.{name}", upper_first(name.replace("_", " ")))


def crossed(words: Words, names: str) -> str:
    """Variables crossed with * inside a sentence: "kön × född utanför Europa"."""
    return " × ".join(lower_first(variable(words, name)) for name in names.split("*"))


def level(words: Words, name: str | None) -> str:
    """A level or class of a variable: a known word, a month, an interval in words, or itself."""
    if name is None:
        return ""
    if MONTH.match(name):
        return words.month(name)
    interval = INTERVAL.match(name)
    return _interval(words, *interval.groups()) if interval else words.get(f"level.{name}", name)


def levels(words: Words, chosen: Sequence[tuple[str, str]]) -> str:
    """A group by its levels of variables: "Kvinnor", "Ålder: 30 till under 45, funktionsnedsättning: ja"."""
    parts = []
    for name, code in chosen:
        known = words.get(f"level.{name}.{code}", "")
        text = lower_first(level(words, code))
        parts.append(known or words("level.named", variable=variable(words, name), level=text))
    return ", ".join([*parts[:1], *(lower_first(part) for part in parts[1:])])


def level_order(name: str | None) -> tuple[int, str]:
    """Where a level stands among those of its variable: as the catalogue lists them, others after, by name."""
    known = [key for key in catalogue() if key.startswith("level.")]
    key = f"level.{name}"
    return (known.index(key) if key in known else len(known), name or "")


def _interval(words: Words, low: str, high: str) -> str:
    """[30, 45) as "30 till under 45"; limits as they were written, with this language's decimal mark."""
    low, high = (limit.replace(".", ",") if words.language == "sv" else limit for limit in (low, high))
    if low == "-inf":
        return words("level.under", high=high)
    return words("level.from", low=low) if high == "inf" else words("level.up_to_but", low=low, high=high)


def contrast(words: Words, term: Term, reference: str | None, participants: str, controls: str) -> str:
    """What a regression row compares: "Kvinna mot man", "Utbildning: gymnasial mot högst förgymnasial"."""
    if term.factor == "participant":
        return words("contrast.participant", participants=participants, controls=lower_first(controls))
    parts = parts_of(term.term) if ":" in term.factor else ()
    if len(parts) > 1:
        return " × ".join(_part(words, part, participants, first=part == parts[0]) for part in parts)
    label = variable(words, term.factor)
    if term.level is None:
        return words.get(f"contrast.{term.factor}", words("contrast.per_unit", label=label))
    text = lower_first(level(words, term.level))
    if reference is None:
        return words("contrast.level_only", factor=label, level=text)
    return words("contrast.level", factor=label, level=text, reference=lower_first(level(words, reference)))


def _part(words: Words, part: str, participants: str, *, first: bool) -> str:
    """One of the variables whose product a row is of: "Deltagare", "utbildning: gymnasial"."""
    name, _, at = part.partition(": ")
    text = participants if name == "participant" else variable(words, name)
    text = f"{text}: {lower_first(level(words, at))}" if at else text
    return text if first else lower_first(text)


def destination(words: Words, name: str) -> str:
    """A destination: a code's short name, or the configured one tidied."""
    return words.get(f"destination.{name}", upper_first(name.replace("_", " ")))


def kind(words: Words, name: str) -> str:
    """A kind of destination."""
    return words.get(f"kind.{name}", upper_first(name.replace("_", " ")))


def group(words: Words, label: Text) -> str:
    """A configured group inside a sentence, in the definite form."""
    return words.get(f"group.{label.sv}", words("group.other", label=words.text(label)))


def outcome(words: Words, label: Text, form: str) -> str:
    """A configured outcome as a verb: form "done" (hade ...), "do" (de ...) or "did"."""
    return words.get(f"{form}.{label.sv}", words(f"{form}.other", label=words.text(label)))


def is_days(unit: Text) -> bool:
    """Whether time is counted in days, which readers are told in months."""
    return unit.sv in DAY_UNITS


def whole_months(day: float) -> int | None:
    """The number of whole months a number of days stands for, None when it is not near one."""
    months = round(day / DAYS_IN_MONTH)
    near = abs(day - months * DAYS_IN_MONTH) <= MONTH_TOLERANCE
    return months if months >= 1 and near else None


def time(words: Words, value: float, unit: Text) -> str:
    """A length of time in words: "6 månader" for 183 days, "1 vecka", "52 veckor"."""
    months = whole_months(value) if is_days(unit) else None
    if months is not None:
        name = words("unit.one.månader") if months == 1 else words("unit.months")
        return f"{months}\N{NO-BREAK SPACE}{name}"
    number = words.number(value, 0 if float(value).is_integer() else 1)
    return f"{number}\N{NO-BREAK SPACE}{one(words, unit) if value == 1 else words.text(unit)}"


def one(words: Words, unit: Text) -> str:
    """A time unit in the singular; as configured when the catalogue does not know it."""
    return words.get(f"unit.one.{unit.sv}", words.text(unit))


def lower_first(text: str) -> str:
    """The text with a small first letter, unless it starts with a name or an abbreviation such as OSA."""
    keeps = text[:2].isupper() or text.startswith(NAMES)
    return text if keeps else text[:1].lower() + text[1:]


def upper_first(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]
