"""Array types, and the few operations on arrays that NumPy lacks or does slowly."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]
Bools = NDArray[np.bool_]

BLOCK = 4_096  # rows at a time in products over all rows, so that temporaries stay in the processor's cache


def group_sums(codes: Ints, values: Floats, size: int) -> Floats:
    """(size,) sums of values by code 0..size-1."""
    return np.bincount(codes, values, size).astype(float, copy=False)


def stable_order(key: Ints, size: int) -> Ints:
    """Stable argsort of key (n,) of 0..size-1, faster than NumPy's own.

    The row number rides in the key's low bits, so that the values themselves can be sorted, which processors do many
    at a time; NumPy counts keys of 16 bits.
    """
    if size <= 2**16:
        return np.argsort(key.astype(np.uint16), kind="stable")
    bits = len(key).bit_length()
    if size.bit_length() + bits > 63:
        return np.argsort(key, kind="stable")
    packed = (key.astype(np.int64) << bits) | np.arange(len(key))
    packed.sort()
    return packed & ((1 << bits) - 1)


def chi_squared(u: Floats, covariance: Floats) -> float:
    """u' covariance^-1 u; NaN when the covariance has no inverse."""
    if not len(u) or not (np.diag(covariance) > 0).all():
        return float("nan")
    scale = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(scale, scale)
    if np.linalg.matrix_rank(correlation, hermitian=True) < len(u):
        return float("nan")
    return float(u / scale @ np.linalg.solve(correlation, u / scale))


def crossproduct(x: Floats, v: Floats) -> Floats:
    """x' Diag(v) x, a block of rows at a time."""
    total = np.zeros((x.shape[1], x.shape[1]))
    for start in range(0, len(x), BLOCK):
        part = x[start : start + BLOCK]
        total += part.T @ (part * v[start : start + BLOCK, None])
    return total
