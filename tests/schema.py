"""JSON schemas of the docs, and the part of JSON schema that they use."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "formats.md"

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "null": type(None),
    "number": (int, float),
    "object": dict,
    "string": str,
}
_KNOWN = frozenset(
    "$schema additionalProperties const enum items minimum pattern properties required type".split()
)


def documented(name: str) -> dict[str, Any]:
    """The schema that the docs give for the output of this name."""
    _, found, rest = PAGE.read_text("utf-8").partition(f"<!-- schema: {name} -->\n```json\n")
    assert found, f"the docs have no schema {name}"
    schema: dict[str, Any] = json.loads(rest.partition("```")[0])
    return schema


def faults(value: object, schema: Mapping[str, Any], where: str = "$") -> Iterator[str]:
    """How a value breaks a schema; a keyword that is not known here is an error of the test."""
    assert schema.keys() <= _KNOWN, f"{where}: {schema.keys() - _KNOWN}"
    if "type" in schema and not _is(value, schema["type"]):
        yield f"{where}: {value!r} is no {schema['type']}"
        return
    if value not in schema.get("enum", [value]) or value != schema.get("const", value):
        yield f"{where}: {value!r} is not allowed"
    if isinstance(value, int) and value < schema.get("minimum", value):
        yield f"{where}: {value} is below the minimum"
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield f"{where}: {value!r} does not match"
    if isinstance(value, dict):
        yield from _in_object(value, schema, where)
    if isinstance(value, list) and "items" in schema:
        for place, item in enumerate(value):
            yield from faults(item, schema["items"], f"{where}[{place}]")


def _in_object(value: Mapping[str, object], schema: Mapping[str, Any], where: str) -> Iterator[str]:
    properties, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    yield from (f"{where}.{name} is missing" for name in schema.get("required", ()) if name not in value)
    for name, item in value.items():
        if name in properties or isinstance(others, dict):
            yield from faults(item, properties.get(name, others), f"{where}.{name}")
        elif not others:
            yield f"{where}.{name} is not in the schema"


def _is(value: object, types: str | list[str]) -> bool:
    names = [types] if isinstance(types, str) else types
    if isinstance(value, bool):
        return "boolean" in names
    return any(isinstance(value, _TYPES[name]) for name in names)
