"""Secondary suppression: what an intruder can work out of a sum, and what else to withhold until it is too little.

A shown count r (rounded to the nearest k, at least k or nobody) stands for r - k/2 to r + k/2 - 1 people. A withheld
count is known to be somebody. From a total and its parts follow limits for each part; a withheld part is safe when
those limits leave every number from 1 to k - 1 open, an unshown difference when they are not all small.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.disclosure.policy import Policy

Range = tuple[int, int]
Parts = dict[str, list[int]]


def stands_for(count: int, policy: Policy) -> Range:
    """The counts that are shown as this one is."""
    shown = policy.rounded(count)
    if not shown:
        return (0, 0) if shown == 0 else (1, policy.minimum_count - 1)
    return max(policy.minimum_count, shown - policy.base // 2), shown + (policy.base + 1) // 2 - 1


def told_of_total(variables: Sequence[Sequence[int]], policy: Policy) -> Range:
    """What a table tells of its total, whose parts by several variables it shows, each of them complete."""
    low, high = stands_for(max((sum(counts) for counts in variables), default=0), policy)
    for counts in variables:
        parts = [stands_for(count, policy) for count in counts]
        low = max(low, sum(a for a, _ in parts))
        if not any(policy.small(count) for count in counts):
            high = min(high, sum(b for _, b in parts))
    return low, high


def withheld_parts(counts: Sequence[int], total: Range, policy: Policy) -> set[int]:
    """Positions of the parts of a total to withhold: small ones, and the next smallest until the sum is safe.

    total : what is known of the total, as `stands_for` or `told_of_total` has it
    """
    hidden = {i for i, count in enumerate(counts) if policy.small(count)}
    rest = sorted((i for i, count in enumerate(counts) if count and i not in hidden), key=lambda i: -counts[i])
    while hidden and rest and not _hidden_safely(counts, total, hidden, policy):
        hidden.add(rest.pop())
    return hidden


def _hidden_safely(counts: Sequence[int], total: Range, hidden: set[int], policy: Policy) -> bool:
    shown = [stands_for(count, policy) for i, count in enumerate(counts) if i not in hidden]
    least, most = total[0] - sum(b for _, b in shown), total[1] - sum(a for a, _ in shown)
    if len(hidden) == 1:
        return least <= 1 and most >= policy.minimum_count - 1
    # Each of the others is somebody; the smallest of several may still be any small number.
    return most - (len(hidden) - 1) >= policy.minimum_count


def left_out_told(before: Parts, after: Parts, totals: tuple[int, int], policy: Policy) -> set[str]:
    """Variables whose parts before and after a selection tell that it left out a small number of people.

    before, after : people at each level, by variable; a single level stands beside everyone else
    totals : everyone before and after
    """
    total = _difference(stands_for(totals[0], policy), stands_for(totals[1], policy))
    parts: dict[str, list[Range]] = {}
    for name in before:
        if any(b < a for b, a in zip(before[name], after[name], strict=True)):
            continue  # weighted: the one is no part of the other
        pairs = zip(before[name], after[name], strict=True)
        parts[name] = [_difference(stands_for(b, policy), stands_for(a, policy)) for b, a in pairs]
        if len(parts[name]) == 1:
            parts[name].append((0, total[1]))
    told: set[str] = set()
    while found := _told(parts, _between(total, [parts[name] for name in parts if name not in told]), told, policy):
        told.add(found)
    return told


def _between(total: Range, variables: Sequence[Sequence[Range]]) -> Range:
    """What every variable says of the total."""
    low = max([total[0], *(sum(a for a, _ in parts) for parts in variables)])
    return low, min([total[1], *(sum(b for _, b in parts) for parts in variables)])


def _told(parts: dict[str, list[Range]], total: Range, told: set[str], policy: Policy) -> str | None:
    for name, own in parts.items():
        for i, (low, high) in enumerate(own if name not in told else ()):
            others = [part for j, part in enumerate(own) if j != i]
            least = max(low, total[0] - sum(b for _, b in others))
            most = min(high, total[1] - sum(a for a, _ in others))
            if least >= 1 and most < policy.minimum_count:
                return name
    return None


def _difference(more: Range, less: Range) -> Range:
    return max(0, more[0] - less[1]), max(0, more[1] - less[0])
