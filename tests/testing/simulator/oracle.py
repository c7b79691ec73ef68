"""The vendors' own types as judges: an answer must validate, and have no field that the SDK doesn't know."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, TypeAdapter

from .wire import events_of

# What the vendors send and their SDKs have no field for.
KNOWN_EXTRAS = {
    "openai": {"annotations", "reasoning_content"},
    "openai-responses": {"store", "user"},
    "openrouter": {
        "annotations", "cost", "cost_details", "is_byok", "native_finish_reason", "provider", "reasoning",
        "reasoning_details",
    },
    "anthropic": set(),
    "cohere": {"content", "tool_plan", "tool_calls", "citations", "error"},
}  # fmt: skip


def judge(vendor: str, kind: Any, value: Any) -> Any:
    """Validate `value` as the SDK's type; strictly but for numbers, as JSON doesn't tell 1 from 1.0."""
    made = TypeAdapter(kind).validate_python(value)
    unknown = set(_extras(made)) - KNOWN_EXTRAS.get(vendor, set())
    assert not unknown, f"the SDK of {vendor} knows no field {sorted(unknown)}"
    return made


def _extras(value: Any) -> list[str]:
    if isinstance(value, BaseModel):
        inner = [name for each in value.__dict__.values() for name in _extras(each)]
        return [*(value.model_extra or {}), *inner]
    if isinstance(value, list | tuple):
        return [name for each in value for name in _extras(each)]
    return []


def judge_stream(vendor: str, kind: Any, body: bytes) -> list[Any]:
    """All events of a stream; each one's name, where it has one, is its data's type."""
    made = []
    for name, data in events_of(body):
        if data == "[DONE]":
            continue
        if name:
            assert data["type"] == name
        if name != "ping":
            made.append(judge(vendor, kind, data))
    return made


def types_of(vendor: str) -> tuple[Any, Any]:
    """(type of a plain answer, type of a stream's event)."""
    if vendor in ("openai", "openrouter"):
        from openai.types.chat import ChatCompletion, ChatCompletionChunk

        return ChatCompletion, ChatCompletionChunk
    if vendor == "openai-responses":
        from openai.types.responses import Response, ResponseStreamEvent

        return Response, ResponseStreamEvent
    if vendor == "anthropic":
        from anthropic.types import Message, RawMessageStreamEvent

        return Message, RawMessageStreamEvent
    if vendor == "cohere":
        from cohere import V2ChatResponse, V2ChatStreamResponse

        return V2ChatResponse, V2ChatStreamResponse
    from google.genai.types import GenerateContentResponse

    return GenerateContentResponse, GenerateContentResponse


def parsed(body: bytes) -> Any:
    return json.loads(body)
