"""Flow, matching, description and balance under disclosure control."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline.disclosure.policy import ARMS, Log, Policy, estimate, rounded_counts
from pipeline.disclosure.secondary import Parts, left_out_told, stands_for, told_of_total, withheld_parts
from pipeline.results import Balance, BalanceRow, BeforeAfter, DescriptionRow, FlowStep, Matching, Results

SMD_DECIMALS = 3
MEAN_DECIMALS = 1
FLOW = ("participants", "controls", "participant_rows", "control_rows")


def protect_flow(steps: Sequence[FlowStep], policy: Policy, log: Log) -> list[FlowStep]:
    """Rounded totals: two rounded numbers do not tell a difference of fewer than the base."""
    return [step.model_copy(update=rounded_counts(step, FLOW, f"flow.{step.step}", policy, log)) for step in steps]


def protect_matching(matching: Matching, policy: Policy, log: Log) -> Matching:
    """Rounded counts, small classes withheld with what would give them away."""
    totals = ("participants", "participants_matched", "controls", "controls_matched", "control_rows_matched")
    effective = matching.effective_controls
    unmatched = [
        u.model_copy(update=rounded_counts(u, ARMS[:1], f"matching.unmatched.{u.variable}", policy, log))
        for u in matching.unmatched
    ]
    classes = list(matching.classes)
    for arm in ARMS:
        counts = _parts([(c.variable, getattr(c, arm)) for c in matching.classes], policy)
        for i, c in enumerate(matching.classes):
            classes[i] = classes[i].model_copy(update={arm: counts[i]})
            if counts[i] is None:
                log.note(f"matching.classes.{c.variable}.{c.level}.{arm}", "few")
    return matching.model_copy(
        update={
            **rounded_counts(matching, totals, "matching", policy, log),
            "effective_controls": None if effective is None else float(policy.nearest(effective)),
            "classes": classes,
            "unmatched": unmatched,
        }
    )


def _parts(counts: Sequence[tuple[str, int | None]], policy: Policy) -> list[int | None]:
    """Rounded counts of the levels of several variables (name, count); of each variable the small ones withheld."""
    shown: list[int | None] = [policy.rounded(count) for _, count in counts]
    places: dict[str, list[int]] = {}
    for i, (name, _) in enumerate(counts):
        places.setdefault(name, []).append(i)
    parts = {name: [counts[i][1] or 0 for i in own] for name, own in places.items()}
    everyone = max((sum(own) for own in parts.values()), default=0)
    total = told_of_total([own for own in parts.values() if sum(own) == everyone], policy)
    for name, own in parts.items():
        known = total if sum(own) == everyone else stands_for(sum(own), policy)
        for j in withheld_parts(own, known, policy):
            shown[places[name][j]] = None
    return shown


def protect_description(rows: Sequence[DescriptionRow], policy: Policy, log: Log) -> list[DescriptionRow]:
    """Rounded counts and shares made from them; a small count takes its share, mean and median with it."""
    counts = _parts([(f"{row.variable}{row.share is None}", row.count) for row in rows], policy)
    protected = []
    for row, count in zip(rows, counts, strict=True):
        update: dict[str, Any] = {"count": count}
        if count is None:
            log.note(f"description.{row.variable}{'.' + row.level if row.level else ''}", "few")
            update |= {"share": None, "mean": None, "median": None}
        elif row.share and row.count:
            update["share"] = policy.share(row.share, round(row.count / row.share))
        if row.mean is not None and count is not None:
            update |= {"mean": round(row.mean, MEAN_DECIMALS), "median": _whole(row.median)}
        protected.append(row.model_copy(update=update))
    return protected


def _whole(value: float | None) -> float | None:
    return None if value is None else float(round(value))


def protect_balance(results: Results, policy: Policy, log: Log) -> Balance:
    """Shares that stand for few people are withheld in all columns, with the next smallest level where needed."""
    balance, matching, last = results.balance, results.matching, results.flow[-1] if results.flow else None
    before = {arm: getattr(matching or last, arm, None) for arm in ARMS}
    after = {arm: getattr(matching, f"{arm}_matched", None) if matching else before[arm] for arm in ARMS}
    hidden = _hidden_levels(balance, before, after, policy)
    for variable, level in sorted(hidden, key=str):
        log.note(f"balance.{variable}{'.' + level if level else ''}", "few")
    rows_before = [_balance_row(row, before, hidden, policy) for row in balance.before]
    variances = {(row.variable, row.level): _variance(row, results.evaluation.estimand) for row in rows_before}
    rows_after = [_balance_row(row, after, hidden, policy) for row in balance.after]
    return balance.model_copy(
        update={
            "before": [_difference(row, variances) for row in rows_before],
            "after": [_difference(row, variances) for row in rows_after],
            "l1": BeforeAfter(**{k: estimate(getattr(balance.l1, k), SMD_DECIMALS) for k in ("before", "after")}),
        }
    )


Level = tuple[str, str | None]
People = dict[str, int | None]


def _hidden_levels(balance: Balance, before: People, after: People, policy: Policy) -> set[Level]:
    """Variables and levels to withhold: few people with or without it, or few who were left out by the matching."""
    hidden: set[Level] = set()
    for rows, people in ((balance.before, before), (balance.after, after)):
        for variable in dict.fromkeys(row.variable for row in rows if _is_share(row)):
            levels = [row for row in rows if row.variable == variable and _is_share(row)]
            for arm in ARMS:
                hidden |= _hidden_in(levels, arm, people[arm], policy)
    return hidden | _told_by_matching(balance, before, after, hidden, policy)


def _told_by_matching(
    balance: Balance, before: People, after: People, hidden: set[Level], policy: Policy
) -> set[Level]:
    """Variables of which the two sides of the table tell how many participants found no control."""
    later = {(row.variable, row.level): row for row in balance.after}
    everyone = before["participants"] or 0, after["participants"] or 0
    sides: tuple[Parts, Parts] = {}, {}
    for row in balance.before:
        key = (row.variable, row.level)
        if _is_share(row) and key in later and key not in hidden:
            for side, found, people in zip(sides, (row, later[key]), everyone, strict=True):
                side.setdefault(row.variable, []).append(round((found.participants or 0) * people))
    told = left_out_told(*sides, everyone, policy)
    return {(row.variable, row.level) for row in balance.before if row.variable in told}


def _hidden_in(levels: Sequence[BalanceRow], arm: str, people: int | None, policy: Policy) -> set[Level]:
    """The levels of one variable to withhold for one arm; a single level is set against its complement."""
    counts = [round((getattr(row, arm) or 0) * (people or 0)) for row in levels]
    if any(row.level is None for row in levels):
        few = any(policy.small(n) or policy.small((people or 0) - n) for n in counts)
        return {(row.variable, row.level) for row in levels} if few else set()
    return {
        (levels[i].variable, levels[i].level) for i in withheld_parts(counts, stands_for(people or 0, policy), policy)
    }


def _is_share(row: BalanceRow) -> bool:
    values = [value for value in (row.participants, row.controls) if value is not None]
    return row.participants_median is None and row.variance_ratio is None and all(0 <= value <= 1 for value in values)


def _balance_row(row: BalanceRow, people: People, hidden: set[Level], policy: Policy) -> BalanceRow:
    if (row.variable, row.level) in hidden:
        gone = dict.fromkeys(("participants", "controls", "smd", "variance_ratio"))
        return row.model_copy(update={**gone, "participants_median": None, "controls_median": None})
    if _is_share(row):
        return row.model_copy(update={arm: policy.share(getattr(row, arm), people[arm]) for arm in ARMS})
    medians = {f"{arm}_median": _whole(getattr(row, f"{arm}_median")) for arm in ARMS}
    means = {arm: None if (v := getattr(row, arm)) is None else round(v, MEAN_DECIMALS) for arm in ARMS}
    more = {"smd": None if row.smd is None else round(row.smd, SMD_DECIMALS)}
    return row.model_copy(update={**means, **medians, **more, "variance_ratio": estimate(row.variance_ratio, 3)})


def _variance(row: BalanceRow, estimand: str | None) -> float:
    """The variance by which a share's difference is measured, from the shares as shown."""
    own = [p * (1 - p) if (p := getattr(row, arm)) is not None and _is_share(row) else 0.0 for arm in ARMS]
    return {"ATT": own[0], "ATC": own[1]}.get(estimand or "", 0.0) or (own[0] + own[1]) / 2


def _difference(row: BalanceRow, variances: dict[Level, float]) -> BalanceRow:
    """A share's standardised difference from the shares as shown: from the exact ones it would tell them."""
    if not _is_share(row) or row.smd is None or row.participants is None or row.controls is None:
        return row
    variance = variances[row.variable, row.level]
    smd = (row.participants - row.controls) / variance**0.5 if variance > 0 else None
    return row.model_copy(update={"smd": None if smd is None else round(smd, SMD_DECIMALS)})
