"""What wider or narrower classes would cost and gain: people matched, imbalance and the headline effect at each."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import matching
from matching.frontier import frontier
from pipeline import effects, regression
from pipeline import match as match_stage
from pipeline.coarsenings import coarsenings
from pipeline.config import Config
from pipeline.disclosure import Policy
from pipeline.errors import Fault, UserError
from pipeline.reporting import figures
from pipeline.reporting.frontier import FrontierRow, frontier_figure
from pipeline.reporting.words import Words
from pipeline.stratum_totals import read_months

FORMATS = ("svg", "png", "pdf")
SHOWN = ["coarsening", "treated", "controls", "strata", "l1", "largest_smd", "hazard_ratio", "lower", "upper"]
COUNTS = ("treated", "controls", "strata")


def run_frontier(
    config: Config, interim: Path, reports: Path, say: Callable[[str], None] = lambda line: None
) -> pd.DataFrame:
    """Match again under other classes, a variable at a time and all together, with the headline effect at each.

    Writes `<reports>/<name>-frontier/`: frontier.csv, and the figure in each of the report's languages.

    Returns
    -------
    coarsening, variable, treated, controls, treated_share, strata, effective_controls, l1, largest_smd,
    largest_smd_in, hazard_ratio, lower, upper, day, difference, difference_lower, difference_upper; counts rounded
    to the disclosure minimum

    Raises
    ------
    UserError : the evaluation does not match
    """
    if config.matching is None:
        raise UserError(Fault("matching", "is none; there are no classes to vary.", "Name matching variables first."))
    cohort = pd.read_parquet(interim / "cohort.parquet")
    cohort["row"] = np.arange(len(cohort))
    censoring_file = interim / "censoring.parquet"
    censoring = pd.read_parquet(censoring_file) if censoring_file.exists() else None
    months, estimand = read_months(interim), config.matching.estimand
    grid = coarsenings(config.matching.variables)
    rules = {name: match_stage.rules(variables) for name, variables in grid.items()}
    variables = match_stage.described(config.matching)

    def measure(sample: matching.MatchedSample) -> dict[str, float]:
        say(f"{len(sample.data)} rows matched")
        return headline_effect(sample.data, config, censoring)

    table = frontier(
        cohort,
        match_stage.TREATMENT,
        rules,
        estimand,
        variables=variables,
        match=lambda classes: match_stage.strata(cohort, classes, estimand, months),
        measure=measure,
    )
    policy = Policy.of(config)
    for name in COUNTS:
        table[name] = [policy.rounded(int(count)) for count in table[name]]
    table["treated_share"] = table["treated_share"].round(2)
    _write(table, config, reports / f"{config.evaluation.name}-frontier")
    return table


def headline_effect(matched: pd.DataFrame, config: Config, censoring: pd.DataFrame | None) -> dict[str, float]:
    """The headline's hazard ratio and the difference in shares at the second of the report's times, with intervals."""
    data = effects.follow_up(matched, config.outcome_names[0], censoring)
    fitted = regression.fit_full(data.rows, config.models)
    found: dict[str, float] = {}
    if fitted.fit is not None and regression.TREATMENT in fitted.factors:
        row = fitted.fit.hazard_ratios().set_index("term").loc[regression.TREATMENT]
        found = {name: float(row[name]) for name in ("hazard_ratio", "lower", "upper")}
    days = config.report.at
    shares = effects.shares(effects.curves_of(data), data, [days[min(1, len(days) - 1)]])
    for share in shares:
        limits = {"difference": share.difference, "difference_lower": share.lower, "difference_upper": share.upper}
        found |= {"day": share.day, **{name: np.nan if v is None else v for name, v in limits.items()}}
    return found


def _write(table: pd.DataFrame, config: Config, folder: Path) -> None:
    """All files into a new folder, which then takes the place of the old one."""
    staging = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    table.to_csv(staging / "frontier.csv", index=False, float_format="%.12g", lineterminator="\n")
    rows = [_row(record) for record in table.to_dict("records")]
    for position, language in enumerate(config.language):
        drawn = figures.draw(frontier_figure(rows, config, Words(language)), sizes={})
        for ending in FORMATS:
            name = f"frontier{figures.suffix(drawn.figure, position)}.{ending}"
            (staging / name).write_bytes(drawn.formats[ending])
    shutil.rmtree(folder, ignore_errors=True)
    staging.rename(folder)


def _row(record: dict[Any, Any]) -> FrontierRow:
    change, _, variable = str(record["coarsening"]).partition(" ")
    numbers = {name: _number(record.get(name)) for name in FrontierRow.NUMBERS}
    return FrontierRow(change, variable, **numbers)


def _number(value: Any) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)
