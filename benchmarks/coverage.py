"""Do the intervals cover the truth, and does the test keep its level? `make coverage`.

Many small extracts are simulated with the published effect and with none, and evaluated with config.yaml through the
real stages. The 95% interval of the difference at 12 months should cover the true difference of the matched
participants in 92-98% of the runs, and without matching it should not. The same is asked of the controls' share, also
with errors that take a person's months for different people, to see what clusters are for. With no effect the tests
of the headline outcome should reject in 3-7% of twice as many runs. Each run is a row appended to
`benchmarks/results/coverage.csv`, so that a stopped benchmark goes on where it was; `--report` prints the table of
docs/simulation.md from what is there.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.simulated_runs import Loaded, Wanted, load_together, run_missing
from pipeline import cohort, effects, match
from pipeline.config import Config, load_config
from pipeline.simulation import true_effect
from pipeline.workspace import Run

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "coverage.csv"
DAY = 365
# How many times the seeds: a test's level, with its narrower limits, needs more runs to be seen.
EFFECTS = {"published": 1, "none": 2}
COVERED = (0.92, 0.98)
REJECTED = (0.03, 0.07)


def main() -> None:
    """Evaluate the seeds that are missing, then print the table; status 1 when a share is outside its limits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200, help="with the published effect; twice as many with none")
    parser.add_argument("--people", type=int, default=3_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--report", action="store_true", help="only print the table of what is there")
    options = parser.parse_args()
    if not options.report:
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        last = {effect: options.seeds * times for effect, times in EFFECTS.items()}
        wanted = [Wanted(effect, seed) for effect in EFFECTS for seed in range(1, last[effect] + 1)]
        run_missing(evaluate_together, wanted, options.people, RESULTS, options.processes)
    results = pd.read_csv(RESULTS)
    last = results["effect"].map({effect: options.seeds * times for effect, times in EFFECTS.items()})
    results = results[(results["people"] == options.people) & (results["seed"] <= last)]
    table = summary(results)
    print(as_markdown(table))
    sys.exit(0 if table["holds"].all() else 1)


def evaluate_together(wanted: list[Wanted], people: int) -> list[dict[str, Any]]:
    """A row for each of several runs that are loaded together."""
    with tempfile.TemporaryDirectory() as folder:
        config = load_config(ROOT / "config.yaml")
        return [evaluate(loaded, people, config) for loaded in load_together(wanted, people, config, Path(folder))]


def evaluate(loaded: Loaded, people: int, config: Config) -> dict[str, Any]:
    """Difference at 12 months with its interval, matched and not, beside the truth; and the log-rank test."""
    headline, seed, simulated = config.outcome_names[0], loaded.wanted.seed, loaded.simulated
    config = config.model_copy(update={"outcomes": {headline: config.outcomes[headline]}, "seed": seed})
    rows, matched, censoring = _through_the_stages(loaded.folder, config)
    rows["person_id"], matched["person_id"] = (table["person_id"].map(loaded.originals) for table in (rows, matched))
    data = effects.follow_up(matched, headline, censoring)
    participants = matched.loc[matched["participant"] == 1, "person_id"]
    return {
        "effect": loaded.wanted.effect,
        "seed": seed,
        "people": people,
        "participants": len(participants),
        **_intervals("matched", data, simulated, participants),
        **_intervals("by_row", by_row(data), simulated, participants),
        **_intervals(
            "unmatched",
            effects.follow_up(rows, headline),
            simulated,
            rows.loc[rows["participant"] == 1, "person_id"],
        ),
        "logrank_p": effects.log_rank(data).p,
    }


def _through_the_stages(files: Path, config: Config) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame | None]:
    """The cohort with every weight 1, the matched cohort, and the censoring weights of its rows."""
    run = Run(config, files, files, files, lambda line: None)
    for stage in (cohort, match):
        stage.run(run)
    rows = pd.read_parquet(files / "cohort.parquet").assign(
        weight=1.0, stratum=0, row=lambda people: range(len(people))
    )
    censoring = files / "censoring.parquet"
    return rows, pd.read_parquet(files / "matched.parquet"), pd.read_parquet(censoring) if censoring.exists() else None


def by_row(data: effects.FollowUp) -> effects.FollowUp:
    """The same rows, every month of a person taken for another person."""
    return replace(data, steps=data.steps.assign(person=data.steps["row"]))


def _intervals(name: str, data: effects.FollowUp, simulated: Any, participants: pd.Series) -> dict[str, float]:
    """Difference and controls' share at 12 months with their intervals, and the true ones of the same participants."""
    share = effects.shares(effects.curves_of(data), data, [DAY])[0]
    truth = true_effect(simulated, [DAY], among=participants)
    return {
        f"{name}_truth": truth["difference"].item(),
        f"{name}_difference": share.difference,
        f"{name}_lower": share.lower,
        f"{name}_upper": share.upper,
        f"{name}_controls_truth": truth["controls"].item(),
        f"{name}_controls": share.controls,
        f"{name}_controls_lower": share.controls_lower,
        f"{name}_controls_upper": share.controls_upper,
    }


def summary(results: pd.DataFrame) -> pd.DataFrame:
    """What is claimed of the runs, each with the share of runs, its Monte Carlo error and whether it holds."""
    published, none = (results[results["effect"] == effect] for effect in EFFECTS)
    claims = [
        ("interval covers the truth, matched", _covers(published, "matched"), COVERED, True),
        ("interval covers the truth, no effect, matched", _covers(none, "matched"), COVERED, True),
        ("interval covers the truth, not matched", _covers(published, "unmatched"), COVERED, False),
        ("interval of the controls' share covers the truth", _covers(results, "matched_controls"), COVERED, True),
        ("the same, months as if of different people", _covers(results, "by_row_controls"), COVERED, False),
        ("log-rank test rejects at 5%, no effect, matched", none["logrank_p"] < 0.05, REJECTED, True),
        ("difference at 12 months rejects at 5%, no effect, matched", _rejects(none, "matched"), REJECTED, True),
    ]
    rows = []
    for claim, happened, (low, high), inside in claims:
        share = float(happened.mean())
        rows.append(
            {
                "claim": claim,
                "runs": len(happened),
                "share": share,
                "error": float(np.sqrt(share * (1 - share) / len(happened))),
                "limits": f"{low:.0%}-{high:.0%}" if inside else f"not {low:.0%}-{high:.0%}",
                "holds": (low <= share <= high) == inside,
            }
        )
    return pd.DataFrame(rows)


def _covers(results: pd.DataFrame, name: str) -> pd.Series:
    """Whether the interval of each run holds its truth."""
    truth = results[f"{name}_truth"]
    return (results[f"{name}_lower"] <= truth) & (truth <= results[f"{name}_upper"])


def _rejects(results: pd.DataFrame, name: str) -> pd.Series:
    """Whether the interval of each run leaves 0 out."""
    return (results[f"{name}_lower"] > 0) | (results[f"{name}_upper"] < 0)


def as_markdown(table: pd.DataFrame) -> str:
    """The table of docs/simulation.md."""
    lines = ["| | runs | share | Monte Carlo error | should be | holds |", "|---|---|---|---|---|---|"]
    for row in table.itertuples():
        holds = "yes" if row.holds else "no"
        lines.append(f"| {row.claim} | {row.runs} | {row.share:.1%} | {row.error:.1%} | {row.limits} | {holds} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
