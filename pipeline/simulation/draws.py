"""Random numbers: a stream for each component, and choices with given chances."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray


def generator(seed: int, component: str) -> np.random.Generator:
    """A stream of its own for each component, so that a new one does not move the others."""
    return np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(component.encode())]))


def choose(weights: NDArray[np.float64], uniform: NDArray[np.float64]) -> NDArray[np.int64]:
    """Column chosen in each row of a table of weights (n, k), by a uniform number a row (n,)."""
    cumulative = np.cumsum(weights, axis=1)
    return (uniform[:, None] * cumulative[:, -1:] >= cumulative[:, :-1]).sum(axis=1)
