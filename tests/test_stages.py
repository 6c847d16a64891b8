"""The stage runner: what is done again and when, and what is left when something goes wrong."""

from __future__ import annotations

import json
import os
import stat
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from stage_stubs import config_of, contents, lines_of, stub_stages, write_project

from pipeline.config import Config
from pipeline.errors import UserError
from pipeline.registers.pseudonyms import key_proof
from pipeline.registers.rules import Identity
from pipeline.stages import Folders, Stage, folders, run_stages
from pipeline.workspace import Run

DONE = ["load", "cohort", "match", "estimate", "report"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_project(tmp_path)
    return tmp_path


def run(project: Path, config: Config | None = None, **choices: object) -> list[str]:
    """Run the stub stages and give the names of those that were done, not reused."""
    config = config or config_of(project)
    lines = lines_of(run_stages, config, place(project, config), stages=stub_stages(project), **choices)
    return [line.split(":")[0] for line in lines if ": done in" in line]


def place(project: Path, config: Config | None = None) -> Folders:
    return folders(config or config_of(project), project / "config.yaml", project)


def test_every_stage_is_done_once_and_reused_after_that(project: Path) -> None:
    assert run(project) == DONE
    assert run(project) == []


def test_changed_extract_is_read_again_even_when_size_and_time_are_the_same(project: Path) -> None:
    run(project)
    extract = project / "data/raw/a.csv"
    before = extract.stat()
    extract.write_text(extract.read_text().replace("1", "2"))
    os.utime(extract, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert extract.stat().st_size == before.st_size
    assert run(project) == DONE


def test_another_key_of_the_hash_loads_again(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    key = tmp_path_factory.mktemp("elsewhere") / "key"
    key.write_bytes(b"one")
    config = config_of(project).model_copy(update={"identity": Identity(key_file=str(key))})
    assert run(project, config) == DONE
    assert run(project, config) == []
    key.write_bytes(b"two")
    assert run(project, config)[0] == "load"
    records = b"".join(path.read_bytes() for path in project.rglob("*") if path.is_file())
    assert all(proof.encode() not in records for proof in key_proof(str(key), project).values())


def test_touched_extract_is_not_read_again(project: Path) -> None:
    run(project)
    os.utime(project / "data/raw/a.csv", (1, 1))
    assert run(project) == []


def test_stages_after_an_unchanged_output_are_reused(project: Path) -> None:
    """The stubs' load ignores comments, so its output stays the same."""
    run(project)
    with (project / "data/raw/a.csv").open("a") as file:
        file.write("# a comment\n")
    assert run(project) == ["load"]


def test_only_stages_that_read_a_changed_section_are_done_again(project: Path) -> None:
    run(project)
    config = config_of(project)
    assert run(project, config.model_copy(update={"seed": 2})) == DONE[1:]
    strict = config.disclosure.model_copy(update={"minimum_count": 20})
    assert run(project, config.model_copy(update={"seed": 2, "disclosure": strict})) == ["estimate", "report"]


def test_order_of_outcomes_counts_as_a_change(project: Path) -> None:
    """The first outcome is the headline."""
    config = config_of(project)
    run(project, config)
    turned = config.model_copy(update={"outcomes": dict(reversed(config.outcomes.items()))})
    assert "estimate" in run(project, turned)


def test_changed_code_is_run_again(project: Path) -> None:
    run(project)
    with (project / "code/match.py").open("a") as file:
        file.write("# changed\n")
    assert run(project) == ["match"]


def test_changed_template_makes_the_report_again(project: Path) -> None:
    config = config_of(project)
    config = config.model_copy(update={"report": config.report.model_copy(update={"word_template": "house.docx"})})
    with pytest.raises(UserError, match=r"word_template: there is no file 'house\.docx'"):
        run(project, config)
    (project / "house.docx").write_text("first")
    assert run(project, config) == DONE
    (project / "house.docx").write_text("second")
    assert run(project, config) == ["report"]


def test_changed_extract_name_counts(project: Path) -> None:
    """The year of a LISA extract is read from its name."""
    run(project)
    (project / "data/raw/c_2020.csv").rename(project / "data/raw/c_2021.csv")
    with pytest.raises(FileNotFoundError):  # the stub load wants its file: it was run again
        run(project)


@pytest.mark.parametrize("output", ["data/interim/stub/matched.txt", "reports/stub/figures/curve.svg"])
@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_text("altered")])
def test_damaged_output_is_made_again(project: Path, output: str, damage: Callable[[Path], object]) -> None:
    run(project)
    whole = (project / output).read_bytes()
    damage(project / output)
    assert run(project) == (["report"] if "reports" in output else ["match"])
    assert (project / output).read_bytes() == whole


def test_what_somebody_wrote_into_the_report_is_kept_beside_it(project: Path) -> None:
    """The folder is replaced as a whole, but an edited report or a note in it is somebody's work."""
    run(project)
    report = project / "reports/stub"
    (report / "report.html").write_text("edited")
    (report / "figures/note.txt").write_text("a note")
    assert run(project) == ["report"]
    assert "edited" not in (report / "report.html").read_text()
    (kept,) = (project / "reports/stub-kept").iterdir()
    assert contents(kept) == {"report.html": b"edited", "figures/note.txt": b"a note"}
    run(project, redo_from="report")
    assert len(list((project / "reports/stub-kept").iterdir())) == 1


def test_from_and_fresh(project: Path) -> None:
    run(project)
    assert run(project, redo_from="estimate") == ["estimate", "report"]
    assert run(project, redo_from="load") == DONE


def test_until_stops_after_that_stage(project: Path) -> None:
    assert run(project, until="match") == DONE[:3]
    assert not (project / "reports").exists()
    assert run(project) == DONE[3:]


def failing(project: Path, stage: str, error: BaseException) -> tuple[Stage, ...]:
    """The stub stages, of which one writes a file and then fails."""

    def fail(run: Run) -> None:
        (run.write / "half.txt").write_text("half")
        raise error

    return tuple(replace(s, run=fail) if s.name == stage else s for s in stub_stages(project))


@pytest.mark.parametrize("error", [UserError("wrong"), ValueError("wrong"), KeyboardInterrupt()])
def test_nothing_is_left_of_a_first_run_that_fails_at_once(project: Path, error: BaseException) -> None:
    before = contents(project)
    with pytest.raises(type(error)):
        run_stages(config_of(project), place(project), stages=failing(project, "load", error))
    assert contents(project) == before
    assert not (project / "data/interim").exists()
    assert not (project / "reports").exists()


@pytest.mark.parametrize("stage", ["match", "report"])
def test_failing_stage_leaves_the_output_of_the_run_before(project: Path, stage: str) -> None:
    run(project)
    before = contents(project)
    with pytest.raises(UserError):
        run_stages(
            config_of(project), place(project), redo_from=stage, stages=failing(project, stage, UserError("wrong"))
        )
    assert contents(project) == before
    assert run(project) == []


def test_output_that_a_stage_no_longer_writes_is_removed(project: Path) -> None:
    run(project)
    config = config_of(project).model_copy(update={"seed": 2})

    def write_less(run: Run) -> None:
        (run.write / "cohort.txt").write_text("less")

    stages = tuple(replace(s, run=write_less) if s.name == "cohort" else s for s in stub_stages(project))
    run_stages(config, place(project), stages=stages)
    assert not (project / "data/interim/stub/flow.json").exists()


def test_extract_that_grows_while_it_is_read_is_refused(project: Path) -> None:
    def grow(run: Run) -> None:
        (run.write / "rows.txt").write_text("rows")
        with (project / "data/raw/a.csv").open("a") as file:
            file.write("more\n")

    stages = tuple(replace(s, run=grow) if s.name == "load" else s for s in stub_stages(project))
    with pytest.raises(UserError, match=r"registrations: data/raw/a\.csv: changed while it was being read"):
        run_stages(config_of(project), place(project), stages=stages)
    assert not (project / "data/interim").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps other permissions")
def test_working_files_are_for_their_owner_only(project: Path) -> None:
    run(project)
    interim = project / "data/interim/stub"
    modes = {stat.S_IMODE(path.stat().st_mode) for path in interim.rglob("*") if path.is_file()}
    assert modes == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (interim, interim.parent, interim / "stages")} == {0o700}


def test_manifest_tells_how_the_report_came_to_be(project: Path) -> None:
    run(project)
    text = (project / "reports/stub/manifest.json").read_text(encoding="utf-8")
    manifest = json.loads(text)
    assert set(manifest["stages"]) == set(DONE)
    assert set(manifest["outputs"]) == set(contents(project / "reports/stub"))
    assert manifest["inputs"].keys() >= {"registrations: data/raw/a.csv", "background: data/raw/c_2019.csv"}
    assert manifest["seed"] == manifest["configuration"]["seed"] == 1
    assert manifest["configuration"]["sources"]["registrations"]["register"] == "af_registrations"
    assert manifest["versions"].keys() >= {"python", "numpy", "duckdb", "utfall", "platform"}
    assert str(project) not in text


def test_manifest_names_an_extract_elsewhere_by_its_name_alone(project: Path) -> None:
    elsewhere = project.parent / f"{project.name}-elsewhere"
    elsewhere.mkdir()
    (project / "data/raw/a.csv").rename(elsewhere / "a.csv")
    config = config_of(project)
    moved = config.sources.registrations.model_copy(update={"files": [str(elsewhere / "a.csv")]})
    config = config.model_copy(update={"sources": config.sources.model_copy(update={"registrations": moved})})

    def load(run: Run) -> None:
        (run.write / "rows.txt").write_text("rows")

    stages = tuple(replace(s, run=load) if s.name == "load" else s for s in stub_stages(project))
    run_stages(config, place(project), stages=stages)
    text = (project / "reports/stub/manifest.json").read_text(encoding="utf-8")
    assert json.loads(text)["inputs"]["registrations: a.csv"]
    assert elsewhere.name not in text


def test_warnings_of_libraries_are_recorded_without_their_text(project: Path) -> None:
    """A library's warning may quote the value it stumbled over."""

    def warn(run: Run) -> None:
        warnings.warn("value 19121212-1212", RuntimeWarning, stacklevel=1)
        (run.write / "matched.txt").write_text("matched")

    stages = tuple(replace(s, run=warn) if s.name == "match" else s for s in stub_stages(project))
    run_stages(config_of(project), place(project), stages=stages)
    manifest = json.loads((project / "reports/stub/manifest.json").read_text(encoding="utf-8"))
    assert manifest["warnings"] == ["RuntimeWarning in tests/test_stages.py"]
