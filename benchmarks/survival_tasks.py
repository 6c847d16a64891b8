"""What is measured of `survival`, on data like an evaluation's: `python -m benchmarks.survival_tasks TASK ROWS RUNS`.

Each task runs in a process of its own, so that its peak memory is its own; prints the seconds of all runs, and the peak
in GiB with the data and the interpreter counted in.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

COVARIATES = ["participant"] + [f"x{j}" for j in range(10)]
FORMULA = " + ".join(COVARIATES)
COLUMNS: dict[str, Any] = {"time": "days", "event": "event", "weights": "weight", "cluster": "person"}
BOOTSTRAP = 500


def people(rows: int, seed: int = 1) -> pd.DataFrame:
    """Follow-up in whole days to 960, 5% participants, weights as after coarsened exact matching, clusters of 15."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {f"x{j}": rng.normal(size=rows) if j < 4 else rng.integers(0, 2, rows).astype(float) for j in range(10)}
    )
    table["participant"] = (rng.random(rows) < 0.05).astype(float)
    hazard = np.exp(0.2 * table["participant"] + 0.1 * table["x0"] + 0.2 * table["x5"]).to_numpy()
    ends = np.ceil(rng.exponential(600 / hazard))
    table["event"] = (ends <= 960).astype(int)
    table["days"] = np.minimum(ends, 960)
    table["weight"] = np.where(table["participant"] == 1, 1.0, np.exp(0.8 * rng.normal(size=rows)))
    table["person"] = rng.integers(0, max(rows // 15, 2), rows)
    return table


def tasks(table: pd.DataFrame) -> dict[str, Callable[[], object]]:
    """Task -> what is timed. What starts from a fit makes it in its first run only, which a median leaves out."""
    from survival import cox, cumulative_incidence, kaplan_meier, logrank, restricted_mean

    group = {"group": table["participant"], "weights": table["weight"], "cluster": table["person"]}
    days, event = table["days"], table["event"]
    fit = cache(lambda: cox(FORMULA, table, **COLUMNS))
    return {
        "cox": lambda: cox(FORMULA, table, **COLUMNS),
        "cox_log_t": lambda: cox(FORMULA, table, **COLUMNS, varying={"participant": "log"}),
        "proportionality": lambda: fit().proportionality(),
        "kaplan_meier": lambda: kaplan_meier(days, event, **group),
        "logrank": lambda: logrank(days, event, **group),
        "incidence": lambda: cumulative_incidence(days, event * (1 + table["x5"]).astype(int), **group),
        "restricted_mean": lambda: restricted_mean(days, event, until=730, **group),
        "concordance": lambda: fit().concordance(),
        "bootstrap": lambda: bootstrap(fit(), table),
    }


def bootstrap(fit: Any, table: pd.DataFrame) -> pd.DataFrame:
    """Coefficients of the model refitted to clusters drawn with replacement, as weights."""
    rng = np.random.default_rng(7)
    person = table["person"].to_numpy()
    size = int(person.max()) + 1
    drawn = []
    for _ in range(BOOTSTRAP):
        times = np.bincount(rng.integers(0, size, size), minlength=size)[person]
        drawn.append(fit.refit(weights=table["weight"].to_numpy() * times).coefficients)
    return pd.DataFrame(drawn)


def main(task: str, rows: int, runs: int) -> None:
    """Run on little data first, so that imports are not timed, then `runs` times on `rows` rows."""
    small = tasks(people(1_000))
    small["cox" if task == "bootstrap" else task]()
    work = tasks(people(rows))[task]
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    print(" ".join(f"{seconds:.4f}" for seconds in taken))
    print(f"{peak_memory():.3f}")


def peak_memory() -> float:
    """GiB this process has held at most; Linux counts what its parent held into ru_maxrss, so not that there."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
