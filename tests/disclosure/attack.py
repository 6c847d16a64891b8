"""Attack the reports of simulated evaluations: nothing in their files may give a count from 1 to 9 away.

    python tests/disclosure/attack.py [--extracts 50] [--first 1]

Each extract is small, so that subgroups, classes and destinations hold few people. The intruder (intruder.py) sees the
files under reports/<name>/ alone. That it reasons soundly is seen from the truth under data/interim/: what it takes to
be true must be possible together with that. Prints a line an extract; exit status 1 if anything was found. The suite
does the same with one extract (test_attack_outputs.py).
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import yaml

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from files import faults  # noqa: E402
from intruder import read  # noqa: E402
from unknowns import Finding, K  # noqa: E402

MORE_SUBGROUPS = {
    "older_disabled": "age >= 60 and disability",
    "young_women": "woman and age < 30",
    "all_but_young": "not (age < 30 and disability)",
}


# The choices that count other people or other events, each alone; combinations would only take time.
NOT_VARIED = ("control_index", "weights", "covariates", "ties", "estimand")
ANALYSES = {"specifications": 1, "bootstrap": 0, **{name: [] for name in NOT_VARIED}}


@dataclass(frozen=True)
class Attacked:
    """What came of an attack: counts found, faults in files, whether it all agrees with the truth, counts looked at."""

    small: list[Finding]
    faults: list[str]
    sound: bool
    looked_at: int


def evaluate(folder: Path, people: int, seed: int) -> None:
    """Simulate small extracts in a folder and make the whole report."""
    from pipeline import cli

    config = yaml.safe_load((HERE.parents[1] / "config.yaml").read_text(encoding="utf-8"))
    for name, where in MORE_SUBGROUPS.items():
        config["subgroups"][name] = {"label": {"sv": name, "en": name}, "where": where}
    config["sensitivity"] |= ANALYSES
    (folder / "config.yaml").write_text(yaml.safe_dump(config, allow_unicode=True, sort_keys=False), encoding="utf-8")
    with contextlib.chdir(folder):
        assert cli.run(["simulate", "--people", str(people), "--seed", str(seed)]) == 0
        assert cli.run(["sensitivity"]) == 0  # with all that goes before it, and the report


def attack(folder: Path) -> Attacked:
    """Let the intruder at a report, and hold what it finds against the truth."""
    report = folder / "reports/jobb"
    system, truth = read(report, K), read(folder / "data/interim/jobb", 1)
    return Attacked(system.solve(), list(faults(report, K)), system.agrees_with(truth), len(system.wanted))


def main() -> int:
    """Attack as many extracts as asked for."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--extracts", type=int, default=50)
    options.add_argument("--first", type=int, default=1, help="first seed")
    asked = options.parse_args()
    lost = 0
    for seed in range(asked.first, asked.first + asked.extracts):
        people, start = 700 + 130 * (seed % 10), time.perf_counter()
        with tempfile.TemporaryDirectory() as name:
            said, sys.stdout = sys.stdout, open(os.devnull, "w")  # noqa: SIM115
            try:
                evaluate(Path(name), people, seed)
            finally:
                sys.stdout = said
            found = attack(Path(name))
        bad = [str(f) for f in found.small] + found.faults + ["unsound"] * (not found.sound)
        lost += bool(bad)
        verdict = "; ".join(bad) if bad else "nothing"
        seconds = time.perf_counter() - start
        print(
            f"seed {seed}, {people} people: {found.looked_at} counts looked at, {verdict} found ({seconds:.0f} s)",
            flush=True,
        )
    print(f"{asked.extracts - lost} of {asked.extracts} reports gave nothing away.")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
