"""Sensitivity analyses under disclosure control."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pipeline.disclosure.policy import ARMS, EVENTS, Log, Policy, estimate, estimates, rounded_counts
from pipeline.sensitivity.choices import WHOLE
from pipeline.sensitivity.record import EffectRow, MonthRow, Sensitivity, SensitivityRow

COUNTS = (*ARMS, *EVENTS.values())
RATIO = ("hazard_ratio", "lower", "upper")
DIFFERENCE = ("difference", "difference_lower", "difference_upper")
DIFFERENCE_DIGITS = 2
STRENGTH = ("e_value", "e_value_limit", "detectable_ratio")


def protect_sensitivity(
    found: Sensitivity, policy: Policy, log: Log, hidden_months: Collection[str] = ()
) -> Sensitivity:
    """The analyses: without numbers where too few people or events are behind them, or tell them from another.

    hidden_months : months of start (YYYY-MM) whose people are withheld elsewhere
    """
    rows = _rows(found.specifications, policy, log)
    withheld = rows[0].hazard_ratio is None
    strength = dict.fromkeys(STRENGTH) if withheld else estimates(found, STRENGTH)
    events = None if found.effective_events is None or withheld else policy.rounded(round(found.effective_events))
    again = found.bootstrap
    limits = ("lower", "upper", "robust_lower", "robust_upper")
    return found.model_copy(
        update={
            **strength,
            "specifications": rows,
            "placebos": {
                name: _effect(row, f"sensitivity.placebos.{name}", False, policy, log)
                for name, row in found.placebos.items()
            },
            "months": [_month(row, row.month in hidden_months, policy, log) for row in found.months],
            "bootstrap": None if again is None or withheld else again.model_copy(update=estimates(again, limits)),
            "effective_events": events,
        }
    )


def _rows(rows: list[SensitivityRow], policy: Policy, log: Log) -> list[EffectRow]:
    """Every specification; one that a few people tell from another is withheld.

    Of part of the intake no people are counted: months of start added up would tell of one that is withheld.
    """
    shown: list[tuple[int, ...]] = []
    protected = []
    edges = _nearly_everyone(rows, policy)
    for number, row in enumerate(rows):
        size = _size(row)
        near = _intake(row) in edges or any(_nearly(size, other, policy) for other in shown)
        effect = _effect(row, f"sensitivity.specifications.{number}", near, policy, log)
        protected.append(effect if _intake(row) == WHOLE else effect.model_copy(update=dict.fromkeys(COUNTS)))
        if not near:
            shown.append(size)
    return protected


def _size(row: EffectRow) -> tuple[int, ...]:
    return tuple(getattr(row, name) or 0 for name in COUNTS)


def _intake(row: SensitivityRow) -> str:
    return row.choices.get("intake", WHOLE)


def _nearly_everyone(rows: list[SensitivityRow], policy: Policy) -> set[str]:
    """Parts of the intake that leave out a few people, or a few with the event, of an arm."""
    alone = [row for row in rows if row.varied == ["intake"]]
    return {
        _intake(row)
        for row in alone
        if any(policy.small(whole - part) for whole, part in zip(_size(rows[0]), _size(row), strict=True))
    }


def _nearly(size: tuple[int, ...], other: tuple[int, ...], policy: Policy) -> bool:
    """The same people, but for a few with the event."""
    return size[:2] == other[:2] and any(policy.small(abs(a - b)) for a, b in zip(size, other, strict=True))


def _effect(row: EffectRow, place: str, near: bool, policy: Policy, log: Log) -> EffectRow:
    update: dict[str, Any] = dict(rounded_counts(row, COUNTS, place, policy, log))
    if near or any(policy.small(getattr(row, name)) for name in COUNTS):
        log.note(place, "few")
        update |= dict.fromkeys((*RATIO, "p", *DIFFERENCE))
    else:
        update |= {**estimates(row, (*RATIO, "p")), **estimates(row, DIFFERENCE, DIFFERENCE_DIGITS)}
    if row.note is not None:
        update["note"] = "no estimate"  # its words may hold counts
    return row.model_copy(update=update)


def _month(row: MonthRow, hidden: bool, policy: Policy, log: Log) -> MonthRow:
    """The people of a month are those whom a ratio with them and one without them would tell of.

    They are not counted here: the table of classes has them before matching, and what it withholds stays withheld.
    """
    if hidden or any(policy.small(getattr(row, name)) for name in COUNTS):
        log.note(f"sensitivity.months.{row.month}", "few")
        ratio: dict[str, float | None] = dict.fromkeys(RATIO)
    else:
        ratio = {name: estimate(getattr(row, name)) for name in RATIO}
    return row.model_copy(update={**dict.fromkeys(COUNTS), **ratio})
