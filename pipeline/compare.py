"""What changed between two runs: their settings, inputs and software, and what became of the numbers.

Only what the runs published is read: results.json and manifest.json of their report folders.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline.errors import Fault, UserError
from pipeline.headline import told_first
from pipeline.manifest import NAME as MANIFEST
from pipeline.quantities import Quantity, quantities
from pipeline.reporting.words import Words, labels
from pipeline.reporting.words.changes import moved, same
from pipeline.reporting.words.sentences import Interval, percent_higher, points_more
from pipeline.results import Estimate, Results, read_results

RESULTS = "results.json"
# Parts of the settings that say where things are, not what is evaluated.
ELSEWHERE = ("evaluation.name",)
ABSENT = Estimate(value=None, lower=None, upper=None)


@dataclass(frozen=True, slots=True)
class PublishedRun:
    """A run as it was published; an empty manifest when there is none."""

    name: str
    results: Results
    manifest: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """A setting, input or version that differs; None where a run does not have it."""

    key: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class NumberChange:
    """A number in both runs; an estimate is None where a run does not have it."""

    quantity: Quantity
    before: Estimate | None
    after: Estimate | None

    @property
    def difference(self) -> float | None:
        """The second run's number less the first's; None unless both are shown."""
        values = [estimate.value if estimate else None for estimate in (self.before, self.after)]
        return None if values[0] is None or values[1] is None else values[1] - values[0]

    @property
    def changed(self) -> bool:
        """Whether the number or its interval is another, or one run withholds or lacks it."""
        if (self.before is None) != (self.after is None):
            return True
        before, after = self.before or ABSENT, self.after or ABSENT
        return not all(same(getattr(before, name), getattr(after, name)) for name in ("value", "lower", "upper"))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything two runs can be told apart by.

    causes : what differs in settings, inputs and software · numbers : all of them, the unchanged ones too
    """

    runs: tuple[str, str]
    causes: dict[str, tuple[Change, ...]]
    numbers: tuple[NumberChange, ...]
    sentences: tuple[str, ...]


def read_run(run: str, reports: Path) -> PublishedRun:
    """A run by its name under `reports`, its report folder, or its results.json.

    Raises
    ------
    UserError : there is no such run, or its results cannot be read
    """
    named = Path(run)
    places = [named.parent] if named.name == RESULTS else [named, reports / run]
    folder = next((place for place in places if (place / RESULTS).is_file()), None)
    if folder is None:
        there = sorted(path.parent.name for path in reports.glob(f"*/{RESULTS}"))
        remedy = f"There are: {', '.join(there)}." if there else "Run utfall evaluate first, or name a report folder."
        raise UserError(Fault(run, f"has no {RESULTS}.", remedy))
    try:
        results = read_results(folder / RESULTS)
    except (ValidationError, UnicodeDecodeError):
        raise UserError(
            Fault(f"{run}/{RESULTS}", "cannot be read by this version.", "Run utfall report for it again.")
        ) from None
    return PublishedRun(folder.resolve().name, results, _manifest(folder))


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def compare(first: PublishedRun, second: PublishedRun, words: Words) -> Comparison:
    """Hold one run against another, in the words of a language."""
    known = bool(first.manifest and second.manifest)
    both = [run.manifest if known else {} for run in (first, second)]
    causes = {
        "settings": _changes([_flat(manifest.get("configuration", {})) for manifest in both]),
        "inputs": _changes([manifest.get("inputs", {}) for manifest in both]),
        "software": _changes([{**manifest.get("versions", {}), **_code(manifest)} for manifest in both]),
    }
    names = _told_apart(first.name, second.name)
    numbers = _numbers(first.results, second.results, words)
    sentences = [_cause(words, causes) if known else words("compare.unknown_causes"), _how_many(words, numbers)]
    sentences += _headlines(first.results, second.results, words, names)
    return Comparison(names, causes, tuple(numbers), tuple(sentences))


def _told_apart(first: str, second: str) -> tuple[str, str]:
    return (first, second) if first != second else (f"{first} (1)", f"{second} (2)")


def _code(manifest: dict[str, Any]) -> dict[str, str]:
    code = manifest.get("code", {}).get("hash")
    return {"code": str(code)} if code else {}


def _flat(settings: Any, at: str = "") -> dict[str, str]:
    """Settings as lines: population.control_index -> every_month. Lists stand as one value."""
    if not isinstance(settings, dict):
        return {at: settings if isinstance(settings, str) else json.dumps(settings, ensure_ascii=False)}
    return {k: v for key, inner in settings.items() for k, v in _flat(inner, f"{at}.{key}" if at else key).items()}


def _changes(runs: Sequence[dict[str, str]]) -> tuple[Change, ...]:
    before, after = runs
    found = (Change(key, before.get(key), after.get(key)) for key in dict.fromkeys([*before, *after]))
    return tuple(change for change in found if change.before != change.after and change.key not in ELSEWHERE)


def _numbers(first: Results, second: Results, words: Words) -> list[NumberChange]:
    before, after = quantities(first, words), quantities(second, words)
    found = []
    for place in dict.fromkeys([*before, *after]):
        old, new = before.get(place), after.get(place)
        quantity = new or old
        assert quantity is not None
        found.append(NumberChange(quantity, old.estimate if old else None, new.estimate if new else None))
    return found


def _cause(words: Words, causes: dict[str, tuple[Change, ...]]) -> str:
    told = [words(f"compare.cause.{kind}", n=len(changes)) for kind, changes in causes.items() if changes]
    return words("compare.causes", causes=words.listed(told)) if told else words("compare.same_causes")


def _how_many(words: Words, numbers: Sequence[NumberChange]) -> str:
    changed = sum(number.changed for number in numbers)
    key = "compare.some" if changed else "compare.nothing"
    return words(key, changed=words.number(changed), all=words.number(len(numbers)))


def _headlines(first: Results, second: Results, words: Words, runs: tuple[str, str]) -> list[str]:
    """For each outcome of both runs: the difference at the last of the times told first, and the rate."""
    before, after, found = quantities(first, words), quantities(second, words), []
    for name, outcome in second.outcomes.items():
        if name not in first.outcomes:
            continue
        label, unit = words.text(outcome.label), second.evaluation.time_unit
        days = {share.day for share in first.outcomes[name].at}
        shares = [share for share in outcome.at if share.day in days]
        if shares:
            day = told_first(shares, unit)[-1].day
            subject = words("compare.subject.share", outcome=label, time=labels.time(words, day, unit))
            pair = _pair(before, after, f"outcomes.{name}.at.{day:g}.difference")
            found.append(moved(words, subject, pair, points_more, 0, runs))
        place = f"outcomes.{name}.models.full.participant"
        if place in before and place in after:
            subject = words("compare.subject.rate", outcome=label)
            found.append(moved(words, subject, _pair(before, after, place), percent_higher, 1, runs))
    return found


def _pair(before: dict[str, Quantity], after: dict[str, Quantity], place: str) -> tuple[Interval, Interval]:
    first, second = (found[place].estimate for found in (before, after))
    return Interval(first.value, first.lower, first.upper), Interval(second.value, second.lower, second.upper)
