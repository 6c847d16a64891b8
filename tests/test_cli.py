"""The command: what it says, its exit status, and that a user's fault leaves no traceback and no file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline import cli
from pipeline.results import read_results

ROOT = Path(__file__).parents[1]
PEOPLE, SEED = 1_500, 3


@pytest.fixture(scope="session")
def extracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a small simulated extract, not yet run; the report in one language, which takes half the time."""
    folder = tmp_path_factory.mktemp("project")
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    (folder / "config.yaml").write_text(text.replace("language: [sv, en]", "language: [sv]"), encoding="utf-8")
    assert cli.run(["simulate", "--out", str(folder / "data/raw"), "--people", str(PEOPLE), "--seed", str(SEED)]) == 0
    return folder


@pytest.fixture(scope="session")
def evaluated(extracts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after `utfall evaluate`. Tests read it and do not change it."""
    folder = tmp_path_factory.mktemp("evaluated") / "project"
    shutil.copytree(extracts, folder)
    done = utfall(folder, "evaluate")
    assert done.status == 0, done.err
    (folder / "said.txt").write_text(done.out, encoding="utf-8")
    return folder


@pytest.fixture
def project(extracts: Path, tmp_path: Path) -> Path:
    shutil.copytree(extracts, tmp_path, dirs_exist_ok=True)
    return tmp_path


def utfall(folder: Path, *arguments: str) -> SimpleNamespace:
    """Run the command in a folder, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *arguments], cwd=folder, capture_output=True, text=True, encoding="utf-8"
    )
    return SimpleNamespace(status=done.returncode, out=done.stdout, err=done.stderr)


def edit(path: Path, change: Callable[[str], str], encoding: str = "cp1252") -> None:
    path.write_bytes(change(path.read_bytes().decode(encoding)).encode(encoding))


def test_last_lines_of_evaluate_are_report_headline_and_time(evaluated: Path) -> None:
    *_, title, half_year, year, ratio, report, time = (evaluated / "said.txt").read_text(encoding="utf-8").splitlines()
    results = read_results(evaluated / "reports/jobb/results.json")
    share = results.outcomes["work_or_studies"].at[0]
    assert title.startswith("Work or studies")
    assert half_year.startswith("  183 days: Participants ")
    if share.participants is not None:
        assert f"Participants {share.participants:.1%} ({share.participants_lower:.1%} to" in half_year
    assert year.startswith("  365 days: ")
    assert ratio.startswith("  Hazard ratio: ")
    assert report == f"Report: {Path('reports/jobb/report.html')}"
    assert (evaluated / report.removeprefix("Report: ")).is_file()
    assert time.startswith("Time: ")


def test_stages_say_what_they_do(evaluated: Path) -> None:
    said = (evaluated / "said.txt").read_text(encoding="utf-8").splitlines()
    done = [line.split(":")[0] for line in said if line.endswith("(not done before)")]
    assert done == list(cli.STAGES)


def test_simulated_extracts_are_known_as_such(evaluated: Path) -> None:
    assert read_results(evaluated / "reports/jobb/results.json").evaluation.simulated


def test_subgroup_from_the_matched_data_of_a_run(evaluated: Path) -> None:
    table = utfall(evaluated, "subgroup", "--where", "woman", "--model", "age")
    assert table.status == 0, table.err
    assert "participant" in table.out
    assert "match: reused" in table.err
    as_json = utfall(evaluated, "subgroup", "--where", "woman", "--model", "age", "--format", "json")
    assert json.loads(as_json.out)
    unknown = utfall(evaluated, "subgroup", "--where", "womann")
    assert unknown.status == 2
    assert unknown.err.splitlines()[-1].endswith("there is no column 'womann'. Did you mean woman?")


def test_check_reads_the_extracts_and_writes_nothing(project: Path) -> None:
    done = utfall(project, "check")
    assert done.status == 0, done.err
    assert "data/raw/lisa_2020.csv" in done.out
    assert done.out.splitlines()[-1] == "No fault found: the extracts can be used."
    assert not (project / "data/interim").exists()


def damaged(project: Path) -> None:
    """Each fault that issue 2 names, at once: key, code, file, column, date, number, empty extract."""
    raw = project / "data/raw"
    edit(
        project / "config.yaml",
        lambda text: text.replace("gap_days:", "gap_day:").replace("[30, 33,", "[30, 333,"),
        "utf-8",
    )
    edit(raw / "af_sokandekategori.csv", lambda text: text.replace("skat", "scat", 1))
    edit(raw / "lisa_2019.csv", lambda text: text.splitlines()[0] + "\r\n")
    (raw / "esf_deltagare.csv").unlink()


def test_all_faults_of_configuration_and_extracts_in_one_run(project: Path) -> None:
    damaged(project)
    before = {path for path in project.rglob("*") if path.is_file()}
    done = utfall(project, "evaluate")
    assert done.status == 2
    assert done.out == ""
    first, *faults = done.err.splitlines()
    assert first == f"{len(faults)} faults:"
    assert [fault.split(". ")[0] for fault in faults] == [str(number) for number in range(1, len(faults) + 1)]
    for fragment in ["gap_day", "'333'", "skat", "lisa_2019.csv", "esf_deltagare"]:
        assert any(fragment in fault for fault in faults), (fragment, faults)
    assert {path for path in project.rglob("*") if path.is_file()} == before
    assert not (project / "data/interim").exists()
    assert not (project / "reports").exists()


@pytest.mark.parametrize(
    ("file", "change", "fragments"),
    [
        (
            "af_inskrivning.csv",
            lambda text: _with_value(text, 1, "2020-02-31"),
            ["af_inskrivning.csv", "INTR_DAT", "row 2"],
        ),
        ("lisa_2018.csv", lambda text: _with_value(text, 10, "mycket"), ["lisa_2018.csv", "row 2"]),
    ],
    ids=["impossible date", "text in a number column"],
)
def test_fault_in_a_value_names_file_column_and_row_but_not_the_value(
    project: Path, file: str, change: Callable[[str], str], fragments: list[str]
) -> None:
    path = project / "data/raw" / file
    if file.startswith("lisa"):
        column = path.read_bytes().decode("cp1252").splitlines()[0].split(";").index("SjukPP")
        edit(path, lambda text: _with_value(text, column, "mycket"))
        fragments = [*fragments, "SjukPP"]
    else:
        edit(path, change)
    done = utfall(project, "evaluate")
    assert done.status == 2
    (fault,) = done.err.splitlines()
    for fragment in fragments:
        assert fragment in fault
    assert "2020-02-31" not in fault
    assert "mycket" not in fault
    assert not (project / "data/interim").exists()


def _with_value(text: str, column: int, value: str) -> str:
    """A delivered file with one value of its first row replaced."""
    header, first, *rest = text.split("\r\n")
    values = first.split(";")
    values[column] = value
    return "\r\n".join([header, ";".join(values), *rest])


def test_only_some_extracts_missing_is_a_fault_not_a_reason_to_simulate(project: Path) -> None:
    raw = project / "data/raw"
    (raw / "SIMULATED.json").unlink()
    for year in (2018, 2019, 2020, 2021):
        (raw / f"lisa_{year}.csv").unlink()
    done = utfall(project, "load")
    assert done.status == 2
    assert "lisa_*.csv" in done.err
    assert not list(raw.glob("lisa*"))


def test_extracts_that_would_be_simulated_are_not_called_missing(tmp_path: Path) -> None:
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    (tmp_path / "config.yaml").write_text(text.replace("seed: 1", "sead: 1"), encoding="utf-8")
    done = utfall(tmp_path, "evaluate")
    assert done.status == 2
    assert len(done.err.splitlines()) == 1
    assert "unknown key 'sead'. Did you mean 'seed'?" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["config.yaml"]


def test_missing_configuration_is_one_sentence(tmp_path: Path) -> None:
    done = utfall(tmp_path, "evaluate")
    assert done.status == 2
    assert (
        done.err
        == "config.yaml: there is no such configuration file. Name one with -c, or run in the project's folder.\n"
    )


@pytest.mark.parametrize(
    "arguments", [["evaluate", "--forse"], ["simulate", "--type", "csv"], ["evaluate", "--from", "lod"]]
)
def test_unknown_options_and_choices_are_errors(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """pyfixest #1050: an option under a wrong name must not be accepted in silence."""
    assert cli.run(arguments) == 2
    assert "Error: " in capsys.readouterr().err


@pytest.mark.parametrize("command", list(cli.utfall.commands))
def test_every_command_explains_itself_with_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([command, "--help"]) == 0
    out = capsys.readouterr().out
    assert "Example:" in out
    assert f"  utfall {command}" in out


def test_help_loads_nothing_heavy() -> None:
    """Start-up is measured elsewhere; what makes it slow is told here."""
    code = "import sys; from pipeline.cli import run; run(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {
        "numpy",
        "pandas",
        "pydantic",
        "duckdb",
        "ibis",
        "yaml",
        "rich",
        "matplotlib",
        "lifelines",
        "scipy",
        "statsmodels",
    }
    assert not heavy & set(done.stderr.split())
    assert "evaluate" in done.stdout


def test_unexpected_fault_is_logged_without_data(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stumble(*_: object, **__: object) -> None:
        raise KeyError("1912" + "1212-1212")

    monkeypatch.chdir(project)
    monkeypatch.setattr("pipeline.load.run", stumble)
    assert cli.run(["load"]) == 1
    error = capsys.readouterr().err
    log = project / "data/interim/jobb/error.log"
    assert str(log.relative_to(project)) in error
    assert "KeyError in test_cli.py" in error
    assert "stumble" in log.read_text(encoding="utf-8")
    assert "19121212" not in error + log.read_text(encoding="utf-8")
    assert "Traceback" not in error
    monkeypatch.setenv("UTFALL_TRACEBACK", "1")
    with pytest.raises(KeyError):
        cli.run(["load"])


def test_interrupt_is_one_line_and_status_130(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.chdir(project)
    monkeypatch.setattr("pipeline.load.run", interrupt)
    assert cli.run(["evaluate"]) == 130
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert not (project / "data/interim").exists()


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
def test_progress_on_a_terminal_and_plain_lines_elsewhere(evaluated: Path) -> None:
    import pty

    command = [sys.executable, "-m", "pipeline.cli", "match"]
    plain = subprocess.run(command, cwd=evaluated, capture_output=True, text=True)
    assert plain.stdout == "load: reused\ncohort: reused\nmatch: reused\n"
    main, other = pty.openpty()
    process = subprocess.Popen(command, cwd=evaluated, stdout=other, stderr=other, env={**os.environ, "TERM": "xterm"})
    os.close(other)
    shown = b""
    while True:
        try:
            part = os.read(main, 4096)
        except OSError:
            break
        if not part:
            break
        shown += part
    assert process.wait() == 0
    assert b"match: reused" in shown
