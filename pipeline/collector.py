"""How often Python looks for objects that only refer to each other."""

from __future__ import annotations

import gc

# By default it looks after every 700 new objects, and through most of what there is again and again. A run makes
# millions that live to its end (queries, tables, drawings): looking this much less takes a tenth off its time, and
# some megabytes more.
NEW_OBJECTS, YOUNG, OLDER = 100_000, 20, 50


def collect_rarely() -> None:
    """Look less often, in this process; for commands and the processes they start, never on import."""
    gc.set_threshold(NEW_OBJECTS, YOUNG, OLDER)


def collect_no_more() -> None:
    """Leave what there is as it is, since this process ends now: Python would look through all of it once more."""
    gc.freeze()
