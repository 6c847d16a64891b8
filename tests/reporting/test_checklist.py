"""The checklist of an output checker."""

from __future__ import annotations

import pytest
from written import Report

from pipeline.disclosure import Policy
from pipeline.reporting.checklist import checklist
from pipeline.reporting.words import Words
from pipeline.results import Results


@pytest.mark.parametrize(("name", "heading"), [("", "# Kontroll före"), (".en", "# Check before")])
def test_the_checklist_names_every_file_and_every_suppression(
    report: Report, protected: Results, name: str, heading: str
) -> None:
    text = (report.folder / f"disclosure-checklist{name}.md").read_text(encoding="utf-8")
    assert text.startswith(heading)
    for path in report.folder.rglob("*"):
        if path.is_file() and not path.name.startswith("disclosure-checklist"):
            assert f"- [ ] `{path.relative_to(report.folder).as_posix()}`" in text
    assert protected.suppressed
    for suppression in protected.suppressed:
        assert f"`{suppression.place}`: " in text


def test_public_data_are_said_to_be_unprotected(results: Results) -> None:
    text = checklist(Words("en"), results, Policy(1), ["report.html"])
    assert "nothing is protected" in text
    assert "rounded to the nearest" not in text
