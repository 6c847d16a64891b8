"""A question answered: the groups, their shares and regressions, tests between them, and what of it may be shown."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline import effects, estimate, regression
from pipeline.analysis import event
from pipeline.analysis.base import Base, base_of
from pipeline.analysis.people import (
    EVERYONE,
    WIDER,
    Group,
    Mask,
    Picked,
    later,
    months_of_groups,
    names_of,
    pick,
    readable,
    refuse_nobody,
)
from pipeline.analysis.protection import protected
from pipeline.config import Config, Covariate, Models, Text
from pipeline.disclosure import Policy
from pipeline.disclosure.outcomes import nothing_of
from pipeline.effects import TREATMENT, FollowUp
from pipeline.errors import Fault, UserError, stop_if
from pipeline.formula import read_terms, variables_of
from pipeline.group import group_result
from pipeline.question import Question
from pipeline.reporting.words import LANGUAGES, Words, labels
from pipeline.results import Analysis, ChiSquared, Interaction, SubgroupResult
from pipeline.where import columns


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What the clock runs to: a name among the cohort's columns, and what starts it."""

    name: str
    label: Text
    codes: Text | None
    after: str | None


@dataclass(frozen=True, slots=True)
class _Case:
    """A question with everything it is answered from."""

    question: Question
    config: Config
    models: Models
    base: Base
    picked: Picked
    drawn_among: dict[str, Mask]
    outcome: _Outcome
    censoring: pd.DataFrame | None
    times: list[float]

    def follow_up(self, rows: pd.DataFrame) -> FollowUp:
        return effects.follow_up(rows, self.outcome.name, self.censoring, self.outcome.after)

    def of(self, group: Group) -> FollowUp:
        """The follow-up of a group: its rows of the base, matched among themselves where that is asked for."""
        return self.follow_up(self.base.inside(self.base.rows[group.rows], self.drawn_among.get(group.key)))


def answer(question: Question, config: Config, interim: Path, *, curves: bool = False) -> Analysis:
    """Answer a question from the files of a run, under disclosure control.

    interim : the run's working folder, with the outputs of match and of the stages before · curves : with every point

    Raises
    ------
    UserError : what is wrong with the question, or why there is no answer that may be shown, and what to try; of levels
        set side by side, when none of them has an answer
    """
    case = _case(question, config, interim)
    everyone = case.of(case.picked.everyone)
    _refuse_without_answer(everyone, case)
    groups = {case.picked.everyone.key: _result(everyone, case.picked.everyone, case)}
    groups |= {group.key: _level(group, case) for group in case.picked.groups}
    _refuse_without_model(groups)
    differences: dict[str, ChiSquared] = {}
    if question.interaction:
        groups, differences = _with_tests(groups, case)
    found = Analysis(
        question=question,
        outcome=case.outcome.name,
        outcome_label=case.outcome.label,
        codes=case.outcome.codes,
        matching=case.base.how,
        unknown_rows=case.picked.unknown or None,
        notes=[*case.picked.notes, *later(_made_alike(case), config, "analysis.later.alike")],
        groups=groups,
        differences=differences,
    )
    shown = protected(found, case.picked, _clocks_started(case), config, Policy.of(config))
    _refuse_without_levels(shown)
    return shown if curves else _without_curves(shown)


def _case(question: Question, config: Config, interim: Path) -> _Case:
    outcome = _outcome(question, config)
    base = base_of(question, config, interim)
    picked = pick(question, readable(base.rows), config)
    models = _models(question, picked.shown, config)
    refuse_nobody(picked)
    if question.event is not None:
        chosen = event.outcome_of(question.event, config)
        base = replace(base, rows=event.with_event(base.rows, chosen, interim, config))
    file = interim / "censoring.parquet"
    censoring = pd.read_parquet(file) if file.exists() else None
    among = {} if base.months is None else months_of_groups(question, base.months, config)
    times = question.horizon or list(config.report.at)
    return _Case(question, config, models, base, picked, among, outcome, censoring, times)


def _outcome(question: Question, config: Config) -> _Outcome:
    if question.event is not None:
        chosen = event.outcome_of(question.event, config)
        return _Outcome(event.NAME, chosen.label, event.codes_in_words(chosen), None)
    names = config.outcome_names
    name = question.outcome or names[0]
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        remedy = f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(names)}."
        raise UserError(Fault("--outcome", f"there is no outcome '{name}'.", remedy))
    after = config.outcomes[name].after if name in config.outcomes else None
    return _Outcome(name, config.outcome_label(name), None, after)


def _models(question: Question, shown: pd.DataFrame, config: Config) -> Models:
    """The configured models as the question wants them."""
    changes: dict[str, Any] = {"selection": [question.select]}
    if question.cluster is not None:
        changes["cluster"] = question.cluster
    if question.model is not None:
        known = {covariate.name: covariate for covariate in config.models.covariates}
        terms = read_terms(question.model, shown.columns, "--model")
        changes["covariates"] = [known.get(t, Covariate(name=t)) for t in terms if t != TREATMENT]
    return config.models.model_copy(update=changes)


def _made_alike(case: _Case) -> list[str]:
    """Columns in which the question makes the groups alike, by classes of its own or a formula."""
    covariates = case.models.covariates if case.question.model is not None else []
    own = [variable for covariate in covariates for variable in sorted(variables_of(covariate.name))]
    return [*own, *(text.partition("=")[0].strip() for text in case.question.classes)]


def _level(group: Group, case: _Case) -> SubgroupResult:
    """A level beside others; one that cannot be made alike does not stop them, and says so."""
    try:
        data = case.of(group)
    except UserError:
        return nothing_of(*_names_of(group, case.question), "unmatched")
    return _result(data, group, case)


def _names_of(group: Group, question: Question) -> tuple[Text, str]:
    """What readers call a group, and the condition that picks it."""
    label = Text(**{language: labels.levels(Words(language), group.levels) for language in LANGUAGES})
    return label, " and ".join(part for part in (question.where, group.key if group.levels else None) if part)


def _result(data: FollowUp, group: Group, case: _Case) -> SubgroupResult:
    question, config = case.question, case.config
    result = group_result(
        data,
        *_names_of(group, question),
        case.models,
        times=case.times,
        horizon=estimate.horizon(config) if not question.horizon else max(question.horizon),
        costs=config.costs,
    )
    return result.model_copy(update=_over_time(data, case)) if question.varying else result


def _over_time(data: FollowUp, case: _Case) -> dict[str, Any]:
    """The treatment's hazard ratio as it may change with time: in bands, or as a function at the times asked for."""
    how = str(case.question.varying).strip()
    if how not in ("log", "linear"):
        models = case.models.model_copy(update={"bands": _bands(how)})
        bands, test = estimate.hazard_ratio_bands(data, case.config.model_copy(update={"models": models}))
        return {"hazard_ratio_over_time": bands, "constancy": test}
    fitted = regression.fit_full(data.rows, case.models, varying={TREATMENT: how})
    if fitted.fit is None or TREATMENT not in fitted.factors:
        return {}
    times = [time for time in case.times if time <= float(data.rows["days"].max())]
    test = fitted.fit.constancy(TREATMENT)
    return {
        "hazard_ratio_curve": estimate.ratio_points(fitted.fit, times),
        "constancy": ChiSquared(statistic=float(test.statistic), df=int(test.df), p=float(test.p)),
    }


def _bands(text: str) -> list[float]:
    try:
        days = [float(day) for day in text.split(",")]
    except ValueError:
        days = []
    if not days or not all(map(math.isfinite, days)) or sorted(set(days)) != days or days[0] <= 0:
        what = f"'{text}' is no way to vary."
        raise UserError(Fault("--varying", what, "Write log, linear, or rising days as in 30,183,274."))
    return days


def _refuse_without_answer(data: FollowUp, case: _Case) -> None:
    """Stop when the people picked are too few, lack an arm they should have, or too few of them reach the outcome."""
    least, rows = case.config.disclosure.minimum_count, data.rows
    one_arm = case.question.where is not None and TREATMENT in columns(case.question.where)
    faults = []
    for arm, name in effects.ARMS.items():
        own = rows[rows[TREATMENT] == arm]
        people = own["person_id"].nunique()
        reached = own.loc[own["event"] == 1, "person_id"].nunique()
        if people == 0 and not one_arm:
            remedy = f"{WIDER} To look at one arm alone, name participant in the condition."
            faults.append(Fault("--where", f"picks no {name}, so there is nothing to compare.", remedy))
        elif 0 < people < least:
            faults.append(Fault("--where", f"picks fewer than {least} {name}, too few to be shown.", WIDER))
        elif people and (reached < least or not reached):
            few = f"fewer than {least}" if reached or least > 1 else "none"
            what = f"{few} of the {name} picked reach the outcome, too few to be shown."
            faults.append(Fault("--where", what, "Try a wider condition, or a wider outcome."))
    if not faults:
        faults = list(_of_both_arms(case.question, rows[TREATMENT].nunique() < len(effects.ARMS)))
    stop_if(faults or _past_the_end(rows, case.question))


def _of_both_arms(question: Question, one_arm: bool) -> Iterator[Fault]:
    """What is asked about the ratio between the arms, which one arm alone does not have."""
    apart = bool(question.by) and all(TREATMENT in names_of(spec) for spec in question.by)
    asked = {"--varying": question.varying is not None and one_arm, "--interaction": question.interaction}
    for option in (option for option, is_asked in asked.items() if is_asked and (one_arm or apart)):
        what = "is about the ratio between participants and controls, and one of them is left out."
        if not one_arm:
            what = "is about the ratio between participants and controls, whom --by sets apart."
        yield Fault(option, what, f"Leave {option} out, or pick both together.")


def _past_the_end(rows: pd.DataFrame, question: Question) -> Iterator[Fault]:
    """Days asked about at which nobody is followed any more in one of the arms; nobody's own day is told."""
    end = float(rows.groupby(TREATMENT)["days"].max().min())
    for day in question.horizon:
        if day > end:
            what = f"day {day:g} lies after the end of the follow-up in one of the groups."
            yield Fault("--horizon", what, "Name an earlier day.")
    how = (question.varying or "log").strip()
    if how not in ("log", "linear") and _bands(how)[0] >= end:
        yield Fault("--varying", "all days lie after the end of the follow-up.", "Name earlier days, as in 30,183,274.")


def _refuse_without_model(groups: dict[str, SubgroupResult]) -> None:
    """Stop when neither everyone picked nor any level has a regression."""
    models = [model for group in groups.values() for model in group.models.values()]
    if not any(model.terms for model in models):
        what = f"no regression can be fitted: {models[0].note}."
        raise UserError(Fault("--model", what, "Name fewer covariates, or try a wider condition."))


def _without_curves(shown: Analysis) -> Analysis:
    """The analysis without every point of its curves, which tell what may be shown whether they are kept or not."""
    groups = {key: group.model_copy(update={"curves": []}) for key, group in shown.groups.items()}
    suppressed = [s for s in shown.suppressed if ".curves." not in s.place]
    return shown.model_copy(update={"groups": groups, "suppressed": suppressed})


def _refuse_without_levels(shown: Analysis) -> None:
    levels = [group for key, group in shown.groups.items() if key != EVERYONE]
    if levels and all(group.withheld for group in levels):
        what = "none of the levels can be shown: too few people, or nobody alike to compare them with."
        raise UserError(Fault("--by", what, "Name fewer variables, or wider classes such as age:30,50."))


def _clocks_started(case: _Case) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows of the base that have a clock for the outcome (person, participant, event), and which of all they are."""
    rows = case.base.rows
    started = rows[f"{case.outcome.name}_days"].notna().to_numpy()
    own = rows.loc[started, [TREATMENT, f"{case.outcome.name}_event"]].set_axis([TREATMENT, "event"], axis=1)
    return own.assign(person=pd.factorize(rows.loc[started, "person_id"])[0]), started


def _with_tests(
    groups: dict[str, SubgroupResult], case: _Case
) -> tuple[dict[str, SubgroupResult], dict[str, ChiSquared]]:
    """The groups with their interaction tests, p adjusted for how many distinct ones there are; and joint tests."""
    if case.question.rematch:
        what = "compares with everyone else, who are not matched again."
        raise UserError(Fault("--interaction", what, "Leave --rematch out."))
    picked, everyone = case.picked, case.picked.everyone
    data = case.follow_up(case.base.rows).rows
    place = pd.Series(np.arange(len(case.base.rows)), index=case.base.rows.index)[data.index].to_numpy()
    if not picked.groups:
        chosen, among = {everyone.key: everyone.rows[place]}, data
    else:
        inside = everyone.rows[place]
        among = data[inside]
        chosen = {group.key: group.rows[place][inside] for group in picked.groups}
    tests = estimate.interaction_tests(among, chosen, case.models)
    if not tests and case.question.where is None and not picked.groups:
        raise UserError(Fault("--interaction", "everyone is picked.", "Name a part of them with --where, or use --by."))
    if not tests:
        what = "no group's ratio can be tested: too few reach the outcome, or the formula tells groups apart already."
        raise UserError(Fault("--interaction", what, "Leave --interaction out, or name fewer covariates."))
    joint = {}
    for variable in dict.fromkeys(group.variable for group in picked.groups):
        keys = [group.key for group in picked.groups if group.variable == variable]
        level = np.full(len(among), -1)
        for code, key in enumerate(keys):
            level[chosen[key]] = code
        known = level >= 0
        if found := regression.differences(among[known], level[known], case.models):
            joint[variable] = found
    shown = _adjusted(tests, chosen, case.question.adjust)
    return {key: g.model_copy(update={"interaction": shown.get(key)}) for key, g in groups.items()}, joint


def _adjusted(tests: dict[str, Interaction], chosen: dict[str, np.ndarray], how: str) -> dict[str, Interaction]:
    """Tests with adjusted p; the two halves of a pair are one test."""
    first = {key: next(o for o in tests if (chosen[o] == chosen[key]).all() or (chosen[o] != chosen[key]).all())
             for key in tests}  # fmt: skip
    distinct = list(dict.fromkeys(first.values()))
    p = regression.adjusted([tests[key].p or 0.0 for key in distinct], how)
    found = dict(zip(distinct, p, strict=True))
    return {
        key: test.model_copy(update={"p_adjusted": found[first[key]], "tests": len(distinct)})
        for key, test in tests.items()
    }
