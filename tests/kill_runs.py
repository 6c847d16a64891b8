"""Kill evaluations at random moments and check that the next run gives the same results, byte for byte.

    python tests/kill_runs.py --count 20 [--config config.yaml] [--raw data/raw] [--seed 1]

Each round starts `utfall evaluate` in a folder of its own, kills it (kill -9) at a random moment of its usual length,
runs it again to the end and compares results.json, protected and unprotected, with those of an undisturbed run. Without
--raw the extracts are simulated by the run itself, and every other round starts without any, so that the simulation is
killed too. The suite does the same with stub stages (test_stages_killed.py).
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

COMMAND = [sys.executable, "-m", "pipeline.cli", "evaluate"]


def main() -> int:
    """Run the rounds; exit status 1 when one of them gave other results."""
    arguments = _arguments()
    name = load_config(arguments.config).evaluation.name
    with tempfile.TemporaryDirectory(prefix="utfall-kill-") as folder:
        undisturbed = _project(Path(folder) / "undisturbed", arguments.config, arguments.raw)
        start = time.perf_counter()
        subprocess.run(COMMAND, cwd=undisturbed, check=True, stdout=subprocess.DEVNULL)
        length = time.perf_counter() - start
        print(f"undisturbed: {length:.1f} s", flush=True)
        moments = random.Random(arguments.seed)
        rounds = [
            _round(Path(folder), undisturbed, name, moments.uniform(0, length), number, anew=not arguments.raw)
            for number in range(1, arguments.count + 1)
        ]
    print(f"{sum(rounds)} of {len(rounds)} killed runs gave the same results afterwards")
    return 0 if all(rounds) else 1


def _round(folder: Path, undisturbed: Path, name: str, moment: float, number: int, *, anew: bool) -> bool:
    raw = None if anew and number % 2 else undisturbed / "data/raw"
    while (said := _killed(project := _project(folder / "killed", undisturbed / "config.yaml", raw), moment)) is None:
        shutil.rmtree(project)
        moment *= 0.8  # it was done before, since nothing else was at work on this machine now
    done = subprocess.run(COMMAND, cwd=project, capture_output=True, text=True)
    files = [f"reports/{name}/results.json", f"data/interim/{name}/results.json"]
    same = done.returncode == 0 and all((project / f).read_bytes() == (undisturbed / f).read_bytes() for f in files)
    left = [path.name for path in project.rglob(".*")]
    print(f"{number}: killed after {moment:.1f} s ({said}): {'same' if same else 'OTHER'}{left or ''}", flush=True)
    if not same:
        print(done.stderr, flush=True)
    shutil.rmtree(project)
    return same and not left


def _killed(project: Path, moment: float) -> str | None:
    """Kill a run after some seconds; what it said last, or None when it was done by then."""
    process = subprocess.Popen(COMMAND, cwd=project, stdout=subprocess.PIPE, text=True)
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
    parser.add_argument("--count", type=int, default=20, help="rounds")
    parser.add_argument("--config", type=Path, default=Path("config.yaml"))
    parser.add_argument("--raw", type=Path, help="extracts to use; simulated by the first run when left out")
    parser.add_argument("--seed", type=int, default=1, help="of the random moments")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
