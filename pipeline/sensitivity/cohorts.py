"""The cohort under other rules: made once, everything else is a choice among its rows.

The base cohort has every eligible month of every control, followed to the day of joining whatever other exits there
are, with censoring weights and a follow-up for each definition of the outcome. Other index dates, leaving out who joins
later, ends at other exits, and periods of the intake are rows taken away from it or follow-up cut short, and give what
the cohort stage gives under that configuration.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from pipeline import cohort as cohort_stage
from pipeline import effects
from pipeline.config import Config, Outcome
from pipeline.engine import read_parquet, session, write_parquet
from pipeline.followup import next_event, other_exits, outcome_events
from pipeline.formula import variables_of
from pipeline.index_months import draw_months
from pipeline.sensitivity.choices import Specification, outcome_column, outcome_definitions
from pipeline.workspace import Run

ARM, PERSON = "participant", "person_id"
# What a share is made from; the cohort's other columns need not be carried along.
SLIM = ("row", ARM, PERSON, "stratum", "weight")


@dataclass(frozen=True, slots=True)
class Pieces:
    """(m,) pieces of rows in order: the row, (entry, end] and the censoring weight within it."""

    row: np.ndarray
    entry: np.ndarray
    end: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True, slots=True)
class Base:
    """A base cohort as read.

    cohort : rows in order, with `row`, their number, as index and column; person_id is a number into `people`
    censoring : row, from_day, to_day, weight_factor, as in censoring.parquet; None when nobody is weighted so
    before : (n,) days since the headline outcome was last reached before the index date, NaN for never; None when the
        registers do not tell
    exits : (n,) days to the next deregistration for another reason, NaN for none; None as above
    people : (p,) ids · joiner : (p,) whether the person ever joins
    """

    cohort: pd.DataFrame
    censoring: pd.DataFrame | None
    before: np.ndarray | None
    exits: np.ndarray | None
    people: np.ndarray
    joiner: np.ndarray
    _pieces: dict[float, Pieces] = field(default_factory=dict, init=False)

    def joins(self, rows: pd.DataFrame) -> np.ndarray:
        """(n,) whether the person of each row ever joins."""
        return self.joiner[rows[PERSON].to_numpy()]

    def pieces(self, day: float) -> Pieces:
        """All rows cut up to a day where their censoring weight changes; cut once, whatever the outcome."""
        if day not in self._pieces:
            everyone = self.cohort.assign(stratum=0, weight=1.0, all_days=day, all_event=0)
            cut = followed_until(everyone, "all", day, self.censoring).steps
            row, entry, end, weight = (cut[name].to_numpy() for name in ("row", "entry", "days", "weight"))
            self._pieces[day] = Pieces(row.astype(np.int32), entry, end, weight)
        return self._pieces[day]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a specification: `eligible` are the person-months among which one was drawn by weight, or None."""

    cohort: pd.DataFrame
    eligible: pd.DataFrame | None
    censoring: pd.DataFrame | None


def base_config(config: Config, outcomes: list[str]) -> Config:
    """The configuration of a base cohort: the headline outcome first, then other definitions of it by name."""
    assert config.population is not None
    population = config.population.model_copy(
        update={
            "control_index": "every_month",
            "future_participants": "censor",
            "censoring_weights": True,
            "other_exit": "remain",
        }
    )
    headline = config.outcome_names[0]
    definitions = outcome_definitions(config)
    found: dict[str, Outcome] = {headline: config.outcomes[headline]}
    found |= {outcome_column(name): definitions[name] for name in outcomes if name != headline}
    return config.model_copy(update={"population": population, "outcomes": found})


def make_base(config: Config, interim: Path, folder: Path) -> None:
    """Run the cohort stage for a base cohort into `folder`, which appears whole or not at all."""
    draft = folder.with_name(f".{folder.name}.{os.getpid()}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o700)
    cohort_stage.run(Run(config, interim, interim, draft, lambda line: None))
    _write_days(config, interim, draft)
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)


def _write_days(config: Config, interim: Path, folder: Path) -> None:
    """`days.parquet`: for each row the days back to when the headline outcome was last reached before its index date,
    and the days on to the next deregistration for another reason."""
    outcome = config.outcomes[config.outcome_names[0]]
    with session(config.engine, folder) as (connection, _):
        tables = {
            name: read_parquet(connection, interim / f"{name}.parquet") for name in ("registrations", "categories")
        }
        rows = read_parquet(connection, folder / "cohort.parquet").select(PERSON, ARM, "index_date")
        found = next_event(rows, outcome_events(tables, outcome), "index_date", "o", previous=True)
        found = next_event(found, other_exits(tables, outcome), "index_date", "exit")
        before = found.index_date.delta(found.o_previous_on, unit="day").cast("float64")
        exits = found.exit_on.delta(found.index_date, unit="day").cast("float64")
        keys = (PERSON, ARM, "index_date")
        days = found.mutate(before=before, exits=exits).select(*keys, "before", "exits")
        write_parquet(days, folder / "days.parquet", keys)


@lru_cache(maxsize=3)
def read_base(folder: Path, factors: tuple[str, ...], joiners: Path | None) -> Base:
    """Read a base cohort; `factors` become categories, which many fits sort out. Kept for the process's next tasks.

    Where people went is left in the file: only whether and when matters here.
    """
    path = folder / "cohort.parquet"
    names = pq.read_schema(path).names
    outcomes = [name.removesuffix("_days") for name in names if name.endswith("_days")]
    unused = {f"{outcome}_{part}" for outcome in outcomes for part in ("destination", "kind")}
    cohort = pd.read_parquet(path, columns=[name for name in names if name not in unused])
    cohort["row"] = np.arange(len(cohort))
    cohort = cohort.astype(dict.fromkeys([name for name in factors if name in cohort], "category"))
    censoring = folder / "censoring.parquet"
    days = pd.read_parquet(folder / "days.parquet") if (folder / "days.parquet").exists() else None
    numbers, people = pd.factorize(cohort[PERSON], sort=True)
    started = [] if joiners is None else pq.read_table(joiners, columns=[PERSON])[PERSON].to_pylist()
    return Base(
        cohort=cohort.assign(**{PERSON: numbers}).set_index("row", drop=False).rename_axis(None),
        censoring=pd.read_parquet(censoring) if censoring.exists() else None,
        before=None if days is None else days["before"].to_numpy(),
        exits=None if days is None else days["exits"].to_numpy(),
        people=np.asarray(people),
        joiner=np.isin(people, started),
    )


def rows_of(base: Base, specification: Specification, config: Config, outcomes: Sequence[str] = ()) -> Rows:
    """The rows of a specification, those of the same person in order of their index dates.

    outcomes : whose follow-up they keep; the specification's own when none is named
    """
    outcomes = outcomes or [outcome_column(specification.outcome)]
    rows = base.cohort[_columns(base.cohort, config, outcomes)]
    if config.population is None:
        return Rows(rows, None, None)
    if specification.other_exit != "remain":
        rows = _until_exit(rows, base, outcomes)
    if specification.intake in config.sensitivity.intake:
        period = config.sensitivity.intake[specification.intake]
        days = pd.to_datetime(rows["index_date"])
        rows = rows[days.between(pd.Timestamp(period.first), pd.Timestamp(period.last))]
    if specification.future_participants == "exclude":
        rows = rows[(rows[ARM] == 1) | ~base.joins(rows)]
    censoring = base.censoring if specification.future_participants == "censor" else None
    chosen = _chosen(rows, base.people, specification.control_index, config.seed)
    drawn = specification.control_index == "random_month"
    return Rows(chosen, rows[rows[ARM] == 0] if drawn else None, censoring)


def _until_exit(rows: pd.DataFrame, base: Base, outcomes: Sequence[str]) -> pd.DataFrame:
    """The rows with follow-up ended at another exit, if that comes first; an outcome on the same day counts."""
    assert base.exits is not None
    exits = base.exits[base.cohort["row"]]
    exits = np.where(np.isnan(exits), np.inf, exits)
    ended_at = {}
    for outcome in outcomes:
        days, event = base.cohort[f"{outcome}_days"], base.cohort[f"{outcome}_event"]
        on_day_zero = base.cohort[f"{outcome}_day_zero"] == 1  # counted as day 1
        reached = (event == 1) & (np.where(on_day_zero, 0, days) <= exits)
        ended_at[f"{outcome}_days"] = np.where(reached, days, np.minimum(days, np.maximum(exits, 1)))
        ended_at[f"{outcome}_event"] = reached.astype(event.dtype)
    return rows.assign(**ended_at)


def _columns(cohort: pd.DataFrame, config: Config, outcomes: Sequence[str]) -> list[str]:
    """The columns that weights and regressions are made from: rows are taken many times, and there are many columns."""
    covariates = {name for covariate in config.models.covariates for name in variables_of(covariate.name)}
    wanted = {"row", PERSON, ARM, "index_date", "start_month", "index_weight", *covariates}
    wanted |= {f"{outcome}_{part}" for outcome in outcomes for part in ("days", "event")}
    if config.matching is not None:
        wanted |= set(config.matching.variables)
    return [name for name in cohort if name in wanted]


def _chosen(rows: pd.DataFrame, people: np.ndarray, control_index: str, seed: int) -> pd.DataFrame:
    """The months from which controls are compared, as `pipeline.index_months` chooses them."""
    if control_index == "every_month":
        return rows
    controls = rows[rows[ARM] == 0]
    by_person = controls.groupby(PERSON, sort=False)
    number = by_person.cumcount().to_numpy()
    if control_index == "first_month":
        return pd.concat([rows[rows[ARM] == 1], controls[number == 0]]).sort_index()
    months = by_person.size()
    ids = people[months.index.to_numpy()].tolist()
    drawn = pd.Series(draw_months(ids, months.to_numpy(), seed), index=months.index)
    kept = controls[number == drawn.reindex(controls[PERSON]).to_numpy()]
    if control_index == "random_month":
        kept = kept.assign(index_weight=months.reindex(kept[PERSON]).to_numpy(dtype=float))
    return pd.concat([rows[rows[ARM] == 1], kept]).sort_index()


def followed_until(
    people: pd.DataFrame, column: str, day: float, censoring: pd.DataFrame | None = None
) -> effects.FollowUp:
    """Weighted rows followed to an outcome or a day; what happens later does not matter to the share at the day."""
    if censoring is not None:
        censoring = censoring[censoring["from_day"] < day]
    slim = people[[*SLIM, f"{column}_days", f"{column}_event"]]
    return effects.follow_up(ended(slim, column, day), column, censoring)


def followed_in(base: Base, people: pd.DataFrame, column: str, day: float) -> effects.FollowUp:
    """The same for rows of a base cohort with its censoring weights."""
    pieces = base.pieces(day)
    place = np.full(int(base.cohort["row"].max()) + 1, -1)
    place[people["row"].to_numpy()] = np.arange(len(people))
    owner = place[pieces.row]
    short = ended(people[[f"{column}_days", f"{column}_event"]], column, day)
    days, event = (short[f"{column}_{part}"].to_numpy() for part in ("days", "event"))
    begun = np.flatnonzero((owner >= 0) & (pieces.entry < days[owner]))
    owner, end = owner[begun], pieces.end[begun]
    followed = days[owner]
    steps = pd.DataFrame(
        {
            **{name: people[name].to_numpy()[owner] for name in ("row", ARM, "stratum")},
            "person": people[PERSON].to_numpy()[owner],
            "entry": pieces.entry[begun],
            "days": np.minimum(followed, end),
            "event": np.where(followed <= end, event[owner], 0),
            "weight": people["weight"].to_numpy()[owner] * pieces.weight[begun],
        },
        copy=False,
    )
    return effects.FollowUp(people, steps, weighted=True)


def ended(people: pd.DataFrame, column: str, day: float) -> pd.DataFrame:
    """The rows with follow-up of an outcome ended at a day."""
    days = people[f"{column}_days"]
    event = people[f"{column}_event"].where(days <= day, 0)
    return people.assign(**{f"{column}_days": np.minimum(days, day), f"{column}_event": event})
