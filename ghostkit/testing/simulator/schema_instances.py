"""A valid instance of a JSON schema, always the same one for the same schema and seed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

_WORDS = ("amber", "harbour", "lantern", "meadow", "north", "paper", "quiet", "river", "stone", "winter")
_DEEPEST = 12
_FORMATS = {
    "date": "2025-01-31",
    "date-time": "2025-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "email": "ada@example.org",
    "uri": "https://example.org/",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "hostname": "example.org",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "duration": "PT1H",
}


def instance_of(schema: Mapping[str, Any], seed: str = "") -> Any:
    """Knows what vendors allow: types, enums, const, anyOf, allOf, $ref, bounds, formats; not patterns."""
    return _Maker(schema, random.Random(seed)).make(schema, 0)


class _Maker:
    def __init__(self, root: Mapping[str, Any], chance: random.Random) -> None:
        self._root = root
        self._chance = chance

    def make(self, schema: Any, depth: int) -> Any:
        if not isinstance(schema, Mapping):
            return _WORDS[0]
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._chance.choice(schema["enum"])
        for several in ("anyOf", "oneOf"):
            if schema.get(several):
                return self.make(self._least_deep(schema[several], depth), depth + 1)
        return self._typed(schema, depth)

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        seen = 0
        while "$ref" in schema and seen < 32:
            found: Any = self._root
            for step in str(schema["$ref"]).removeprefix("#").strip("/").split("/"):
                name = step.replace("~1", "/").replace("~0", "~")
                found = found.get(name, {}) if name and isinstance(found, Mapping) else found
            schema, seen = {**found, **{key: value for key, value in schema.items() if key != "$ref"}}, seen + 1
        merged: dict[str, Any] = {}
        for part in schema.get("allOf", ()):
            for key, value in self._resolved(part).items():
                both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
                joined = key == "required" and key in merged
                merged[key] = merged[key] | value if both else [*merged[key], *value] if joined else value
        return {**merged, **{key: value for key, value in schema.items() if key != "allOf"}} if merged else schema

    def _least_deep(self, options: list[Any], depth: int) -> Any:
        """The first that isn't null; deep down the null one, so that a schema that names itself comes to an end."""
        plain = [option for option in options if not (isinstance(option, Mapping) and option.get("type") == "null")]
        ends = [option for option in options if option not in plain]
        return ends[0] if ends and (depth > _DEEPEST or not plain) else plain[0]

    def _typed(self, schema: Mapping[str, Any], depth: int) -> Any:
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next((one for one in kind if one != "null"), "null")
        kind = str(kind or ("object" if "properties" in schema else "array" if "items" in schema else "string")).lower()
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            return self._array(schema, depth)
        if kind in ("integer", "number"):
            return self._number(schema, kind)
        return {"boolean": True, "null": None}[kind] if kind in ("boolean", "null") else self._string(schema)

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties") or {}
        required = schema.get("required") or ()
        wanted = [name for name in properties if name in required or depth < _DEEPEST]
        made = {name: self.make(properties[name], depth + 1) for name in wanted}
        for name in required:
            made.setdefault(name, self.make(schema.get("additionalProperties"), depth + 1))
        return made

    def _array(self, schema: Mapping[str, Any], depth: int) -> list[Any]:
        least, most = int(schema.get("minItems", 0)), int(schema.get("maxItems", 64))
        first = [self.make(item, depth + 1) for item in schema.get("prefixItems", ())]
        wanted = max(least, min(2 if depth < _DEEPEST else 0, most))
        if schema.get("items") is False:
            return first
        return first + [self.make(schema.get("items"), depth + 1) for _ in range(wanted - len(first))]

    def _number(self, schema: Mapping[str, Any], kind: str) -> Any:
        step = schema.get("multipleOf", 1)
        least = schema.get("minimum", schema.get("exclusiveMinimum"))
        most = schema.get("maximum", schema.get("exclusiveMaximum"))
        if least is None and most is None:
            return 3 * step
        # A bound of the given kind that is no multiple, or is excluded, is passed by one step.
        if least is not None:
            value = -(-least // step) * step
            value += step if "exclusiveMinimum" in schema and value <= least else 0
        else:
            assert most is not None
            value = most // step * step
            value -= step if "exclusiveMaximum" in schema and value >= most else 0
        if kind == "number" and most is not None and value > most and least is not None:
            return (least + most) / 2
        return int(value) if kind == "integer" else value

    def _string(self, schema: Mapping[str, Any]) -> str:
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        least, most = int(schema.get("minLength", 0)), int(schema.get("maxLength", 4096))
        text = " ".join(self._chance.choice(_WORDS) for _ in range(3))
        while len(text) < least:
            text += " " + self._chance.choice(_WORDS)
        return text[:most]
