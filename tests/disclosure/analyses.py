"""What an intruder reads from the sensitivity analyses of a report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from unknowns import EVENTS, MAIN, System, less, total

# Choices that make the cohort of an analysis, and those that ask for other events in it.
COHORT = ("control_index", "future_participants", "other_exit", "intake", "coarsening", "weights", "estimand")
ASKED = ("outcome", "follow_up")


def read_analyses(system: System, main: str, analyses: dict[str, Any]) -> None:
    """People and events of each analysis; those with a cohort or an outcome in common are the same unknowns."""
    own = analyses["specifications"][0]["choices"]
    for row in analyses["specifications"]:
        choices = row["choices"]
        if choices.get("intake") != own.get("intake") and row["participants"] is None:
            continue  # people of part of the intake are not counted
        made = tuple((name, value) for name, value in choices.items() if name in COHORT and value != own[name])
        asked = tuple((name, value) for name, value in choices.items() if name in ASKED and value != own[name])
        for arm in MAIN:
            everyone, events = system.count(f"{main} {arm}"), system.count(f"{main} {arm} events")
            people = system.count(f"{main} {arm} {made}") if made else everyone
            reached = system.count(f"{main} {arm} {made} {asked}") if made or asked else events
            system.shown(f"sensitivity {arm} {made}", people, row[arm], joined=system.k - 1)
            system.shown(f"sensitivity {arm} {made} {asked} events", reached, row[EVENTS[arm]])
            if not made:
                system.derive(f"sensitivity {arm}: lost by {asked}", less(events, reached))
            elif arm == "participants" and "participants" in system.names:
                system.derive(f"sensitivity {arm}: left out by {made}", less(system.count("participants"), people))
    _months(system, analyses["months"])


def _months(system: System, months: Sequence[dict[str, Any]]) -> None:
    """People of each month of start; a ratio without the month says that it is no small month."""
    for row in months:
        name = f"class start_month {row['month']}"
        if name not in system.names:
            continue
        if row["hazard_ratio"] is not None and system.k > 1:
            system.bound(system.count(name), system.k, np.inf)
        if row["participants"] is not None:
            matched = system.count(f"matched in {row['month']}")
            system.shown(f"sensitivity months {row['month']}", matched, row["participants"])
            system.derive(f"sensitivity months {row['month']}: left out", less(system.count(name), matched))
    parts = [f"matched in {row['month']}" for row in months]
    if parts and all(part in system.names for part in parts):
        system.same(total(system.count(part) for part in parts), system.count("participants_matched"))
