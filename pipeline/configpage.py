"""docs/configuration.md, written from the models of config.yaml so that it cannot go stale."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pipeline.config import Config

INTRODUCTION = """# Configuration

One evaluation is one file, `config.yaml`. The one at the top of the project is commented key by key; this page lists
every key there is. It is written by `utfall schema --markdown`. `utfall schema` gives editors the same as JSON schema.

An unknown key is refused with the nearest known one, and every fault is told with its line, all of them at once.
Dates are YYYY-MM-DD. Codes may stand with or without quotes. Texts are `{sv: ..., en: ...}` or one string for both.
"""


def configuration_page() -> str:
    """The page as Markdown."""
    schema = Config.model_json_schema()
    parts = [INTRODUCTION, _section("config.yaml", schema, schema["$defs"])]
    parts += [_section(name, schema["$defs"][name], schema["$defs"]) for name in in_order(schema)]
    return "\n".join(parts)


def in_order(schema: dict[str, Any]) -> list[str]:
    """The sections in the order in which the file names them."""
    found: list[str] = []
    waiting = [schema]
    while waiting:
        for name in _references(waiting.pop(0).get("properties", {})):
            if name not in found:
                found.append(name)
                waiting.append(schema["$defs"][name])
    return found


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value.rsplit("/", 1)[-1]
            elif key != "discriminator":
                yield from _references(value)
    elif isinstance(node, list):
        for item in node:
            yield from _references(item)


def _section(name: str, schema: dict[str, Any], definitions: dict[str, Any]) -> str:
    about = "" if name == "config.yaml" else f"{schema.get('description', '').strip()}\n"
    if not schema.get("properties"):
        return f"## {name}\n\n{about}"
    rows = ["| key | value | default | |", "| --- | --- | --- | --- |"]
    for key, field in schema["properties"].items():
        default = "*required*" if key in schema.get("required", []) else _default(field)
        about_key = field.get("description") or _referred_description(field, definitions)
        rows.append(f"| `{key}` | {type_in_words(field)} | {default} | {about_key} |")
    return "\n".join([f"## {name}", "", about, *rows, ""])


def _referred_description(field: dict[str, Any], definitions: dict[str, Any]) -> str:
    names = list(_references(field))
    return definitions[names[0]].get("description", "").split("\n")[0] if len(names) == 1 else ""


def _default(field: dict[str, Any]) -> str:
    value = field.get("default")
    section = isinstance(value, dict) and "sv" not in value  # its own table shows the defaults
    return "" if value in (None, []) or section else f"`{json.dumps(value, ensure_ascii=False)}`"


def type_in_words(field: dict[str, Any]) -> str:
    """A field's type as people say it."""
    if "$ref" in field:
        name = field["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    for choice in ("anyOf", "oneOf"):
        if choice in field:
            kinds = [type_in_words(item) for item in field[choice] if item.get("type") != "null"]
            return " or ".join(dict.fromkeys(kinds))
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    return _plain_type(field)


def _plain_type(field: dict[str, Any]) -> str:
    kind = field.get("type")
    if kind == "array":
        return f"list of {type_in_words(field.get('items', {}))}"
    if kind == "object":
        named = next(iter(field.get("patternProperties", {}).values()), field.get("additionalProperties"))
        return f"names, each with {type_in_words(named)}" if isinstance(named, dict) else "names with values"
    words = {"string": "text", "integer": "whole number", "number": "number", "boolean": "`true` or `false`"}
    return "date" if field.get("format") == "date" else words.get(str(kind), "value")
