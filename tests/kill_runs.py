"""Kill evaluations at random moments and check that the next run gives the same results, byte for byte.

    python tests/kill_runs.py --count 20 [--command sensitivity] [--config config.yaml] [--raw data/raw] [--seed 1]

Each round starts `utfall evaluate` in a folder of its own, kills it (kill -9) at a random moment of its usual length,
runs it again to the end and compares results.json, protected and unprotected, with those of an undisturbed run. Without
--raw the extracts are simulated by the run itself, and every other round starts without any, so that the simulation is
killed too. With `--command sensitivity` the sensitivity analyses of a finished evaluation are killed, and their files
compared. The suite does the same with stub stages (test_stages_killed.py) and with a few analyses
(sensitivity/test_killed.py).
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pipeline.config import load_config

UTFALL = [sys.executable, "-m", "pipeline.cli"]
WRITTEN = {
    "evaluate": ("reports/{}/results.json", "data/interim/{}/results.json"),
    "sensitivity": ("reports/{}/sensitivity.json", "reports/{}/sensitivity.csv", "data/interim/{}/sensitivity.json"),
}


def main() -> int:
    """Run the rounds; exit status 1 when one of them gave other results."""
    arguments = _arguments()
    name = load_config(arguments.config).evaluation.name
    with tempfile.TemporaryDirectory(prefix="utfall-kill-") as folder:
        undisturbed = _project(Path(folder) / "undisturbed", arguments.config, arguments.raw)
        if arguments.command == "sensitivity":
            subprocess.run([*UTFALL, "evaluate"], cwd=undisturbed, check=True, stdout=subprocess.DEVNULL)
            shutil.copytree(undisturbed, Path(folder) / "evaluated")
        start = time.perf_counter()
        subprocess.run([*UTFALL, arguments.command], cwd=undisturbed, check=True, stdout=subprocess.DEVNULL)
        length = time.perf_counter() - start
        print(f"undisturbed: {length:.1f} s", flush=True)
        moments = random.Random(arguments.seed)
        rounds = [
            _round(Path(folder), name, moments.uniform(0, length), number, arguments)
            for number in range(1, arguments.count + 1)
        ]
    print(f"{sum(rounds)} of {len(rounds)} killed runs gave the same results afterwards")
    return 0 if all(rounds) else 1


def _round(folder: Path, name: str, moment: float, number: int, arguments: argparse.Namespace) -> bool:
    undisturbed, command = folder / "undisturbed", [*UTFALL, arguments.command]
    while (said := _killed(project := _begun(folder, number, arguments), command, moment)) is None:
        shutil.rmtree(project)
        moment *= 0.8  # it was done before, since nothing else was at work on this machine now
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    files = [path.format(name) for path in WRITTEN[arguments.command]]
    same = done.returncode == 0 and all((project / f).read_bytes() == (undisturbed / f).read_bytes() for f in files)
    left = [path.name for path in project.rglob(".*")]
    print(f"{number}: killed after {moment:.1f} s ({said}): {'same' if same else 'OTHER'}{left or ''}", flush=True)
    if not same:
        print(done.stderr, flush=True)
    shutil.rmtree(project)
    return same and not left


def _begun(folder: Path, number: int, arguments: argparse.Namespace) -> Path:
    """A folder as a round finds it: a finished evaluation, or the extracts, or every other time not even them."""
    if arguments.command == "sensitivity":
        return Path(shutil.copytree(folder / "evaluated", folder / "killed"))
    undisturbed = folder / "undisturbed"
    raw = None if not arguments.raw and number % 2 else undisturbed / "data/raw"
    return _project(folder / "killed", undisturbed / "config.yaml", raw)


def _killed(project: Path, command: list[str], moment: float) -> str | None:
    """Kill a run after some seconds; what it said last, or None when it was done by then."""
    process = subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True)
    try:
        process.communicate(timeout=moment)
        return None
    except subprocess.TimeoutExpired:
        process.kill()
        return (process.communicate()[0].strip().splitlines() or ["nothing said yet"])[-1].strip()


def _project(folder: Path, config: Path, raw: Path | None) -> Path:
    folder.mkdir()
    shutil.copy(config, folder / "config.yaml")
    if raw is not None:
        shutil.copytree(raw, folder / "data/raw")
    return folder


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--command", choices=list(WRITTEN), default="evaluate")
    parser.add_argument("--count", type=int, default=20, help="rounds")
    parser.add_argument("--config", type=Path, default=Path("config.yaml"))
    parser.add_argument("--raw", type=Path, help="extracts to use; simulated by the first run when left out")
    parser.add_argument("--seed", type=int, default=1, help="of the random moments")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
