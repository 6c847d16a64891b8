"""An analysis under the rule for what may leave: each group by itself, and beside what else is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pandas as pd

from pipeline.analysis.people import EVERYONE, Picked, pick
from pipeline.config import Config
from pipeline.disclosure import Policy
from pipeline.disclosure.differencing import Crowd, crowds, hidden_levels, told_by_outcomes, told_by_subtraction
from pipeline.disclosure.models import protect_test
from pipeline.disclosure.outcomes import protect_subgroup, without_numbers
from pipeline.disclosure.policy import Log
from pipeline.errors import Fault, UserError
from pipeline.question import Question
from pipeline.results import Analysis, ChiSquared, SubgroupResult

OTHERWISE = "Try a condition that leaves out more people, or none."


def protected(
    found: Analysis, picked: Picked, clocks: tuple[pd.DataFrame, np.ndarray], config: Config, policy: Policy
) -> Analysis:
    """The analysis as it may leave.

    clocks : rows with a clock for the outcome (person, participant, event), and which rows of the base they are

    Raises
    ------
    UserError : the people picked differ by too few from everyone, or from a subgroup of the report or a saved analysis;
        or too few of them tell the outcome from one of the report
    """
    if policy.public:
        return found
    rows, started = clocks
    keys = [EVERYONE, *(group.key for group in picked.groups)]
    masks = [picked.everyone.rows, *(group.rows for group in picked.groups)]
    elsewhere = list(_elsewhere(found.question, picked, config))
    own = dict(zip(keys, crowds(rows, [mask[started] for mask in masks]), strict=True))
    others = crowds(rows, [mask[started] for mask in elsewhere])
    if found.question.where is not None and told_by_subtraction(own[EVERYONE], others, policy):
        what = f"differs by fewer than {policy.minimum_count} people from a group that is shown elsewhere."
        raise UserError(Fault("--where", f"{what} Subtraction would tell about those few.", OTHERWISE))
    reported = {key: mask for key, mask in zip(keys, masks, strict=True)
                if any(np.array_equal(mask, other) for other in elsewhere)}  # fmt: skip
    near = _near_outcomes(found.outcome, reported, picked, clocks, config, policy)
    if EVERYONE in near:
        raise UserError(_near_fault(found.question, near[EVERYONE], policy))
    log = Log()
    groups = {
        key: protect_subgroup(group, f"groups.{key}", config.costs, policy, log) for key, group in found.groups.items()
    }
    groups = _without_telling_levels(groups, own, others, picked, policy, log, set(near))
    return found.model_copy(
        update={
            "groups": groups,
            "differences": _joint_tests(found.differences, groups, picked),
            "unknown_rows": policy.rounded(found.unknown_rows),
            "suppressed": log.suppressions(),
        }
    )


def _without_telling_levels(
    groups: dict[str, SubgroupResult],
    own: dict[str, Crowd],
    others: list[Crowd],
    picked: Picked,
    policy: Policy,
    log: Log,
    near: set[str],
) -> dict[str, SubgroupResult]:
    """Levels go that tell of a few by subtraction, from a group shown elsewhere or from the other levels together.

    near : levels that tell of a few beside another outcome
    """
    groups = dict(groups)
    for variable in dict.fromkeys(group.variable for group in picked.groups):
        keys = [group.key for group in picked.groups if group.variable == variable]
        shown = [
            groups[key].participants is not None
            and key not in near
            and not told_by_subtraction(own[key], others, policy)
            for key in keys
        ]
        allowed = hidden_levels(own[EVERYONE], [own[key] for key in keys], shown, policy)
        for key, may in zip(keys, allowed, strict=True):
            if not may and groups[key].models:
                groups[key] = without_numbers(groups[key])
                log.note(f"groups.{key}", "few")
    return groups


def _joint_tests(
    tests: dict[str, ChiSquared], groups: dict[str, SubgroupResult], picked: Picked
) -> dict[str, ChiSquared]:
    """Tests between the levels of a variable, with as many digits as anyone reads; none of one level alone."""
    left = Counter(group.variable for group in picked.groups if not groups[group.key].withheld)
    return {name: shown for name, test in tests.items() if left[name] > 1 and (shown := protect_test(test))}


def _near_outcomes(
    asked: str,
    groups: dict[str, np.ndarray],
    picked: Picked,
    clocks: tuple[pd.DataFrame, np.ndarray],
    config: Config,
    policy: Policy,
) -> dict[str, str]:
    """Groups of which too few people tell the outcome asked about from one of the report, and which one that is.

    groups : rows of those that the report shows too. A configured outcome stands beside those before it, as in the
        report; one of the analyst's own beside all. An outcome with a clock of its own is of other people.
    """
    names = config.outcome_names
    others = names[: names.index(asked)] if asked in names else names
    after = {name for name, outcome in config.outcomes.items() if outcome.after is not None}
    (rows, started), near = clocks, dict[str, str]()
    masks = [mask[started] for mask in groups.values()]
    for name in () if asked in after else (name for name in others if name not in after):
        other = rows.assign(event=picked.shown.loc[started, f"{name}_event"].to_numpy())
        for key, one, two in zip(groups, crowds(rows, masks), crowds(other, masks), strict=True):
            if told_by_outcomes(one, two, policy):
                near.setdefault(key, name)
    return near


def _near_fault(question: Question, name: str, policy: Policy) -> Fault:
    what = f"differs for fewer than {policy.minimum_count} people from {name}, which is shown elsewhere."
    what += " Subtraction would tell about those few."
    if question.event is None:
        return Fault("--outcome", what, f"Use --outcome {name}.")
    return Fault("--event", what, f"Leave out more codes, or none: --outcome {name}.")


def _elsewhere(question: Question, picked: Picked, config: Config) -> Iterator[np.ndarray]:
    """Rows of the groups that are shown in the report: everyone, its subgroups, and saved analyses."""
    yield np.ones(len(picked.shown), dtype=bool)
    asked = [Question(where=subgroup.where) for subgroup in config.subgroups.values()]
    for other in (*asked, *(saved for saved in config.analyses.values() if saved != question)):
        try:
            found = pick(other, picked.shown, config)
        except UserError:  # a column that this evaluation does not have
            continue
        yield found.everyone.rows
        yield from (group.rows for group in found.groups)
