"""docs/analysts.md: the code runs and prints what stands below it; every command in it is one that can be given."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path

import matplotlib
import pandas as pd
import pytest
from matched_project import ROOT, Project

from pipeline import cli
from pipeline.analystcommands import question_of
from pipeline.question import Question

matplotlib.use("Agg")

TEXT = (ROOT / "docs" / "analysts.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```python\n(?P<code>.*?)```(?:\n\n```text\n(?P<printed>.*?)```)?", re.DOTALL)
COMMANDS = sorted(set(re.findall(r"`(utfall (?:subgroup|curves|describe)[^`]*)`", TEXT)))


def test_the_examples(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.folder)
    names: dict[str, object] = {}
    blocks = list(BLOCK.finditer(TEXT))
    assert len(blocks) >= 4
    with pd.option_context("display.width", 200, "display.max_columns", None):
        for block in blocks:
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(block["code"], "docs/analysts.md", "exec"), names)
            assert printed.getvalue() == (block["printed"] or ""), block["code"]


def options_of(command: str) -> dict[str, object]:
    _, name, *words = shlex.split(command)
    parsed = cli.utfall.commands[name].make_context(name, words).params
    return {key: value for key, value in parsed.items() if key in Question.model_fields}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_a_question_that_can_be_answered(project: Project, command: str, tmp_path: Path) -> None:
    assert len(COMMANDS) >= 12
    question = question_of(options_of(command))
    if command.startswith("utfall subgroup"):
        found = project.ask(**question.model_dump(), minimum=1)
        assert all(model.terms for model in found.groups["everyone"].models.values())
