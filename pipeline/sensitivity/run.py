"""`utfall sensitivity`: every analysis in its turn, spread over processes, each kept until what it was made of changes.

Working files are in data/interim/<name>/sensitivity/<fingerprint>/: base cohorts, and a small file for each analysis
done. A run that was stopped goes on where it was; another fingerprint begins anew and takes the old files away.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from pipeline.config import Config
from pipeline.fingerprint import value_hash
from pipeline.parallel import spread
from pipeline.progress import SILENT, Progress
from pipeline.sensitivity.assemble import assembled
from pipeline.sensitivity.choices import Specification, own_specification, specifications
from pipeline.sensitivity.kept import NAME, fingerprint, read, write
from pipeline.sensitivity.record import Sensitivity

RESAMPLES_A_TASK = 50
SHOWN_EVERY = 10  # lines of progress a run has, apart from its first and last


@dataclass(frozen=True, slots=True)
class Job:
    """What every task needs to know."""

    config: Config
    interim: Path
    folder: Path

    @property
    def factors(self) -> tuple[str, ...]:
        """Covariates with levels."""
        return tuple(c.name for c in self.config.models.covariates if c.reference is not None)

    def base(self, other_exit: str) -> Path:
        """The folder of a base cohort."""
        return self.folder / f"base-{other_exit or 'ready'}"


@dataclass(frozen=True, slots=True)
class Task:
    """A piece of work for one process: several analyses that share a cohort, or one placebo, or resamples.

    kind : base, specifications, months, resamples or placebo · part : what of it · costs : roughly, to begin with the
    dearest
    """

    kind: str
    part: tuple[Any, ...]
    costs: float = 1.0

    @property
    def key(self) -> str:
        """The name of its file."""
        return f"{self.kind}-{value_hash([str(part) for part in self.part])[:20]}"


def run_sensitivity(
    config: Config, interim: Path, *, processes: int | None = None, fresh: bool = False, progress: Progress = SILENT
) -> Sensitivity:
    """Make every analysis that is not there yet, and write `sensitivity.json` into `interim`, unprotected.

    Raises
    ------
    UserError : a process was killed
    """
    prints = fingerprint(config, interim)
    job = Job(config, interim, interim / "sensitivity" / value_hash(prints)[:16])
    _clear(job.folder, fresh)
    bases = [Task("base", (exit_, tuple(outcomes))) for exit_, outcomes in base_outcomes(config).items()]
    done: dict[str, Any] = {}
    for tasks in ([task for task in bases if not job.base(task.part[0]).exists()], list(_tasks(job))):
        done |= _performed(tasks, job, processes, progress)
    result = assembled(config, {task: done[task.key] for task in _tasks(job)})
    write(interim / NAME, {"made_from": prints, "result": result.model_dump(mode="json")})
    return result


def base_outcomes(config: Config) -> dict[str, list[str]]:
    """The rules for other exits that need a base cohort, and the outcomes each is followed to."""
    if config.population is None:
        return {}
    found: dict[str, list[str]] = {}
    for specification in specifications(config):
        found.setdefault(specification.other_exit, [])
        if specification.outcome not in found[specification.other_exit]:
            found[specification.other_exit].append(specification.outcome)
    return found


def _tasks(job: Job) -> Iterator[Task]:
    """Every analysis, the dearest first."""
    config = job.config
    together: dict[tuple[str, ...], list[Specification]] = {}
    for specification in specifications(config):
        together.setdefault(specification.cohort, []).append(specification)
    tasks = [Task("specifications", tuple(group), _cost(group)) for group in together.values()]
    if config.population is not None:
        tasks += [Task("placebo", ("outcome_before_start",), 3), Task("placebo", ("start_among_controls",), 12)]
        tasks.append(Task("months", (), 12))
    edges = [*range(0, config.sensitivity.bootstrap, RESAMPLES_A_TASK), config.sensitivity.bootstrap]
    tasks += [Task("resamples", edge, 6) for edge in pairwise(edges)]
    yield from sorted(tasks, key=lambda task: -task.costs)


def _cost(group: list[Specification]) -> float:
    return {"propensity": 5.0, "entropy": 3.0}.get(group[0].weights, 1.0) + len(group)


def _performed(tasks: list[Task], job: Job, processes: int | None, progress: Progress) -> dict[str, Any]:
    """Results by the tasks' keys: those kept from before, the others made now and kept."""
    results = {task.key: kept for task in tasks if (kept := read(job.folder / f"{task.key}.json")) is not None}
    wanted = [task for task in tasks if task.key not in results]
    if not wanted:
        return results
    total = sum(_size(task) for task in wanted)
    what = "cohorts" if wanted[0].kind == "base" else "analyses"
    again = f" ({sum(_size(task) for task in tasks) - total} are there)" if results else ""
    progress.say(f"sensitivity: {total} {what}{again}")
    finished = shown = 0
    with progress.working(f"sensitivity: {total} {what}"):
        for number, result in spread(partial(perform, job), wanted, processes=processes):
            task = wanted[number]
            results[task.key] = result
            if task.kind != "base":
                write(job.folder / f"{task.key}.json", {"result": result})
            finished += _size(task)
            if (finished * SHOWN_EVERY) // total > shown and finished < total:
                shown = (finished * SHOWN_EVERY) // total
                progress.say(f"  {finished} of {total}")
    return results


def _size(task: Task) -> int:
    """How many analyses a task is."""
    if task.kind == "resamples":
        return int(task.part[1] - task.part[0])
    return len(task.part) if task.kind == "specifications" else 1


def perform(job: Job, task: Task) -> Any:
    """Do one task, in whatever process; the result is plain numbers."""
    from pipeline.sensitivity import cohorts, estimates, placebo, stability

    config = job.config
    if task.kind == "base":
        other_exit, outcomes = task.part
        cohorts.make_base(cohorts.base_config(config, other_exit, list(outcomes)), job.interim, job.base(other_exit))
        return None
    own = own_specification(config)
    if task.kind == "specifications":
        found = estimates.estimate_together(_base(job, task.part[0].other_exit), list(task.part), config)
        return [effect.as_dict() for effect in found]
    base = _base(job, own.other_exit)
    if task.kind == "months":
        return {month: e.as_dict() for month, e in stability.without_each_month(base, own, config).items()}
    if task.kind == "resamples":
        return stability.resampled_ratios(base, own, config, *task.part)
    if task.part[0] == "outcome_before_start":
        return placebo.outcome_before_start(base, config).as_dict()
    return placebo.start_among_controls(base, config, job.interim, job.folder / f"placebo-{os.getpid()}").as_dict()


def _base(job: Job, other_exit: str) -> Any:
    from pipeline.sensitivity import cohorts

    if job.config.population is None:
        return cohorts.read_base(job.interim, job.factors, None)
    return cohorts.read_base(job.base(other_exit), job.factors, job.interim / "participants.parquet")


def _clear(folder: Path, fresh: bool) -> None:
    """Make the folder; take away those of other fingerprints, what a killed run left, and all when asked for fresh."""
    if fresh:
        shutil.rmtree(folder, ignore_errors=True)
    for other in folder.parent.iterdir() if folder.parent.exists() else ():
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    for left in folder.iterdir():
        if left.is_dir() and not left.name.startswith("base-"):
            shutil.rmtree(left, ignore_errors=True)
