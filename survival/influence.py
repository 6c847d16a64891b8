"""Sums of squared influences over clusters, at every event time at once, linear in rows.

A curve's influence function is simple in time: cluster c's influence at t is sum_m P_cm(t) phi_m(t), where the P change
only when a row of the cluster enters or leaves and the phi are the same for everyone. So the sum over clusters of its
square needs only the running cross products of the P, which change by known amounts at known times.
"""

from __future__ import annotations

import numpy as np

from survival.inputs import Floats, Ints, group_sums


def cross_products(cluster: Ints | None, when: Ints, jumps: Floats, initial: Floats, size: int) -> Floats:
    """(size, M, M) sums over clusters of P P' just after each of `size` times.

    cluster (c,) whose P jumps; None when each jump is the only one of its own cluster, in the order of `initial`;
    when (c,) index of the time at which it jumps, `size` when never; jumps (c, M) by how much;
    initial (C, M) P before the first time.
    """
    if cluster is None:
        before, after = initial, initial + jumps
    else:
        order = np.argsort(cluster * (size + 1) + when, kind="stable")
        cluster, when, jumps = cluster[order], when[order], jumps[order]
        after = _running(cluster, jumps) + initial[cluster]
        before = after - jumps
    m = jumps.shape[1]
    change = np.empty((size, m, m))
    for a in range(m):
        for b in range(a, m):
            step = after[:, a] * after[:, b] - before[:, a] * before[:, b]
            change[:, a, b] = change[:, b, a] = group_sums(when, step, size + 1)[:-1]
    return np.cumsum(change, axis=0) + initial.T @ initial


def _running(cluster: Ints, jumps: Floats) -> Floats:
    """Cumulative sums of jumps within runs of equal cluster."""
    total = np.cumsum(jumps, axis=0, dtype=np.longdouble)
    first = np.flatnonzero(np.diff(cluster, prepend=-1))
    length = np.diff(np.append(first, len(cluster)))
    return (total - np.repeat(total[first] - jumps[first], length, axis=0)).astype(float)


def cluster_sums(cluster: Ints | None, values: Floats) -> Floats:
    """(C, ...) sums of (n, ...) values within clusters; the values themselves when each row is its own."""
    if cluster is None:
        return values
    columns = values.reshape(len(values), -1)
    summed = np.stack([group_sums(cluster, column, int(cluster.max()) + 1) for column in columns.T], axis=1)
    return summed.reshape(-1, *values.shape[1:])


def quadratic(products: Floats, basis: Floats) -> Floats:
    """(size,) phi' C phi at each time, never below 0; products (size, M, M), basis (size, M)."""
    return np.maximum(np.einsum("ka,kab,kb->k", basis, products, basis), 0.0)
