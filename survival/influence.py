"""Sums of squared influences over clusters, at every event time at once, linear in rows.

A curve's influence function is simple in time: cluster c's influence at t is sum_m P_cm(t) phi_m(t), where the P change
only when a row of the cluster enters or leaves and the phi are the same for everyone. So the sum over clusters of its
square needs only the running cross products of the P, which change by known amounts at known times. The last P is
always the weight at risk, the only one that is not 0 at the start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from survival.arrays import Floats, Ints, group_sums, stable_order
from survival.risksets import RiskSets


@dataclass(frozen=True, slots=True)
class Jumps:
    """When the P of clusters change: as rows leave and, after those, as late rows enter.

    codes (n,) cluster of each row; when (j,) risk set after which each jump counts, K when it never does. Jumps are in
    the `order` of clusters and time, runs of a cluster begin at `first` and `owner` is the cluster of each run. order
    is None when rows are their own clusters and none is late: then each row jumps once.
    """

    codes: Ints
    when: Ints
    order: Ints | None
    first: Ints
    owner: Ints


def jumps_of(sets: RiskSets, cluster: Ints | None) -> Jumps:
    """The jumps of clusters (n,), or of rows when cluster is None."""
    codes = np.arange(len(sets.leaves)) if cluster is None else cluster
    if cluster is None and not len(sets.late):
        return Jumps(codes, sets.leaves, None, codes[:0], codes[:0])
    owner = np.concatenate([codes, codes[sets.late]])
    when = np.concatenate([sets.leaves, sets.missed])
    order = stable_order(owner * (sets.size + 1) + when, (int(owner.max()) + 1) * (sets.size + 1))
    sorted_owner = owner[order]
    first = np.flatnonzero(np.diff(sorted_owner, prepend=-1))
    return Jumps(codes, when[order], order, first, sorted_owner[first])


def squared_influence(
    jumps: Jumps,
    sets: RiskSets,
    weight: Floats,
    leaving: Sequence[Floats],
    entering: Sequence[Floats],
    phi: Sequence[Floats],
) -> Floats:
    """(K,) sum over clusters of (sum_m P_m phi_m)^2 just after each risk set.

    weight (n,) of rows; leaving, M-1 arrays (n,), and entering, M-1 arrays (l,): by how much the P but the last jump
    when a row leaves or a late row enters; phi, M arrays (K,).
    """
    present = weight * (sets.leaves < sets.size)
    leaving, entering = [*leaving, -present], [*entering, weight[sets.late]]
    present[sets.late] = 0.0
    if jumps.order is None:
        at_start, steps = present, leaving
    else:
        at_start = group_sums(jumps.codes, present, int(jumps.codes.max()) + 1)
        steps = [np.concatenate([out, into])[jumps.order] for out, into in zip(leaving, entering, strict=True)]
    last = len(phi) - 1
    after = [_running(jumps, step, at_start if m == last else None) for m, step in enumerate(steps)]
    before = [p - step for p, step in zip(after, steps, strict=True)]
    total = np.zeros(sets.size)
    for a in range(len(phi)):
        for b in range(a, len(phi)):
            change = group_sums(jumps.when, after[a] * after[b] - before[a] * before[b], sets.size + 1)[:-1]
            begun = float(at_start @ at_start) if a == b == last else 0.0
            total += (1 if a == b else 2) * (begun + np.cumsum(change)) * phi[a] * phi[b]
    return np.maximum(total, 0.0)


def _running(jumps: Jumps, step: Floats, start: Floats | None) -> Floats:
    """A P just after each jump: its start and the cumulative sum of its jumps, cluster by cluster."""
    if jumps.order is None:
        return step if start is None else start + step
    total = np.cumsum(step)
    base = step[jumps.first] - total[jumps.first]
    if start is not None:
        base += start[jumps.owner]
    return total + np.repeat(base, np.diff(np.append(jumps.first, len(step))))


def cluster_sums(cluster: Ints | None, values: Floats) -> Floats:
    """(C, ...) sums of (n, ...) values within clusters; the values themselves when each row is its own."""
    if cluster is None:
        return values
    columns = values.reshape(len(values), -1)
    summed = np.stack([group_sums(cluster, column, int(cluster.max()) + 1) for column in columns.T], axis=1)
    return summed.reshape(-1, *values.shape[1:])
