"""What a stage depends on: the code it imports, its part of the configuration, its extracts."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path
from typing import Any

import pytest

import survival
from pipeline import provenance, simulated
from pipeline.config import Config, load_config
from pipeline.errors import UserError
from pipeline.fingerprint import PACKAGES, ROOT, _import_statements, code_files, code_hash
from pipeline.progress import silent
from pipeline.stages import STAGES
from pipeline.workspace import Run

FILES = {
    "pipeline/__init__.py": "",
    "pipeline/load.py": "import json\nfrom pipeline.tools import helper\ndef run():\n    import matching.cem\n",
    "pipeline/tools/__init__.py": "",
    "pipeline/tools/helper.py": "from . import deeper\nfrom ..shared import x\n",
    "pipeline/tools/deeper.py": "",
    "pipeline/tools/templates/page.html": "<p>",
    "pipeline/shared.py": "import survival.curves",
    "pipeline/report.py": "",
    "matching/__init__.py": "",
    "matching/cem.py": "",
    "matching/other.py": "",
    "survival/__init__.py": "",
    "survival/curves.py": "",
    "data/codes/codes.csv": "code\n1\n",
}
REACHED = set(FILES) - {"pipeline/report.py", "matching/other.py", "data/codes/codes.csv"}


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_imports_are_followed_wherever_they_stand(packages: Path) -> None:
    found = code_files(packages / "pipeline/load.py", packages)
    assert {path.relative_to(packages).as_posix() for path in found} == REACHED


@pytest.mark.parametrize("name", sorted(FILES))
def test_code_hash_changes_with_what_is_reached_and_with_code_lists(packages: Path, name: str) -> None:
    before = code_hash(packages / "pipeline/load.py", packages)
    (packages / name).write_text(FILES[name] + "\n# changed\n")
    changed = code_hash(packages / "pipeline/load.py", packages) != before
    assert changed == (name in REACHED or name.startswith("data/codes"))


def closure(stage: str) -> set[str]:
    return {path.relative_to(ROOT).as_posix() for path in code_files(ROOT / f"pipeline/{stage}.py")}


def test_stages_depend_on_no_more_than_they_use() -> None:
    """What changes often must not make everything be done again."""
    for stage in ("load", "cohort", "match"):
        assert not {name for name in closure(stage) if name.startswith(("pipeline/simulation", "pipeline/reporting"))}
        assert not closure(stage) & {"pipeline/stages.py", "pipeline/cli.py", "pipeline/estimate.py"}
    assert "survival/cox.py" in closure("estimate")
    assert "pipeline/reporting/utfall.mplstyle" in closure("report")
    assert not {name for name in closure("report") if name.startswith(("survival/", "matching/"))}


def everything_imported(source: bytes) -> set[str]:
    """The statements of a module that import, as the whole of its syntax tree has them."""
    return {ast.dump(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom)}


def test_no_import_statement_of_the_project_is_overlooked() -> None:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            found = {ast.dump(node) for node in _import_statements(path.read_bytes())}
            assert found >= everything_imported(path.read_bytes()), path


@pytest.mark.parametrize(
    "source",
    [
        b"def f():\n    from pipeline import (\n        load,  # (with a remark)\n        match,\n    )\n",
        b'"""\nfrom there import is\nimport duties\n"""\nimport pipeline.load\n',
        b"from pipeline import load, \\\n    match\n",
        b"try:\n\timport pipeline.load as x\nexcept ImportError: pass\n",
        b"x = 1; import pipeline.load\nif x: from pipeline import match\n",
    ],
)
def test_import_statements_are_found_beside_what_looks_like_them(source: bytes) -> None:
    assert {ast.dump(node) for node in _import_statements(source)} >= everything_imported(source)


def test_no_module_is_imported_by_a_name_made_up_at_run_time() -> None:
    """Reading import statements finds all dependencies only as long as there are no others."""
    # parallel.py imports early, by name, what stages import anyway.
    known = {ROOT / "pipeline/stages.py", ROOT / "pipeline/parallel.py", ROOT / "survival/__init__.py"}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            nodes = list(ast.walk(ast.parse(path.read_bytes())))
            names = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
            names |= {node.id for node in nodes if isinstance(node, ast.Name)}
            if path not in known:
                assert not names & {"import_module", "__import__"}, path
    # What survival loads at first use, it also imports under TYPE_CHECKING.
    assert {f"survival/{module}.py" for module in survival._HOME.values()} <= closure("estimate")


class Watched(Config):
    """A configuration that remembers which of its sections were read."""

    def __getattribute__(self, name: str) -> Any:
        if name in Config.model_fields:
            object.__getattribute__(self, "__dict__").setdefault("_read", set()).add(name)
        return super().__getattribute__(name)


@pytest.mark.parametrize(
    "name", ["config.yaml", "config-published.yaml", "examples/unemployment/config.yaml", "examples/rossi/config.yaml"]
)
def test_stages_read_no_section_that_is_not_in_their_fingerprint(name: str, tmp_path: Path) -> None:
    """Estimate has all sections but one in its own, the report all."""
    config = load_config(ROOT / name)
    if config.sources:
        simulated.write_simulated(tmp_path / "data/raw", 1_000, 1)
    for stage in STAGES[:3]:
        watched = Watched.model_construct(**{field: getattr(config, field) for field in Config.model_fields})
        stage.run(Run(watched, tmp_path, tmp_path, tmp_path, silent))
        sections = {*stage.sections, *(stage.ready_sections if config.cohort else ())}
        assert watched.__dict__["_read"] <= sections, stage.name
    estimate, report = STAGES[3:]
    assert set(estimate.sections) == set(Config.model_fields) - {"sensitivity"}
    assert set(report.sections) == set(Config.model_fields)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    simulated.write_simulated(tmp_path / "data/raw", 300, 5)
    return tmp_path / "data/raw"


def extracts(raw: Path) -> list[Path]:
    return sorted(raw.glob("*.csv"))


def test_simulated_extracts_are_known_whatever_the_order_of_their_rows(raw: Path) -> None:
    assert provenance.simulated_extracts(extracts(raw))
    path = raw / "esf_deltagare.csv"
    header, *rows = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([header, *reversed(rows)]) + b"\n")
    assert provenance.simulated_extracts(extracts(raw))


@pytest.mark.parametrize("change", ["edited", "replaced", "added", "no marker"])
def test_other_extracts_count_as_real(raw: Path, change: str) -> None:
    path = raw / "esf_deltagare.csv"
    if change == "edited":
        path.write_bytes(path.read_bytes().replace(b"2020", b"2021", 1))
    elif change == "replaced":
        shutil.copy(raw / "lisa_2018.csv", path)
    elif change == "added":
        shutil.copy(path, raw / "esf_deltagare_2.csv")
    else:
        (raw / provenance.MARKER).unlink()
    assert not provenance.simulated_extracts(extracts(raw))


def test_simulated_again_only_when_none_or_only_simulated_ones_are_there(raw: Path) -> None:
    sources, base = load_config(ROOT / "config.yaml").sources, raw.parents[1]
    assert sources is not None
    assert not simulated.extracts_wanting(sources, base)
    (raw / "lisa_2019.csv").unlink()
    assert simulated.extracts_wanting(sources, base)  # as after a run that was killed
    (raw / "esf_deltagare.csv").write_text("LopNr;startdatum;slutdatum;ursprung;avslutsorsak\n")
    assert not simulated.extracts_wanting(sources, base)  # somebody's own among them
    for path in extracts(raw):
        path.unlink()
    assert simulated.extracts_wanting(sources, base)
    elsewhere = sources.participants.model_copy(update={"files": ["delivered/esf.csv"]})
    assert not simulated.extracts_wanting(sources.model_copy(update={"participants": elsewhere}), base)


def test_another_simulation_replaces_the_last_but_no_real_extract(raw: Path) -> None:
    simulated.write_simulated(raw, 200, 6)
    assert provenance.simulated_extracts(extracts(raw))
    own = b"LopNr;startdatum\r\n1;2020-02-03\r\n"
    (raw / "esf_deltagare.csv").write_bytes(own)
    before = {path.name: path.read_bytes() for path in raw.iterdir()}
    with pytest.raises(UserError, match=r"holds extracts that were not simulated: esf_deltagare\.csv\."):
        simulated.write_simulated(raw, 200, 7)
    assert {path.name: path.read_bytes() for path in raw.iterdir()} == before
