"""What may leave `data/`: one policy, applied to results and to the data-quality account before anyone else sees them.

With `minimum_count` k (1 for public data: nothing is changed), no count from 1 to k-1 leaves, as a figure or worked out
from figures. docs/disclosure.md has the reasons; the rules, each in its module:

1. Every count is rounded to the nearest k, totals too; small counts are withheld (null), and with them whatever rests
   on so few people or events: shares, curves, regressions and single rows of them (policy, tables, models).
2. Where the sum of a table would give a withheld count away, the next smallest is withheld too (secondary). A subgroup
   goes when it, or everyone outside it, is small, and with it what would give it away (subgroups).
   Totals that differ by a few people are shown as the same (totals).
3. Shares are rounded people over rounded people; their limits and differences move with them (policy).
4. Curves are read at the end of each week, step only when at least k more people have reached the outcome, and end
   where fewer than k are at risk. People are counted at the report's times only. No time is a single person's (curves).
5. Destinations with fewer than k people in either group are folded together with the smallest of their kind; over
   time the share of a kind moves only when at least k more people have gone there (destinations).
6. A sensitivity analysis goes when a few people or events tell it from another one, or from everyone (sensitivity).
7. Estimates have four digits: enough to read, too few to search for the people behind them.

What is withheld or merged is listed in `suppressed`.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.disclosure.account import protect_account
from pipeline.disclosure.outcomes import protect_outcomes
from pipeline.disclosure.policy import Log, Policy
from pipeline.disclosure.sensitivity import protect_sensitivity
from pipeline.disclosure.tables import protect_balance, protect_description, protect_flow, protect_matching
from pipeline.disclosure.totals import join_near_totals
from pipeline.results import Results, Suppression

__all__ = ["Policy", "protect", "protect_account"]


def protect(results: Results, policy: Policy) -> Results:
    """Results that may leave, with the list of what was withheld or merged. Public data come back as they are."""
    if policy.public:
        return results
    log = Log()
    results = join_near_totals(results, policy)
    flow = protect_flow(results.flow, policy, log)
    matching = results.matching and protect_matching(results.matching, policy, log)
    classes = matching.classes if matching else []
    months = {c.level for c in classes if c.variable == "start_month" and None in (c.participants, c.controls)}
    return results.model_copy(
        update={
            "flow": flow,
            "matching": matching,
            "description": protect_description(results.description, policy, log),
            "balance": protect_balance(results, policy, log),
            "outcomes": protect_outcomes(results.outcomes, results.evaluation.costs, policy, log),
            "sensitivity": results.sensitivity and protect_sensitivity(results.sensitivity, policy, log, months),
            "suppressed": [*results.suppressed, *log.suppressions(), *_of_analyses(results)],
        }
    )


def _of_analyses(results: Results) -> Iterator[Suppression]:
    """What was withheld from further analyses, which are under the policy already."""
    for name, analysis in results.analyses.items():
        for entry in analysis.suppressed:
            yield entry.model_copy(update={"place": f"analyses.{name}.{entry.place}"})
