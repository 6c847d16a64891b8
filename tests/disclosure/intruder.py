"""An intruder: what follows about people from the files of a report alone, by subtraction and linear programming.

Knows how the software publishes (docs/disclosure.md): counts are rounded to the nearest k, halves upwards, and a count
that is withheld is somebody. Everything else is read from the files. Imports nothing from the pipeline.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from analyses import read_analyses
from unknowns import EVENTS, MAIN, System, less, total

MOST_TRAITS = 7
ATOM = re.compile(r"\w+ (?:>=|<=|==|!=|<|>) [\w']+")


def read(folder: Path, k: int) -> System:
    """All that the results of a report say of counts; k is 1 for unprotected results."""
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    system = System(k)
    _flow(system, results)
    _matching(system, results)
    _description(system, results["description"])
    main = results["evaluation"]["headline"]
    for name, outcome in results["outcomes"].items():
        _outcome(system, name, outcome, one_row_each=("participants",))
        if name == main:
            _subgroups(system, name, outcome)
    _nested(system, results["outcomes"])
    kept = folder / "sensitivity.json"  # beside unprotected results, which do not hold the analyses
    analyses = results["sensitivity"]
    if analyses is None and kept.exists():
        analyses = json.loads(kept.read_text(encoding="utf-8"))["result"]
    if analyses is not None:
        read_analyses(system, main, analyses)
    return system


def _flow(system: System, results: dict[str, Any]) -> None:
    for before, after in itertools.pairwise([None, *results["flow"]]):
        for arm in MAIN:
            count = system.count(f"flow.{after['step']}.{arm}")
            joined = system.k - 1 if after["step"] == "matched" else 0
            system.shown(f"flow.{after['step']}.{arm}", count, after[arm], joined=joined)
            if before is not None and arm == "participants":
                left = less(system.count(f"flow.{before['step']}.{arm}"), count)
                system.derive(f"flow: {arm} leaving at {after['step']}", left)


def _matching(system: System, results: dict[str, Any]) -> None:
    matching = results["matching"]
    if matching is None:
        return
    counts = {name: system.count(name) for name in ("participants", "participants_matched")}
    for name, count in counts.items():
        system.shown(f"matching.{name}", count, matching[name], joined=system.k - 1 if "matched" in name else 0)
    system.derive("participants left out", less(counts["participants"], counts["participants_matched"]))
    variables = dict.fromkeys(row["variable"] for row in matching["classes"])
    for variable in variables:
        rows = [row for row in matching["classes"] if row["variable"] == variable]
        parts = [system.count(f"class {variable} {row['level']}") for row in rows]
        for row, part in zip(rows, parts, strict=True):
            system.shown(f"matching.classes.{variable}.{row['level']}", part, row["participants"])
        system.same(total(parts), counts["participants"])
    _balance(system, results["balance"], counts, matching)


def _balance(system: System, balance: dict[str, Any], counts: dict[str, dict[int, float]], matching: Any) -> None:
    """Shares before and after matching are people over people; those with the trait less those who stayed left."""
    sides = (("before", "participants"), ("after", "participants_matched"))
    for side, everyone in sides:
        for row in balance[side]:
            share, people = row["participants"], matching[everyone]
            if share is None or row["variance_ratio"] is not None or not 0 <= share <= 1 or not people:
                continue
            what = f"balance {row['variable']} {row['level']}"
            count = system.count(f"{what} {side}")
            joined = system.k - 1 if side == "after" else 0
            system.shown(f"{what} {side}", count, _people(share, people, system.k), joined=joined)
            system.derive(f"{what} {side}, the others", less(counts[everyone], count))
    for row in balance["before"]:
        what = f"balance {row['variable']} {row['level']}"
        if f"{what} before" in system.names and f"{what} after" in system.names:
            left = less(system.count(f"{what} before"), system.count(f"{what} after"))
            system.derive(f"{what}: left out", left)
            system.derive(f"{what}: others left out", less(system.wanted["participants left out"], left))


def _people(share: float, people: int, k: int) -> int:
    """The rounded number of people behind a share."""
    return round(share * people / k) * k


def _description(system: System, rows: list[dict[str, Any]]) -> None:
    everyone = system.count("described")
    for variable in dict.fromkeys(row["variable"] for row in rows):
        own = [row for row in rows if (row["variable"] == variable and row["share"] is not None) or
               (row["variable"] == variable and row["level"] is not None)]  # fmt: skip
        parts = [system.count(f"described {variable} {row['level']}") for row in own]
        for row, part in zip(own, parts, strict=True):
            system.shown(f"description.{variable}.{row['level']}", part, row["count"])
        if len(parts) > 1 and variable != "months_registered":
            system.same(total(parts), everyone)


def _outcome(system: System, name: str, outcome: dict[str, Any], one_row_each: Sequence[str]) -> None:
    for arm in MAIN:
        people, events = system.count(f"{name} {arm}"), system.count(f"{name} {arm} events")
        system.shown(f"{name}.{arm}", people, outcome[arm], joined=system.k - 1)
        system.shown(f"{name}.{EVENTS[arm]}", events, outcome[EVENTS[arm]])
        system.derive(f"{name}: {arm} who did not reach it", less(people, events))
        for model_name, model in outcome["models"].items():
            fitted = system.count(f"{name} {arm} in {model_name}")
            system.shown(f"{name}.models.{model_name}.{arm}", fitted, model[arm], joined=2 * (system.k - 1))
            system.derive(f"{name}: {arm} not in model {model_name}", less(people, fitted))
        _over_time(system, f"{name} {arm}", outcome, arm, one_row_each)
        rows = [d for d in outcome["destinations"] if d["group"] == arm]
        parts = [system.count(f"{name} {arm} to {d['destination']}") for d in rows]
        for row, part in zip(rows, parts, strict=True):
            system.shown(f"{name}.{arm}.{row['destination']}", part, row["people"])
        if rows and arm in one_row_each:
            system.same(total(parts), events)
        _kinds(system, name, outcome, arm, one_row_each)


def _kinds(system: System, name: str, outcome: dict[str, Any], arm: str, one_row_each: Sequence[str]) -> None:
    """People who had gone to each kind by each time: a share that does not move stands for fewer than k more."""
    rows = [row for row in outcome["kinds_over_time"] if row["group"] == arm]
    for kind in dict.fromkeys(row["kind"] for row in rows):
        before: dict[int, float] = {}
        counted: dict[int, float] = {}
        for row in (row for row in rows if row["kind"] == kind):
            now = system.count(f"{name} {arm} to {kind} by {row['day']}")
            if row["people"] is not None:
                system.shown(f"{name}.{arm}.{kind} by {row['day']}", now, row["people"])
                counted = now
            elif system.k > 1:
                system.bound(less(now, counted), 0, system.k - 1)
            system.derive(f"{name}: {arm} going to {kind} until {row['day']}", less(now, before))
            before = now
    for day in dict.fromkeys(row["day"] for row in rows):
        parts = [system.count(f"{name} {arm} to {row['kind']} by {day}") for row in rows if row["day"] == day]
        if arm in one_row_each:
            system.same(total(parts), system.count(f"{name} {arm} by {day}"))


def _over_time(system: System, place: str, part: dict[str, Any], arm: str, one_row_each: Sequence[str]) -> None:
    """People with the event by each time, and those at risk; between times some more reach it, others leave."""
    points = {p["day"]: p for p in part["curves"] if p["group"] == arm}
    before: dict[int, float] = {}
    ended_before: dict[int, float] = {}
    last = last_ended = 0
    for share in part["at"]:
        day, value = share["day"], share[EVENTS[arm]]
        if value is None:
            continue
        events = system.count(f"{place} by {day}")
        system.shown(f"{place} by {day}", events, value)
        system.derive(f"{place}: reached it from {last} to {day}", less(events, before))
        before, last = events, day
        at_risk = points.get(day, {}).get("at_risk")
        if at_risk is not None and arm in one_row_each and system.k > 1:
            # The rest of everyone is rounded on its own; that is all the number at risk says.
            ended = system.count(f"{place} ended by {day}")
            left = part[arm] - value - at_risk
            system.bound(ended, left - system.k // 2, left + (system.k - 1) // 2)
            system.derive(f"{place}: no longer followed by {day}", ended)
            system.derive(f"{place}: no longer followed from {last_ended} to {day}", less(ended, ended_before))
            ended_before, last_ended = ended, day


def _subgroups(system: System, name: str, outcome: dict[str, Any]) -> None:
    """Subgroups of participants are unions of cells of the traits in their conditions; everyone is all cells together.

    Of controls, who may be compared from several months, one may be in a group and in its opposite.
    """
    groups = {key: (ATOM.sub(_atom, group["where"]), group) for key, group in outcome["subgroups"].items()}
    words = {w for where, _ in groups.values() for w in re.findall(r"\w+", where)} - {"and", "or", "not", "participant"}
    traits = sorted(words)[:MOST_TRAITS]
    cells = [dict(zip(traits, cell, strict=True)) for cell in itertools.product((False, True), repeat=len(traits))]
    if "participants_matched" in system.names:
        system.same(system.count(f"{name} participants"), system.count("participants_matched"))
    for arm in MAIN:
        for day in (None, *(share["day"] for share in outcome["at"])):
            everyone = f"{name} {arm}" if day is None else f"{name} {arm} by {day}"
            if everyone not in system.names:
                continue
            parts = _cells(system, everyone, cells) if arm == "participants" else []
            for key, (where, group) in groups.items():
                facts = {"participant": arm == "participants"}
                inside = total(p for p, cell in zip(parts, cells, strict=False) if _in(where, cell | facts))
                inside = inside if parts else system.count(f"{everyone}: {key}")
                shown = group[arm] if day is None else _events(group, arm, day)
                if inside and (day is None or shown is not None):
                    system.shown(f"{everyone}: {key}", inside, shown, least=0)  # withheld for the other arm's sake
                system.derive(f"{everyone}: all but {key}", less(system.count(everyone), inside))


def _cells(system: System, everyone: str, cells: Sequence[dict[str, bool]]) -> list[dict[int, float]]:
    """A count for each combination of traits; they add up to everyone, and to those with a trait after matching."""
    parts = [system.count(f"{everyone} {cell}") for cell in cells]
    system.same(total(parts), system.count(everyone))
    for trait in cells[0]:
        if " by " not in everyone and f"balance {trait} None after" in system.names:
            having = total(part for part, cell in zip(parts, cells, strict=True) if cell[trait])
            system.same(having, system.count(f"balance {trait} None after"))
    return parts


def _atom(comparison: re.Match[str]) -> str:
    """A comparison as a trait of its own."""
    return re.sub(r"\W+", "_", comparison[0].replace("<", "below").replace(">", "above"))


def _in(where: str, facts: dict[str, bool]) -> bool:
    return bool(eval(where, {"__builtins__": {}}, dict(facts)))


def _events(group: dict[str, Any], arm: str, day: float) -> int | None:
    found = next((share for share in group["at"] if share["day"] == day), None)
    value: int | None = found and found[EVENTS[arm]]
    return value


def _nested(system: System, outcomes: dict[str, Any]) -> None:
    """Whoever was deregistered for work or studies has reached work or studies."""
    if not {"work_or_studies", "deregistered"} <= outcomes.keys():
        return
    for arm in MAIN:
        wide, narrow = (system.count(f"{name} {arm} events") for name in ("work_or_studies", "deregistered"))
        system.derive(f"{arm} who reached work or studies otherwise", less(wide, narrow))
        for day in (share["day"] for share in outcomes["deregistered"]["at"]):
            first, later = f"work_or_studies {arm} to deregistered by {day}", f"deregistered {arm} by {day}"
            if first in system.names and later in system.names:
                after = less(system.count(later), system.count(first))
                system.derive(f"{arm} deregistered after other work by {day}", after)
