"""The checker of JSON schemas that the tests use."""

from __future__ import annotations

from typing import Any

import pytest

from tests.schema import faults

OBJECT = {"type": "object", "required": ["a"], "additionalProperties": False, "properties": {"a": {}}}


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        ("1", {"type": "integer"}),
        (True, {"type": "integer"}),
        (None, {"type": ["string", "boolean"]}),
        (-1, {"minimum": 0}),
        ("x", {"enum": ["y"]}),
        ("x", {"const": "y"}),
        ("x1", {"pattern": "^[a-z]$"}),
        ({}, OBJECT),
        ({"a": 1, "b": 2}, OBJECT),
        ({"b": 2}, {"additionalProperties": {"type": "string"}}),
        ([1, "2"], {"items": {"type": "integer"}}),
    ],
)
def test_a_broken_schema_is_said(value: object, schema: dict[str, Any]) -> None:
    """Each keyword that the docs use refuses something."""
    assert len(list(faults(value, schema))) == 1


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        (1, {"type": ["integer", "null"], "minimum": 1}),
        ({"a": None}, OBJECT),
        ({"b": "x"}, {"additionalProperties": {"type": "string"}}),
        ([{"a": 1}], {"type": "array", "items": OBJECT}),
    ],
)
def test_what_fits_a_schema_passes(value: object, schema: dict[str, Any]) -> None:
    """Each keyword lets something pass."""
    assert list(faults(value, schema)) == []


def test_an_unknown_keyword_is_no_silent_pass() -> None:
    """A schema that the checker does not understand fails its test."""
    with pytest.raises(AssertionError):
        list(faults(1, {"oneOf": []}))
