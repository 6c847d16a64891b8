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

RESAMPLES_A_TASK = 100
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

    @property
    def base(self) -> Path:
        """The folder of the base cohort."""
        return self.folder / "base"


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
    _clear(job, fresh)
    done: dict[str, Any] = {}
    for tasks in (_base_task(job), list(_tasks(job))):
        done |= _performed(tasks, job, processes, progress)
    result = assembled(config, {task: done[task.key] for task in _tasks(job)})
    write(interim / NAME, {"made_from": prints, "result": result.model_dump(mode="json")})
    return result


def _base_task(job: Job) -> list[Task]:
    """The base cohort, unless it is there or the evaluation has a ready one."""
    if job.config.population is None or job.base.exists():
        return []
    outcomes = dict.fromkeys(specification.outcome for specification in specifications(job.config))
    return [Task("base", tuple(outcomes))]


def _tasks(job: Job) -> Iterator[Task]:
    """Every analysis, the dearest first."""
    config = job.config
    together: dict[tuple[str, ...], list[Specification]] = {}
    for specification in specifications(config):
        together.setdefault(specification.cohort, []).append(specification)
    tasks = [Task("specifications", tuple(group), _cost(group)) for group in together.values()]
    if config.population is not None:
        tasks += [Task("placebo", ("outcome_before_start",)), Task("placebo", ("start_among_controls",), 5)]
        tasks.append(Task("months", (), 4))
    edges = [*range(0, config.sensitivity.bootstrap, RESAMPLES_A_TASK), config.sensitivity.bootstrap]
    tasks += [Task("resamples", edge, 6) for edge in pairwise(edges)]
    yield from sorted(tasks, key=lambda task: -task.costs)


def _cost(group: list[Specification]) -> float:
    """Seconds or so: more where weights are solved for, and for every month of everyone."""
    each = {"propensity": 3.0, "entropy": 3.0}.get(group[0].weights, 0.5) + len(group) / 2
    return each if group[0].control_index == "every_month" else each / 3


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
        cohorts.make_base(cohorts.base_config(config, list(task.part)), job.interim, job.base)
        return None
    own = own_specification(config)
    if task.kind == "specifications":
        found = estimates.estimate_together(_base(job), list(task.part), config)
        return [effect.as_dict() for effect in found]
    base = _base(job)
    if task.kind == "months":
        return {month: e.as_dict() for month, e in stability.without_each_month(base, own, config).items()}
    if task.kind == "resamples":
        return stability.resampled_ratios(base, own, config, *task.part)
    if task.part[0] == "outcome_before_start":
        return placebo.outcome_before_start(base, config).as_dict()
    return placebo.start_among_controls(base, config, job.interim, job.folder / f"placebo-{os.getpid()}").as_dict()


def _base(job: Job) -> Any:
    from pipeline.sensitivity import cohorts

    if job.config.population is None:
        return cohorts.read_base(job.interim, job.factors, None)
    return cohorts.read_base(job.base, job.factors, job.interim / "participants.parquet")


def _clear(job: Job, fresh: bool) -> None:
    """Make the folder; take away those of other fingerprints, what a killed run left, and all when asked for fresh."""
    if fresh:
        shutil.rmtree(job.folder, ignore_errors=True)
    for other in job.folder.parent.iterdir() if job.folder.parent.exists() else ():
        if other != job.folder:
            shutil.rmtree(other, ignore_errors=True)
    job.folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    for left in job.folder.iterdir():
        if left.is_dir() and left != job.base:
            shutil.rmtree(left, ignore_errors=True)
