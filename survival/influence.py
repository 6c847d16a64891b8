"""Sums of squared influences over clusters, at every event time at once, linear in rows.

A curve's influence function is simple in time: cluster c's influence at t is sum_m P_cm(t) phi_m(t), where the P change
only when a row of the cluster leaves or, late, enters, and the phi are the same for everyone. So the sum over clusters
of its square needs only the running cross products of the P. By how much a row changes them depends on its weight and
on few things besides: when, and how it leaves. So the changes are read from small tables, and of all that is known of a
row only the weight has to be put in the order of clusters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from survival.arrays import Floats, Ints, dot, group_sums, sorted_keys
from survival.risksets import RiskSets


@dataclass(frozen=True, slots=True)
class Jumps:
    """The changes of P, by cluster and time.

    weight (j,) of the row that changes it; when (j,) the risk set after which it counts, K when never; kind (j,) how
    the row leaves, 0..kinds-1, or kinds when it enters; first (C,) where each cluster's run begins, None when each row
    is its own cluster and none is late.
    """

    weight: Floats
    when: Ints
    kind: Ints
    first: Ints | None
    kinds: int
    size: int


def jumps_of(sets: RiskSets, weight: Floats, kind: Ints, kinds: int, cluster: Ints | None) -> Jumps:
    """The jumps of rows (n,) of `weight` that leave in one of `kinds` ways, in clusters or each its own."""
    when, owner = sets.leaves, cluster if cluster is not None else np.arange(len(weight))
    if cluster is None and not len(sets.late):
        return Jumps(weight, when, kind, None, kinds, sets.size)
    if len(sets.late):
        owner = np.concatenate([owner, owner[sets.late]])
        when = np.concatenate([when, sets.missed])
        kind = np.concatenate([kind, np.full(len(sets.late), kinds)])
        weight = np.concatenate([weight, weight[sets.late]])
    kind_bits, when_bits = kinds.bit_length(), sets.size.bit_length()
    packed = owner << (when_bits + kind_bits)
    packed |= when << kind_bits
    packed |= kind
    key, order = sorted_keys(packed, (int(owner.max()) + 1) << (when_bits + kind_bits))
    first = np.flatnonzero(np.diff(key >> (when_bits + kind_bits), prepend=-1))
    sorted_when = (key >> kind_bits) & ((1 << when_bits) - 1)
    return Jumps(weight[order], sorted_when, key & ((1 << kind_bits) - 1), first, kinds, sets.size)


def squared_influence(
    jumps: Jumps, leaving: Sequence[Floats], entering: Sequence[Floats], phi: Sequence[Floats]
) -> Floats:
    """(K,) sum over clusters of (sum_m P_m phi_m)^2 just after each risk set.

    leaving, M arrays (kinds, K), and entering, M arrays (K,): by how much the P jump for a row of weight 1 that leaves
    after, or enters after, a risk set; phi, M arrays (K,). One P more is kept, last: the weight at risk, whose phi is
    the last of M+1.
    """
    size, kinds = jumps.size, jumps.kinds
    cell = jumps.kind * (size + 1) + jumps.when
    tables = [_padded(out, into) for out, into in zip(leaving, entering, strict=True)]
    tables.append(_padded(np.full((kinds, size), -1.0), np.ones(size)))
    steps = [jumps.weight * table[cell] for table in tables]
    # Whoever leaves without having come late was there from the start.
    start = -steps[-1] if jumps.first is None else -np.add.reduceat(steps[-1], jumps.first)
    last = len(tables) - 1
    after = [_running(jumps, step, start if m == last else None) for m, step in enumerate(steps)]
    total = np.zeros(size)
    for a in range(last + 1):
        for b in range(a, last + 1):
            # P Q after a jump less P Q before it.
            change = steps[a] * after[b]
            change += (after[a] - steps[a]) * steps[b]
            begun = dot(start, start) if a == b == last else 0.0
            products = begun + np.cumsum(group_sums(jumps.when, change, size + 1)[:-1])
            total += (1 if a == b else 2) * products * phi[a] * phi[b]
    return np.maximum(total, 0.0)


def _padded(leaving: Floats, entering: Floats) -> Floats:
    """((kinds + 1) * (K + 1),) jumps by kind and risk set, entering last, 0 for those in no risk set."""
    return np.pad(np.vstack([leaving, entering]), ((0, 0), (0, 1))).ravel()


def _running(jumps: Jumps, step: Floats, start: Floats | None) -> Floats:
    """A P just after each jump: its start and the cumulative sum of its jumps, cluster by cluster."""
    if jumps.first is None:
        return step if start is None else start + step
    total = np.cumsum(step)
    base = step[jumps.first] - total[jumps.first]
    if start is not None:
        base += start
    return total + np.repeat(base, np.diff(np.append(jumps.first, len(step))))


def cluster_sums(cluster: Ints | None, values: Floats) -> Floats:
    """(C, ...) sums of (n, ...) values within clusters; the values themselves when each row is its own."""
    if cluster is None:
        return values
    columns = values.reshape(len(values), -1)
    summed = np.stack([group_sums(cluster, column, int(cluster.max()) + 1) for column in columns.T], axis=1)
    return summed.reshape(-1, *values.shape[1:])
