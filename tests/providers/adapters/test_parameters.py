"""ghostkit's parameter names, and schemas closed for vendors that promise to keep to them."""

from __future__ import annotations

from typing import Any

import pytest

from ghostkit.errors import InputError
from ghostkit.providers.adapters.parameters import NAMES, not_taken, read_parameters
from ghostkit.providers.adapters.schemas import closed_schema
from ghostkit.providers.contract import Message, Request


def asking(max_tokens: int = 100, **parameters: Any) -> Request:
    messages = (Message(role="user", parts=("Hello.",)),)
    return Request(model="m", messages=messages, max_tokens=max_tokens, parameters=parameters)


def test_what_is_not_asked_for_is_none() -> None:
    asked = read_parameters(asking(temperature=None))
    assert (asked.temperature, asked.top_p, asked.seed, asked.json_schema, asked.reasoning) == (None,) * 5
    assert (asked.stop, dict(asked.extra)) == ((), {})


def test_one_stop_is_a_list_of_one() -> None:
    assert read_parameters(asking(stop="END")).stop == ("END",)
    assert read_parameters(asking(stop=["A", "B"])).stop == ("A", "B")


@pytest.mark.parametrize(
    ("name", "value", "must_be"),
    [
        ("temperature", "hot", "0 to 2"),
        ("temperature", 2.1, "0 to 2"),
        ("temperature", float("nan"), "0 to 2"),
        ("temperature", True, "0 to 2"),
        ("top_p", -0.1, "0 to 1"),
        ("seed", 1.5, "whole number"),
        ("seed", True, "whole number"),
        ("stop", [""], "none of them empty"),
        ("stop", 3, "list of texts"),
        ("json_schema", "{}", "dictionary"),
        ("reasoning", "deep", "none, low, medium, high"),
        ("extra", [1], "dictionary"),
    ],
)
def test_a_value_of_the_wrong_kind_says_what_it_must_be(name: str, value: Any, must_be: str) -> None:
    with pytest.raises(InputError, match=must_be) as caught:
        read_parameters(asking(**{name: value}))
    assert name in caught.value.message


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match="'top_k'") as caught:
        read_parameters(asking(top_k=3))
    assert all(name in caught.value.fix for name in NAMES)


def test_streaming_is_not_for_extra_to_say() -> None:
    with pytest.raises(InputError, match="stream"):
        read_parameters(asking(extra={"stream": False}))


def test_no_room_is_told() -> None:
    with pytest.raises(InputError, match="max_tokens is 0"):
        read_parameters(asking(max_tokens=0))


def test_a_schema_is_named_by_its_title() -> None:
    assert read_parameters(asking(json_schema={"title": "Book outline: v2!"})).schema_name == "Book_outline_v2"
    assert read_parameters(asking(json_schema={})).schema_name == "answer"


def test_what_a_vendor_lacks_names_another_way() -> None:
    assert "choose another provider" in str(not_taken("stop", "X"))
    assert "use openai:m" in str(not_taken("stop", "X", "use openai:m"))


def test_closing_requires_every_property_and_no_other_at_every_depth() -> None:
    schema = {
        "type": "object",
        "properties": {
            "chapters": {"type": "array", "items": {"$ref": "#/$defs/chapter"}},
            "end": {"anyOf": [{"type": "null"}, {"type": "object", "properties": {"at": {"type": "integer"}}}]},
        },
        "required": ["chapters"],
        "$defs": {"chapter": {"type": "object", "properties": {"title": {"type": "string"}}}},
    }
    closed = closed_schema(schema)
    assert closed is not None
    assert (closed["required"], closed["additionalProperties"]) == (["chapters", "end"], False)
    assert closed["$defs"]["chapter"]["required"] == ["title"]
    assert closed["properties"]["end"]["anyOf"][1]["additionalProperties"] is False
    assert "additionalProperties" not in schema, "the schema that was given stays as it was"


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {}}, "additionalProperties": True},
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"type": "object"},
        {"type": "array", "items": {"oneOf": [{"type": "string"}]}},
        {"type": "object", "properties": {"a": True}},
    ],
)
def test_what_is_open_on_purpose_is_not_closed(schema: dict[str, Any]) -> None:
    assert closed_schema(schema) is None


def test_a_list_of_words_is_closed_as_it_is() -> None:
    schema = {"type": "array", "items": {"type": "string", "enum": ["if", "not"]}, "minItems": 1}
    assert closed_schema(schema) == schema
