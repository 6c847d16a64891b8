"""How long a large delivery takes to be loaded and checked, and with what memory: `python -m benchmarks.extracts`.

5,000,000 category rows and 1,000,000 registrations of 800,000 people as text, with two years of LISA for a tenth of
them. The load stage runs in a process of its own on two processors; ends with status 1 when a limit is passed.
--share 0.1 takes a tenth of the rows; --write puts the result into docs/performance.md.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- extracts: begin -->", "<!-- extracts: end -->"
PEOPLE, REGISTRATIONS, CATEGORIES = 800_000, 1_000_000, 5_000_000
SECONDS, GIB, PROCESSORS = 60.0, 2.0, 2


def main() -> None:
    """Write the extracts, load them, compare with the limits."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--share", type=float, default=1.0, help="of the rows")
    parser.add_argument("--write", action="store_true", help="put the result into docs/performance.md")
    parser.add_argument("--load", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.load is not None:
        load(arguments.load)
        return
    busy = f"The load of the machine, on average of the five minutes before, was {os.getloadavg()[1]:.1f}."
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        write_extracts(base, arguments.share)
        told = subprocess.run(
            [sys.executable, "-m", "benchmarks.extracts", "--load", str(base)],
            check=True, capture_output=True, text=True, cwd=ROOT,
        ).stdout  # fmt: skip
    seconds, processor, gib = map(float, told.splitlines()[-1].split())
    line = (
        f"| {arguments.share * CATEGORIES:,.0f} category rows, {arguments.share * REGISTRATIONS:,.0f} registrations "
        f"| {seconds:.1f} s | {processor:.1f} s | {SECONDS:.0f} s, {GIB:.0f} GiB | {gib:.2f} GiB |"
    )
    print(line, busy, sep="\n")
    if arguments.write:
        _write(line, busy)
    if seconds > SECONDS * max(arguments.share, 0.1) or gib > GIB:
        sys.exit(1)


def load(base: Path) -> None:
    """Run the load stage on the extracts in `base`; prints seconds, processor seconds and GiB on its last line."""
    from benchmarks.survival_tasks import peak_memory
    from pipeline import load as stage
    from pipeline.config import load_config
    from pipeline.workspace import Run

    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:PROCESSORS])
    config = load_config(ROOT / "config.yaml")
    (base / "written").mkdir()
    start = time.perf_counter()
    stage.run(Run(config, base, base / "read", base / "written", print))
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = time.perf_counter() - start
    print(f"{seconds:.2f} {used.ru_utime + used.ru_stime:.2f} {peak_memory():.3f}")


def write_extracts(base: Path, share: float) -> None:
    """Periods of random people that follow each other, some of them open."""
    rng = np.random.default_rng(1)
    folder = base / "data" / "raw"
    folder.mkdir(parents=True)
    people = int(PEOPLE * share)
    periods = _periods(rng, people, int(REGISTRATIONS * share), 900)
    reason = np.where(periods["end"] == "", "", rng.choice(["1", "2", "6", "7"], len(periods)))
    _write_csv(periods.assign(reason=reason), folder / "af_inskrivning.csv", "LopNr;INTR_DAT;AVAKT_DATUM;AVAKT_ORSAK")
    periods = _periods(rng, people, int(CATEGORIES * share), 180)
    codes = rng.choice(["11", "70", "21", "31", "33", "96"], len(periods))
    periods = periods.assign(code=codes, disability=rng.choice(["", "", "", "", "61"], len(periods)))
    _write_csv(periods, folder / "af_sokandekategori.csv", "LopNr;inskadm;utskadm;skat;ahkp")
    some = np.arange(1, people // 10 + 1)
    same = {
        "FodGrEg5": "00", "SenInvAr": "0000", "Sun2020Niva_Old": "3", "FamTypF": "50", "SjukPP": "0,0",
        "SjukErs": "0,0", "AktErs": "0,0", "SocBidrFam": "12,5", "SocBidrTypF": "1", "Kommun": "1280",
    }  # fmt: skip
    for year in (2019, 2020):
        sex, born = rng.choice(["1", "2"], len(some)), rng.integers(1955, 2000, len(some))
        lisa = pd.DataFrame({"LopNr": some, "Kon": sex, "FodelseAr": born}).assign(**same)
        _write_csv(lisa, folder / f"lisa_{year}.csv", ";".join(lisa))
    stays = pd.DataFrame({"key": some[: len(some) // 10], "start": "2021-03-01", "end": "2021-09-01"})
    _write_csv(stays, folder / "esf_deltagare.csv", "LopNr;startdatum;slutdatum")


def _periods(rng: np.random.Generator, people: int, rows: int, days: int) -> pd.DataFrame:
    key = np.sort(rng.integers(1, people + 1, rows))
    length = rng.integers(1, days, rows)
    first = pd.Series(length).groupby(key).cumsum().to_numpy() - length
    start = np.datetime64("2012-01-01") + first
    end = np.datetime_as_string(start + length, unit="D")
    last = np.append(key[1:] != key[:-1], True)
    return pd.DataFrame({
        "key": key,
        "start": np.datetime_as_string(start, unit="D"),
        "end": np.where(last & (rng.random(rows) < 0.3), "", end),
    })  # fmt: skip


def _write_csv(table: pd.DataFrame, path: Path, header: str) -> None:
    table.set_axis(header.split(";"), axis=1).to_csv(path, sep=";", index=False, lineterminator="\r\n")


def _write(line: str, busy: str) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    table = f"| | time | processor time | limit | peak memory |\n|---|---:|---:|---:|---:|\n{line}"
    DOCUMENT.write_text(f"{before}{BEGIN}\n{table}\n\n{busy}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
