"""Sums of squared influences over clusters, at every event time at once, linear in rows.

A curve's influence function is simple in time: cluster c's influence at t is sum_m P_cm(t) phi_m(t), where the P change
only when a row of the cluster leaves or, late, enters, and the phi are the same for everyone. So the sum over clusters
of its square needs only the running cross products of the P. By how much a row changes them depends on its weight and
on few things besides: when, and how it leaves. So the changes are read from small tables, and of all that is known of a
row only the weight has to be put in the order of clusters.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from survival.arrays import ROWS, Floats, Ints, blocks, dot, group_sums, sorted_keys
from survival.risksets import RiskSets

BLOCK = 65_536  # jumps looked at together, so that what is made of them stays in the cache


@dataclass(frozen=True, slots=True)
class Jumps:
    """The changes of P, by cluster and time.

    weight (j,) of the rows that change it; key (j,) the cluster, the risk set after which the change counts, K when
    never, and in the low `kind_bits` bits how the row leaves, 0..kinds-1, or kinds when it enters; order (j,) whose
    weight belongs to each key, None when they stand side by side; first (C,) where each cluster's run of keys begins,
    None when each row is its own cluster and none is late.
    """

    weight: Floats
    key: Ints
    order: Ints | None
    first: Ints | None
    kinds: int
    size: int

    @property
    def kind_bits(self) -> int:
        """How many low bits of a cell hold the kind."""
        return self.kinds.bit_length()

    @property
    def cell_bits(self) -> int:
        """How many low bits of a key hold the cell: risk set and kind."""
        return self.size.bit_length() + self.kind_bits

    def blocks(self) -> Iterator[tuple[Floats, Ints, Ints | None]]:
        """Weight and cell of the rows of whole clusters, about as many as `BLOCK` or risk sets, and where each cluster
        begins among them."""
        for rows, first in self._cuts():
            weight = self.weight[rows] if self.order is None else self.weight[self.order[rows]]
            yield weight, self.key[rows] & ((1 << self.cell_bits) - 1), first

    def _cuts(self) -> Iterator[tuple[slice, Ints | None]]:
        size = max(BLOCK, 4 * self.size)
        if self.first is None:
            yield from ((slice(start, start + size), None) for start in range(0, len(self.key), size))
            return
        edges = np.append(self.first, len(self.key))
        cut = np.unique(np.append(np.searchsorted(edges, np.arange(0, len(self.key), size)), len(self.first)))
        for here, end in itertools.pairwise(cut):
            yield slice(edges[here], edges[end]), self.first[here:end] - edges[here]


def jumps_of(sets: RiskSets, weight: Floats, kind: Ints, kinds: int, cluster: Ints | None) -> Jumps:
    """The jumps of rows (n,) of `weight` that leave in one of `kinds` ways, in clusters or each its own."""
    when, owner = sets.leaves, cluster if cluster is not None else np.arange(len(weight))
    if cluster is None and not len(sets.late):
        return Jumps(weight, (when << kinds.bit_length()) | kind, None, None, kinds, sets.size)
    if len(sets.late):
        owner = np.concatenate([owner, owner[sets.late]])
        when = np.concatenate([when, sets.missed])
        kind = np.concatenate([kind, np.full(len(sets.late), kinds)])
        weight = np.concatenate([weight, weight[sets.late]])
    kind_bits, when_bits = kinds.bit_length(), sets.size.bit_length()
    packed = np.empty(len(owner), dtype=np.int64)
    for rows in blocks(len(owner), ROWS):
        packed[rows] = (((owner[rows] << when_bits) | when[rows]) << kind_bits) | kind[rows]
    key, order = sorted_keys(packed, (int(owner.max()) + 1) << (when_bits + kind_bits))
    starts = [[0]]
    for rows in blocks(len(key) - 1, ROWS):
        owners = key[rows.start : rows.stop + 1] >> (when_bits + kind_bits)
        starts.append(np.flatnonzero(owners[1:] != owners[:-1]) + (rows.start + 1))
    return Jumps(weight, key, order, np.concatenate(starts), kinds, sets.size)


def squared_influence(
    jumps: Jumps, leaving: Sequence[Floats], entering: Sequence[Floats], phi: Sequence[Floats]
) -> Floats:
    """(K,) sum over clusters of (sum_m P_m phi_m)^2 just after each risk set.

    leaving, M arrays (kinds, K), and entering, M arrays (K,): by how much the P jump for a row of weight 1 that leaves
    after, or enters after, a risk set; phi, M + 1 arrays (K,), since one P more is kept, last: the weight at risk.
    """
    tables = [_table(jumps, out, into) for out, into in zip(leaving, entering, strict=True)]
    tables.append(_table(jumps, np.full((jumps.kinds, jumps.size), -1.0), np.ones(jumps.size)))
    pairs = list(itertools.combinations_with_replacement(range(len(tables)), 2))
    changes = np.zeros((len(pairs), jumps.size + 1))
    at_start = 0.0
    for weight, cell, first in jumps.blocks():
        steps, after, start = _paths(weight, cell, first, tables)
        at_start += dot(start, start)
        when = cell >> jumps.kind_bits
        for change, (a, b) in zip(changes, pairs, strict=True):
            # P Q after a jump less P Q before it.
            difference = steps[a] * after[b]
            difference += (after[a] - steps[a]) * steps[b]
            change += group_sums(when, difference, jumps.size + 1)
    total = np.zeros(jumps.size)
    for change, (a, b) in zip(changes, pairs, strict=True):
        begun = at_start if a == b == len(tables) - 1 else 0.0
        total += (1 if a == b else 2) * (begun + np.cumsum(change[:-1])) * phi[a] * phi[b]
    return np.maximum(total, 0.0)


def _table(jumps: Jumps, leaving: Floats, entering: Floats) -> Floats:
    """The jumps of a row of weight 1 by cell, entering last among the kinds; 0 for those in no risk set."""
    table = np.zeros((jumps.size + 1, 1 << jumps.kind_bits))
    table[:-1, : jumps.kinds] = leaving.T
    table[:-1, jumps.kinds] = entering
    return table.ravel()


def _paths(
    weight: Floats, cell: Ints, first: Ints | None, tables: list[Floats]
) -> tuple[list[Floats], list[Floats], Floats]:
    """Each P's jumps (j,), its values just after them (j,), and the weight at risk of each cluster at the start."""
    steps: list[Floats] = [weight * table[cell] for table in tables]
    # Whoever leaves without having come late was there from the start.
    start: Floats = np.negative(steps[-1] if first is None else np.add.reduceat(steps[-1], first))
    after = [_running(step, first) for step in steps[:-1]]
    after.append(_running(steps[-1], first, start))
    return steps, after, start


def _running(step: Floats, first: Ints | None, start: Floats | None = None) -> Floats:
    """A P just after each jump: its start and the cumulative sum of its jumps, cluster by cluster."""
    if first is None:
        return step if start is None else start + step
    total = np.cumsum(step)
    base = step[first] - total[first]
    if start is not None:
        base += start
    return total + np.repeat(base, np.diff(np.append(first, len(step))))


def cluster_sums(cluster: Ints | None, values: Floats) -> Floats:
    """(C, ...) sums of (n, ...) values within clusters; the values themselves when each row is its own."""
    if cluster is None:
        return values
    columns = values.reshape(len(values), -1)
    summed = np.stack([group_sums(cluster, column, int(cluster.max()) + 1) for column in columns.T], axis=1)
    return summed.reshape(-1, *values.shape[1:])
