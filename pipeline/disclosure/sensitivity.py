"""Sensitivity analyses under disclosure control."""

from __future__ import annotations

from typing import Any

from pipeline.disclosure.policy import ARMS, EVENTS, Log, Policy, estimate, estimates, rounded_counts
from pipeline.sensitivity.record import EffectRow, MonthRow, Sensitivity

COUNTS = (*ARMS, *EVENTS.values())
RATIO = ("hazard_ratio", "lower", "upper")
DIFFERENCE = ("difference", "difference_lower", "difference_upper")
DIFFERENCE_DIGITS = 2
STRENGTH = ("e_value", "e_value_limit", "detectable_ratio")


def protect_sensitivity(found: Sensitivity, policy: Policy, log: Log) -> Sensitivity:
    """The analyses: without numbers where too few people or events are behind them, or tell them from another."""
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
            "months": [_month(row, policy, log) for row in found.months],
            "bootstrap": None if again is None or withheld else again.model_copy(update=estimates(again, limits)),
            "effective_events": events,
        }
    )


def _rows(rows: list[Any], policy: Policy, log: Log) -> list[Any]:
    """Every specification; one that a few people with the event tell from one before it is withheld."""
    shown: list[tuple[int, ...]] = []
    protected = []
    for number, row in enumerate(rows):
        size = tuple(getattr(row, name) or 0 for name in COUNTS)
        near = any(_nearly(size, other, policy) for other in shown)
        protected.append(_effect(row, f"sensitivity.specifications.{number}", near, policy, log))
        if not near:
            shown.append(size)
    return protected


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


def _month(row: MonthRow, policy: Policy, log: Log) -> MonthRow:
    """The people of a month are those whom a ratio with them and one without them would tell of."""
    place = f"sensitivity.months.{row.month}"
    update: dict[str, Any] = dict(rounded_counts(row, COUNTS, place, policy, log))
    if any(policy.small(getattr(row, name)) for name in COUNTS):
        log.note(place, "few")
        update |= dict.fromkeys(RATIO)
    else:
        update |= {name: estimate(getattr(row, name)) for name in RATIO}
    return row.model_copy(update=update)
