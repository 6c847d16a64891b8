"""A project with five stub stages that write real files, to test the runner without waiting for numbers.

As a script (`python tests/stage_stubs.py PROJECT PAUSE`) it runs them in a process of its own, for tests that kill it;
each stage then rests PAUSE seconds between its files.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from pipeline.config import Config, load_config
from pipeline.progress import Progress
from pipeline.stages import STAGES, Stage, folders, run_stages
from pipeline.workspace import Run

CONFIG = """
evaluation: {name: stub, title: A stub}
sources:
  registrations: {register: af_registrations, files: data/raw/a.csv}
  categories: {register: af_categories, files: data/raw/b.csv}
  background: {register: lisa, files: data/raw/c_*.csv}
  participants: {register: esf, files: data/raw/d.csv}
population: {intake: {first: 2020-01-01, last: 2020-12-31}, follow_up_to: 2021-12-31, programme_categories: [70]}
matching: {variables: {age: exact}}
outcomes: {work: {label: Work, reasons: [1]}, studies: {label: Studies, reasons: [4]}}
subgroups: {women: {label: Women, where: woman}}
"""
EXTRACTS = ("a.csv", "b.csv", "c_2019.csv", "c_2020.csv", "d.csv")
OUTPUTS = {
    "load": ("rows.txt", "account.json"),
    "cohort": ("cohort.txt", "flow.json"),
    "match": ("matched.txt", "match.json"),
    "estimate": ("results.json",),
    "report": ("report.html", "figures/curve.csv", "figures/curve.svg", "tables/shares.csv", "results.json"),
}


def write_project(folder: Path) -> None:
    """config.yaml, extracts, and a source file for each stub stage."""
    (folder / "config.yaml").write_text(CONFIG, encoding="utf-8")
    for name in EXTRACTS:
        path = folder / "data/raw" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"id;value\n{name};1\n", encoding="utf-8")
    (folder / "code").mkdir()
    for stage in OUTPUTS:
        (folder / f"code/{stage}.py").write_text(f'"""The stub {stage}."""\n', encoding="utf-8")


def config_of(project: Path) -> Config:
    """The project's configuration."""
    return load_config(project / "config.yaml")


def stub_stages(project: Path, pause: float = 0.0) -> tuple[Stage, ...]:
    """The five stages with the real sections of the configuration and stub work."""
    return tuple(
        replace(stage, run=_work(stage.name, project, pause), code=project / f"code/{stage.name}.py")
        for stage in STAGES
    )


def _work(stage: str, project: Path, pause: float) -> Callable[[Run], None]:
    def run(run: Run) -> None:
        content = _extracts(project) if stage == "load" else _read_earlier(stage, run)
        if stage == "cohort":
            content += f"seed {run.config.seed}\n"
        # With another seed the cohort has a file more, as with and without censoring weights.
        names = ("censoring.txt",) if stage == "cohort" and run.config.seed == 2 else ()
        for name in (*OUTPUTS[stage], *names):
            (run.write / name).parent.mkdir(exist_ok=True)
            (run.write / name).write_text(f"{stage} {name}\n{content}", encoding="utf-8")
            time.sleep(pause)

    return run


def _extracts(project: Path) -> str:
    lines = [line for name in EXTRACTS for line in (project / "data/raw" / name).read_text().splitlines()]
    return "\n".join(line for line in lines if not line.startswith("#")) + "\n"


def _read_earlier(stage: str, run: Run) -> str:
    names = list(OUTPUTS)
    return (run.read / OUTPUTS[names[names.index(stage) - 1]][0]).read_text(encoding="utf-8")


def lines_of(function: Callable[..., object], *arguments: object, **choices: object) -> list[str]:
    """The lines a run shows."""
    lines: list[str] = []
    function(*arguments, progress=Progress(say=lines.append, working=lambda _: nullcontext()), **choices)
    return lines


def contents(folder: Path) -> dict[str, bytes]:
    """Every file under a folder but the manifest, which tells times."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    }


def main() -> None:
    """Run the stubs of a project."""
    project, pause = Path(sys.argv[1]), float(sys.argv[2])
    config = config_of(project)
    place = folders(config, project / "config.yaml", project)
    say = Progress(say=lambda line: print(line, flush=True), working=lambda _: nullcontext())
    run_stages(config, place, stages=stub_stages(project, pause), progress=say)


if __name__ == "__main__":
    main()
