"""Many simulated evaluations in numbers: which are missing, loaded several at a time, a row of a file for each.

Loading is dear for small extracts, whose rows take no time beside the queries. So the extracts of several runs are
written and loaded as one, people's keys made different, and the tables are taken apart again. They are those of each
run loaded by itself, since what people are called depends on nothing but what the registers say of them.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline import load
from pipeline.cohort import TABLES
from pipeline.config import Config
from pipeline.registers.pseudonyms import find_again
from pipeline.registers.rules import Identity
from pipeline.simulation import Simulated, simulate, write_extracts
from pipeline.workspace import Run

TOGETHER = 10
REGISTER_KEY = "LopNr"
KEY = b"simulated people need no secret key"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One evaluation: the effect that is simulated, and the seed."""

    effect: str
    seed: int


@dataclass(frozen=True, slots=True)
class Loaded:
    """One evaluation: its people, the folder of its canonical tables, and people's keys by their names there."""

    wanted: Wanted
    simulated: Simulated
    folder: Path
    originals: dict[str, str]


def missing(wanted: Sequence[Wanted], people: int, file: Path) -> list[Wanted]:
    """Those without a row in the file."""
    if not file.exists():
        return list(wanted)
    rows = pd.read_csv(file)
    rows = rows[rows["people"] == people]
    done = set(zip(rows["effect"], rows["seed"], strict=True))
    return [run for run in wanted if (run.effect, run.seed) not in done]


def run_missing(
    evaluate: Callable[[list[Wanted], int], list[dict[str, Any]]],
    wanted: Sequence[Wanted],
    people: int,
    file: Path,
    processes: int,
) -> None:
    """Evaluate what has no row yet, `TOGETHER` at a time, and append the rows of each lot as it is done."""
    left = missing(wanted, people, file)
    lots = [left[first : first + TOGETHER] for first in range(0, len(left), TOGETHER)]
    done = 0
    with ProcessPoolExecutor(processes) as pool:
        for lot in as_completed([pool.submit(evaluate, lot, people) for lot in lots]):
            rows = lot.result()
            _append(rows, file)
            done += len(rows)
            print(f"\r{done} of {len(left)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def _append(rows: list[dict[str, Any]], file: Path) -> None:
    file.parent.mkdir(exist_ok=True)
    new = not file.exists()
    with file.open("a", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        if new:
            writer.writeheader()
        for row in rows:
            writer.writerow({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()})


def load_together(wanted: Sequence[Wanted], people: int, config: Config, folder: Path) -> Iterator[Loaded]:
    """Simulate and load evaluations as one delivery, and yield each with its own tables under `folder`."""
    project, key = folder / "project", folder / "key"
    interim = project / "interim"
    interim.mkdir(parents=True)
    key.touch(mode=0o600)
    key.write_bytes(KEY)
    config = config.model_copy(update={"identity": Identity(key_file=str(key))})
    simulated = [simulate(people, run.seed, effect=run.effect) for run in wanted]
    delivered = {
        name: pd.concat([_marked(each.tables[name], number) for number, each in enumerate(simulated)])
        for name in simulated[0].tables
    }
    write_extracts(replace(simulated[0], tables=delivered), project / "data" / "raw")
    load.run(Run(config, project, interim, interim, lambda line: None))
    tables = {name: pq.read_table(interim / f"{name}.parquet") for name in TABLES}
    for number, (run, each) in enumerate(zip(wanted, simulated, strict=True)):
        keys = {_mark(number, key): key for key in each.people["person_id"]}
        names = find_again(interim / "pseudonyms.parquet", KEY, keys)
        own = folder / f"{run.effect}-{run.seed}"
        own.mkdir()
        chosen = pa.array(list(names.values()), pa.string())
        for name, table in tables.items():
            pq.write_table(table.filter(pc.is_in(table["person_id"], value_set=chosen)), own / f"{name}.parquet")
        yield Loaded(run, each, own, {name: keys[marked] for marked, name in names.items()})


def _marked(table: pd.DataFrame, number: int) -> pd.DataFrame:
    return table.assign(**{REGISTER_KEY: [_mark(number, key) for key in table[REGISTER_KEY]]})


def _mark(number: int, key: str) -> str:
    """A person's key told apart from the same in another run; the letter keeps it from looking like a number."""
    return f"{number}r{key}"
