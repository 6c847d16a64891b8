"""Stage 4: matched cohort -> results, one entry per outcome, model and subgroup."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import ArrayLike, NDArray

from pipeline import effects, regression
from pipeline.config import Config, Models, Subgroup
from pipeline.destinations import destinations, kinds_over_time
from pipeline.effects import TREATMENT, FollowUp, finite
from pipeline.errors import Fault, UserError, stop_if
from pipeline.formula import variables_of
from pipeline.group import group_result, regressions
from pipeline.names import OUTCOME_COLUMNS, named_columns
from pipeline.parallel import spread
from pipeline.results import (
    About,
    Analysis,
    Balance,
    Band,
    ChiSquared,
    DescriptionRow,
    FlowStep,
    GoalResult,
    Interaction,
    Matching,
    OutcomeResult,
    ProportionalityRow,
    RatioPoint,
    Results,
    SubgroupResult,
    write_results,
)
from pipeline.where import mask
from pipeline.workspace import Run
from pipeline.worth import effects_of

CURVE_POINTS = 60  # days at which the smooth hazard ratio is given
ABOUT_ROWS = ("person_id", TREATMENT, "row", "stratum", "weight")
SPLINE_DF = 3  # turns of the smooth hazard ratio: down, up and down again
ROWS_WORTH_PROCESSES = 50_000  # starting one takes as long as the estimates of some thousand rows


def run(run: Run) -> None:
    """Estimate everything the configuration asks for and write `results.json`, unprotected."""
    summary = json.loads((run.read / "match.json").read_text(encoding="utf-8"))
    config = run.config
    results = Results(
        evaluation=about(config, _simulated(run)),
        flow=[FlowStep(**step) for step in _json(run, "flow.json")],
        description=[DescriptionRow(**row) for row in _json(run, "description.json")],
        matching=Matching(**summary["matching"]) if summary["matching"] else None,
        balance=Balance(**summary["balance"]),
        outcomes=estimate_outcomes(run),
        analyses=further_analyses(run),
        goals=[GoalResult(**goal.model_dump()) for goal in config.goals],
    )
    write_results(results, run.write / "results.json")


def estimate_outcomes(run: Run) -> dict[str, OutcomeResult]:
    """Every outcome, with the subgroups of the headline outcome; over processes when there are many rows."""
    config = run.config
    headline = config.outcome_names[0]
    # What takes longest goes first.
    pieces = [("outcome", headline), ("interactions", headline)]
    pieces += [("outcome", name) for name in config.outcome_names[1:]]
    pieces += [("subgroup", name) for name in config.subgroups]
    few = pq.read_metadata(run.read / "matched.parquet").num_rows < ROWS_WORTH_PROCESSES
    found = {}
    for number, result in spread(
        _estimate_piece, pieces, processes=1 if few else None, prepare=_prepare, given=(run.read, config)
    ):
        found[pieces[number]] = result
        run.say(f"{' '.join(pieces[number])} ({len(found)} of {len(pieces)})")
    subgroups = {name: found["subgroup", name] for name in config.subgroups}
    for name, test in adjusted(found["interactions", headline]).items():
        subgroups[name] = subgroups[name].model_copy(update={"interaction": test})
    outcomes = {name: found["outcome", name] for name in config.outcome_names}
    outcomes[headline] = outcomes[headline].model_copy(update={"subgroups": subgroups})
    return outcomes


def further_analyses(run: Run) -> dict[str, Analysis]:
    """The answers to the questions under `analyses:`, already under disclosure control, which needs the people.

    Raises
    ------
    UserError : why questions have no answer, all of them at once
    """
    if not run.config.analyses:
        return {}
    from pipeline.analysis.answer import answer  # it builds on this module, and imports much

    found, faults = {}, list[Fault]()
    for name, question in run.config.analyses.items():
        run.say(f"analysis {name}")
        try:
            found[name] = answer(question, run.config, run.read)
        except UserError as error:
            faults += [replace(fault, where=f"analyses.{name}, {fault.where.lstrip('-')}") for fault in error.faults]
    stop_if(faults)
    return found


@dataclass(frozen=True, slots=True)
class Material:
    """What the estimates of a run are made from; `named` are the columns that serve every outcome."""

    config: Config
    matched: pd.DataFrame
    censoring: pd.DataFrame | None
    named: frozenset[str]

    @classmethod
    def read(cls, folder: Path, config: Config) -> Material:
        file = folder / "censoring.parquet"
        censoring = pd.read_parquet(file) if file.exists() else None
        covariates = [variable for c in config.models.covariates for variable in variables_of(c.name)]
        named = frozenset([*ABOUT_ROWS, *covariates, *(name for _, name in named_columns(config))])
        return cls(config, read_matched(folder / "matched.parquet", config), censoring, named)

    def follow_up(self, outcome: str) -> FollowUp:
        """The rows of an outcome, with the columns that its estimates and the subgroups read."""
        after = self.config.outcomes[outcome].after if outcome in self.config.outcomes else None
        own = {*(f"{outcome}_{part}" for part in OUTCOME_COLUMNS), f"{after}_days"}
        wanted = [name for name in self.matched if name in own or name in self.named]
        return effects.follow_up(self.matched[wanted], outcome, self.censoring, after)


@dataclass(frozen=True, slots=True)
class _Shared:
    """What the pieces of a process share: the material, and the rows of the outcome last looked at."""

    config: Config
    followed: Callable[[str], FollowUp]


def _prepare(folder: Path, config: Config) -> _Shared:
    return _Shared(config, lru_cache(maxsize=1)(Material.read(folder, config).follow_up))


def _estimate_piece(shared: _Shared, piece: tuple[str, str]) -> Any:
    kind, name = piece
    config, followed = shared.config, shared.followed
    if kind == "outcome":
        return estimate_outcome(followed(name), name, config)
    headline = followed(config.outcome_names[0])
    if kind == "interactions":
        chosen = {name: mask(subgroup.where, headline.rows) for name, subgroup in config.subgroups.items()}
        return interaction_tests(headline.rows, chosen, config.models)
    subgroup = config.subgroups[name]
    return estimate_subgroup(headline, mask(subgroup.where, headline.rows), subgroup, config)


def read_matched(path: Path, config: Config) -> pd.DataFrame:
    """The matched cohort, factors of the models as categories: some seventy fits sort out their levels."""
    matched = pd.read_parquet(path)
    factors = [c.name for c in config.models.covariates if c.reference is not None and c.name in matched]
    return matched.astype(dict.fromkeys(factors, "category"))


def estimate_outcome(data: FollowUp, name: str, config: Config) -> OutcomeResult:
    """Curves, shares, tests and regressions of one outcome, without its subgroups."""
    rows = data.rows
    curves = effects.curves_of(data)
    shares = effects.shares(curves, data, config.report.at)
    mean = effects.restricted_mean_days(data, horizon(config))
    models, full = regressions(data, config.models)
    bands, bands_test = hazard_ratio_bands(data, config)
    people = rows.groupby(TREATMENT)["person"].nunique()
    reached = rows[rows["event"] == 1].groupby(TREATMENT)["person"].nunique()
    return OutcomeResult(
        label=config.outcome_label(name),
        participants=int(people.get(1, 0)),
        controls=int(people.get(0, 0)),
        participant_events=int(reached.get(1, 0)),
        control_events=int(reached.get(0, 0)),
        day_zero_events=int(rows.loc[rows["day_zero"] == 1, "person"].nunique()),
        curves=effects.curve_points(curves, data, config.report.at),
        at=shares,
        median_days=effects.medians(curves),
        logrank=effects.log_rank(data),
        rmst=mean,
        effects=effects_of(shares, mean, config.costs),
        models=models,
        proportionality=_proportionality(full),
        hazard_ratio_over_time=bands,
        hazard_ratio_curve=hazard_ratio_curve(data, config),
        bands_test=bands_test,
        destinations=destinations(data, min(config.report.at[-1], float(rows["days"].max()))),
        kinds_over_time=kinds_over_time(data, config.report.at),
        subgroups={},
    )


def hazard_ratio_bands(data: FollowUp, config: Config) -> tuple[list[Band], ChiSquared | None]:
    """The treatment's hazard ratio within each band of time, and the joint test that all are equal."""
    from survival import Bands

    cuts = [day for day in config.models.bands if day < data.rows["days"].max()]
    if not cuts:
        return [], None
    fitted = regression.fit_full(data.rows, config.models, varying={TREATMENT: Bands(cuts)})
    if fitted.fit is None:
        return [], None
    table = fitted.fit.hazard_ratios()
    names = fitted.fit.terms[TREATMENT]
    table = table[table["term"].isin(names)]
    starts, ends = [0.0, *map(float, cuts)], [*map(float, cuts), None]
    reached = fitted.data.loc[fitted.data["event"] == 1]
    bands = [
        Band(
            from_day=low,
            to_day=high,
            hazard_ratio=finite(row.hazard_ratio),
            lower=finite(row.lower),
            upper=finite(row.upper),
            events=_people_between(reached, low, high),
            fewest_events=min(_people_between(reached[reached[TREATMENT] == arm], low, high) for arm in (0, 1)),
        )
        for row, low, high in zip(table.itertuples(), starts, ends, strict=True)
    ]
    test = fitted.fit.constancy(TREATMENT)
    return bands, ChiSquared(statistic=finite(test.statistic), df=int(test.df), p=finite(test.p))


def _people_between(events: pd.DataFrame, low: float | None, high: float | None) -> int:
    within = (events["days"] > (low or 0.0)) & (events["days"] <= (np.inf if high is None else high))
    return int(events.loc[within, "person_id"].nunique())


def hazard_ratio_curve(data: FollowUp, config: Config) -> list[RatioPoint]:
    """The treatment's hazard ratio as a spline of time, at whole times set by the report, not by anyone's event.

    A spline can fall behind, catch up and level off; b + c log t only rises or falls.
    """
    from survival import Spline

    fitted = regression.fit_full(data.rows, config.models, varying={TREATMENT: Spline(df=SPLINE_DF)})
    if fitted.fit is None or TREATMENT not in fitted.factors:
        return []
    end = float(config.report.at[-1])
    step = max(1.0, np.ceil(end / CURVE_POINTS))
    days = np.arange(step, end + step / 2, step)
    days = days[days <= data.rows["days"].max()]
    return ratio_points(fitted.fit, days) if len(days) else []


def ratio_points(fit: Any, days: ArrayLike) -> list[RatioPoint]:
    """The treatment's hazard ratio at days, from a fit in which it varies."""
    table = fit.ratio_over_time(TREATMENT, days)
    return [
        RatioPoint(
            day=float(row.time), hazard_ratio=finite(row.hazard_ratio), lower=finite(row.lower), upper=finite(row.upper)
        )
        for row in table.itertuples()
    ]


def _proportionality(full: regression.Fitted) -> list[ProportionalityRow]:
    if full.fit is None:
        return []
    return [
        ProportionalityRow(term=str(row.term), statistic=finite(row.statistic), df=int(row.df), p=finite(row.p))
        for row in full.fit.proportionality(transform="km").itertuples()
    ]


def interaction_tests(
    rows: pd.DataFrame, chosen: dict[str, NDArray[np.bool_]], models: Models
) -> dict[str, Interaction]:
    """The interaction test of each subgroup that has one; men against women is women against men turned round."""
    tests: dict[str, Interaction] = {}
    for name, picked in chosen.items():
        mirror = next((other for other in tests if (chosen[other] != picked).all()), None)
        test = regression.interaction(rows, picked, models) if mirror is None else _turned(tests[mirror])
        if test is not None:
            tests[name] = test
    return tests


def adjusted(tests: dict[str, Interaction]) -> dict[str, Interaction]:
    """The tests with p-values adjusted for how many there are (Holm)."""
    corrected = regression.holm([test.p or 0.0 for test in tests.values()])
    return {
        name: test.model_copy(update={"p_adjusted": p, "tests": len(tests)})
        for (name, test), p in zip(tests.items(), corrected, strict=True)
    }


def _turned(test: Interaction) -> Interaction:
    assert test.ratio is not None
    assert test.lower is not None
    assert test.upper is not None
    return test.model_copy(update={"ratio": 1 / test.ratio, "lower": 1 / test.upper, "upper": 1 / test.lower})


def estimate_subgroup(data: FollowUp, picked: NDArray[np.bool_], subgroup: Subgroup, config: Config) -> SubgroupResult:
    """Shares and regressions among the picked rows."""
    part = subset(data, picked)
    return group_result(
        part,
        subgroup.label,
        subgroup.where,
        config.models,
        times=config.report.at,
        horizon=horizon(config),
        costs=config.costs,
    )


def horizon(config: Config) -> float:
    """The day to which restricted means are taken."""
    return config.report.horizon or config.report.at[-1]


def subset(data: FollowUp, picked: NDArray[np.bool_]) -> FollowUp:
    """The picked rows, and the steps that belong to them; the weights stay those of the whole matching."""
    rows = data.rows[picked]
    steps = rows if data.steps is data.rows else data.steps[data.steps["row"].isin(rows["row"])]
    return FollowUp(rows, steps, data.weighted)


def about(config: Config, simulated: bool) -> About:
    """The evaluation as readers meet it."""
    population = config.population
    return About(
        **config.evaluation.model_dump(),
        languages=list(config.language),
        headline=config.outcome_names[0],
        time_unit=config.report.time_unit,
        design="matched" if config.matching else "randomised",
        estimand=config.matching.estimand if config.matching else None,
        intake_first=str(population.intake.first) if population else None,
        intake_last=str(population.intake.last) if population else None,
        follow_up_to=str(population.follow_up_to) if population else None,
        control_index=population.control_index if population else None,
        future_participants=population.future_participants if population else None,
        other_exit=population.other_exit if population else None,
        minimum_count=config.disclosure.minimum_count,
        simulated=simulated,
        costs=config.costs,
    )


def _json(run: Run, name: str) -> Any:
    return json.loads((run.read / name).read_text(encoding="utf-8"))


def _simulated(run: Run) -> bool:
    return bool(_json(run, "account.json").get("simulated", False))
