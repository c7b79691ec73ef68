"""The most output that can be billed: what is sent, or a limit of one's own, which goes before it. Nothing is asked."""

from __future__ import annotations

from typing import Any

import pytest

from ghostkit.providers import Message, Request, registry
from ghostkit.providers.wire import VendorProvider

MESSAGES = (Message(role="user", parts=("Write.",)),)
OWN: list[tuple[str, str, dict[str, Any]]] = [
    ("openai", "gpt-4.1-mini", {"max_completion_tokens": 9_000}),
    ("openai", "gpt-5.4", {"max_completion_tokens": 9_000}),
    ("openai", "gpt-4.1-mini", {"max_tokens": 9_000}),
    ("openai-responses", "gpt-5.4", {"max_output_tokens": 9_000}),
    ("openrouter", "openai/gpt-5.4-mini", {"max_tokens": 9_000}),
    ("anthropic", "claude-haiku-4-5", {"max_tokens": 9_000}),
    ("gemini", "gemini-2.5-flash", {"generationConfig": {"maxOutputTokens": 9_000}}),
    ("cohere", "command-a-03-2025", {"max_tokens": 9_000}),
    ("ollama", "llama3.2", {"options": {"num_predict": 9_000}}),
]


def longest(name: str, model: str, **parameters: Any) -> int:
    provider = registry.create_provider(name)
    assert isinstance(provider, VendorProvider)
    return provider.longest_billed(Request(model=model, messages=MESSAGES, max_tokens=100, parameters=parameters))


@pytest.mark.parametrize(("name", "model", "extra"), OWN, ids=[f"{name}-{next(iter(own))}" for name, _, own in OWN])
def test_a_limit_of_ones_own_is_what_can_be_billed(name: str, model: str, extra: dict[str, Any]) -> None:
    assert longest(name, model, extra=extra) == 9_000
    assert 100 <= longest(name, model) < 9_000


@pytest.mark.parametrize("name", ["openai", "openai-responses", "openrouter", "ollama"])
def test_something_else_of_ones_own_changes_nothing(name: str) -> None:
    assert longest(name, "gpt-4.1-mini", extra={"user": "me", "options": {"num_gpu": 1}}) == 100


@pytest.mark.parametrize("model", ["glm-4.6:cloud", "gpt-oss:120b-cloud", "llama3.2"])
def test_a_model_of_ollamas_cloud_is_not_on_this_machine(model: str) -> None:
    assert registry.create_provider("ollama").info(model).local is ("cloud" not in model)
