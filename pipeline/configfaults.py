"""What pydantic finds wrong with a configuration, in words, with the line and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from pipeline.errors import Fault
from pipeline.yamlfile import Lines, line_of


def faults_of(
    error: ValidationError, model: type[BaseModel], content: dict[str, Any], path: Path, lines: Lines
) -> Iterator[Fault]:
    """One fault with line and remedy for each thing that is wrong with a YAML file's content."""
    details = error.errors()
    guesses = {_guess(detail, model) for detail in details if detail["type"] == "extra_forbidden"}
    seen: set[tuple[int | None, str]] = set()
    for detail in details:
        if detail["type"] == "missing" and detail["loc"] in guesses:
            continue  # told as misspelt already
        location = _in_file(detail, content)
        line = line_of(lines, location)
        what, remedy = _words(detail, location, model)
        if (line, what) not in seen:
            seen.add((line, what))
            yield Fault(f"{path}, line {line}" if line else str(path), what, remedy)


def _in_file(detail: Any, content: Any) -> tuple[str | int, ...]:
    """Drop what pydantic adds to a location (tags of union members), so that it points into the file."""
    found: list[str | int] = []
    for part in detail["loc"]:
        if (isinstance(content, dict) and part in content) or (
            isinstance(content, list) and isinstance(part, int) and part < len(content)
        ):
            content = content[part]
            found.append(part)
    return (*found, detail["loc"][-1]) if detail["type"] == "missing" else tuple(found)


def _words(detail: Any, location: tuple[str | int, ...], model: type[BaseModel]) -> tuple[str, str]:
    key = ".".join(map(str, location)) or "the file"
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        guess = _guess(detail, model)
        known = f"Known here: {', '.join(_known_keys(detail['loc'], model))}."
        return f"unknown key '{key}'.", f"Did you mean '{guess[-1]}'?" if guess else known
    if kind == "missing":
        return f"'{key}' is missing.", "Add it; config.yaml in the project shows an example."
    if kind == "literal_error":
        return f"'{key}' cannot be {detail['input']!r}.", f"Choose {context.get('expected', '')}."
    message = detail["msg"].removeprefix("Value error, ").rstrip(".")
    return f"'{key}': {message[:1].lower()}{message[1:]}.", ""


def _guess(detail: Any, model: type[BaseModel]) -> tuple[str | int, ...]:
    """Where the key that was likely meant by an unknown one would stand; empty when none is like it."""
    *above, key = detail["loc"]
    near = difflib.get_close_matches(str(key), _known_keys(detail["loc"], model), n=1, cutoff=0.5)
    return (*above, *near) if near else ()


def _known_keys(location: tuple[str | int, ...], model: type[BaseModel]) -> list[str]:
    """The keys that stand where an unknown one was found."""
    found: Any = model
    for part in location[:-1]:
        found = _member(found, part)
    if isinstance(found, type) and issubclass(found, BaseModel):
        return sorted(field.alias or name for name, field in found.model_fields.items())
    return []


def _member(annotation: Any, part: str | int) -> Any:
    """The model one step down a location; itself when the step only names a union member."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            if part in (name, field.alias):
                return _models_in(field.annotation)
    return annotation


def _models_in(annotation: Any) -> Any:
    """The first model inside Optional, list, dict or Annotated."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _models_in(inner)
        if isinstance(found, type) and issubclass(found, BaseModel):
            return found
    return annotation
