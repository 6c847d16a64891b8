"""Array types, and the few operations on arrays that NumPy lacks or does slowly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]
Bools = NDArray[np.bool_]

# Blocks of rows stay in the processor's cache and are small enough for BLAS to keep to one thread: on a busy machine
# its threads wait for each other longer than they work.
VECTOR_CELLS, MATRIX_CELLS = 9_000, 260_000
ROWS = 32_768  # a block of rows when each has a few numbers


def group_sums(codes: Ints, values: Floats, size: int) -> Floats:
    """(size,) sums of values by code 0..size-1."""
    if 8 * size > ROWS or len(codes) <= ROWS:
        return np.bincount(codes, values, size).astype(float, copy=False)
    total = np.zeros(size)
    for rows in blocks(len(codes), ROWS):
        total += np.bincount(codes[rows], values[rows], size)
    return total


def sorted_keys(key: Ints, size: int) -> tuple[Ints, Ints]:
    """Keys (n,) of 0..size-1 in rising order, and the rows they come from; equal keys in the order of rows.

    The row number rides in the low bits, so that the values themselves can be sorted: processors do many at a time,
    which NumPy's argsort does not use when it must be stable.
    """
    bits = len(key).bit_length()
    if size.bit_length() + bits > 63:
        order = np.argsort(key, kind="stable")
        return key[order], order
    packed = np.empty(len(key), dtype=np.int64)
    for rows in blocks(len(key), ROWS):
        np.left_shift(key[rows], bits, out=packed[rows])
        packed[rows] |= np.arange(rows.start, min(rows.stop, len(key)))
    packed.sort()
    order = packed & ((1 << bits) - 1)
    packed >>= bits
    return packed, order


def stable_order(key: Ints, size: int) -> Ints:
    """Stable argsort of key (n,) of 0..size-1; keys of 16 bits NumPy counts."""
    return np.argsort(key.astype(np.uint16), kind="stable") if size <= 2**16 else sorted_keys(key, size)[1]


def chi_squared(u: Floats, covariance: Floats) -> float:
    """u' covariance^-1 u; NaN when the covariance has no inverse."""
    if not len(u) or not (np.diag(covariance) > 0).all():
        return float("nan")
    scale = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(scale, scale)
    if np.linalg.matrix_rank(correlation, hermitian=True) < len(u):
        return float("nan")
    return float(u / scale @ np.linalg.solve(correlation, u / scale))


def product(x: Floats, b: Floats) -> Floats:
    """(m,) x b, a block of rows at a time."""
    total = np.empty(len(x))
    for rows in blocks(len(x), VECTOR_CELLS // max(x.shape[1], 1)):
        np.dot(x[rows], b, out=total[rows])
    return total


def transposed_product(x: Floats, v: Floats) -> Floats:
    """(c,) x' v, a block of rows at a time."""
    total = np.zeros(x.shape[1])
    for rows in blocks(len(x), VECTOR_CELLS // max(x.shape[1], 1)):
        total += v[rows] @ x[rows]
    return total


def crossproduct(x: Floats, v: Floats | None = None, y: Floats | None = None) -> Floats:
    """(c, d) x' Diag(v) y, a block of rows at a time; v is ones and y is x when left out."""
    y = x if y is None else y
    total = np.zeros((x.shape[1], y.shape[1]))
    for rows in blocks(len(x), MATRIX_CELLS // max(x.shape[1] * y.shape[1], 1)):
        total += x[rows].T @ (y[rows] if v is None else y[rows] * v[rows, None])
    return total


def dot(a: Floats, b: Floats) -> float:
    """Sum of a b; NumPy adds pairwise, which loses less than adding in a row."""
    return float(np.multiply(a, b).sum())


def blocks(n: int, size: int) -> Iterator[slice]:
    """Slices of 0..n-1, `size` long or a little more."""
    size = max(size, 64)
    for start in range(0, n, size):
        yield slice(start, start + size)
