"""The matched data of a run described: its columns with their levels, the matching classes, the codes of outcomes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from matching.coarsen import coarsen
from pipeline import match
from pipeline.analysis.people import MOST_LEVELS, pick, readable, refuse_nobody
from pipeline.config import Config, Cut, Groups
from pipeline.disclosure import Policy
from pipeline.names import OUTCOME_COLUMNS
from pipeline.question import Question
from pipeline.registers.codes import CATEGORIES, REASONS, code_list
from pipeline.reporting.words import Words, labels
from pipeline.yamlfile import line_of, read_yaml

ARMS = {"participants": 1, "controls": 0}
MOST_LISTED = 4 * MOST_LEVELS


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the description: a column, or one of its levels, classes or codes, with people in each arm.

    A count is None where it may not be shown; mean and median are of the people with a value, None but for numbers.
    """

    table: str
    name: str
    level: str
    label: str
    participants: int | None
    controls: int | None
    mean_participants: float | None = None
    mean_controls: float | None = None


def describe(config: Config, interim: Path, config_path: Path, question: Question) -> list[Line]:
    """Columns and their levels, matching classes with where they are decided, and outcomes with their codes.

    question : its condition picks the people that are counted

    Raises
    ------
    UserError : a condition that names a column there is not, or picks nobody
    """
    rows = pd.read_parquet(interim / "matched.parquet")
    shown = readable(rows)
    found = pick(question, shown, config)
    refuse_nobody(found)
    picked = found.everyone.rows
    people = shown[picked].assign(person_id=rows.loc[picked, "person_id"])
    policy = Policy.of(config)
    lines = list(_columns(people, config, policy))
    classes = _classes(people, config, config_path)
    return [*lines, *classes, *_outcomes(people, config, policy)]


def _count(people: pd.DataFrame) -> dict[str, int]:
    found = people.groupby("participant")["person_id"].nunique()
    return {arm: int(found.get(code, 0)) for arm, code in ARMS.items()}


def _shown(counts: list[dict[str, int]], policy: Policy) -> list[dict[str, int | None]]:
    """Counts of levels, rounded; where one is withheld in an arm, so is the next smallest, or the sum would tell it."""
    found: list[dict[str, int | None]] = [{arm: policy.rounded(c[arm]) for arm in ARMS} for c in counts]
    for arm in ARMS:
        hidden = [i for i, c in enumerate(counts) if policy.small(c[arm])]
        rest = [(c[arm], i) for i, c in enumerate(counts) if i not in hidden and c[arm]]
        if len(hidden) == 1 and rest:
            found[min(rest)[1]][arm] = None
    return found


def _columns(people: pd.DataFrame, config: Config, policy: Policy) -> Iterator[Line]:
    words = Words("en")
    outcomes = {f"{name}_{part}" for name in config.outcome_names for part in OUTCOME_COLUMNS}
    for name in people:
        if name in outcomes or name in ("person_id", "index_date", "follow_up_days", "censored_at_joining"):
            continue
        label, column = labels.variable(words, str(name)), people[name]
        known = people[column.notna()]
        number = pd.api.types.is_numeric_dtype(column) and column.nunique() > 2
        if number:
            means = [_mean(known[known["participant"] == code], str(name), policy) for code in ARMS.values()]
            (total,) = _shown([_count(known)], policy)
            yield Line("columns", str(name), "number", label, total["participants"], total["controls"], *means)
            continue
        yield from _levels(people, str(name), label, policy)


def _levels(people: pd.DataFrame, name: str, label: str, policy: Policy) -> Iterator[Line]:
    """The levels of a column and who has none; only how many there are when they are too many to list."""
    column = people[name]
    levels = sorted(column.dropna().unique(), key=str)
    if len(levels) > MOST_LISTED:
        parts = {f"{len(levels)} values": people[column.notna()]}
    else:
        parts = {_level(value): people[column == value] for value in levels}
    if column.isna().any():
        parts["missing"] = people[column.isna()]
    yield from _parts("columns", name, parts, dict.fromkeys(parts, label), policy)


def _parts(
    table: str, name: str, parts: dict[str, pd.DataFrame], told: dict[str, str], policy: Policy
) -> Iterator[Line]:
    """A line for each part of the people, with counts that do not tell of one another."""
    shown = _shown([_count(part) for part in parts.values()], policy)
    for level, counts in zip(parts, shown, strict=True):
        yield Line(table, name, level, told[level], counts["participants"], counts["controls"])


def _level(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _mean(rows: pd.DataFrame, name: str, policy: Policy) -> float | None:
    """The weighted counts are the models' business: a plain mean of people, each once."""
    values = rows.groupby("person_id")[name].mean()
    return None if policy.small(len(values)) or values.empty else float(f"{values.mean():.3g}")


def _classes(people: pd.DataFrame, config: Config, config_path: Path) -> Iterator[Line]:
    """The classes of each matching variable, where the configuration decides them, and the people in them."""
    if config.matching is None:
        return
    policy, (_, lines, _) = Policy.of(config), read_yaml(config_path)
    for name, rule in config.matching.variables.items():
        place = f"{config_path.name}, line {line_of(lines, ('matching', 'variables', name))}"
        if name not in people:
            continue
        if isinstance(rule, Cut):
            how = f"cut at {', '.join(f'{limit:g}' for limit in rule.cut)}"
        else:
            how = "groups" if isinstance(rule, Groups) else "exact, each value its own class"
        yield Line("classes", name, "", f"{how} ({place})", None, None)
        if rule == "exact":
            continue
        found = coarsen(people[name], match.rules({name: rule})[name], name)
        parts = {level: people[found.codes == code] for code, level in enumerate(found.labels)}
        yield from _parts("classes", name, parts, {key: labels.level(Words("en"), key) for key in parts}, policy)


def _outcomes(people: pd.DataFrame, config: Config, policy: Policy) -> Iterator[Line]:
    """Each outcome, and the codes by which it was reached."""
    for name in config.outcome_names:
        reached = people[people[f"{name}_event"] == 1]
        (total,) = _shown([_count(reached)], policy)
        yield Line("outcomes", name, "", config.outcome_label(name).en, **total)
        destination = reached[f"{name}_destination"]
        parts = {str(code): reached[destination == code] for code in sorted(destination.dropna().unique())}
        yield from _parts("outcomes", name, parts, {code: _code_name(code) for code in parts}, policy)


def _code_name(destination: str) -> str:
    kind, _, code = destination.partition("_")
    rows = code_list({"category": CATEGORIES, "reason": REASONS}[kind]) if kind in ("category", "reason") else ()
    return next((row["name_en"] or row["name_sv"] for row in reversed(rows) if row["code"] == code), destination)


def to_csv(lines: Iterable[Line]) -> str:
    """The lines as CSV; a withheld count is blank."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(Line.__slots__)
    writer.writerows([["" if v is None else v for v in asdict(line).values()] for line in lines])
    return out.getvalue().rstrip("\n")


def to_data(lines: Iterable[Line]) -> str:
    """The lines as JSON."""
    return json.dumps([asdict(line) for line in lines], ensure_ascii=False, indent=1)


HEADS = {"columns": "Columns, for --where, --by and --model", "classes": "Matching classes, for --classes",
         "outcomes": "Outcomes and their codes, for --outcome and --event"}  # fmt: skip


def to_terminal(lines: list[Line], minimum: int) -> str:
    """The lines as they are read in a terminal."""
    parts = []
    for table, head in HEADS.items():
        cells = [("", "", "", "participants", "controls")]
        previous = ""
        for line in lines:
            if line.table == table:
                name = line.name if line.name != previous else ""
                previous = line.name
                cells.append((name, line.level, line.label, *_counts(line)))
        if len(cells) > 1:
            widths = [max(len(row[i]) for row in cells) for i in range(5)]
            parts.append("\n".join([head, *(_padded(row, widths) for row in cells)]))
    note = f"People, each once; numbers of people are rounded to the nearest {minimum}, and fewer are not shown (..)."
    return "\n\n".join([*parts, note] if minimum > 1 else parts)


def _padded(row: tuple[str, ...], widths: list[int]) -> str:
    """Texts to the left, numbers to the right."""
    texts = [text.ljust(width) for text, width in zip(row[:3], widths[:3], strict=True)]
    return "  ".join([*texts, *(t.rjust(w) for t, w in zip(row[3:], widths[3:], strict=True))]).rstrip()


def _counts(line: Line) -> tuple[str, str]:
    if line.table == "classes" and not line.level:
        return "", ""
    told = []
    for count, mean in ((line.participants, line.mean_participants), (line.controls, line.mean_controls)):
        shown = ".." if count is None else f"{count:,}"
        told.append(f"{shown} (mean {mean:g})" if mean is not None else shown)
    return told[0], told[1]
