"""What may leave `data/`: one policy, applied to results and to the data-quality account before anyone else sees them.

With `minimum_count` k (1 for public data: nothing is changed), no count from 1 to k-1 leaves, as a figure or as a
difference of figures:

1. Small counts are withheld (null), and with them whatever rests on so few people or events: shares, curves, models.
2. Every other count is rounded to the nearest k, so that totals, parts and complements cannot be subtracted.
   Only the totals of the flow and of the matching stay exact, and only where neighbouring steps differ by 0 or at
   least k; a step that does not is withheld, a matched total that does not is rounded.
3. Shares are given no more finely than one person of the group they are of, so that no count can be computed back
   from their digits.
4. Curves step only when at least k more people have reached the outcome since the step before, and at the report's
   times; they end where fewer than k are at risk. A share at a time that would stand fewer than k people from the
   step before is withheld.
5. Destinations with fewer than k people in either group are folded together with the smallest of their kind.

What is withheld or changed is listed in `suppressed`. Hazard ratios and other coefficients are kept as they are: they
are safe once they rest on enough people (SDC handbook, "regression coefficients").
"""

from __future__ import annotations

from pipeline.disclosure.account import protect_account
from pipeline.disclosure.outcomes import protect_outcome
from pipeline.disclosure.policy import Log, Policy
from pipeline.disclosure.tables import protect_balance, protect_description, protect_flow
from pipeline.results import Results

__all__ = ["Policy", "protect", "protect_account"]


def protect(results: Results, policy: Policy) -> Results:
    """Results that may leave, with the list of what was withheld or changed. Public data come back as they are."""
    if policy.minimum_count <= 1:
        return results
    log = Log()
    flow, matching = protect_flow(results.flow, results.matching, policy, log)
    exact = {count for step in flow for count in (step.participants, step.controls)}
    if matching is not None:
        exact |= {matching.participants_matched, matching.controls_matched}
    return results.model_copy(
        update={
            "flow": flow,
            "matching": matching,
            "description": protect_description(results.description, policy, log),
            "balance": protect_balance(results, policy, log),
            "outcomes": {
                name: protect_outcome(outcome, f"outcomes.{name}", exact, results.evaluation.costs, policy, log)
                for name, outcome in results.outcomes.items()
            },
            "suppressed": [*results.suppressed, *log.suppressions()],
        }
    )
