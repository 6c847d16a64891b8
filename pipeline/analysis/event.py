"""An outcome of the analyst's own, as a condition on codes: `category in [33, 51]`, `deregistered and reason != 7`.

The condition is read by the grammar of `pipeline.wheresyntax` and asked of every code there is: `category` and `reason`
are the code of an applicant category or of a reason for deregistration, and the name of a configured outcome holds for
its codes. The codes it picks make an outcome like a configured one.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from pipeline.config import Config, Outcome, Text
from pipeline.errors import Fault, UserError, stop_if
from pipeline.registers.codes import CATEGORIES, REASONS, code_list
from pipeline.reporting.words import both
from pipeline.where import holds
from pipeline.wheresyntax import (
    All,
    Among,
    Column,
    Compare,
    Condition,
    ConditionError,
    Either,
    Missing,
    Not,
    Value,
    parse,
)

NAME = "event"
PLACE = "--event"
LISTS = {"category": CATEGORIES, "reason": REASONS}
EXAMPLE = "Write it as in category in [33, 51], or work_or_studies and category != 33."
TABLES = ("registrations", "categories")


def outcome_of(event: str, config: Config) -> Outcome:
    """The codes that an event's condition picks, as an outcome.

    Raises
    ------
    UserError : the evaluation is of a ready cohort, which has no codes; the condition cannot be read, names anything
        but category, reason and configured outcomes, names a code no list knows, or picks no code at all
    """
    if config.sources is None:
        what = "needs register extracts, and this evaluation is of a ready cohort."
        raise UserError(Fault(PLACE, what, f"Use --outcome: {', '.join(config.outcome_names)}."))
    codes = _codes(config)
    try:
        condition = _as_text(parse(event))
    except ConditionError as error:
        raise UserError(Fault(PLACE, str(error), EXAMPLE)) from None
    stop_if([*_unknown_names(condition, list(codes.columns)), *_unknown_codes(condition, codes)])
    picked = codes[holds(condition, codes)]
    if picked.empty:
        raise UserError(Fault(PLACE, "no code fits this condition.", EXAMPLE))
    reasons = picked.loc[picked["reason"] != "", "reason"].tolist()
    kinds = _kinds(config)
    categories: dict[str, list[str]] = {}
    for code in picked.loc[picked["category"] != "", "category"]:
        categories.setdefault(kinds[code], []).append(code)
    return Outcome(label=Text(sv=event, en=event), reasons=reasons, categories=categories)


def codes_in_words(outcome: Outcome) -> Text:
    """The codes of an outcome in a line, so that nobody need guess what a condition picked."""
    categories = sorted((code for codes in outcome.categories.values() for code in codes), key=int)
    found = {"reasons": outcome.reasons, "categories": categories}
    parts = [
        both(f"analysis.{kind}{'.one' if len(codes) == 1 else ''}", codes=", ".join(codes))
        for kind, codes in found.items()
        if codes
    ]
    return Text(sv="; ".join(part.sv for part in parts), en="; ".join(part.en for part in parts))


def _codes(config: Config) -> pd.DataFrame:
    """A row per code: `category` and `reason`, one of them empty, and 1 or 0 for each configured outcome."""
    rows = [(code, "") for code in _known(CATEGORIES)] + [("", code) for code in _known(REASONS)]
    codes = pd.DataFrame(rows, columns=["category", "reason"])
    for name, outcome in config.outcomes.items():
        if outcome.after is None:
            categories = [code for group in outcome.categories.values() for code in group]
            codes[name] = (codes["category"].isin(categories) | codes["reason"].isin(outcome.reasons)).astype(int)
    return codes


def _known(name: str) -> list[str]:
    return list(dict.fromkeys(row["code"] for row in code_list(name)))


def _kinds(config: Config) -> dict[str, str]:
    """The kind of work of each category: as the configuration groups them, otherwise as the code list does."""
    kinds = {row["code"]: row["group"] for row in code_list(CATEGORIES)}
    for outcome in reversed(config.outcomes.values()):
        kinds |= {code: group for group, codes in outcome.categories.items() for code in codes}
    return kinds


def _as_text(condition: Condition) -> Condition:
    """The condition with codes as text, quoted or not. Codes have no order: only ==, != and in are understood."""
    match condition:
        case Compare(left, sign, Value(value)) if sign in ("==", "!="):
            return Compare(left, sign, _code(value))
        case Among(column, values):
            return Among(column, tuple(_code(item.value) for item in values))
        case Not(part):
            return Not(_as_text(part))
        case All(parts):
            return All(tuple(_as_text(part) for part in parts))
        case Either(parts):
            return Either(tuple(_as_text(part) for part in parts))
        case Column():
            return condition
        case Compare() | Missing():
            raise ConditionError("codes have no order and are never missing; use ==, != or in [...].")


def _code(value: float | str) -> Value:
    return Value(value if isinstance(value, str) else f"{value:.12g}")


def _unknown_names(condition: Condition, known: list[str]) -> Iterator[Fault]:
    flags = known[len(LISTS) :]
    for column, compared in _columns(condition):
        if column not in known:
            near = difflib.get_close_matches(column, known, n=1)
            remedy = f"Did you mean {near[0]}?" if near else f"There are {', '.join(known)}."
            yield Fault(PLACE, f"an event has no part '{column}'.", remedy)
        elif compared == (column in flags):
            use = f"{column} stands by itself." if column in flags else f"Write it as in {column} in [33, 51]."
            yield Fault(PLACE, f"'{column}' is {'an outcome' if column in flags else 'a code'}.", use)


def _columns(condition: Condition) -> Iterator[tuple[str, bool]]:
    """Each column named, and whether it is compared with something."""
    match condition:
        case Column(name):
            yield name, False
        case Compare(Column(name)) | Among(Column(name)):
            yield name, True
        case Not(part):
            yield from _columns(part)
        case All(parts) | Either(parts):
            for part in parts:
                yield from _columns(part)


def _unknown_codes(condition: Condition, codes: pd.DataFrame) -> Iterator[Fault]:
    match condition:
        case Compare(Column(name), _, Value(value)) if name in LISTS:
            yield from _unknown_code(name, str(value), codes)
        case Among(Column(name), values) if name in LISTS:
            for item in values:
                yield from _unknown_code(name, str(item.value), codes)
        case Not(part):
            yield from _unknown_codes(part, codes)
        case All(parts) | Either(parts):
            for part in parts:
                yield from _unknown_codes(part, codes)


def _unknown_code(name: str, code: str, codes: pd.DataFrame) -> Iterator[Fault]:
    known = codes.loc[codes[name] != "", name].tolist()
    if code not in known:
        near = difflib.get_close_matches(code, known, n=3, cutoff=0.3)
        meant = f"Near: {', '.join(near)}. " if near else ""
        yield Fault(PLACE, f"no {name} has the code '{code}'.", f"{meant}Codes are in data/codes/{LISTS[name]}.csv.")


def with_event(rows: pd.DataFrame, outcome: Outcome, interim: Path, config: Config) -> pd.DataFrame:
    """Rows of the cohort with the follow-up of an outcome of the analyst's own, in columns named `event_...`.

    rows : with person_id, index_date, follow_up_days and `row`, which is unique
    """
    import ibis  # takes long, and most questions are about an outcome that is followed already

    from pipeline.engine import read_parquet, session
    from pipeline.followup import follow_up, other_exits, outcome_events

    population = config.population
    assert population is not None
    with session(config.engine, interim) as (connection, _):
        tables = {name: read_parquet(connection, interim / f"{name}.parquet") for name in TABLES}
        asked = ibis.memtable(rows[["row", "person_id", "index_date", "follow_up_days"]])
        # The last day of follow-up stands for the day of joining, as the cohort stage had it.
        asked = asked.mutate(joined_on=asked.index_date + asked.follow_up_days.as_interval("D"))
        exits = None if population.other_exit == "remain" else other_exits(tables, outcome)
        found = follow_up(asked, NAME, outcome_events(tables, outcome), exits, population)
        columns = ["row", *(f"{NAME}_{part}" for part in ("days", "event", "destination", "kind", "day_zero"))]
        followed = connection.to_pandas(found.select(*columns))
    return rows.merge(followed, on="row", how="left", validate="one_to_one")
