"""Read a YAML file so that every key and value remembers its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import Fault, UserError

Lines = dict[tuple[str | int, ...], int]


def read_yaml(path: Path) -> tuple[Any, Lines, list[Fault]]:
    """The content of a YAML file, the line of each key path, and the keys given twice.

    Raises
    ------
    UserError : the file is not there, is not UTF-8 text, or is not YAML; the message names the line
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(
            Fault(
                str(path), "there is no such configuration file.", "Name one with -c, or run in the project's folder."
            )
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UserError(Fault(str(path), f"cannot be read: {reason}.", "Save it as UTF-8 text.")) from None
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise UserError(Fault(_place(path, error), _problem(error), "Check indentation, colons and quotes.")) from None
    if node is None:
        raise UserError(Fault(str(path), "is empty.", "Start from the config.yaml that comes with the project."))
    lines: Lines = {}
    twice: list[Fault] = []
    content = _build(node, (), lines, twice, path)
    return content, lines, twice


def line_of(lines: Lines, location: tuple[str | int, ...]) -> int | None:
    """The line of a key path, or of the nearest key above it."""
    for length in range(len(location), -1, -1):
        if location[:length] in lines:
            return lines[location[:length]]
    return None


def _build(node: yaml.Node, at: tuple[str | int, ...], lines: Lines, twice: list[Fault], path: Path) -> Any:
    lines.setdefault(at, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        content: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            line = key_node.start_mark.line + 1
            if key in content:
                twice.append(Fault(f"{path}, line {line}", f"the key '{key}' stands twice.", "Keep one of them."))
                continue
            lines[(*at, key)] = line
            content[key] = _build(value_node, (*at, key), lines, twice, path)
        return content
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, (*at, i), lines, twice, path) for i, item in enumerate(node.value)]
    return _scalar(node)


def _scalar(node: yaml.Node) -> Any:
    # Codes such as 01 keep their zeros: YAML 1.1 would read them as octal numbers.
    if node.tag == "tag:yaml.org,2002:int" and len(node.value) > 1 and node.value.startswith("0"):
        return node.value
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_object(node)
    except (yaml.YAMLError, ValueError):
        return node.value
    finally:
        loader.dispose()


def _place(path: Path, error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f"{path}, line {mark.line + 1}" if mark else str(path)


def _problem(error: yaml.YAMLError) -> str:
    problem = getattr(error, "problem", None) or "unreadable"
    return f"is not valid YAML: {problem}."
