"""Do placebos find what is not there? `make placebo`.

Small extracts are simulated without an effect and evaluated with config.yaml through the real stages. The headline
test, the outcome before the start and the start among controls should each reject at 5% in 3-7% of 900 runs, and the
specification curve should be centred on a hazard ratio of 1. Each run is a row appended to
`benchmarks/results/no_effect.csv`, so that a stopped benchmark goes on where it was; `--report` prints the table of
docs/sensitivity.md from what is there.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.simulated_runs import Loaded, Wanted, load_together, run_missing
from pipeline.config import Config, load_config
from pipeline.sensitivity import cohorts, estimates, placebo
from pipeline.sensitivity.choices import own_specification, specifications

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "no_effect.csv"
REJECTED = (0.03, 0.07)
# Each other value of these alone. Left out are those known to find an effect where there is none (docs/sensitivity.md),
# and those that need a cohort of their own or change little.
CHOICES = {
    "control_index": ["random_month", "first_month"],
    "future_participants": ["censor_unweighted"],
    "other_exit": [],
    "intake": {},
    "outcome": [],
    "coarsening": ["wider all", "narrower all"],
    "weights": ["entropy", "propensity"],
    "estimand": ["ATE"],
    "covariates": ["none"],
    "ties": [],
}
SPECIFICATIONS = 11
CENTRES = {
    "headline_ratio": "headline",
    "curve": "middle of the specification curve",
    "before_ratio": "placebo: outcome before the start",
    "start_ratio": "placebo: start among controls",
}
TESTS = {
    "headline_difference_p": "the headline's difference at 12 months",
    "headline_ratio_p": "the headline's hazard ratio",
    "before_difference_p": "placebo: outcome before the start, difference",
    "before_ratio_p": "placebo: outcome before the start, hazard ratio",
    "start_difference_p": "placebo: start among controls, difference",
    "start_ratio_p": "placebo: start among controls, hazard ratio",
}


def main() -> None:
    """Evaluate the seeds that are missing, then print the table; status 1 when a share is outside its limits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=900)
    parser.add_argument("--people", type=int, default=3_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--report", action="store_true", help="only print the table of what is there")
    options = parser.parse_args()
    if not options.report:
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        wanted = [Wanted("none", seed) for seed in range(1, options.runs + 1)]
        run_missing(evaluate_together, wanted, options.people, RESULTS, options.processes)
    results = pd.read_csv(RESULTS)
    results = results[(results["people"] == options.people) & (results["seed"] <= options.runs)]
    table, holds = summary(results)
    print(table)
    sys.exit(0 if holds else 1)


def evaluate_together(wanted: list[Wanted], people: int) -> list[dict[str, Any]]:
    """A row for each of several runs that are loaded together."""
    with tempfile.TemporaryDirectory() as folder:
        config = load_config(ROOT / "config.yaml")
        return [evaluate(loaded, people) for loaded in load_together(wanted, people, config, Path(folder))]


def evaluate(loaded: Loaded, people: int) -> dict[str, Any]:
    """p of each test on one extract without an effect, and the logs of the curve's hazard ratios in short."""
    config, folder = _configured(loaded.wanted.seed), loaded.folder
    own = own_specification(config)
    cohorts.make_base(cohorts.base_config(config, [own.outcome]), folder, folder / "base")
    factors = tuple(c.name for c in config.models.covariates if c.reference is not None)
    read = cohorts.read_base(folder / "base", factors, folder / "participants.parquet")
    curve = _curve(read, config)
    before = placebo.outcome_before_start(read, config)
    start = placebo.start_among_controls(read, config, folder, folder / "placebo")
    logs = np.log([effect.hazard_ratio for effect in curve if effect.hazard_ratio])
    return {
        "effect": loaded.wanted.effect,
        "seed": loaded.wanted.seed,
        "people": people,
        "participants": curve[0].participants,
        **_tests("headline", curve[0]),
        **_tests("before", before),
        **_tests("start", start),
        "before_events": before.participant_events,
        "curve": float(np.median(logs)),
        "curve_low": float(logs.min()),
        "curve_high": float(logs.max()),
        "analyses": len(logs),
    }


def _tests(name: str, effect: estimates.Effect) -> dict[str, float | None]:
    """The log hazard ratio and the difference in shares of one analysis, each with its p."""
    return {
        f"{name}_ratio": float(np.log(effect.hazard_ratio or np.nan)),
        f"{name}_ratio_p": effect.p,
        f"{name}_difference": effect.difference,
        f"{name}_difference_p": _p(effect),
    }


def _configured(seed: int) -> Config:
    """config.yaml with its headline alone, and the choices that one base cohort serves."""
    config = load_config(ROOT / "config.yaml")
    headline = config.outcome_names[0]
    fewer = config.sensitivity.model_copy(update={"specifications": SPECIFICATIONS, **CHOICES})
    return config.model_copy(
        update={"outcomes": {headline: config.outcomes[headline]}, "seed": seed, "sensitivity": fewer}
    )


def _curve(base: cohorts.Base, config: Config) -> list[estimates.Effect]:
    """The effect under each specification, the evaluation's own first."""
    together: dict[tuple[str, ...], list[Any]] = {}
    for specification in specifications(config):
        together.setdefault(specification.cohort, []).append(specification)
    found = [estimates.estimate_together(base, group, config) for group in together.values()]
    return [effect for group in found for effect in group]


def _p(effect: estimates.Effect) -> float:
    """p of the difference in shares, from its symmetric interval."""
    from scipy.special import ndtr

    if effect.difference is None or effect.difference_lower is None or effect.difference_upper is None:
        return float("nan")
    error = (effect.difference_upper - effect.difference_lower) / (2 * 1.959963984540054)
    return float(2 * ndtr(-abs(effect.difference) / error))


def summary(results: pd.DataFrame) -> tuple[str, bool]:
    """The table of docs/sensitivity.md, and whether every share is within its limits and the curve is centred."""
    lines = ["| | runs | rejects at 5% | Monte Carlo error | should be | holds |", "|---|---|---|---|---|---|"]
    every = True
    for column, name in TESTS.items():
        rejected = results[column].dropna() < 0.05
        share = float(rejected.mean())
        holds = REJECTED[0] <= share <= REJECTED[1]
        every &= holds
        error = np.sqrt(share * (1 - share) / len(rejected))
        limits = f"{REJECTED[0]:.0%}-{REJECTED[1]:.0%}"
        lines.append(
            f"| {name} | {len(rejected)} | {share:.1%} | {error:.1%} | {limits} | {'yes' if holds else 'no'} |"
        )
    lines += ["", "| | runs | mean log hazard ratio | Monte Carlo error |", "|---|---|---|---|"]
    for column, name in CENTRES.items():
        values = results[column].replace([np.inf, -np.inf], np.nan).dropna()
        error = values.std() / np.sqrt(len(values))
        if column == "curve":
            every &= bool(abs(values.mean()) <= 2 * error)
        lines.append(f"| {name} | {len(values)} | {values.mean():+.4f} | {error:.4f} |")
    return "\n".join(lines), every


if __name__ == "__main__":
    main()
