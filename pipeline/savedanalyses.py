"""Analyses that analysts saved: a YAML file beside config.yaml, so that they are kept, read and reviewed like it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import yaml
from pydantic import Field, ValidationError

from pipeline.configbase import Name, Section
from pipeline.configfaults import faults_of
from pipeline.errors import Fault, UserError
from pipeline.question import Question
from pipeline.yamlfile import read_yaml

HEADER = """# Analyses in the report beside those of the configuration. `utfall subgroup --save NAME` adds one here;
# delete an entry to take it out again. Keep this file with the configuration.
"""


class Saved(Section):
    """The file's content."""

    analyses: dict[Name, Question] = Field(default_factory=dict)


def saved_path(config_path: Path) -> Path:
    """config.yaml -> config.analyses.yaml."""
    return config_path.with_name(f"{config_path.stem}.analyses.yaml")


def read_saved(config_path: Path) -> tuple[dict[str, Question], list[Fault]]:
    """The saved analyses of an evaluation, none where there is no file, and everything that is wrong with it."""
    path = saved_path(config_path)
    if not path.is_file():
        return {}, []
    try:
        content, lines, faults = read_yaml(path)
    except UserError as error:
        return {}, list(error.faults)
    try:
        return dict(Saved.model_validate(content).analyses), faults
    except ValidationError as error:
        shown = content if isinstance(content, dict) else {}
        return {}, [*faults, *faults_of(error, Saved, shown, path, lines)]


def save(name: str, question: Question, config_path: Path, configured: dict[str, Question]) -> Path:
    """Add a question to the saved analyses under a name, in place of one that had it; gives the file.

    configured : all analyses of the evaluation

    Raises
    ------
    UserError : the name cannot be one, the configuration has it itself, or the file cannot be read
    """
    if re.fullmatch(r"[a-z][a-z0-9_-]*", name) is None:
        raise UserError(Fault("--save", f"'{name}' cannot be a name.", "Use lower-case letters, digits, _ and -."))
    saved, faults = read_saved(config_path)
    if faults:
        raise UserError(faults)
    if name in configured and name not in saved:
        raise UserError(Fault("--save", f"the configuration has an analysis '{name}'.", "Choose another name."))
    entries = {key: q.model_dump(mode="json", exclude_defaults=True) for key, q in {**saved, name: question}.items()}
    text = yaml.safe_dump({"analyses": entries}, allow_unicode=True, sort_keys=False, width=110)
    path = saved_path(config_path)
    draft = path.with_name(f".{path.name}.new")
    try:
        draft.write_text(HEADER + text, encoding="utf-8", newline="\n")
        os.replace(draft, path)
    except OSError as error:
        raise UserError(Fault(path.name, f"cannot be written: {error.strerror}.", "Look at its rights.")) from None
    return path
