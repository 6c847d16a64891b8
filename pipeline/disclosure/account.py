"""The data-quality account (`pipeline.account`) under disclosure control."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from pipeline.disclosure.policy import Policy

# The year is no count; the rows of a delivered file are no one's trait. Its first and last day belong to single people.
NOT_COUNTS = ("year",)
AS_DELIVERED = ("rows",)
LEFT_OUT = ("dates",)


def protect_account(account: dict[str, Any], policy: Policy) -> dict[str, Any]:
    """The account with counts rounded and small ones null, files by name alone, and without single days."""
    protected = {name: _part(name, value, policy) for name, value in account.items()}
    for file, delivered in zip(protected.get("files", []), account.get("files", []), strict=True):
        file |= {name: delivered[name] for name in AS_DELIVERED if not policy.small(delivered[name])}
    return protected


def _part(name: str, value: Any, policy: Policy) -> Any:
    if isinstance(value, dict):
        return {key: _part(key, item, policy) for key, item in value.items() if key not in LEFT_OUT}
    if isinstance(value, list):
        return [_part(name, item, policy) for item in value]
    if name == "file":
        return PurePath(value).name
    if isinstance(value, int) and not isinstance(value, bool) and name not in NOT_COUNTS:
        return value if policy.minimum_count <= 1 else policy.rounded(value)
    return value
