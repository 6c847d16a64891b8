"""How fast survival analysis is, with what memory, and against what: `python -m benchmarks.survival`.

10,000, 100,000 and 1,000,000 rows, 11 covariates, whole days to 960, weights as after matching, clusters of about 15.
Each measurement is a process of its own (median of several runs, peak memory of the process); lifelines and, where
installed, R do the same work on the same rows in the same run. Ends with status 1 when a limit is passed.

--quick leaves out the peers at 100,000 rows, which take minutes; --write puts the table into docs/performance.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy

from benchmarks.survival_peers import by_lifelines, by_r, versions

DOCUMENT = Path(__file__).parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- survival: begin -->", "<!-- survival: end -->"
SMALL, MIDDLE, LARGE, STUDY = 10_000, 100_000, 1_000_000, 10_744


@dataclass(frozen=True)
class Work:
    """A task at a number of rows, its limits, and which peers are asked to do it ("l" lifelines, "r" R)."""

    task: str
    name: str
    rows: int
    runs: int = 7
    seconds: float | None = None
    gib: float | None = None
    peers: str = ""
    times_lifelines: float | None = None
    times_r: float | None = None


WORK = [
    Work("cox", "Cox, weighted, clustered", SMALL, peers="lr"),
    Work("cox", "", MIDDLE, peers="lr", times_lifelines=500, times_r=300),
    Work("cox", "", LARGE, runs=5, seconds=2.0, gib=1.5),
    Work("cox_log_t", "Cox with participant × log t, exact", SMALL, peers="r"),
    Work("cox_log_t", "", MIDDLE),
    Work("cox_log_t", "", LARGE, runs=5, seconds=4.0, gib=2.0),
    Work("proportionality", "Proportionality test of a fit", SMALL, peers="lr"),
    Work("proportionality", "", MIDDLE, peers="r"),
    Work("proportionality", "", LARGE, runs=5, seconds=1.0),
    Work("kaplan_meier", "Kaplan–Meier by group, weighted, clustered", SMALL, peers="r"),
    Work("kaplan_meier", "", MIDDLE),
    Work("kaplan_meier", "", LARGE, seconds=0.5),
    Work("logrank", "Log-rank, weighted, clustered", SMALL, peers="r"),
    Work("logrank", "", MIDDLE, peers="r"),
    Work("logrank", "", LARGE, seconds=0.5),
    Work("incidence", "Cumulative incidence, two causes", SMALL),
    Work("incidence", "", LARGE),
    Work("restricted_mean", "Restricted mean and its difference", LARGE),
    Work("concordance", "Concordance of a fit, with its error", MIDDLE, runs=3, peers="lr"),
    Work("bootstrap", "500 bootstrap refits of the Cox model", STUDY, runs=3, seconds=10.0, peers="lr"),
]
LINEAR = 13.0  # the largest size may take this many times the second largest


@dataclass(frozen=True)
class Measured:
    """Median seconds and peak GiB of ours, seconds of the peers."""

    work: Work
    seconds: float
    gib: float
    lifelines: float | None
    r: float | None

    def failures(self) -> list[str]:
        """Limits that are passed, in words."""
        work, found = self.work, []
        if work.seconds is not None and self.seconds > work.seconds:
            found.append(f"{work.task} at {work.rows:,}: {self.seconds:.2f} s, limit {work.seconds:g} s")
        if work.gib is not None and self.gib > work.gib:
            found.append(f"{work.task} at {work.rows:,}: {self.gib:.2f} GiB, limit {work.gib:g} GiB")
        for peer, theirs, times in (
            ("lifelines", self.lifelines, work.times_lifelines),
            ("R", self.r, work.times_r),
        ):
            if theirs is not None and times is not None and theirs < times * self.seconds:
                found.append(f"{work.task} at {work.rows:,}: {theirs / self.seconds:.0f} times {peer}, limit {times:g}")
        return found


def measure(work: Work, quick: bool) -> Measured:
    """Ours in a process of its own, then the peers."""
    command = [sys.executable, "-m", "benchmarks.survival_tasks", work.task, str(work.rows), str(work.runs)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    taken, peak = done.stdout.split("\n")[:2]
    asked = "" if quick and work.rows == MIDDLE else work.peers
    return Measured(
        work,
        statistics.median(float(seconds) for seconds in taken.split()),
        float(peak),
        by_lifelines(work.task, work.rows) if "l" in asked else None,
        by_r(work.task, work.rows) if "r" in asked else None,
    )


def growth(found: list[Measured]) -> list[tuple[str, float]]:
    """Task and how many times the second largest size the largest takes."""
    taken = {(m.work.task, m.work.rows): m.seconds for m in found}
    return [
        (task, taken[task, LARGE] / taken[task, MIDDLE])
        for task, rows in taken
        if rows == MIDDLE and (task, LARGE) in taken
    ]


def table(found: list[Measured]) -> str:
    """A Markdown table: ours, the peers, and how many times as long they take."""
    lines = ["| | rows | ours | limit | peak memory | lifelines | R |", "|---|---:|---:|---:|---:|---:|---:|"]
    for m in found:
        limits = [f"{m.work.seconds:g} s" if m.work.seconds else "", f"{m.work.gib:g} GiB" if m.work.gib else ""]
        peers = [_peer(theirs, m.seconds) for theirs in (m.lifelines, m.r)]
        cells = [m.work.name, f"{m.work.rows:,}", _seconds(m.seconds), ", ".join(filter(None, limits))]
        lines.append(f"| {' | '.join([*cells, f'{m.gib:.2f} GiB', *peers])} |")
    ratios = ", ".join(f"{task.replace('_', ' ')} {ratio:.1f}" for task, ratio in growth(found))
    return "\n".join([*lines, "", f"From {MIDDLE:,} to {LARGE:,} rows the time grows by (limit {LINEAR:g}): {ratios}."])


def _peer(theirs: float | None, ours: float) -> str:
    return "" if theirs is None else f"{_seconds(theirs)} (×{_times(theirs / ours)})"


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.1f}"


def _seconds(value: float) -> str:
    return f"{value:.0f} s" if value >= 100 else f"{value:.3g} s"


def machine() -> str:
    """The machine and the versions the numbers are of."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        model = next(
            (line.split(":")[1].strip() for line in info.read_text().splitlines() if "model name" in line), model
        )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30 if hasattr(os, "sysconf") else 0
    return (
        f"{model}, {os.cpu_count()} processors, {memory:.0f} GiB; Python {platform.python_version()}, "
        f"NumPy {np.__version__}, SciPy {scipy.__version__}; {versions()}"
    )


def write(text: str) -> None:
    """Put the text between the marks in docs/performance.md."""
    document = DOCUMENT.read_text(encoding="utf-8")
    before, rest = document.split(BEGIN)
    after = rest.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def main() -> int:
    """Measure, print, and say whether the limits hold."""
    parser = argparse.ArgumentParser(description="Measure survival analysis.")
    parser.add_argument("--quick", action="store_true", help="leave out the peers at 100,000 rows")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    options = parser.parse_args()
    found = []
    for work in WORK:
        found.append(measure(work, options.quick))
        print(f"{work.task:<18}{work.rows:>10,}  {found[-1].seconds:8.3f} s  {found[-1].gib:5.2f} GiB", flush=True)
    runs = sorted(work.runs for work in WORK)
    text = f"Measured on {machine()}. Medians of {runs[0]} to {runs[-1]} runs.\n\n{table(found)}"
    print(f"\n{text}\n")
    if options.write:
        write(text)
    failed = [line for m in found for line in m.failures()]
    failed += [f"{task} grows {ratio:.1f} times, limit {LINEAR:g}" for task, ratio in growth(found) if ratio > LINEAR]
    print("\n".join(failed) or "All limits hold.")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
