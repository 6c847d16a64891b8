"""Faults that belong to the user: collected, then shown all at once without a traceback."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to mend: what is wrong, where, and what to do.

    `where` names a file and, when known, a line, column or row; never a person's id or value.
    """

    where: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        """One line for a terminal or a log."""
        sentence = f"{self.where}: {self.what}" if self.where else self.what
        return f"{sentence} {self.remedy}" if self.remedy else sentence


class UserError(Exception):
    """Stops a run with every fault that was found; the command prints them and exits with status 2."""

    def __init__(self, faults: Fault | str | Iterable[Fault]) -> None:
        if isinstance(faults, str):
            faults = Fault("", faults)
        self.faults: tuple[Fault, ...] = (faults,) if isinstance(faults, Fault) else tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


def stop_if(faults: Iterable[Fault]) -> None:
    """Raise `UserError` with all faults, if there are any."""
    found = tuple(faults)
    if found:
        raise UserError(found)


def list_some(rows: Iterable[int], most: int = 5, total: int | None = None) -> str:
    """Row numbers as people read them: "row 7", "rows 7, 9, 12 and 4 more".

    `total` counts all of them, where `rows` holds only the first.
    """
    numbers = list(rows)
    total = len(numbers) if total is None else total
    shown = ", ".join(map(str, numbers[:most]))
    more = f" and {total - most} more" if total > most else ""
    return f"row{'s' if total > 1 else ''} {shown}{more}"
