"""k-to-k matching: the same number of treated and controls in each stratum."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from matching.strata import Cells


def equal_numbers(
    people: pd.DataFrame, treated: np.ndarray, cells: Cells, seed: int, key: str | Sequence[str] | None = None
) -> np.ndarray:
    """(n,) bool: rows kept when the larger arm of each matched stratum is thinned to the size of the smaller.

    key : columns that identify a row. Rows are drawn in the order of a hash of their key and the seed, so the draw
        depends on who they are and not on where they stand. Without a key all columns are hashed; rows equal in every
        column are then interchangeable, and which of them is kept cannot matter.
    """
    order_key = _draw_order(people, seed, key)
    candidates = np.flatnonzero(cells.matched[cells.cell])
    arm = cells.cell[candidates] * 2 + treated[candidates]
    ranked = candidates[np.lexsort((order_key[candidates], arm))]
    group = cells.cell[ranked] * 2 + treated[ranked]
    first = np.flatnonzero(np.concatenate([[True], group[1:] != group[:-1]]))
    rank = np.arange(len(ranked)) - np.repeat(first, np.diff(np.append(first, len(ranked))))
    kept = np.zeros(len(people), dtype=bool)
    kept[ranked[rank < np.minimum(cells.treated, cells.controls)[cells.cell[ranked]]]] = True
    return kept


def _draw_order(people: pd.DataFrame, seed: int, key: str | Sequence[str] | None) -> np.ndarray:
    """(n,) uint64 pseudo-random numbers that follow the rows wherever they are moved."""
    names = list(people.columns) if key is None else [key] if isinstance(key, str) else list(key)
    lost = [name for name in names if name not in people.columns]
    if lost:
        raise ValueError(f"key: people has no column named {', '.join(map(repr, lost))}")
    if key is not None and people.duplicated(names).any():
        raise ValueError(f"key: {', '.join(map(repr, names))} does not identify the rows; add the columns that do")
    rows = pd.util.hash_pandas_object(people[names], index=False).to_numpy(dtype=np.uint64)
    return _mix(rows ^ _mix(np.array([seed], dtype=np.int64).astype(np.uint64)))


def _mix(numbers: np.ndarray) -> np.ndarray:
    """SplitMix64 (Steele, Lea and Flood 2014): spreads every bit of a 64-bit number over all of them."""
    z = numbers + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
