"""Run the five stages in order, each only when something it depends on has changed.

A stage reuses its output while its fingerprint and the output itself are unchanged. The fingerprint covers the output
of all earlier stages (the extracts, for load), the sections of the configuration it reads, the code it imports with
the code lists in data/codes, and the versions of Python and the libraries.
"""

from __future__ import annotations

import datetime as dt
import importlib
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline import publish
from pipeline.config import Config
from pipeline.disclosure.policy import Policy
from pipeline.errors import Fault, stop_if
from pipeline.fingerprint import PACKAGES, ROOT, code_hash, file_hashes, value_hash, versions
from pipeline.lock import only_run
from pipeline.manifest import outputs_written, write_manifest
from pipeline.parallel import processes_kept, start_early
from pipeline.progress import SILENT, Progress
from pipeline.provenance import house_files, marker_files, servers, source_files
from pipeline.records import Record, files_under, read_record, reason_to_redo, remove_drafts
from pipeline.registers.pseudonyms import key_proof
from pipeline.verification import MATCHED, read_verification
from pipeline.workspace import Run


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of an evaluation.

    `sections` are the parts of the configuration it reads, `ready_sections` those it reads besides when the evaluation
    is of a ready cohort; `code` is the module to follow imports from. A stage writes into data/interim/<name>, or, when
    `reports`, makes the whole of reports/<name>. `helpers` are the modules that processes which help it import.
    """

    name: str
    sections: tuple[str, ...]
    run: Callable[[Run], None]
    code: Path
    ready_sections: tuple[str, ...] = ()
    reports: bool = False
    helpers: tuple[str, ...] = ()


def _stage(
    name: str, *sections: str, ready: tuple[str, ...] = (), reports: bool = False, helpers: tuple[str, ...] = ()
) -> Stage:
    def run(run: Run) -> None:
        importlib.import_module(f"pipeline.{name}").run(run)  # heavy, and not needed when the output is reused

    return Stage(name, sections, run, ROOT / "pipeline" / f"{name}.py", ready, reports, helpers)


INTO_TABLES = ("engine", "sources", "cohort", "cleaning", "identity", "population")
INTO_COHORT = ("engine", "seed", "cohort", "cleaning", "population", "matching")
TO_DRAW = (
    "pipeline.reporting.drawing",
    *(f"matplotlib.backends.backend_{form}" for form in ("agg", "pdf", "svg")),
    "pipeline.reporting.word",
    "pipeline.reporting.workbook",
)
STAGES = (
    _stage("load", *INTO_TABLES, "outcomes", ready=("matching", "models", "subgroups")),
    _stage("cohort", *INTO_COHORT, "outcomes", ready=("models",)),
    _stage("match", "seed", "matching", "models"),  # without matching, balance is shown on the models' covariates
    # It writes the configuration's texts into the results; what `utfall sensitivity` makes is added by the report.
    _stage(
        "estimate",
        *(name for name in Config.model_fields if name != "sensitivity"),
        helpers=("pipeline.estimate", "pandas", "survival.cox"),
    ),
    _stage("report", *Config.model_fields, reports=True, helpers=TO_DRAW),
)
STAGE_NAMES = tuple(stage.name for stage in STAGES)
# Bytes of extracts from which processes that help the last stages are started with the first.
LARGE = 4_000_000


@dataclass(frozen=True, slots=True)
class Folders:
    """Where an evaluation's files are: `base` holds config.yaml, `interim` working files, `report` the results."""

    base: Path
    interim: Path
    report: Path


def folders(config: Config, config_path: Path, home: Path | None = None) -> Folders:
    """The folders of an evaluation. Working files and reports go under `home`, by default the current folder."""
    home, name = home or Path.cwd(), config.evaluation.name
    return Folders(config_path.resolve().parent, home / "data" / "interim" / name, home / "reports" / name)


def run_stages(
    config: Config,
    place: Folders,
    *,
    until: str = "report",
    redo_from: str | None = None,
    stages: tuple[Stage, ...] = STAGES,
    progress: Progress = SILENT,
) -> None:
    """Run the stages up to `until`, reusing what is still valid; from `redo_from` on, everything is done again.

    Raises
    ------
    UserError : what a stage finds wrong with the extracts or the configuration, or another run is under way
    """
    names = [stage.name for stage in stages]
    forced = set(names[names.index(redo_from) :]) if redo_from else set()
    lock = place.interim / ".lock"
    running = f"Evaluation '{config.evaluation.name}' is being run"
    with _kept_only_if_used(place.interim), only_run(lock, running), processes_kept():
        _clear_up_after_killed_runs(stages, place)
        house = file_hashes(house_files(config, place.base))
        job = _Job(config, config.model_dump(mode="json"), place, progress, _Extracts.found(config, place.base), house)
        records: dict[str, Record] = {}
        wanted = stages[: names.index(until) + 1]
        for number, stage in enumerate(wanted):
            helpers = [module for later in wanted[number:] for module in later.helpers]
            records[stage.name] = _reuse_or_do(stage, job, records, helpers, force=stage.name in forced)


@dataclass(frozen=True, slots=True)
class _Extracts:
    """The extracts as they were when the run began."""

    files: dict[str, Path]
    stamps: dict[str, tuple[int, int]]
    hashes: dict[str, str]
    besides: dict[str, str]  # what else loading depends on, told in no manifest: markers, the key of the hash

    @classmethod
    def found(cls, config: Config, base: Path) -> _Extracts:
        files = source_files(config, base)
        stamps = _stamps(files)  # before hashing, so that nothing can change unseen in between
        # Tables on a server are read every time: what they held before cannot be known.
        read_now = {f"{name}: tables on a server": f"read at {_now()}, {uuid.uuid4().hex}" for name in servers(config)}
        hashes = {**file_hashes(files), **read_now}
        besides = file_hashes(marker_files(files.values())) | key_proof(config.identity.key_file, base)
        return cls(files, stamps, hashes, besides)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(size for size, _ in self.stamps.values())

    def refuse_changed(self) -> None:
        """Stop before output is made from extracts that were being written while they were read."""
        now = _stamps(self.files)
        changed = [name for name in self.files if now.get(name) != self.stamps[name]]
        stop_if(Fault(name, "changed while it was being read.", "Run again when it is complete.") for name in changed)


@dataclass(frozen=True, slots=True)
class _Job:
    """What stays the same through a run."""

    config: Config
    settings: dict[str, Any]
    place: Folders
    progress: Progress
    extracts: _Extracts
    house: dict[str, str]


def _clear_up_after_killed_runs(stages: tuple[Stage, ...], place: Folders) -> None:
    publish.recover_folder(place.report)
    remove_drafts(place.interim)
    for stage in stages:
        publish.clean(_destination(stage, place), stage.name)


def _destination(stage: Stage, place: Folders) -> Path:
    return place.report if stage.reports else place.interim


def _stamps(files: dict[str, Path]) -> dict[str, tuple[int, int]]:
    return {name: (path.stat().st_size, path.stat().st_mtime_ns) for name, path in files.items() if path.is_file()}


def _reuse_or_do(stage: Stage, job: _Job, earlier: dict[str, Record], helpers: list[str], *, force: bool) -> Record:
    fingerprint = _fingerprint(stage, job, earlier)
    record = read_record(job.place.interim, stage.name)
    reason = "asked for" if force else reason_to_redo(record, fingerprint, _destination(stage, job.place))
    if reason is None:
        job.progress.say(f"{stage.name}: reused")
        return record
    if helpers and job.extracts.size >= LARGE:
        start_early(helpers)
    with job.progress.working(stage.name):
        record = _do(stage, job, Record(fingerprint), earlier)
    job.progress.say(f"{stage.name}: done in {record.seconds:.1f} s ({reason})")
    return record


def _fingerprint(stage: Stage, job: _Job, earlier: dict[str, Record]) -> dict[str, str]:
    extracts = {**job.extracts.hashes, **job.extracts.besides}
    inputs = {name: record.outputs for name, record in earlier.items()} or extracts
    sections = (*stage.sections, *(stage.ready_sections if job.config.cohort else ()))
    return {
        "inputs": value_hash({**inputs, **job.house} if stage.reports else inputs),
        "configuration": value_hash({name: job.settings[name] for name in sections}),
        "code": code_hash(stage.code),
        "versions": value_hash(versions()),
    }


def _given(job: _Job, staging: Path) -> Run:
    """What a stage is given; what it tells is under disclosure control."""

    def say(line: str) -> None:
        job.progress.say(f"  {line}")

    return Run(job.config, job.place.base, job.place.interim, staging, say, Policy.of(job.config).told)


def _do(stage: Stage, job: _Job, record: Record, earlier: dict[str, Record]) -> Record:
    """Run a stage in its staging folder and put the output in place."""
    place = job.place
    destination = _destination(stage, place)
    start = time.perf_counter()
    staging = publish.prepare(destination, stage.name, private=not stage.reports)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            stage.run(_given(job, staging))
        if not earlier:
            job.extracts.refuse_changed()
        seconds = round(time.perf_counter() - start, 3)
        record = replace(record, seconds=seconds, finished=_now(), warnings=_told(caught))
        if stage.reports:
            second = read_verification(place.interim, matched_hash(earlier))
            inputs = {**job.extracts.hashes, **job.house}
            write_manifest(job.config, inputs, {**earlier, stage.name: record}, staging, second)
        record = replace(record, outputs=file_hashes(files_under(staging)))
        if stage.reports:
            if kept := publish.keep_changed(place.report, outputs_written(place.report)):
                job.progress.say(
                    f"  what somebody changed in the report's folder is kept in {kept.parent.name}/{kept.name}"
                )
            publish.publish_folder(place.report, place.interim, stage.name, record)
        else:
            publish.publish_files(place.interim, stage.name, record)
    finally:
        publish.clean(destination, stage.name)
    return record


def matched_hash(records: dict[str, Record]) -> str | None:
    """The hash of the matched cohort among the outputs of the stages so far."""
    return next((record.outputs[MATCHED] for record in records.values() if MATCHED in record.outputs), None)


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def _told(caught: list[warnings.WarningMessage]) -> list[str]:
    """Warnings for the manifest: our own in full, others by kind and library, since their text may quote data."""
    lines = []
    for warning in caught:
        path = Path(warning.filename)
        ours = path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in PACKAGES
        kind = warning.category.__name__
        lines.append(str(warning.message) if ours else f"{kind} in {path.parent.name}/{path.name}")
    return list(dict.fromkeys(lines))


@contextmanager
def _kept_only_if_used(folder: Path) -> Iterator[None]:
    """Make a folder that only its owner can read; take it away again, with those above it, if nothing came into it."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=0o700 if path in (folder, folder.parent) else 0o777, exist_ok=True)
    folder.chmod(0o700)
    try:
        yield
    finally:
        for path in missing:
            try:
                path.rmdir()
            except OSError:
                break
