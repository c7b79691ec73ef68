"""JSON schemas as vendors want them that promise to keep to one: every object closed, every property required."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_UNCLOSABLE: Final = frozenset({
    "patternProperties", "propertyNames", "unevaluatedProperties", "oneOf", "allOf", "not", "if", "then", "else",
    "dependentSchemas", "dependentRequired", "prefixItems", "contains",
})  # fmt: skip
_OF_ONE: Final = ("items", "additionalProperties")
_OF_MANY: Final = ("anyOf",)
_BY_NAME: Final = ("properties", "$defs", "definitions")


def closed_schema(schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """`schema` with no further properties and none left out; None where it says something else on purpose.

    An optional property becomes a required one: an answer that fits the closed schema fits `schema`.
    """
    try:
        return dict(_closed(schema))
    except _Open:
        return None


class _Open(Exception):
    """The schema leaves something open that closing would forbid."""


def _closed(schema: Any) -> Any:
    if not isinstance(schema, Mapping):
        raise _Open
    if not _UNCLOSABLE.isdisjoint(schema):
        raise _Open
    closed = {name: _within(name, value) for name, value in schema.items()}
    if schema.get("type") == "object" or "properties" in schema:
        if schema.get("additionalProperties", False) is not False or not schema.get("properties"):
            raise _Open
        closed["additionalProperties"] = False
        closed["required"] = list(schema["properties"])
    return closed


def _within(name: str, value: Any) -> Any:
    if name in _OF_ONE and not isinstance(value, bool):
        return _closed(value)
    if name in _OF_MANY:
        return [_closed(one) for one in value]
    if name in _BY_NAME:
        return {key: _closed(one) for key, one in value.items()}
    return value
