"""A run may be killed at any moment: the next one finishes, and nothing half-done is ever taken for done."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from stage_stubs import config_of, contents, stub_stages, write_project

from pipeline.errors import UserError
from pipeline.provenance import simulated_extracts
from pipeline.simulated import extracts_wanting, write_simulated
from pipeline.stages import folders, run_stages

# What changes something on disk, as Python announces it to audit hooks; "open" too, when it is for writing.
WRITING = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.chmod"}
POSIX = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_project(tmp_path)
    return tmp_path


def run(project: Path, seed: int = 1, **choices: object) -> None:
    config = config_of(project).model_copy(update={"seed": seed})
    run_stages(config, folders(config, project / "config.yaml", project), stages=stub_stages(project), **choices)


def results(project: Path) -> dict[str, bytes]:
    """Working files and reports; of records and manifest only that they are there, since they tell times."""
    found = contents(project)
    return {name: b"" if "/stages/" in name else content for name, content in found.items() if "/raw/" not in name}


def killed_at(operation: int, work: Callable[[], None], within: Path) -> bool:
    """Do `work` in a process that dies, as by kill -9, before its n-th file operation; whether it came to that."""
    child = os.fork()
    if child == 0:
        left = operation

        def count(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal left
            writes = event in WRITING or (event == "open" and int(str(arguments[2] or 0)) & (os.O_WRONLY | os.O_RDWR))
            if writes and str(arguments[0]).startswith(str(within)):
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        try:
            work()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@POSIX
@pytest.mark.parametrize(
    ("older", "then", "step"), [(None, 2, 3), (1, 2, 3), (1, 1, 1)], ids=["first run", "finished", "taken back"]
)
def test_killed_before_any_file_operation(
    project: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    older: int | None,
    then: int,
    step: int,
) -> None:
    """A run with seed 2 dies, over nothing or over a run with seed 1; the next has seed 2, or 1 again.

    `step`: every operation, or only every third to keep the suite short.
    """
    monkeypatch.setattr("pipeline.manifest.commit", lambda: None)  # asking git takes longer than all the rest
    undisturbed = tmp_path_factory.mktemp("undisturbed")
    write_project(undisturbed)
    run(undisturbed, seed=then)
    operation, killed = 1, True
    while killed:
        if older:
            run(project, seed=older)
        else:
            shutil.rmtree(project / "data/interim", ignore_errors=True)
            shutil.rmtree(project / "reports", ignore_errors=True)
        killed = killed_at(operation, lambda: run(project, seed=2), project)
        run(project, seed=then)
        assert results(project) == results(undisturbed), operation
        operation += step
    assert operation > 60


def start_slow_run(project: Path) -> subprocess.Popen[bytes]:
    """The stubs in a process of their own, in the middle of their work."""
    script = Path(__file__).with_name("stage_stubs.py")
    process = subprocess.Popen([sys.executable, str(script), str(project), "0.2"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_second_run_at_once_is_refused_and_a_dead_run_holds_nothing(project: Path) -> None:
    process = start_slow_run(project)
    try:
        with pytest.raises(UserError, match=rf"'stub' is being run already \(process {process.pid}\)\. Wait until"):
            run(project)
    finally:
        process.kill()
        process.wait()
    assert (project / "data/interim/stub/.lock").exists()
    run(project)
    assert not (project / "data/interim/stub/.lock").exists()
    assert not [path for path in project.rglob(".*") if path.is_dir()]


@pytest.mark.skipif(os.name == "nt", reason="signals differ there")
def test_interrupted_run_leaves_nothing_behind(project: Path) -> None:
    process = start_slow_run(project)
    process.send_signal(signal.SIGINT)
    process.wait(timeout=20)
    assert not list(project.rglob(".*"))
    done = {path.stem for path in (project / "data/interim").rglob("stages/*.json")}
    assert done < {"load", "cohort", "match", "estimate", "report"}


@POSIX
def test_simulation_killed_before_any_file_operation(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Extracts of two simulations are never mixed, and an unfinished one is known to be."""
    names = ("a.csv", "b.csv", "c_2019.csv", "c_2020.csv", "d.csv")

    def write(seed: int, folder: Path, _: str) -> list[Path]:
        for name in names:
            (folder / name).write_text(f"simulated {seed} {name}\n")
        return [folder / name for name in names]

    monkeypatch.setattr("pipeline.simulation.simulate", lambda people, seed: seed)
    monkeypatch.setattr("pipeline.simulation.write_extracts", write)
    sources, raw = config_of(project).sources, project / "data/raw"
    assert sources is not None
    operation, killed = 1, True
    while killed:
        shutil.rmtree(raw)
        write_simulated(raw, 10, seed=1)
        killed = killed_at(operation, lambda: write_simulated(raw, 10, seed=2), raw)
        found = {path.read_text().split()[1] for path in raw.glob("*.csv")}
        assert len(found) <= 1, operation
        complete = len(list(raw.glob("*.csv"))) == len(names)
        assert extracts_wanting(sources, project) is not complete, operation
        if complete:
            assert simulated_extracts(raw.glob("*.csv"))
        write_simulated(raw, 10, seed=2)
        assert {path.name for path in raw.iterdir()} == {*names, "SIMULATED.json"}, operation
        assert {path.read_text().split()[1] for path in raw.glob("*.csv")} == {"2"}
        operation += 1
    assert operation > 20
