"""Instances of schemas are valid, by the judgement of jsonschema."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ghostkit.testing.simulator.schema_instances import instance_of

TREE = {
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "name": {"type": "string", "minLength": 60, "maxLength": 64},
                "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
                "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
            },
            "required": ["name", "children", "next"],
        }
    },
    "$ref": "#/$defs/node",
}
SCHEMAS: list[dict[str, Any]] = [
    {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False},
    {"type": "array", "items": {"type": "integer", "minimum": 5, "maximum": 7}, "minItems": 3, "maxItems": 3},
    {"enum": ["x", "y"]},
    {"const": 5},
    {"type": ["null", "number"], "exclusiveMinimum": 0},
    {"type": "number", "minimum": 0, "maximum": 0.5},
    {"type": "integer", "exclusiveMaximum": -3},
    {"type": "integer", "multipleOf": 7, "minimum": 10},
    {"type": "string", "format": "date-time"},
    {"oneOf": [{"type": "null"}, {"type": "boolean"}]},
    {"allOf": [{"type": "object", "required": ["a"]}, {"properties": {"a": {"type": "integer"}}}]},
    {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False},
    {"type": "object", "required": ["free"], "additionalProperties": {"type": "integer"}},
    {},
]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_an_instance_is_valid(schema: dict[str, Any]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.validate(instance_of(schema), schema)


def test_a_schema_that_names_itself_comes_to_an_end() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    small = {"$defs": TREE["$defs"], "type": "object", "properties": {"root": {"$ref": "#/$defs/node"}}}
    del small["$defs"]["node"]["properties"]["children"]  # type: ignore[index]
    small["$defs"]["node"]["required"] = ["name", "next"]  # type: ignore[index]
    made = instance_of(small)
    jsonschema.validate(made, small)


def test_the_same_schema_gives_the_same_instance() -> None:
    assert instance_of(SCHEMAS[0], "s") == instance_of(SCHEMAS[0], "s") != instance_of(SCHEMAS[0], "t")


_leaves = st.one_of(
    st.builds(
        lambda low, size: {"type": "integer", "minimum": low, "maximum": low + size},
        st.integers(-50, 50),
        st.integers(0, 9),
    ),
    st.builds(
        lambda low, size: {"type": "string", "minLength": low, "maxLength": low + size},
        st.integers(0, 40),
        st.integers(0, 9),
    ),
    st.just({"type": "boolean"}),
    st.lists(st.text(max_size=5), min_size=1, max_size=4).map(lambda values: {"enum": values}),
)
_schemas = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.builds(
            lambda item, low, size: {"type": "array", "items": item, "minItems": low, "maxItems": low + size},
            inner,
            st.integers(0, 3),
            st.integers(0, 3),
        ),
        st.dictionaries(st.text("abcdef", min_size=1), inner, max_size=4).map(
            lambda fields: {"type": "object", "properties": fields, "required": sorted(fields)}
        ),
        st.builds(lambda one, two: {"anyOf": [one, two]}, inner, inner),
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(_schemas)
def test_instances_of_any_schema_are_valid(schema: dict[str, Any]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.validate(instance_of(schema), schema)
