"""Flow, matching, description and balance under disclosure control."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from pipeline.disclosure.policy import ARMS, Log, Policy, rounded_counts
from pipeline.results import Balance, BalanceRow, DescriptionRow, FlowStep, Matching, Results

SMD_DECIMALS = 3


def protect_flow(
    steps: Sequence[FlowStep], matching: Matching | None, policy: Policy, log: Log
) -> tuple[list[FlowStep], Matching | None]:
    """Exact totals where neighbouring steps differ by nothing or enough.

    The last step stands; an earlier one too close to it is withheld. Controls that a step adds (later participants)
    are a part of the participants: where the two are too close, the total with them is rounded from there on. Matched
    totals too close to the totals they come from are rounded.
    """
    unsafe = _too_many_added(steps, policy)
    changed: list[dict[str, int | None]] = [{} for _ in steps]
    for column in ("participants", "controls", "participant_rows", "control_rows"):
        later: int | None = None
        for i in range(len(steps) - 1, -1, -1):
            count = getattr(steps[i], column)
            close = count is not None and later is not None and policy.small(abs(count - later))
            if policy.small(count) or close:
                changed[i][column] = None
                log.note(f"flow.{steps[i].step}.{column}", "difference" if close else "few_people")
            elif column == "controls" and count in unsafe:
                changed[i][column], later = policy.rounded(count), count
                log.note(f"flow.{steps[i].step}.{column}", "rounded")
            elif count is not None:
                later = count
    flow = [step.model_copy(update=change) for step, change in zip(steps, changed, strict=True)]
    return flow, None if matching is None else _protect_matching(matching, unsafe, policy, log)


def _too_many_added(steps: Sequence[FlowStep], policy: Policy) -> set[int]:
    """Totals of controls that contain nearly all participants, or hardly any of them."""
    unsafe = set()
    for before, after in itertools.pairwise(steps):
        if before.controls is not None and after.controls is not None and after.participants is not None:
            added = after.controls - before.controls
            if added > 0 and (policy.small(added) or policy.small(abs(after.participants - added))):
                unsafe.add(after.controls)
    return unsafe


def _protect_matching(matching: Matching, unsafe: set[int], policy: Policy, log: Log) -> Matching:
    update: dict[str, Any] = {"control_rows_matched": policy.rounded(matching.control_rows_matched)}
    for arm in ARMS:
        everyone, matched = getattr(matching, arm), getattr(matching, f"{arm}_matched")
        for name, count in ((arm, everyone), (f"{arm}_matched", matched)):
            if policy.small(count):
                update[name] = None
                log.note(f"matching.{name}", "few_people")
            elif arm == "controls" and count in unsafe:
                update[name] = policy.rounded(count)
                log.note(f"matching.{name}", "rounded")
        if everyone is not None and matched is not None and policy.small(abs(everyone - matched)):
            update[f"{arm}_matched"] = policy.rounded(matched)
            log.note(f"matching.{arm}_matched", "rounded")
    classes = [
        c.model_copy(update=rounded_counts(c, ARMS, f"matching.classes.{c.variable}.{c.level}", policy, log))
        for c in matching.classes
    ]
    unmatched = [
        u.model_copy(update=rounded_counts(u, ARMS[:1], f"matching.unmatched.{u.variable}", policy, log))
        for u in matching.unmatched
    ]
    return matching.model_copy(update={**update, "classes": classes, "unmatched": unmatched})


def protect_description(rows: Sequence[DescriptionRow], policy: Policy, log: Log) -> list[DescriptionRow]:
    """Rounded counts and coarse shares; a small count takes its share, mean and median with it."""
    protected = []
    for row in rows:
        place = f"description.{row.variable}{'.' + row.level if row.level else ''}"
        update: dict[str, Any] = rounded_counts(row, ("count",), place, policy, log)
        if policy.small(row.count):
            update |= {"share": None, "mean": None, "median": None}
        elif row.share and row.count:
            update["share"] = policy.share(row.share, round(row.count / row.share))
        protected.append(row.model_copy(update=update))
    return protected


def protect_balance(results: Results, policy: Policy, log: Log) -> Balance:
    """Shares that stand for few people are withheld in all columns, and with one level the next smallest."""
    balance, matching, last = results.balance, results.matching, results.flow[-1] if results.flow else None
    before = {arm: getattr(matching or last, arm, None) for arm in ARMS}
    after = {arm: getattr(matching, f"{arm}_matched", None) if matching else before[arm] for arm in ARMS}
    hidden: set[tuple[str, str | None]] = set()
    for rows, people in ((balance.before, before), (balance.after, after)):
        hidden |= {(row.variable, row.level) for row in rows if _tells(row, people, policy)}
    for variable in sorted({name for name, level in hidden if level is not None}):
        levels = [r for r in balance.before if r.variable == variable and r.level is not None]
        rest = sorted((r for r in levels if (variable, r.level) not in hidden), key=lambda r: r.participants or 0)
        if len(levels) - len(rest) == 1 and rest:
            hidden.add((variable, rest[0].level))
    for variable, level in sorted(hidden, key=str):
        log.note(f"balance.{variable}{'.' + level if level else ''}", "few_people")
    return balance.model_copy(
        update={
            "before": [_balance_row(row, before, hidden, policy) for row in balance.before],
            "after": [_balance_row(row, after, hidden, policy) for row in balance.after],
        }
    )


def _is_share(row: BalanceRow) -> bool:
    values = [value for value in (row.participants, row.controls) if value is not None]
    return row.participants_median is None and all(0 <= value <= 1 for value in values)


def _tells(row: BalanceRow, people: dict[str, int | None], policy: Policy) -> bool:
    """Whether a share, or its complement, stands for too few people of either arm."""
    if not _is_share(row):
        return False
    for arm in ARMS:
        share, number = getattr(row, arm), people[arm]
        if share is not None and number:
            with_it = round(share * number)
            if policy.small(with_it) or policy.small(number - with_it):
                return True
    return False


def _balance_row(
    row: BalanceRow, people: dict[str, int | None], hidden: set[tuple[str, str | None]], policy: Policy
) -> BalanceRow:
    if (row.variable, row.level) in hidden:
        gone = dict.fromkeys(("participants", "controls", "smd", "variance_ratio"))
        return row.model_copy(update={**gone, "participants_median": None, "controls_median": None})
    update: dict[str, Any] = {"smd": None if row.smd is None else round(row.smd, SMD_DECIMALS)}
    if _is_share(row):
        update |= {arm: policy.share(getattr(row, arm), people[arm]) for arm in ARMS}
    return row.model_copy(update=update)
