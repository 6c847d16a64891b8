"""Wider and narrower classes than the configured ones."""

from __future__ import annotations

from pipeline.config import Coarsening, Cut, Groups

AS_CONFIGURED = "configured"


def coarsenings(variables: dict[str, Coarsening]) -> dict[str, dict[str, Coarsening]]:
    """The configured classes; each variable alone wider, narrower and left out; all wider and all narrower."""
    grid = {AS_CONFIGURED: variables}
    for name, rule in variables.items():
        for change, changed in (("wider", wider(rule)), ("narrower", narrower(rule))):
            if changed is not None:
                grid[f"{change} {name}"] = variables | {name: changed}
        if len(variables) > 1:
            grid[f"without {name}"] = {other: r for other, r in variables.items() if other != name}
    for change, function in (("wider", wider), ("narrower", narrower)):
        changed_all = {name: function(rule) or rule for name, rule in variables.items()}
        if changed_all != variables:
            grid[f"{change} all"] = changed_all
    return grid


def wider(rule: Coarsening) -> Coarsening | None:
    """Every second limit; None where there are no classes to join."""
    if isinstance(rule, Cut) and len(rule.cut) > 1:
        return Cut(cut=rule.cut[1::2])
    return None


def narrower(rule: Coarsening) -> Coarsening | None:
    """A limit halfway between each two; every value its own class instead of groups; None for exact matching."""
    if isinstance(rule, Cut) and len(rule.cut) > 1:
        middle = [(low + high) / 2 for low, high in zip(rule.cut, rule.cut[1:], strict=False)]
        return Cut(cut=sorted({*rule.cut, *middle}))
    return "exact" if isinstance(rule, Groups) else None
