"""What happens to people after a day: the next event of an outcome, another exit, a return to AF."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import pandas as pd

from pipeline.config import Outcome, Population
from pipeline.periods import BEGINNING, OPEN, Table, ends_or_open, known, look_up

DEREGISTERED = "deregistered"
OTHER_EXIT = "other_exit"


def outcome_events(tables: Mapping[str, Table], outcome: Outcome) -> Table:
    """Days on which a person reaches an outcome, one row a day.

    A deregistration goes before a category that starts on the same day; otherwise the order of the configuration
    decides which destination the day gets.

    Returns
    -------
    person_id, event_on, destination ("reason_1", "category_33"), kind ("deregistered" or the group of categories)
    """
    reasons = [(code, f"reason_{code}", DEREGISTERED) for code in outcome.reasons]
    groups = [(code, f"category_{code}", kind) for kind, codes in outcome.categories.items() for code in codes]
    registrations, categories = tables["registrations"], tables["categories"]
    ended = registrations.filter(known(registrations.deregistered_on))
    ended = ended.select("person_id", code="reason", event_on="deregistered_on")
    started = categories.select("person_id", code="category", event_on="valid_from")
    events = ibis.union(_destinations(ended, reasons, 0), _destinations(started, groups, len(reasons)))
    first = ibis.window(group_by=["person_id", "event_on"], order_by="rank")
    numbered = events.distinct().mutate(number=ibis.row_number().over(first))
    return numbered.filter(numbered.number == 0).drop("number", "rank")


def _destinations(rows: Table, codes: list[tuple[str, str, str]], first_rank: int) -> Table:
    """Rows whose code is one of `codes`, with its destination, kind and rank."""
    names = pd.DataFrame(codes, columns=["code", "destination", "kind"], dtype="string").drop_duplicates("code")
    known = ibis.memtable(
        names.assign(rank=range(first_rank, first_rank + len(names))),
        schema=ibis.schema({"code": "string", "destination": "string", "kind": "string", "rank": "int64"}),
    )
    return rows.inner_join(known, "code").select("person_id", "event_on", "destination", "kind", "rank")


def other_exits(tables: Mapping[str, Table], outcome: Outcome) -> Table:
    """Deregistrations for other reasons than the outcome's, or unknown ones: person_id, event_on, one row a day."""
    registrations = tables["registrations"]
    exits = registrations.filter(
        known(registrations.deregistered_on), ~registrations.reason.isin(outcome.reasons).fill_null(False)
    )
    return exits.select("person_id", event_on=exits.deregistered_on).distinct()


def new_registrations(tables: Mapping[str, Table]) -> Table:
    """Days on which a registration begins that lasts longer than that day: person_id, event_on, one row a day."""
    registrations = tables["registrations"]
    lasting = registrations.filter(ends_or_open(registrations.deregistered_on) > registrations.registered_on)
    return lasting.select("person_id", event_on=lasting.registered_on).distinct()


def between_events(events: Table) -> Table:
    """A person's time cut at the events: after the one before, up to and including the next.

    Any day of a person with events lies in exactly one row. Returns the columns of `events` and `previous_on`; the
    rows with far dates stand for "no earlier" and "no later event".
    """
    by_day = ibis.window(group_by="person_id", order_by="event_on")
    beginning, never = ibis.literal(BEGINNING), ibis.literal(OPEN)
    cut = events.mutate(previous_on=events.event_on.lag().over(by_day).fill_null(beginning))
    last = events.group_by("person_id").aggregate(previous_on=events.event_on.max())
    empty = {name: ibis.null(cut.schema()[name]) for name in cut.columns if name not in ("person_id", "previous_on")}
    last = last.mutate(**{**empty, "event_on": never}).select(*cut.columns)
    return ibis.union(cut, last)


def next_event(rows: Table, events: Table, day: str, prefix: str, *, previous: bool = False) -> Table:
    """Rows with the person's first event on or after `day`, null where there is none.

    Adds `<prefix>_on` and the events' other columns with that prefix; `<prefix>_previous_on` on request.
    """
    spans = between_events(events)
    spans = spans.rename({f"{prefix}_{_short(name)}": name for name in spans.columns if name != "person_id"})
    found = look_up(
        rows,
        spans,
        lambda left, right: [
            right[f"{prefix}_previous_on"] < left[day],
            left[day] <= right[f"{prefix}_on"],
        ],
    )
    found = found.mutate(_no_far_date(found, f"{prefix}_on", OPEN))
    if not previous:
        return found.drop(f"{prefix}_previous_on")
    return found.mutate(_no_far_date(found, f"{prefix}_previous_on", BEGINNING))


def _short(name: str) -> str:
    return name.removeprefix("event_")


def _no_far_date(table: Table, name: str, far: Any) -> Any:
    return table[name].nullif(ibis.literal(far)).name(name)


def follow_up(rows: Table, name: str, events: Table, exits: Table | None, rule: Population) -> Table:
    """Rows with the follow-up of an outcome from `index_date`, and `<name>_on`, the day it is reached.

    Follow-up ends at `follow_up_to`, at joining, or at another exit. An event on the last day counts, also on the day
    of joining or of another exit; an event on the index day counts as day 1.

    Parameters
    ----------
    rows : with index_date and joined_on (null for participants and for those who never join)
    events : as from `outcome_events`
    exits : as from `other_exits`; None when people remain at risk after them
    """
    found = next_event(rows, events, "index_date", name)
    if exits is not None:
        found = next_event(found, exits, "index_date", "exit")
    event_on, end = found[f"{name}_on"], _end(found, rule)
    exit_on = ibis.null("date") if exits is None else found.exit_on
    last = ibis.least(exit_on.fill_null(end), end)
    reached = (event_on <= last).fill_null(False)
    exited = (~reached & (exit_on <= end)).fill_null(False) & ibis.literal(rule.other_exit == "competing")
    stop = ibis.ifelse(reached, event_on, last)
    named = {
        f"{name}_{part}": ibis.ifelse(reached, found[f"{name}_{part}"], ibis.ifelse(exited, OTHER_EXIT, None))
        for part in ("destination", "kind")
    }
    ended = found.mutate(
        **named,
        **_clock(name, ibis.literal(True), found.index_date, stop, reached),
        **{f"{name}_on": ibis.ifelse(reached, event_on, None)},
    )
    return ended if exits is None else ended.drop("exit_on")


def follow_return(rows: Table, name: str, registered: Table, after: str, rule: Population) -> Table:
    """Rows with the follow-up of a return to AF, from the day `after` was reached to the next registration.

    `registered` are registrations as from `new_registrations`.

    The clock never starts (all null) for those who did not reach `after`, and for those who reached it on the last
    day of follow-up and are not registered again that day. A registration on the day itself counts as day 1.
    """
    found = next_event(rows, registered, f"{after}_on", name)
    start, event_on, end = found[f"{after}_on"], found[f"{name}_on"], _end(found, rule)
    reached = (event_on <= end).fill_null(False)
    runs = known(start) & (reached | (end > start)).fill_null(False)
    nowhere = {f"{name}_destination": ibis.null("string"), f"{name}_kind": ibis.null("string")}
    return found.mutate(**nowhere, **_clock(name, runs, start, ibis.ifelse(reached, event_on, end), reached))


def _clock(name: str, runs: Any, start: Any, stop: Any, reached: Any) -> dict[str, Any]:
    """Days from start to stop (at least 1), the event, and whether it came on day zero; null where no clock runs."""
    days = ibis.greatest(stop.delta(start, unit="day"), 1).cast("float64")
    return {
        f"{name}_days": ibis.ifelse(runs, days, None),
        f"{name}_event": ibis.ifelse(runs, reached, None).cast("int8"),
        f"{name}_day_zero": ibis.ifelse(runs, reached & (stop == start), None).cast("int8"),
    }


def longest_follow_up(rows: Table, rule: Population) -> Any:
    """Days from `index_date` to joining or the end of follow-up, the last on which any event counts; at least 1."""
    return ibis.greatest(_end(rows, rule).delta(rows.index_date, unit="day"), 1).cast("int32")


def _end(rows: Table, rule: Population) -> Any:
    """The last day on which an event counts: the end of follow-up, or the day of joining or of death before it."""
    last_day = ibis.literal(rule.follow_up_to)
    died_on = [rows.died_on.fill_null(last_day)] if "died_on" in rows.columns else []
    return ibis.least(rows.joined_on.fill_null(last_day), last_day, *died_on)
