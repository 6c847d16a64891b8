"""Placebos: analyses of what the project cannot have changed. A difference there is a sign of a faulty comparison.

1. The outcome before the start: how long ago people last reached it, within some years before the index date.
2. A start among controls: people who never take part are given starts like those of participants, as many in each
   stratum, and the whole evaluation is made again on them.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from matching.coarsen import coarsen
from matching.strata import number_cells
from pipeline import cohort as cohort_stage
from pipeline import effects, regression
from pipeline import match as match_stage
from pipeline.config import Config
from pipeline.sensitivity.choices import Specification, own_specification
from pipeline.sensitivity.cohorts import Base, rows_of
from pipeline.sensitivity.estimates import (
    Effect,
    difference,
    hazard_ratio,
    headline_day,
    models_of,
    people_of,
    treatment_ratio,
)
from pipeline.sensitivity.weighting import rules_of, weighted
from pipeline.workspace import Run

ARM, PERSON = "participant", "person_id"
BEFORE = "before_start"
TABLES = ("persons", "registrations", "categories", "background", "disabilities")


def outcome_before_start(base: Base, config: Config, specification: Specification | None = None) -> Effect:
    """The headline model of the time back to the last time the outcome was reached, ended at `placebo_before`."""
    specification = specification or own_specification(config)
    assert base.before is not None
    until = config.sensitivity.placebo_before
    rows = rows_of(base, specification, config)
    days = base.before[rows.cohort["row"]]
    reached = days <= until
    columns = {"days": np.where(reached, days, until), "event": reached.astype(int), "day_zero": 0}
    rows = type(rows)(rows.cohort.assign(**{f"{BEFORE}_{k}": v for k, v in columns.items()}), rows.eligible, None)
    people = weighted(rows, specification, config)
    data = effects.follow_up(people, BEFORE)
    models = models_of(specification, config)
    fitted = regression.fit_full(data.rows, models)
    if fitted.fit is None:  # fewer reached it than later on: perhaps too few for all covariates
        fitted = regression.fit_full(data.rows, models.model_copy(update={"covariates": []}))
    ratio = treatment_ratio(fitted)
    return Effect(**ratio, **difference(people, BEFORE, until), **people_of(people, BEFORE))  # type: ignore[arg-type]


def start_among_controls(base: Base, config: Config, interim: Path, scratch: Path) -> Effect:
    """The headline of an evaluation in which people who never take part are given starts by lot."""
    starts = drawn_starts(base, config)
    if starts.empty:
        return Effect(note="no stratum has both participants and enough people who never take part")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True, mode=0o700)
    try:
        _write_registers(base, starts, interim, scratch)
        headline = config.outcome_names[0]
        small = config.model_copy(update={"outcomes": {headline: config.outcomes[headline]}})
        cohort_stage.run(Run(small, scratch, scratch, scratch, lambda line: None))
        return _evaluated(small, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _evaluated(config: Config, folder: Path) -> Effect:
    """The headline of a cohort just made, matched as configured."""
    cohort = pd.read_parquet(folder / "cohort.parquet")
    cohort["row"] = np.arange(len(cohort))
    if config.matching is None:
        people = cohort.assign(stratum=0, weight=cohort[match_stage.WEIGHT].astype(float))
    else:
        people = match_stage.match(cohort, config).data
    weights = folder / "censoring.parquet"
    censoring = pd.read_parquet(weights) if weights.exists() else None
    own, headline = own_specification(config), config.outcome_names[0]
    gap = difference(people, headline, headline_day(config), censoring=censoring)
    return Effect(**hazard_ratio(people, own, config, {}), **gap, **people_of(people, headline))  # type: ignore[arg-type]


def drawn_starts(base: Base, config: Config) -> pd.DataFrame:
    """person_id and started_on of the people given a start: as many per stratum and month as take part there.

    At most half of a stratum's people are drawn, so that as many are left to compare with; nobody twice.
    """
    rows = base.cohort[(base.cohort[ARM] == 1) | ~base.joins(base.cohort)]
    rules = rules_of(own_specification(config), config) if config.matching else {}
    classes = [coarsen(rows[name], rule, name) for name, rule in rules.items()]
    month, months = pd.factorize(rows["start_month"], sort=True)
    cell, cells = number_cells([month, *(c.codes for c in classes)], [len(months), *(len(c.labels) for c in classes)])
    treated = (rows[ARM] == 1).to_numpy()
    wanted = np.bincount(cell[treated], minlength=cells)
    order = np.argsort(cell, kind="stable")
    edges = np.searchsorted(cell[order], np.arange(cells + 1))
    rng = np.random.default_rng([config.seed, 20])
    people, taken, chosen = rows[PERSON].to_numpy(), set[int](), list[int]()
    for number in np.flatnonzero(wanted):  # strata in the order of their months
        inside = order[edges[number] : edges[number + 1]]
        free = [int(i) for i in inside if not treated[i] and int(people[i]) not in taken]
        drawn = rng.permutation(len(free))[: min(int(wanted[number]), len(free) // 2)]
        chosen += [free[i] for i in drawn]
        taken |= {int(people[free[i]]) for i in drawn}
    picked = rows.iloc[sorted(chosen)]
    return pd.DataFrame({PERSON: base.people[picked[PERSON]], "started_on": picked["index_date"].to_numpy()})


def _write_registers(base: Base, starts: pd.DataFrame, interim: Path, folder: Path) -> None:
    """The canonical tables without those who take part, and the drawn starts as the participants."""
    gone = pa.array(base.people[base.joiner], pa.string())
    for name in TABLES:
        table = pq.read_table(interim / f"{name}.parquet")
        pq.write_table(table.filter(pc.invert(pc.is_in(table[PERSON], value_set=gone))), folder / f"{name}.parquet")
    real = pq.read_table(interim / "participants.parquet")
    empty = {field.name: pa.nulls(len(starts), field.type) for field in real.schema}
    empty[PERSON] = pa.array(starts[PERSON], real.schema.field(PERSON).type)
    empty["started_on"] = pa.array(starts["started_on"], real.schema.field("started_on").type)
    pq.write_table(pa.table(empty, schema=real.schema), folder / "participants.parquet")
