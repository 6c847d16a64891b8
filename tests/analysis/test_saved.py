"""Saved analyses: in the report, after every run, and readable; files and figures that go into documents."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from docx import Document
from matched_project import Project

from pipeline import cli
from pipeline.config import load_config
from pipeline.errors import UserError
from pipeline.results import read_results


@pytest.fixture(scope="module")
def saved(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which an analysis has been saved."""
    folder = tmp_path_factory.mktemp("saved") / "project"
    shutil.copytree(project.folder, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        asked = [
            "--where",
            "age >= 40",
            "--event",
            "work_or_studies and category != 33",
            "--by",
            "sex",
            "--interaction",
        ]
        assert cli.run(["subgroup", *asked, "--interaction", "--save", "over_40"]) == 0
    return folder


def test_a_saved_analysis_stands_in_the_report_in_both_languages(saved: Path) -> None:
    report = saved / "reports/jobb"
    for page, heading, labels in (
        ("report.html", "Fördjupningar", ("Kvinnor", "Urval: age &gt;= 40.", "(avregistreringsorsak 1, 2, 3, 4, 7;")),
        (
            "report.en.html",
            "Further analyses",
            ("Women", "Selection: age &gt;= 40.", "(reasons for deregistration 1, 2"),
        ),
    ):
        text = (report / page).read_text(encoding="utf-8")
        assert heading in text
        assert all(label in text for label in labels)
    assert (report / "tables/over_40_regression.csv").is_file()
    found = read_results(report / "results.json").analyses["over_40"]
    assert list(found.groups) == ["everyone", "sex=woman", "sex=man"]
    assert found.groups["everyone"].controls % 10 == 0


def test_it_survives_another_run_from_the_start(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(saved)
    before = read_results(Path("reports/jobb/results.json")).analyses
    cli.run_until(load_config(Path("config.yaml")), Path("config.yaml"), "estimate", "estimate")
    assert read_results(Path("data/interim/jobb/results.json")).analyses == before


def test_the_file_is_read_like_the_configuration(saved: Path, tmp_path: Path) -> None:
    for name in ("config.yaml", "config.analyses.yaml"):
        shutil.copy(saved / name, tmp_path)
    (question,) = load_config(tmp_path / "config.yaml").analyses.values()
    assert (question.where, question.by, question.interaction) == ("age >= 40", ["sex"], True)
    path = tmp_path / "config.analyses.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("where:", "were:").replace("- sex", "- 7"), encoding="utf-8")
    with pytest.raises(UserError) as caught:
        load_config(tmp_path / "config.yaml")
    told = [str(fault) for fault in caught.value.faults]
    assert any("config.analyses.yaml, line 5" in fault and "Did you mean 'where'?" in fault for fault in told)


def test_a_question_that_no_longer_has_an_answer_names_itself(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "project"
    shutil.copytree(saved, folder)
    monkeypatch.chdir(folder)
    path = Path("config.analyses.yaml")
    path.write_text(path.read_text(encoding="utf-8").replace("age >= 40", "age >= 400"), encoding="utf-8")
    assert cli.run(["evaluate"]) == 2
    assert "analyses.over_40, where: picks nobody." in capsys.readouterr().err


def test_documents(utfall, tmp_path: Path) -> None:
    for form, told in (("markdown", "| Kvinnor |"), ("latex", r"\toprule")):
        out = tmp_path / f"women.{form}"
        assert utfall("subgroup", "--by", "sex", "--format", form, "--out", str(out))[0] == 0
        assert told in out.read_text(encoding="utf-8")
    word = tmp_path / "women.docx"
    assert utfall("subgroup", "--where", "woman", "--format", "docx", "--out", str(word), "--language", "en")[0] == 0
    file = Document(str(word))
    assert any("Selection: woman." in paragraph.text for paragraph in file.paragraphs)
    assert any(cell.text == "Age, per year" for table in file.tables for cell in table.columns[0].cells)
    assert len(file.inline_shapes) == 1  # curves
    assert not any(paragraph.text == "Contents" for paragraph in file.paragraphs)
    assert utfall("subgroup", "--by", "sex", "--format", "docx", "--out", str(word), "--language", "en")[0] == 0
    captions = [p.text for p in Document(str(word)).paragraphs if p.text.startswith("Figure ")]
    assert [caption.split(" (")[0] for caption in captions] == [
        "Figure 1. Share that has reached the outcome", "Figure 2. Hazard ratio in subgroups"
    ]  # fmt: skip


def test_figures_have_their_numbers(utfall, tmp_path: Path) -> None:
    assert utfall("subgroup", "--by", "sex", "--figure", str(tmp_path / "figures"))[0] == 0
    names = sorted(path.name for path in (tmp_path / "figures").iterdir())
    assert names == [
        *(f"{stem}.{end}" for stem in ("curves", "forest") for end in ("csv", "pdf", "png", "svg")), "index.json"
    ]  # fmt: skip
    told = json.loads((tmp_path / "figures/index.json").read_text(encoding="utf-8"))["curves"]
    assert told["caption"].endswith("i delgrupper. Urval: alla som jämförs.")
    assert re.search(r"Kvinnor: inom 12\smånader: deltagare \d+\s%, kontroller \d+\s%; Män: inom", told["alternative"])
    assert any("minst 10 personer" in note for note in told["notes"])
    rows = (tmp_path / "figures/forest.csv").read_text(encoding="utf-8").splitlines()
    assert [row.split(",")[0] for row in rows] == ["subgroup", "everyone", "sex=woman", "sex=man"]


def test_curves_are_the_analysis_without_regressions(utfall) -> None:
    status, out, err = utfall("curves", "--where", "woman", "--horizon", "200", "--format", "json")
    assert status == 0, err
    group = json.loads(out)["groups"]["everyone"]
    assert group["models"] == {}
    assert [share["day"] for share in group["at"]] == [200]
    assert {point["group"] for point in group["curves"]} == {"participants", "controls"}
    status, out, _ = utfall("curves", "--where", "woman")
    assert "Hazard ratio" not in out
    assert "6\xa0months" in out
